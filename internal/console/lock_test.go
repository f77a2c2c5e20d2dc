package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"firn/glacier"
)

const (
	lockPath     = "/console/lock?vault=photos"
	completePath = "/console/lock-complete?vault=photos"
	testPath     = "/console/lock-test?vault=photos"
)

// lockOf returns the state of a vault's lock, "" if there is none.
func (v *visitor) lockOf(vault string) string {
	v.t.Helper()
	status, text := v.api(http.MethodGet, "/-/vaults/"+vault+"/lock-policy", "")
	if status == http.StatusNotFound {
		return ""
	}
	var l glacier.VaultLock
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		v.t.Fatal(err)
	}
	return l.State
}

var markOf = regexp.MustCompile(`name="lock" value="([0-9a-f]{64})"`)

// mark is what a form has of the lock that its page shows.
func (a answer) mark() string {
	m := markOf.FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// The whole way of a lock, and back once.
func TestLock(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	a := v.page(lockPath)
	v.says(a, "This vault has no lock.", "nobody can change or take away", "Keep each archive for a year")
	v.lacks(a, "Abort lock", "lock-complete", "lock-test")
	text := v.page(lockPath + "&template=both").typed()
	if !strings.Contains(text, "glacier:ArchiveAgeInDays") || !strings.Contains(text, "LegalHold") {
		t.Fatalf("the template: %s", text)
	}
	a = v.submit(lockPath, "do", "check", "policy", text)
	v.says(a, "Nothing is wrong with this policy. It is not in force yet.")
	if got := v.lockOf("photos"); got != "" {
		t.Fatalf("checking has begun a lock: %s", got)
	}

	begin := func() {
		t.Helper()
		a = v.submit(lockPath, "do", "initiate", "policy", text)
		v.says(a, "The lock has begun", "In progress: 23 h 59 min left", "The lock's id", "It is told once",
			"keep-365-days forbids everybody delete an archive this vault the archive's age in days is less than 365")
		v.lacks(a, "<textarea")
	}
	begin()
	if got := v.lockOf("photos"); got != glacier.LockInProgress {
		t.Fatalf("the lock is %q", got)
	}
	v.says(v.page("/console/vault?vault=photos"), "Lock In progress")
	v.says(v.submit(lockPath, "do", "initiate", "policy", text), "A vault lock is in progress for photos: complete or abort it first.")
	v.says(v.submit(lockPath, "do", "abort"), "tick the box", "In progress")
	v.says(v.submit(lockPath, "do", "abort", "sure", "yes", "lock", a.mark()), "The lock is aborted", "This vault has no lock.")
	if got := v.lockOf("photos"); got != "" {
		t.Fatalf("the lock is %q", got)
	}

	begin()
	a = v.page(completePath)
	mark := a.mark()
	v.says(a, "This cannot be undone. Ever.", "What becomes final", "keep-365-days", "Type the vault's name")
	v.lacks(a, `name="id"`)
	for _, row := range []struct{ name, typed, sure, want string }{
		{"another name", "photo", "yes", "what you typed is not the vault's name, photos."},
		{"no name", "", "yes", "what you typed is not the vault's name"},
		{"without the box", "photos", "", "tick the box"},
	} {
		v.says(v.submit(completePath, "name", row.typed, "sure", row.sure, "lock", mark), row.want, "This cannot be undone.")
	}
	if got := v.lockOf("photos"); got != glacier.LockInProgress {
		t.Fatalf("the lock is %q", got)
	}
	a = v.submit(completePath, "name", "photos", "sure", "yes", "lock", mark)
	v.says(a, "The vault photos is locked for good.", "This vault is locked, for good.", "keep-365-days")
	v.lacks(a, "Abort", "lock-complete", "In progress")
	if got := v.lockOf("photos"); got != glacier.LockLocked {
		t.Fatalf("the lock is %q", got)
	}
	for _, row := range []struct{ name, mark, want string }{
		{"as the page showed it", mark, "the lock is another one"}, // its id is forgotten
		{"by nobody's page", "", "the lock is another one"},
	} {
		v.says(v.submit(lockPath, "do", "abort", "sure", "yes", "lock", row.mark), row.want, "locked, for good")
	}
	if a := v.get(completePath); a.status != http.StatusSeeOther || a.header.Get("Location") != lockPath {
		t.Errorf("completing once more: %d %v", a.status, a.header)
	}
}

// A lock that another session has begun is completed with its id.
func TestLockOfAnotherSession(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	id := v.lock("photos", false)
	a := v.page(lockPath)
	v.lacks(a, id, "The lock's id")
	if a := v.page(completePath); !strings.Contains(a.body, `name="id"`) {
		t.Fatalf("the id is not asked for:\n%s", a.text())
	}
	complete := func(id string) answer {
		t.Helper()
		return v.submit(completePath, "name", "photos", "sure", "yes", "id", id, "lock", v.page(completePath).mark())
	}
	v.says(complete(""), "the lock's id is missing")
	v.says(complete("<i>/.."), "Invalid lock ID: <i>/..", "This cannot be undone")
	abort := v.page(lockPath).mark()
	v.says(complete(" "+id+" "), "This vault is locked, for good.")
	v.says(v.submit(lockPath, "do", "abort", "sure", "yes", "lock", abort), "its lock cannot be aborted")
}

// The id that a session keeps is forgotten when another lock has taken the
// place of its own.
func TestLockThatWasReplaced(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	v.submit(lockPath, "do", "initiate", "policy", keepPolicy("photos"))
	v.must(http.MethodDelete, "/-/vaults/photos/lock-policy", "")
	id := v.lock("photos", false)
	v.lacks(v.page(completePath), `name="id"`)
	a := v.submit(completePath, "name", "photos", "sure", "yes", "lock", v.page(completePath).mark())
	v.says(a, "Invalid lock ID")
	if !strings.Contains(a.body, `name="id"`) {
		t.Errorf("the id is not asked for:\n%s", a.text())
	}
	v.says(v.submit(completePath, "name", "photos", "sure", "yes", "id", id, "lock", a.mark()), "This vault is locked, for good.")
}

// One tab shows a lock, and another aborts it and begins the next: what the
// first tab does is not done to that one.
func TestLockThatThePageDidNotShow(t *testing.T) {
	forEver := strings.Replace(keepPolicy("photos"), "365", "36500", 1)
	for _, row := range []struct {
		name, next string // policy of the next lock
		mark       func(shown string) string
	}{
		{"another policy", forEver, func(shown string) string { return shown }},
		{"the same policy, another lock", keepPolicy("photos"), func(shown string) string { return shown }},
		{"a form without a lock", forEver, func(string) string { return "" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := signedIn(t)
			v.vault("photos")
			begun := v.submit(lockPath, "do", "initiate", "policy", keepPolicy("photos"))
			shown := v.page(completePath)
			v.submit(lockPath, "do", "abort", "sure", "yes", "lock", begun.mark())
			gone := v.submit(completePath, "name", "photos", "sure", "yes", "lock", row.mark(shown.mark()))
			v.says(gone, "Nothing was done: ", "This vault has no lock.")
			v.submit(lockPath, "do", "initiate", "policy", row.next)

			a := v.submit(completePath, "name", "photos", "sure", "yes", "lock", row.mark(shown.mark()))
			v.says(a, "Nothing was done: the lock is another one than the page showed. Read it again.", "This cannot be undone.")
			a = v.submit(lockPath, "do", "abort", "sure", "yes", "lock", row.mark(begun.mark()))
			v.says(a, "the lock is another one than the page showed", "In progress")
			if got := v.lockOf("photos"); got != glacier.LockInProgress {
				t.Fatalf("the lock is %q", got)
			}
			v.says(v.submit(completePath, "name", "photos", "sure", "yes", "lock", v.page(completePath).mark()), "locked for good")
		})
	}
}

// The API does not say what is wrong with a lock's policy; the page does.
func TestLockThatIsRefused(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	for _, row := range []struct{ name, text, want string }{
		{"no JSON", "{\n<i>", "The specified vault lock policy is invalid. Provide a valid policy. the policy is not JSON: line 2, character 1"},
		{"no principal", `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, "Provide a valid policy. statement 1: the element Principal is missing"},
		{"another vault", keepPolicy("films"), "does not name arn:aws:glacier:us-east-1:111122223333:vaults/photos"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.submit(lockPath, "do", "initiate", "policy", row.text)
			v.says(a, row.want)
			v.lacks(a, "<i>")
			if a.status != http.StatusBadRequest || a.typed() != row.text || v.lockOf("photos") != "" {
				t.Errorf("status %d, typed %q", a.status, a.typed())
			}
		})
	}
	for _, path := range []string{"/console/lock", "/console/lock?vault=none", "/console/lock-complete?vault=none", "/console/lock-test?vault=none"} {
		if a := v.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
}

func TestLockOfWhoMayOnlyLook(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	u := v.colleague("alice", "glacier:GetVaultLock")
	a := u.page(lockPath)
	u.says(a, "This vault has no lock.")
	u.lacks(a, "<textarea", "template=", "initiate-vault-lock")
	u.says(u.submit(lockPath, "do", "initiate", "policy", keepPolicy("photos")), "is not authorized to perform: glacier:InitiateVaultLock")
	id := v.lock("photos", false)
	a = u.page(lockPath)
	u.says(a, "In progress", "keep-a-year")
	u.lacks(a, "Abort lock", "lock-complete", "abort-vault-lock")
	mark := v.page(completePath).mark() // no session has its id
	u.says(u.submit(lockPath, "do", "abort", "sure", "yes", "lock", mark), "is not authorized to perform: glacier:AbortVaultLock")
	if a := u.get(completePath); a.status != http.StatusForbidden {
		t.Errorf("status %d", a.status)
	}
	form := url.Values{"csrf": {u.token()}, "name": {"photos"}, "sure": {"yes"}, "id": {id}, "lock": {mark}}
	u.send(completePath, form)
	u.says(u.page(lockPath), "is not authorized to perform: glacier:CompleteVaultLock")
	if got := v.lockOf("photos"); got != glacier.LockInProgress {
		t.Fatalf("the lock is %q", got)
	}
	nobody := v.colleague("bob", "glacier:DescribeVault")
	nobody.lacks(nobody.page("/console/vault?vault=photos"), ">Lock<")
	for _, path := range []string{lockPath, testPath, completePath} {
		if a := nobody.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
}
