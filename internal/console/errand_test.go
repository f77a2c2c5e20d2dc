package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"firn/firntest"
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
	v.says(v.page("/console/empty?vault=photos"), "Done:", "All 2 archives in the vault")
	v.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos")
	v.says(v.until("/console/empty?vault=photos", "2 archives deleted"), "The vault is empty.")
	v.lacks(v.submit("/console/empty", "vault", "photos", "do", "forget"), "Done:")
}

// In the profile aws a vault can be deleted only after an inventory: the errand
// waits, and does nothing to another vault that has the name by then.
func TestAnErrandKnowsItsVault(t *testing.T) {
	v := signedIn(t, firntest.LiveCounters(false), firntest.InventoryInterval(time.Hour))
	v.fill("photos", 2)
	v.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos", "last", "yes")
	v.until("/console/empty?vault=photos", "The vault goes when an inventory has shown that it is empty")
	v.submit("/console/empty", "vault", "photos", "do", "pause")
	v.until("/console/empty?vault=photos", "Paused.")
	kept := v.store("photos", "came later", []byte("kept"))
	v.submit("/console/empty", "vault", "photos", "do", "resume")
	v.until("/console/empty?vault=photos", "The vault goes when")
	v.says(v.page("/console/archive?vault=photos&archive="+kept), "came later")
}

func TestAnErrandLeavesAVaultOfTheSameNameAlone(t *testing.T) {
	root := signedIn(t)
	root.fill("photos", 3)
	bob := root.colleagueWith("bob", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["glacier:InitiateJob","glacier:GetJobOutput","glacier:DeleteArchive"],"Resource":"*"}}`)
	bob.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos", "last", "yes")
	bob.until("/console/empty?vault=photos", "It stopped") // he may not delete the vault
	root.direct(http.MethodDelete, "/-/vaults/photos", nil, nil, http.StatusNoContent)
	root.fill("photos", 2)
	root.submit("/console/empty", "vault", "photos", "do", "resume")
	root.says(root.until("/console/empty?vault=photos", "It stopped"), "this is another one of the same name")
	if n := root.archiveCount("photos"); n != 2 {
		t.Errorf("%d archives are left in the other vault", n)
	}
}

// Who may not do a thing to a vault's archives may not stop it either, nor see
// how far it is.
func TestOthersErrandsAreOutOfReach(t *testing.T) {
	root := signedIn(t, firntest.LiveCounters(false), firntest.InventoryInterval(time.Hour))
	root.fill("photos", 1)
	root.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos", "last", "yes")
	root.until("/console/empty?vault=photos", "The vault goes when")
	bob := root.colleagueWith("bob", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["glacier:DescribeVault","glacier:DeleteArchive"],"Resource":"*"}}`)
	for _, do := range []string{"pause", "resume", "forget"} {
		bob.submit("/console/empty", "vault", "photos", "do", do)
	}
	if a := bob.get("/console/empty?vault=photos"); a.status != http.StatusForbidden {
		t.Errorf("he sees it: %d", a.status)
	}
	root.says(root.page("/console/empty?vault=photos"), "The vault goes when")
}

// A rate that is exceeded is waited for.
func TestEmptyingWithinARate(t *testing.T) {
	v := signedIn(t, firntest.Rates(0, 40))
	v.fill("photos", 30)
	v.submit("/console/empty", "vault", "photos", "do", "begin", "word", "photos")
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if a := v.get("/console/empty?vault=photos"); strings.Contains(a.text(), "30 archives deleted.") {
			return
		}
		<-time.After(200 * time.Millisecond)
	}
	t.Error("not all are deleted")
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
	v.says(v.page("/console/empty?vault=photos"), "Something else was done to this vault")
}

// A retrieval policy that is spent stops it, and what began is told.
func TestRetrievingAllWithinABudget(t *testing.T) {
	v := signedIn(t)
	v.vault("films")
	v.store("films", "too long", make([]byte, 5<<20)) // a quarter of it counts for each hour
	v.direct(http.MethodPut, "/-/policies/data-retrieval", nil,
		[]byte(`{"Policy":{"Rules":[{"Strategy":"BytesPerHour","BytesPerHour":1048576}]}}`), http.StatusNoContent)
	v.submit("/console/retrieve", "vault", "films", "do", "begin", "word", "all", "tier", "Standard")
	a := v.until("/console/retrieve?vault=films", "It stopped")
	v.says(a, "InitiateJob request denied by current data retrieval policy.")
	if n := len(v.jobs("films")); n != 0 {
		t.Errorf("%d jobs", n)
	}
	v.direct(http.MethodPut, "/-/policies/data-retrieval", nil, []byte(`{"Policy":{"Rules":[{"Strategy":"None"}]}}`), http.StatusNoContent)
	v.submit("/console/retrieve", "vault", "films", "do", "resume")
	v.says(v.until("/console/retrieve?vault=films", "Done:"), "1 job began")
}

func TestUnfinishedUploadsAreListedAndGivenUp(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	id := v.direct(http.MethodPost, "/-/vaults/photos/multipart-uploads", http.Header{
		"x-amz-part-size": {"1048576"}, "x-amz-archive-description": {"half <i>done</i>"},
	}, nil, http.StatusCreated).Header.Get("x-amz-multipart-upload-id")
	a := v.page("/console/upload?vault=photos")
	v.says(a, "half <i>done</i>", "1.00 MiB", "aws glacier upload-multipart-part", "aws glacier complete-multipart-upload", "aws glacier list-parts")
	bob := newcomer(t, v, "bob", "glacier:ListMultipartUploads", "glacier:ListParts")
	theirs := bob.page("/console/upload?vault=photos")
	bob.says(theirs, "aws glacier list-parts")
	bob.lacks(theirs, "aws glacier upload-", "aws glacier complete-", "aws glacier abort-")
	v.lacks(a, "<i>done")
	v.says(v.submit("/console/upload", "vault", "photos", "upload", id), "Nothing was done", "half")
	v.says(v.submit("/console/upload", "vault", "photos", "upload", id, "sure", "yes"), "The upload was given up")
	v.says(v.submit("/console/upload", "vault", "nowhere", "upload", id, "sure", "yes"), "Vault not found")
	if a := v.page("/console/upload?" + url.Values{"vault": {"photos"}}.Encode()); !strings.Contains(a.text(), "There are none.") {
		t.Errorf("it is still there:\n%s", a.text())
	}
}
