package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// tryPath is the page with the answer to a question, given as name, value.
func tryPath(fields ...string) string {
	q := url.Values{"vault": {"photos"}}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	return "/console/lock-test?" + q.Encode()
}

func TestLockIsTried(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	archive := v.upload("photos", "a picture")
	v.must(http.MethodPost, "/-/vaults/photos/tags?operation=add", `{"Tags":{"owner":"me"}}`)
	hold := strings.Replace(keepPolicy("photos"), `"Statement":[`, `"Statement":[{"Sid":"hold","Effect":"Deny","Principal":"*","Action":"glacier:Delete*",`+
		`"Resource":"arn:aws:glacier:us-east-1:111122223333:vaults/photos","Condition":{"StringEquals":{"glacier:ResourceTag/hold":"a=b"}}},`, 1)
	v.says(v.submit(lockPath, "do", "initiate", "policy", hold), "The lock has begun")
	v.colleague("alice", "glacier:Upload*")
	a := v.page(testPath)
	v.says(a, "Would this be allowed now?", "The lock is in progress, 23 h 59 min left", "DeleteArchive: delete an archive", "owner=me")
	v.lacks(a, "Refused", "Allowed")
	for _, row := range []struct {
		name   string
		fields []string
		want   []string
		status int
	}{
		{"a young archive", []string{"operation", "DeleteArchive", "age", "364"}, []string{
			"Refused root may not delete an archive, 364 days old. The lock forbids it, by keep-a-year.",
			"The lock forbidden keep-a-year", "The access policy nothing about it none", "Root's rights everything that nothing else forbids none",
		}, 200},
		{"an old one", []string{"operation", "DeleteArchive", "age", "365"}, []string{"Allowed root may delete an archive, 365 days old. It is allowed, and nothing forbids it."}, 200},
		{"one that is there", []string{"operation", "DeleteArchive", "archive", archive}, []string{"Refused root may not delete an archive, 0 days old. The lock forbids it, by keep-a-year."}, 200},
		{"another operation", []string{"operation", "UploadArchive", "archive", "of no matter"}, []string{"Allowed root may upload an archive."}, 200},
		{"a user who may", []string{"operation", "UploadArchive", "caller", "user/alice"}, []string{"Allowed alice may upload an archive.", "The user's own policies allowed statement 1"}, 200},
		{"a user who may not", []string{"operation", "InitiateJob", "caller", "user/alice", "age", "1"}, []string{"Refused alice may not retrieve an archive, or start another job, 1 day old. Nothing allows it."}, 200},
		{"with a tag", []string{"operation", "DeleteVault", "tagged", "these", "tags", "x=y\r\nhold=a=b\r\n"}, []string{"Refused root may not delete the vault. The lock forbids it, by hold."}, 200},
		{"without it", []string{"operation", "DeleteVault", "tagged", "own", "tags", "hold=a=b"}, []string{"Allowed root may delete the vault."}, 200},
		{"aborting", []string{"operation", "AbortVaultLock"}, []string{"Allowed root may abort the lock."}, 200},
		{"an archive that is not there", []string{"operation", "DeleteArchive", "archive", "<i>"}, []string{"There is no archive with this id in the vault."}, 404},
		{"an archive and an age", []string{"operation", "DeleteArchive", "archive", archive, "age", "1"}, []string{"Give an archive's id or an age, not both."}, 400},
		{"an age below zero", []string{"operation", "DeleteArchive", "age", "-1"}, []string{"The age is a number of days, from 0 to 1,000,000."}, 400},
		{"an age that is none", []string{"operation", "DeleteArchive", "age", "1e9"}, []string{"The age is a number of days"}, 400},
		{"an age too high", []string{"operation", "DeleteArchive", "age", "1000001"}, []string{"The age is a number of days"}, 400},
		{"too many tags", []string{"operation", "DeleteVault", "tagged", "these", "tags", strings.Repeat("k", 51) + tagText(51)}, []string{"A vault has at most 50 tags."}, 400},
		{"no such operation", []string{"operation", "<i>"}, []string{"There is no such operation on a vault."}, 400},
		{"no such user", []string{"operation", "DeleteVault", "caller", "user/bob"}, []string{"The user with name bob cannot be found."}, 404},
		{"no such caller", []string{"operation", "DeleteVault", "caller", "bob"}, []string{"There is no such caller."}, 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.get(tryPath(row.fields...))
			v.says(a, row.want...)
			v.lacks(a, "<i>")
			if a.status != row.status {
				t.Errorf("status %d", a.status)
			}
		})
	}
	// Nothing came of all that.
	if status, _ := v.api(http.MethodGet, "/-/vaults/photos", ""); status != http.StatusOK || v.lockOf("photos") == "" {
		t.Errorf("the vault: %d", status)
	}
}

// tagText is some tags, one to a line.
func tagText(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\n" + strings.Repeat("t", i+1) + "=v")
	}
	return b.String()
}

// What others may do is the business of those who may ask IAM for it, and the
// access policy's statements of those who may see that.
func TestLockIsTriedByWhoMayOnlyLook(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	v.lock("photos", true)
	v.submit(policyPath, "do", "set", "policy", strings.NewReplacer("keep-a-year", "concealed", "DeleteArchive", "UploadArchive",
		`"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}`, `"Null":{"aws:Nothing":"true"}`).Replace(keepPolicy("photos")))
	u := v.colleague("alice", "glacier:GetVaultLock", "glacier:UploadArchive")
	v.colleague("bob", "glacier:ListVaults")
	a := u.page(testPath)
	u.says(a, "you, alice", "The lock is complete.")
	u.lacks(a, "bob", ">root<")
	a = u.page(tryPath("operation", "UploadArchive"))
	u.says(a, "Refused alice may not upload an archive. The access policy forbids it.", "The access policy forbidden none")
	u.lacks(a, "concealed")
	for _, caller := range []string{"root", "user/bob", "user/"} {
		if a := u.get(tryPath("operation", "UploadArchive", "caller", caller)); a.status != http.StatusForbidden || strings.Contains(a.text(), "Refused") {
			t.Errorf("%s: status %d\n%s", caller, a.status, a.text())
		}
	}
	v.says(v.page(tryPath("operation", "UploadArchive")), "The access policy forbids it, by concealed.")
	v.says(v.page(tryPath("operation", "SetVaultAccessPolicy")), "Allowed root may set the access policy.")
	w := v.colleague("carol", "glacier:GetVaultLock", "iam:ListUsers", "iam:SimulatePrincipalPolicy")
	w.says(w.page(tryPath("operation", "UploadArchive", "caller", "root")), "you, carol", "bob", "Refused root may not upload an archive.")
}

// More users than a page can list are typed.
func TestLockIsTriedForOneOfMany(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	v.lock("photos", false)
	for i := range 201 {
		v.iam(nil, "CreateUser", "UserName", fmt.Sprintf("u%03d", i))
	}
	a := v.page(testPath)
	v.says(a, "u199", "Or another user's name")
	v.lacks(a, "u200")
	a = v.page(tryPath("operation", "UploadArchive", "caller", "user/u001", "user", "u200"))
	v.says(a, "Refused u200 may not upload an archive.")
	if !strings.Contains(a.body, `name="user" value="u200"`) {
		t.Errorf("what was typed is lost:\n%s", a.text())
	}
}
