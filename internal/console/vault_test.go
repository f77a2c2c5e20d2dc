package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"firn/firntest"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

// upload puts an archive into a vault, and returns its id.
func (v *visitor) upload(vault, content string) string {
	v.t.Helper()
	api, err := client.New(client.Config{
		Endpoint: v.srv.URL, Region: v.srv.Region,
		Key: sigv4.Credentials{AccessKeyID: v.srv.AccessKey, SecretAccessKey: v.srv.SecretKey},
	})
	if err != nil {
		v.t.Fatal(err)
	}
	h := http.Header{"X-Amz-Sha256-Tree-Hash": {treehash.Sum([]byte(content)).String()}}
	resp, err := api.Do(v.t.Context(), client.Request{
		Method: http.MethodPost, Path: "/-/vaults/" + vault + "/archives", Header: h, Body: client.Bytes([]byte(content)),
	})
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("X-Amz-Archive-Id")
}

func TestVaultIsDescribed(t *testing.T) {
	v := signedIn(t)
	v.vault("..")
	a := v.page("/console/vault?vault=..")
	v.says(a, "Archives 0", "Size 0 bytes", "Last inventory never", "Lock none",
		"arn:aws:glacier:us-east-1:111122223333:vaults/..", "Type the vault's name to confirm", "aws glacier describe-vault --account-id - --vault-name ..")
	for _, path := range []string{"/console/vault", "/console/vault?vault=none", "/console/vault?vault=a/b", "/console/vault?vault=%3Cb%3E", "/console/vault?vault=-"} {
		if a := v.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: status %d\n%s", path, a.status, a.text())
		}
	}
}

func TestVaultIsDeleted(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	u := v.colleague("alice", "glacier:ListVaults", "glacier:DescribeVault")
	const path = "/console/vault?vault=photos"
	a := u.page(path)
	u.lacks(a, "Delete this vault", "delete-vault", ">Lock<")
	u.says(u.submit(path, "name", "photos"), "is not authorized to perform: glacier:DeleteVault")

	v.says(v.submit(path, "name", "photo"), "Nothing was done", "Type the vault's name")
	v.says(v.submit(path, "name", ""), "Nothing was done")
	if status, _ := v.api(http.MethodGet, "/-/vaults/photos", ""); status != http.StatusOK {
		t.Fatalf("the vault is gone: %d", status)
	}
	v.says(v.submit(path, "name", "photos"), "The vault photos is deleted.", "There is no vault yet")
	if status, _ := v.api(http.MethodGet, "/-/vaults/photos", ""); status != http.StatusNotFound {
		t.Fatalf("the vault is there: %d", status)
	}
}

func TestVaultThatIsNotEmpty(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	const path = "/console/vault?vault=photos"
	v.upload("photos", "a picture")
	a := v.page(path)
	v.says(a, "Archives 1", "this one has 1 archive", "Empty and delete it")
	v.lacks(a, "Type the vault's name")
	if form := (url.Values{"name": {"photos"}, "csrf": {v.token()}}); v.send(path, form).status != http.StatusSeeOther {
		t.Fatal("no answer with a page")
	}
	v.says(v.page(path), "Vault not empty or recently written to: arn:aws:glacier:us-east-1:111122223333:vaults/photos")
}

// Where vaults go by their inventory, the page says what there is now, to those
// who may see it.
func TestVaultSinceItsInventory(t *testing.T) {
	v := signedIn(t, firntest.LiveCounters(false))
	v.vault("photos")
	const path = "/console/vault?vault=photos"
	v.lacks(v.page(path), "Now, since")
	v.upload("photos", "a picture")
	a := v.page(path)
	v.says(a, "Archives 0", "Now, since the inventory 1 archive, 9 bytes", "had 0 archives by its last inventory, and has 1 now")
	v.lacks(a, "Type the vault's name")
	u := v.colleague("alice", "glacier:DescribeVault", "glacier:DeleteVault")
	a = u.page(path)
	u.says(a, "Archives 0", "Type the vault's name")
	u.lacks(a, "Now, since")
	u.says(u.submit(path, "name", "photos"), "Vault not empty or recently written to")
}

// Who may do something with the archives is led to it.
func TestCards(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	const path = "/console/vault?vault=photos"
	v.says(v.page(path), "Upload archives", "Find archives", "Jobs and inventories", "Retrieve everything")
	u := v.colleague("alice", "glacier:DescribeVault", "glacier:ListJobs")
	a := u.page(path)
	u.says(a, "Jobs and inventories")
	u.lacks(a, "Upload archives", "Find archives", "Retrieve everything")
}
