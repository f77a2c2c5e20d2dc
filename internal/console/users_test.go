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

// page of a user, and a form of it.
func userPage(name string) string { return "/console/user?user=" + url.QueryEscape(name) }

func TestAUserIsMadeAndListed(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/users"), "There is no user yet", "aws iam list-users", "Create a user")
	v.says(v.submit("/console/users", "do", "create-user", "user", "anna+ops@firn"), "The user anna+ops@firn is there.", "arn:aws:iam::111122223333:user/anna+ops@firn")
	if got := v.askIAM("ListUsers"); !strings.Contains(got, "<UserName>anna+ops@firn<") {
		t.Errorf("IAM lists %s", got)
	}
	v.says(v.page("/console/users"), "anna+ops@firn")
	v.says(v.submit("/console/users", "do", "create-user", "user", "<b>"), "The specified value for userName is invalid.")
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

	a := v.submit(userPage("bob"), "do", "rotate-key", "key", old, "seen", old)
	fresh := between(a.body, `aria-label="Access key id">`, "<")
	v.says(a, "The key "+old+" is disabled now.")
	if got := v.askIAM("ListAccessKeys", "UserName", "bob"); strings.Count(got, "<Status>Active<") != 1 || strings.Count(got, "<Status>Inactive<") != 1 {
		t.Errorf("keys after rotation: %s", got)
	}
	v.says(v.submit(userPage("bob"), "do", "enable-key", "key", old), "The key "+old+" is enabled.")
	v.says(v.submit(userPage("bob"), "do", "rotate-key", "key", old, "seen", fresh), "the keys have changed")
	both := between(v.page(userPage("bob")).body, `name="seen" value="`, `"`)
	v.says(v.submit(userPage("bob"), "do", "create-key", "seen", both), "Cannot exceed quota for AccessKeysPerUser: 2")
	v.says(v.submit(userPage("bob"), "do", "disable-key", "key", old), "The key "+old+" is disabled.")
	v.says(v.submit(userPage("bob"), "do", "disable-key", "key", "AKIANOBODYHASTHISONE"), "cannot be found")

	ask := "/console/key-delete?user=bob&key=" + old
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
	a := v.submit("/console/user", "do", "rotate-key", "key", v.srv.AccessKey, "seen", v.srv.AccessKey)
	fresh := another(t, v.srv)
	fresh.signIn(between(a.body, `aria-label="Access key id">`, "<"), between(a.body, `aria-label="Secret access key">`, "<"))
	if a := v.get("/console/users"); a.status != http.StatusSeeOther {
		t.Errorf("the session of the old key: %d", a.status)
	}
	fresh.says(fresh.page("/console/user"), "disabled")
}

func TestPoliciesComeAndGo(t *testing.T) {
	v := signedIn(t)
	bob := newcomer(t, v, "bob")
	const readOnly = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
	v.says(v.submit(userPage("bob"), "do", "attach", "policy", readOnly), "The policy is attached.")
	bob.page("/console/users")
	v.says(v.page("/console/managed-policy?policy="+url.QueryEscape(readOnly)), `"iam:List*"`)
	v.says(v.submit(userPage("bob"), "do", "attach", "policy", "arn:aws:iam::aws:policy/None"), "does not exist or is not attachable")
	v.says(v.submit(userPage("bob"), "do", "detach", "policy", readOnly), "The policy is taken away.")
	if a := bob.get("/console/users"); a.status != http.StatusForbidden {
		t.Errorf("without the policy: %d", a.status)
	}

	const text = "{\"Version\":\"2012-10-17\",\r\n\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"iam:*\",\"Resource\":\"*\"}}"
	v.says(v.page("/console/user-policy?user=bob"), "A new policy", `"glacier:ListVaults"`)
	v.says(v.submit("/console/user-policy?user=bob", "policy", "own", "text", text), "The policy own is set.")
	bob.page("/console/users")
	v.says(v.page("/console/user-policy?user=bob&policy=own"), `"Action":"iam:*"`)
	bad := v.submit("/console/user-policy?user=bob&policy=own", "text", `{"<script>":1}`)
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
	v.says(v.submit(userPage("bob"), "do", "delete-policy", "policy", "own"), "The policy own is deleted.")
	if a := v.get("/console/user-policy?user=bob&policy=own"); a.status != http.StatusNotFound {
		t.Errorf("a policy that is gone: %d", a.status)
	}
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
	reader.lacks(bob, "create-key", "rotate-key", "Delete user", `value="attach"`, "Write a policy")
	reader.says(bob, "Managed policies", "Access keys")
	for name, form := range map[string][]string{
		"make a key":    {userPage("bob"), "do", "create-key", "seen", ""},
		"attach":        {userPage("bob"), "do", "attach", "policy", "arn:aws:iam::aws:policy/AdministratorAccess"},
		"write":         {"/console/user-policy?user=bob", "policy", "p", "text", "{}"},
		"make a user":   {"/console/users", "do", "create-user", "user", "carl"},
		"make accounts": {"/console/users", "do", "create-account", "account", "444455556666"},
		"delete":        {"/console/user-delete?user=bob", "name", "bob"},
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
		for _, path := range []string{userPage(name), "/console/user-delete?user=" + url.QueryEscape(name), "/console/user-policy?policy=p&user=" + url.QueryEscape(name)} {
			a := v.get(path)
			if a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
				t.Errorf("%s: %d", path, a.status)
			}
			v.lacks(a, "<b>x", `" onload="`)
		}
	}
}
