package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// until asks for a page until it says something.
func (v *visitor) until(path, says string) answer {
	v.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		a := v.page(path)
		if strings.Contains(a.text(), says) {
			return a
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("the page never says %q:\n%s", says, a.text())
		}
		select {
		case <-v.t.Context().Done():
			v.t.Fatal("the test is over")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// fill puts archives into a vault that is made for them.
func (v *visitor) fill(vault string, n int) {
	v.t.Helper()
	v.vault(vault)
	for i := range n {
		v.store(vault, fmt.Sprintf("file %04d", i), []byte{byte(i)})
	}
}

func TestEmptyingAndDeletingAVault(t *testing.T) {
	v := signedIn(t)
	v.fill("..", 40)
	v.says(v.page("/console/empty?vault=.."), "All 40 archives in the vault", "Nobody can bring them back")
	v.says(v.submit("/console/empty", "vault", "..", "do", "begin", "word", "."), "Nothing was done: what you typed is not ...")
	if n := v.archiveCount(".."); n != 40 {
		t.Fatalf("%d archives are left", n)
	}
	v.submit("/console/empty", "vault", "..", "do", "begin", "word", "..", "last", "yes")
	v.says(v.until("/console/empty?vault=..", "Done:"), "40 archives deleted, and the vault .. with them")
	if a := v.get("/console/vault?vault=.."); a.status != http.StatusNotFound {
		t.Errorf("the vault answers %d", a.status)
	}
}

func TestEmptyingLeavesTheVault(t *testing.T) {
	v := signedIn(t)
	v.fill("photos", 3)
	v.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos")
	v.says(v.until("/console/empty?vault=photos", "Done:"), "3 archives deleted. The vault is empty.")
	v.fill("photos", 2)
	v.says(v.submit("/console/empty", "vault", "photos", "do", "forget"), "All 2 archives in the vault")
}

// A lock keeps what it keeps; the others go, and it is told.
func TestEmptyingALockedVault(t *testing.T) {
	v := signedIn(t)
	v.fill("records", 5)
	policy := `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"keep\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"glacier:DeleteArchive\",` +
		`\"Resource\":\"arn:aws:glacier:us-east-1:111122223333:vaults/records\",\"Condition\":{\"NumericLessThan\":{\"glacier:ArchiveAgeInDays\":\"365\"}}}]}`
	v.direct(http.MethodPost, "/-/vaults/records/lock-policy", nil, []byte(`{"Policy":"`+policy+`"}`), http.StatusCreated)
	v.submit("/console/empty", "vault", "records", "do", "begin", "word", "records", "last", "yes")
	v.says(v.until("/console/empty?vault=records", "Done,"), "5 archives stay", "with an explicit deny in a vault lock policy")
	if n := v.archiveCount("records"); n != 5 {
		t.Errorf("%d archives are left", n)
	}
}

// The errand is done with the key that began it, as long as that is good.
func TestAnErrandEndsWithItsKey(t *testing.T) {
	root := signedIn(t)
	root.fill("photos", 3)
	bob := root.colleagueWith("bob", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["glacier:InitiateJob","glacier:GetJobOutput","glacier:DeleteArchive","glacier:DescribeVault"],"Resource":"*"}}`)
	bob.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos", "last", "yes")
	bob.says(bob.until("/console/empty?vault=photos", "It stopped"), "is not authorized to perform: glacier:DeleteVault")
	root.submit("/console/empty", "vault", "photos", "do", "resume")
	root.says(root.until("/console/empty?vault=photos", "Done:"), "and the vault photos with them")
}

func TestRetrievingAll(t *testing.T) {
	v := signedIn(t)
	v.fill("photos", 12)
	v.says(v.page("/console/retrieve?vault=photos&match=file+001"), "each archive with “file 001” in its description")
	v.says(v.submit("/console/retrieve", "vault", "photos", "do", "begin", "word", "none", "match", "file 001"), "Nothing was done")
	v.submit("/console/retrieve", "vault", "photos", "do", "begin", "word", "all", "match", "file 001", "tier", "Bulk")
	v.says(v.until("/console/retrieve?vault=photos", "Done:"), "2 jobs began")
	if jobs := v.jobs("photos"); len(jobs) != 2 || *jobs[0].Tier != "Bulk" {
		t.Errorf("jobs: %+v", jobs)
	}
	v.says(v.page("/console/empty?vault=photos"), "Something else is being done, or was done")
}

// A retrieval policy that is spent stops it, and what began is told.
func TestRetrievingAllWithinABudget(t *testing.T) {
	v := signedIn(t)
	v.vault("films")
	v.store("films", "short", make([]byte, 2<<20))
	v.store("films", "too long", make([]byte, 5<<20))
	v.direct(http.MethodPut, "/-/policies/data-retrieval", nil,
		[]byte(`{"Policy":{"Rules":[{"Strategy":"BytesPerHour","BytesPerHour":1048576}]}}`), http.StatusNoContent)
	v.submit("/console/retrieve", "vault", "films", "do", "begin", "word", "all", "tier", "Standard")
	a := v.until("/console/retrieve?vault=films", "It stopped")
	v.says(a, "policy")
	if n := len(v.jobs("films")); n != 1 { // a quarter of an archive counts for each hour
		t.Errorf("%d jobs", n)
	}
}

func TestUnfinishedUploadsAreListedAndGivenUp(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	id := v.direct(http.MethodPost, "/-/vaults/photos/multipart-uploads", http.Header{
		"x-amz-part-size": {"1048576"}, "x-amz-archive-description": {"half <i>done</i>"},
	}, nil, http.StatusCreated).Header.Get("x-amz-multipart-upload-id")
	a := v.page("/console/upload?vault=photos")
	v.says(a, "half <i>done</i>", "1.00 MiB")
	v.lacks(a, "<i>done")
	v.says(v.submit("/console/upload", "vault", "photos", "upload", id), "The upload was given up")
	v.says(v.submit("/console/upload", "vault", "nowhere", "upload", id), "Vault not found")
	if a := v.page("/console/upload?" + url.Values{"vault": {"photos"}}.Encode()); !strings.Contains(a.text(), "There are none.") {
		t.Errorf("it is still there:\n%s", a.text())
	}
}
