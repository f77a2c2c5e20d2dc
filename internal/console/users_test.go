package console_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"firn/firntest"
)

// userPage is the page of a user.
func userPage(name string) string { return "/console/user?user=" + url.QueryEscape(name) }

// keyPage is the page that asks before a key is changed.
func keyPage(verb, user, key string) string {
	return "/console/key-" + verb + "?key=" + url.QueryEscape(key) + "&user=" + url.QueryEscape(user)
}

func TestAUserIsMadeAndListed(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/users"), "There is no user yet", "aws iam list-users", "Create a user")
	v.says(v.submit("/console/users", "do", "create-user", "user", "anna+ops@firn"), "The user anna+ops@firn is there.", "arn:aws:iam::111122223333:user/anna+ops@firn")
	if got := v.askIAM("ListUsers"); !strings.Contains(got, "<UserName>anna+ops@firn<") {
		t.Errorf("IAM lists %s", got)
	}
	v.says(v.page("/console/users"), "anna+ops@firn")
	bad := v.submit("/console/users", "do", "create-user", "user", "an<b>a")
	v.says(bad, "The specified value for userName is invalid.")
	if bad.status != http.StatusBadRequest || !strings.Contains(bad.body, `value="an&lt;b&gt;a"`) {
		t.Errorf("status %d; what was typed is gone:\n%s", bad.status, bad.body)
	}
	v.says(v.submit("/console/users", "do", "create-user", "user", "anna+ops@firn"), "User with name anna+ops@firn already exists.")
	if a := v.submit("/console/users", "do", "dance"); a.status != http.StatusBadRequest {
		t.Errorf("a form that is not there: %d", a.status)
	}
}

func TestUsersHavePages(t *testing.T) {
	v := signedIn(t)
	for i := range 51 {
		v.askIAM("CreateUser", "UserName", fmt.Sprintf("user-%02d", i))
	}
	first := v.page("/console/users")
	v.says(first, "user-00", "user-49", "Next page")
	v.lacks(first, "user-50", "First page")
	second := v.page("/console/users?after=" + between(first.body, `href="/console/users?after=`, `"`))
	v.says(second, "user-50", "First page")
	v.lacks(second, "user-49", "Next page")
}

