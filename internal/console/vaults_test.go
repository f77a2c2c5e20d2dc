package console_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"firn/glacier"
	"firn/internal/awsapi"
	"firn/internal/client"
	"firn/internal/iam"
	"firn/internal/sigv4"
)

// api asks the vault API as the account's root, and returns the status and the
// reply's text.
func (v *visitor) api(method, path, document string) (int, string) {
	v.t.Helper()
	api, err := client.New(client.Config{
		Endpoint: v.srv.URL, Region: v.srv.Region,
		Key: sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := api.Do(v.t.Context(), client.Request{Method: method, Path: path, Body: client.Bytes([]byte(document))})
	var refused *glacier.Error
	if errors.As(err, &refused) {
		return refused.Code.Status(), refused.Message
	}
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// must asks the vault API for what it is not to refuse.
func (v *visitor) must(method, path, document string) string {
	v.t.Helper()
	status, text := v.api(method, path, document)
	if status >= 300 {
		v.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return text
}

// vault makes a vault.
func (v *visitor) vault(name string) {
	v.t.Helper()
	v.must(http.MethodPut, "/-/vaults/"+name, "")
}

// colleague makes a user who may do some actions with anything, and returns him,
// signed in.
func (v *visitor) colleague(name string, actions ...string) *visitor {
	v.t.Helper()
	list, err := json.Marshal(actions)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.colleagueWith(name, fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%s,"Resource":"*"}}`, list))
}

// colleagueWith makes a user with a policy.
func (v *visitor) colleagueWith(name, policy string) *visitor {
	v.t.Helper()
	v.iam(nil, "CreateUser", "UserName", name)
	v.iam(nil, "PutUserPolicy", "UserName", name, "PolicyName", "p", "PolicyDocument", policy)
	var made iam.CreateAccessKeyResult
	v.iam(&made, "CreateAccessKey", "UserName", name)
	other := another(v.t, v.srv)
	other.signIn(made.AccessKey.AccessKeyID, made.AccessKey.SecretAccessKey)
	return other
}

// iam asks the IAM API as the account's root.
func (v *visitor) iam(out any, action string, params ...string) {
	v.t.Helper()
	api, err := awsapi.NewClient(v.srv.URL, sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey}, "us-east-1", "iam")
	if err != nil {
		v.t.Fatal(err)
	}
	form := url.Values{"Action": {action}, "Version": {iam.Version}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	document, err := api.Do(v.t.Context(), form)
	if err == nil && out != nil {
		err = awsapi.Decode(document, action, out)
	}
	if err != nil {
		v.t.Fatalf("%s: %v", action, err)
	}
}

func TestVaultsPageByPage(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/vaults"), "There is no vault yet", "0 vaults")
	for i := range 101 {
		v.vault(fmt.Sprintf("v%03d", i))
	}
	v.vault("Photos")
	for _, row := range []struct {
		name, query   string
		says, unsaid  []string
		before, after bool
	}{
		{"the first", "", []string{"102 vaults", "Photos", "v048", "1 to 50 of 102"}, []string{"v049"}, false, true},
		{"the second", "?after=v048", []string{"v049", "v098", "51 to 100 of 102"}, []string{"v048", "v099"}, true, true},
		{"the last", "?after=v098", []string{"v099", "v100", "101 to 102 of 102"}, []string{"v098"}, true, false},
		{"after the last", "?after=zzz", []string{"102 vaults", "There are no more."}, []string{"v100"}, true, false},
		{"after what is no name", "?after=%3Ci%3E", []string{"1 to 50"}, []string{"<i>"}, false, true},
		{"a search in any case", "?search=pHOT", []string{"1 vault with", "Photos"}, []string{"v000", "after="}, false, false},
		{"a search with pages", "?search=v0&after=v049", []string{"51 to 100 of 100", "v099"}, []string{"Photos"}, true, false},
		{"a search for nothing", "?search=%3Ci%3E", []string{"No vault has that in its name", "“<i>”"}, []string{"<i>"}, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.page("/console/vaults" + row.query)
			v.says(a, row.says...)
			v.lacks(a, row.unsaid...)
			if before, after := strings.Contains(a.body, `rel="prev"`), strings.Contains(a.body, `rel="next"`); before != row.before || after != row.after {
				t.Errorf("before: %t, after: %t", before, after)
			}
		})
	}
}

func TestVaultsAreMade(t *testing.T) {
	v := signedIn(t)
	for _, row := range []struct{ name, vault, want string }{
		{"a plain name", "photos", "The vault photos is there."},
		{"two dots", "..", "The vault .. is there."},
		{"one dot", ".", "The vault . is there."},
		{"no name", "", "Invalid vault name"},
		{"an element", "<b>x</b>", "Invalid vault name: <b>x</b>"},
		{"a path", "../..", "Invalid vault name: ../.."},
		{"too long", strings.Repeat("x", 256), "Invalid vault name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.submit("/console/vaults", "vault", row.vault)
			v.says(a, row.want)
			if refused := a.status == http.StatusBadRequest; refused != strings.Contains(a.body, `name="vault" value="`+html.EscapeString(row.vault)+`" required`) {
				t.Errorf("status %d, and what was typed is lost:\n%s", a.status, a.body)
			}
			v.lacks(a, "<b>x")
			status, _ := v.api(http.MethodGet, "/-/vaults/"+url.PathEscape(row.vault)+"?", "")
			if made := strings.Contains(row.want, "is there"); made != (status == http.StatusOK) && row.vault != "" {
				t.Errorf("status of the vault: %d", status)
			}
		})
	}
	if list := v.must(http.MethodGet, "/-/vaults", ""); strings.Count(list, "VaultName") != 3 {
		t.Errorf("vaults: %s", list)
	}
}

func TestVaultsThatOneMayNotList(t *testing.T) {
	v := signedIn(t)
	v.vault("secret-name")
	u := v.colleague("alice", "glacier:DescribeVault")
	a := u.page("/console/vaults")
	u.says(a, "You may not list this account's vaults.")
	u.lacks(a, "secret-name", "Create a vault", "Search vaults")
	u.says(u.page("/console/vault?vault=secret-name"), "Archives 0")
	u.says(u.submit("/console/vaults", "vault", "mine"), "is not authorized to perform: glacier:CreateVault")
	if status, _ := v.api(http.MethodGet, "/-/vaults/mine", ""); status != http.StatusNotFound {
		t.Errorf("the vault was made: %d", status)
	}
}

// A name that the API refuses is not lost either, and one that is far too long
// does not come back whole.
func TestNamesThatAreRefusedAreKept(t *testing.T) {
	v := signedIn(t)
	u := v.colleagueWith("alice", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["glacier:CreateVault","glacier:ListJobs"],
		"Resource":"arn:aws:glacier:*:*:vaults/team-*"}}`)
	a := u.page("/console/vaults")
	u.says(a, "Create a vault", "Jobs")
	u.lacks(a, "Users", "Topics", "System")
	a = u.submit("/console/vaults", "vault", "mine")
	u.says(a, "is not authorized to perform: glacier:CreateVault")
	if a.status != http.StatusForbidden || !strings.Contains(a.body, `name="vault" value="mine"`) {
		t.Errorf("status %d:\n%s", a.status, a.body)
	}
	u.submit("/console/vaults", "vault", "team-a")
	v.says(v.page("/console/vaults"), "team-a", "1 vault")
	u.says(u.page("/console/jobs"), "Jobs")
	a = u.submit("/console/vaults", "vault", strings.Repeat("ä", 10<<10))
	if a.status != http.StatusBadRequest || len(a.body) > 20<<10 {
		t.Errorf("status %d, %d bytes", a.status, len(a.body))
	}
}

// The state of a lock is shown to those who may see it, vault by vault.
func TestLocksInTheList(t *testing.T) {
	v := signedIn(t)
	for _, name := range []string{"open", "trying", "shut"} {
		v.vault(name)
	}
	v.lock("trying", false)
	v.lock("shut", true)
	text := v.page("/console/vaults").text()
	for _, want := range []string{"open 0 0 bytes never none", "trying 0 0 bytes never In progress", "shut 0 0 bytes never Locked"} {
		if !strings.Contains(text, want) {
			t.Errorf("the list does not say %q:\n%s", want, text)
		}
	}
	u := v.colleague("alice", "glacier:ListVaults")
	a := u.page("/console/vaults")
	u.says(a, "shut")
	u.lacks(a, "Locked", "In progress", "Create a vault", ">Lock<")
	w := v.colleagueWith("bob", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glacier:ListVaults","Resource":"*"},
		{"Effect":"Allow","Action":"glacier:GetVaultLock","Resource":"arn:aws:glacier:*:*:vaults/trying"}]}`)
	a = w.page("/console/vaults")
	w.says(a, "shut 0 0 bytes never not for you to see", "In progress")
	w.lacks(a, "Locked")
}

// keepPolicy is a lock policy that lets nobody delete what is younger than a
// year.
func keepPolicy(vault string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"keep-a-year","Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive",`+
		`"Resource":"arn:aws:glacier:us-east-1:111122223333:vaults/%s","Condition":{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}}]}`, vault)
}

// lock begins a lock of a vault, and returns its id; with complete, for good.
func (v *visitor) lock(vault string, complete bool) string {
	v.t.Helper()
	api, err := client.New(client.Config{
		Endpoint: v.srv.URL, Region: v.srv.Region,
		Key: sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	text := keepPolicy(vault)
	document, err := glacier.Encode(glacier.VaultPolicy{Policy: &text})
	if err != nil {
		v.t.Fatal(err)
	}
	resp, err := api.Do(v.t.Context(), client.Request{
		Method: http.MethodPost, Path: "/-/vaults/" + vault + "/lock-policy", Body: client.Bytes(document),
	})
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	id := resp.Header.Get(glacier.HeaderLockID)
	if complete {
		v.must(http.MethodPost, "/-/vaults/"+vault+"/lock-policy/"+id, "")
	}
	return id
}