// A syncBuffer is a buffer that many may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestAKeyIsShownOnce(t *testing.T) {
	var log syncBuffer
	v := signedIn(t, firntest.Log(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	v.askIAM("CreateUser", "UserName", "bob")
	form := url.Values{"csrf": {v.token()}, "do": {"create-key"}, "seen": {""}}
	a := v.send(userPage("bob"), form)
	secret := between(a.body, `aria-label="Secret access key">`, "<")
	key := between(a.body, `aria-label="Access key id">`, "<")
	if a.status != http.StatusOK || len(secret) != 40 || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d, headers %v, secret of %d\n%s", a.status, a.header, len(secret), a.text())
	}
	v.says(a, "This is the only time that the secret is shown.")
	bob := another(t, v.srv)
	bob.signIn(key, secret)

	again := v.submit(userPage("bob"), "do", "create-key", "seen", "") // the page is loaded again
	v.says(again, "No key was made: the keys have changed since the form was loaded.", key)
	for _, page := range []answer{again, v.page(userPage("bob")), v.page("/console/users")} {
		v.lacks(page, secret)
	}
	if got := strings.Count(v.askIAM("ListAccessKeys", "UserName", "bob"), "<AccessKeyId>"); got != 1 {
		t.Errorf("bob has %d keys", got)
	}
	if strings.Contains(log.String(), secret) {
		t.Error("the secret stands in the log")
	}
	files, err := filepath.Glob(filepath.Join(v.srv.Data, "audit", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("audit log: %v, %v", files, err)
	}
	for _, f := range files {
		if text, err := os.ReadFile(f); err != nil || strings.Contains(string(text), secret) || !strings.Contains(string(text), key) {
			t.Errorf("%s: %v; it has the secret, or not the key", f, err)
		}
	}
}

func TestKeysAreRotatedDisabledAndDeleted(t *testing.T) {
	v := signedIn(t)
	newcomer(t, v, "bob")
	page := v.page(userPage("bob"))
	old := between(page.body, `name="seen" value="`, `"`)
	v.says(page, old, "active", "See its calls")

	a := v.submit(keyPage("rotate", "bob", old), "seen", old)
	fresh := between(a.body, `aria-label="Access key id">`, "<")
	v.says(a, "The key "+old+" is disabled now.")
	if got := v.askIAM("ListAccessKeys", "UserName", "bob"); strings.Count(got, "<Status>Active<") != 1 || strings.Count(got, "<Status>Inactive<") != 1 {
		t.Errorf("keys after rotation: %s", got)
	}
	v.says(v.submit(userPage("bob"), "do", "enable-key", "key", old), "The key "+old+" is enabled.")
	v.says(v.submit(keyPage("rotate", "bob", old), "seen", fresh), "the keys have changed")
	both := between(v.page(userPage("bob")).body, `name="seen" value="`, `"`)
	v.says(v.submit(userPage("bob"), "do", "create-key", "seen", both), "Cannot exceed quota for AccessKeysPerUser: 2")
	v.says(v.submit(keyPage("disable", "bob", old)), "The key "+old+" is disabled.")
	v.says(v.submit(keyPage("disable", "bob", "AKIANOBODYHASTHISONE")), "cannot be found")

	ask := keyPage("delete", "bob", old)
	v.says(v.page(ask), "Delete this key of the user bob?", "The key is disabled")
	v.says(v.submit(ask), "The key "+old+" is deleted.")
	if a := v.get(ask); a.status != http.StatusNotFound {
		t.Errorf("a key that is gone: %d", a.status)
	}
	if got := v.askIAM("ListAccessKeys", "UserName", "bob"); strings.Contains(got, old) {
		t.Errorf("the key is still there: %s", got)
	}
}

// Root is named by no name. Whoever disables the key that he has signed in with
// is signed out.
func TestRootHasKeys(t *testing.T) {
	v := signedIn(t)
	page := v.page("/console/user")
	v.says(page, "The account’s root", v.srv.AccessKey, "yours now", "no policy of a user’s binds it")
	v.lacks(page, "Delete user", "Managed policies")
	ask := v.page(keyPage("rotate", "", v.srv.AccessKey))
	v.says(ask, "Rotate this key of the account’s root?", "This is the key that you have signed in with.", "aws iam create-access-key")
	v.lacks(ask, "--user-name", "Type the key’s id")
	a := v.submit(keyPage("rotate", "", v.srv.AccessKey), "seen", v.srv.AccessKey)
	fresh := another(t, v.srv)
	fresh.signIn(between(a.body, `aria-label="Access key id">`, "<"), between(a.body, `aria-label="Secret access key">`, "<"))
	if a := v.get("/console/users"); a.status != http.StatusSeeOther {
		t.Errorf("the session of the old key: %d", a.status)
	}
	fresh.says(fresh.page("/console/user"), "disabled")
}

// What locks root out is not done by a click, and it is said what it means.
func TestRootsLastKeyIsNotLostByAClick(t *testing.T) {
	for verb, wayBack := range map[string]string{"delete": "firn key create --data", "disable": "firn key enable "} {
		t.Run(verb, func(t *testing.T) {
			v := signedIn(t)
			page := keyPage(verb, "", v.srv.AccessKey)
			v.says(v.page(page), "Nobody can get into this account as its root any more", wayBack, "--account 111122223333", "Type the key’s id to confirm")
			for _, typed := range []string{"", "root"} {
				v.says(v.submit(page, "name", typed), "Nothing was done: what you typed is not "+v.srv.AccessKey)
			}
			v.lacks(v.page("/console/user"), ">disabled<")

			second := between(v.askIAM("CreateAccessKey"), "<AccessKeyId>", "<")
			a := v.page(keyPage(verb, "", second))
			v.lacks(a, "Nobody can get into", "Type the key’s id")
			v.submit(keyPage(verb, "", second))
			v.says(v.page(page), "Nobody can get into this account as its root any more")
			v.submit(page, "name", v.srv.AccessKey)
			if a := v.get("/console/user"); a.status != http.StatusSeeOther {
				t.Errorf("the session of the key: %d", a.status)
			}
		})
	}
}

func TestPoliciesComeAndGo(t *testing.T) {
	v := signedIn(t)
	bob := newcomer(t, v, "bob")
	const readOnly = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
	v.says(v.submit(userPage("bob"), "do", "attach", "policy", readOnly), "The policy is attached.")
	bob.page("/console/users")
	v.says(v.page("/console/managed-policy?policy="+url.QueryEscape(readOnly)), `"iam:List*"`)
	v.says(v.submit(userPage("bob"), "do", "attach", "policy", "arn:aws:iam::aws:policy/None"), "does not exist or is not attachable")
	const taking = "/console/user-policy-remove?user=bob&arn="
	v.says(v.page(taking+url.QueryEscape(readOnly)), "Take the policy IAMReadOnlyAccess away from the user bob?", "aws iam detach-user-policy")
	v.says(v.submit(taking+url.QueryEscape(readOnly)), "The policy is taken away.")
	if a := bob.get("/console/users"); a.status != http.StatusForbidden {
		t.Errorf("without the policy: %d", a.status)
	}

	const text = "{\"Version\":\"2012-10-17\",\r\n\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"iam:*\",\"Resource\":\"*\"}}"
	v.says(v.page("/console/user-policy?user=bob"), "A new policy", `"glacier:ListVaults"`)
	v.says(v.submit("/console/user-policy?user=bob", "policy", "own", "text", text), "The policy own is set.")
	bob.page("/console/users")
	v.says(v.page("/console/user-policy?user=bob&policy=own"), `"Action":"iam:*"`)
	bad := v.submit("/console/user-policy?user=bob&policy=own", "text", `{"<script>":1}`, "was-text", v.was("/console/user-policy?user=bob&policy=own", "text"))
	if bad.status != http.StatusBadRequest {
		t.Errorf("a bad policy: %d", bad.status)
	}
	v.says(bad, "The policy is not valid", `{"<script>":1}`)
	v.lacks(bad, `"<script>`)
	named := v.submit("/console/user-policy?user=bob", "policy", "a b", "text", "{}")
	v.says(named, "The specified value for policyName is invalid.")
	if !strings.Contains(named.body, `value="a b"`) {
		t.Error("the name that was typed is gone")
	}
	const deleting = "/console/user-policy-remove?user=bob&policy="
	v.says(v.page(deleting+"own"), "Delete the policy own of the user bob?", "aws iam delete-user-policy")
	v.says(v.submit(deleting+"own"), "The policy own is deleted.")
	for _, gone := range []string{deleting + "own", deleting, taking + url.QueryEscape(readOnly), taking} {
		if a := v.get(gone); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", gone, a.status)
		}
	}
	if a := v.get("/console/user-policy?user=bob&policy=own"); a.status != http.StatusNotFound {
		t.Errorf("a policy that is gone: %d", a.status)
	}
}

// Nobody replaces a policy that he has not seen.
func TestPoliciesAreNotReplacedUnseen(t *testing.T) {
	v := signedIn(t)
	newcomer(t, v, "bob")
	policy := func(action string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"*"}}`
	}
	has := func(want string) {
		t.Helper()
		if got := v.askIAM("GetUserPolicy", "UserName", "bob", "PolicyName", "own"); !strings.Contains(got, url.QueryEscape(want)) {
			t.Errorf("the policy is %s, want %s", got, want)
		}
	}
	v.askIAM("PutUserPolicy", "UserName", "bob", "PolicyName", "own", "PolicyDocument", policy("glacier:A"))
	a := v.submit("/console/user-policy?user=bob", "policy", "own", "text", policy("glacier:B"))
	v.says(a, "the user has a policy own already", policy("glacier:B"))
	if a.status != http.StatusConflict || !strings.Contains(a.body, `value="own"`) {
		t.Errorf("status %d, and the name that was typed", a.status)
	}
	has("glacier:A")

	const here = "/console/user-policy?user=bob&policy=own"
	was := v.was(here, "text")
	v.askIAM("PutUserPolicy", "UserName", "bob", "PolicyName", "own", "PolicyDocument", policy("glacier:C"))
	a = v.submit(here, "text", policy("glacier:B"), "was-text", was)
	v.says(a, "somebody else has changed the policy meanwhile", policy("glacier:B"), "What is there now: "+policy("glacier:C"))
	has("glacier:C")
	v.says(v.submit(here, "text", policy("glacier:B"), "was-text", wasIn(a, "text")), "The policy own is set.")
	has("glacier:B")

	was = v.was(here, "text")
	v.askIAM("DeleteUserPolicy", "UserName", "bob", "PolicyName", "own")
	a = v.submit(here, "text", policy("glacier:D"), "was-text", was)
	v.says(a, "somebody else has changed the policy meanwhile", "What is there now: nothing")
	v.says(v.submit(here, "text", policy("glacier:D"), "was-text", wasIn(a, "text")), "The policy own is set.")
}

func TestAUserIsDeletedWithAllThatIsHis(t *testing.T) {
	v := signedIn(t)
	bob := newcomer(t, v, "bob", "glacier:*")
	v.askIAM("AttachUserPolicy", "UserName", "bob", "PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess")
	v.says(v.page("/console/user-delete?user=bob"), "Delete the user bob", "IAMReadOnlyAccess", "pa", "active")
	v.says(v.submit("/console/user-delete?user=bob", "name", "bo"), "Nothing was done: what you typed is not bob.")
	bob.page("/console/vaults")
	v.says(v.submit("/console/user-delete?user=bob", "name", "bob"), "The user bob is deleted.")
	if a := bob.get("/console/vaults"); a.status != http.StatusSeeOther {
		t.Errorf("the session of a user who is gone: %d", a.status)
	}
	if _, err := v.asks("iam", "2010-05-08", "GetUser", "UserName", "bob"); err == nil {
		t.Error("the user is still there")
	}
	for name, path := range map[string]string{
		"nobody": "/console/user-delete?user=bob", "root": "/console/user-delete",
	} {
		if a := v.get(path); a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
			t.Errorf("%s can be deleted: %d", name, a.status)
		}
	}
}

// Who may not do all of it does nothing.
func TestAUserIsNotHalfDeleted(t *testing.T) {
	v := signedIn(t)
	for _, right := range []string{"DeleteUser", "DeleteAccessKey", "DeleteUserPolicy", "DetachUserPolicy"} {
		t.Run(right, func(t *testing.T) {
			victim, eve := "victim-"+right, newcomer(t, v, "eve-"+right, "iam:*")
			newcomer(t, v, victim, "glacier:*")
			v.askIAM("AttachUserPolicy", "UserName", victim, "PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess")
			v.askIAM("PutUserPolicy", "UserName", "eve-"+right, "PolicyName", "deny",
				"PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:`+right+`","Resource":"*"}}`)
			page := "/console/user-delete?user=" + victim
			a := eve.page(page)
			eve.says(a, "You would need to be allowed iam:"+right)
			eve.lacks(a, `class="danger"`)
			eve.says(eve.submit(page, "name", victim), "Nothing was done", "is not authorized to perform: iam:"+right)
			for action, want := range map[string]string{"ListAccessKeys": "<AccessKeyId>", "ListUserPolicies": "<member>pa<", "ListAttachedUserPolicies": "IAMReadOnlyAccess"} {
				if got := v.askIAM(action, "UserName", victim); !strings.Contains(got, want) {
					t.Errorf("%s: %s", action, got)
				}
			}
		})
	}
}

func TestNobodyDeletesHimself(t *testing.T) {
	v := signedIn(t)
	eve := newcomer(t, v, "eve", "iam:*")
	a := eve.page("/console/user-delete?user=eve")
	eve.says(a, "somebody else has to delete you")
	eve.lacks(a, `class="danger"`)
	eve.says(eve.submit("/console/user-delete?user=eve", "name", "eve"), "You cannot delete yourself")
	v.askIAM("GetUser", "UserName", "eve")
}

// What a user may not do to users is not offered, and refused if he tries.
func TestUsersAreForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	v.askIAM("CreateUser", "UserName", "bob")
	reader := newcomer(t, v, "reader", "iam:List*", "iam:Get*")
	list, bob := reader.page("/console/users"), reader.page(userPage("bob"))
	reader.lacks(list, `value="create-user"`, `value="create-account"`, `value="delete-account"`)
	reader.lacks(bob, "create-key", "key-rotate", "key-disable", "Delete user", `value="attach"`, "Write a policy", "aws iam create-access-key", "aws iam detach-user-policy")
	reader.says(bob, "aws iam list-access-keys --user-name bob")
	reader.says(bob, "Managed policies", "Access keys")
	for name, form := range map[string][]string{
		"make a key":    {userPage("bob"), "do", "create-key", "seen", ""},
		"attach":        {userPage("bob"), "do", "attach", "policy", "arn:aws:iam::aws:policy/AdministratorAccess"},
		"write":         {"/console/user-policy?user=bob", "policy", "p", "text", "{}"},
		"make a user":   {"/console/users", "do", "create-user", "user", "carl"},
		"make accounts": {"/console/users", "do", "create-account", "account", "444455556666"},
		"delete":        {"/console/user-delete?user=bob", "name", "bob"},
		"disable a key": {keyPage("disable", "bob", "AKIANOBODYHASTHISONE")},
		"delete a key":  {keyPage("delete", "bob", "AKIANOBODYHASTHISONE")},
		"rotate a key":  {keyPage("rotate", "bob", "AKIANOBODYHASTHISONE"), "seen", ""},
		"take away":     {"/console/user-policy-remove?user=bob&arn=arn:aws:iam::aws:policy/IAMReadOnlyAccess"},
		"delete policy": {"/console/user-policy-remove?user=bob&policy=p"},
	} {
		if a := reader.submit(form[0], form[1:]...); !strings.Contains(a.text(), "is not authorized to perform: iam:") {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
	}
	nobody := newcomer(t, v, "nobody", "glacier:ListVaults")
	nobody.lacks(nobody.page("/console/vaults"), `href="/console/users"`)
	for _, path := range []string{"/console/users", userPage("bob"), "/console/user-policy?user=bob&policy=p", "/console/user-delete?user=bob"} {
		if a := nobody.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestAccountsAreTheManagementAccounts(t *testing.T) {
	v := signedIn(t)
	page := v.page("/console/users")
	v.says(page, "Accounts of this server", "111122223333 yours")
	number := between(page.body, `maxlength="12" value="`, `"`)
	if len(number) != 12 {
		t.Errorf("the proposal is %q", number)
	}
	made := v.submit("/console/users", "do", "create-account", "account", number, "account-name", "<b>tapes</b>")
	v.says(made, "A key of the root of account "+number+" is made.")
	v.says(v.submit("/console/users", "do", "create-account", "account", number), "Account "+number+" already exists.")
	v.says(v.page("/console/users"), "<b>tapes</b>")
	other := another(t, v.srv)
	other.signIn(between(made.body, `aria-label="Access key id">`, "<"), between(made.body, `aria-label="Secret access key">`, "<"))
	theirs := other.page("/console/users")
	other.lacks(theirs, "Accounts of this server", "111122223333")
	other.says(other.submit("/console/users", "do", "delete-account", "account", "111122223333"), "accounts are not this account's to manage")

	v.says(v.submit("/console/users", "do", "delete-account", "account", ""), "Type the number")
	v.says(v.submit("/console/users", "do", "delete-account", "account", "111122223333"), "cannot be deleted")
	v.says(v.submit("/console/users", "do", "delete-account", "account", number), "The account "+number+" is deleted.")
	if got := v.askIAM("ListAccounts"); strings.Contains(got, number) {
		t.Errorf("the account is still there: %s", got)
	}
}

// Who may change his own keys, and nothing else of IAM's, finds them.
func TestAUserHasHisOwnKeys(t *testing.T) {
	v := signedIn(t)
	dora := newcomer(t, v, "dora")
	v.askIAM("PutUserPolicy", "UserName", "dora", "PolicyName", "keys", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::*:user/${aws:username}"}}`)
	a := dora.page("/console/user")
	dora.says(a, "User dora", "Your keys", "yours now", "Create access key")
	dora.lacks(a, "Managed policies", "Delete user", `href="/console/users"`, "Created</dt>")
	mine := between(a.body, `name="seen" value="`, `"`)
	made := dora.submit("/console/user", "do", "create-key", "seen", mine)
	dora.says(made, "A key of the user dora is made.")
	dora.says(dora.submit("/console/user?user=bob", "do", "create-key", "seen", ""), "is not authorized to perform: iam:ListAccessKeys")
}

// Names from the address are shown as they are, and lead to nothing.
func TestHostileNamesOfUsers(t *testing.T) {
	v := signedIn(t)
	for _, name := range []string{"..", "<b>x", `" onload="`, strings.Repeat("x", 5000)} {
		for _, path := range []string{userPage(name), keyPage("disable", name, name), "/console/user-policy-remove?policy=p&user=" + url.QueryEscape(name),
			"/console/user-delete?user=" + url.QueryEscape(name), "/console/user-policy?policy=p&user=" + url.QueryEscape(name)} {
			a := v.get(path)
			if a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
				t.Errorf("%s: %d", path, a.status)
			}
			v.lacks(a, "<b>x", `" onload="`)
		}
	}
}
