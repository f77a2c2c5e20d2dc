package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/client"
	"firn/internal/history"
)

// past is what the history has, in one point.
func (h *house) past() (p history.Point) {
	h.t.Helper()
	now := time.Now()
	list, err := h.srv.History().Range(h.t.Context(), history.Query{Account: testAccount, From: now.Add(-24 * time.Hour), To: now.Add(time.Hour), Points: 1})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(list) > 0 {
		p = list[0]
		p.From, p.Time, p.Counted = time.Time{}, time.Time{}, 0
	}
	return p
}

// What has come and gone is known after an orderly end, to the byte.
func TestHistory(t *testing.T) {
	h := newHouse(t, nil)
	h.createVault("photos")
	h.createVault("empty")
	id := h.upload("photos", "", noise(1000))
	h.upload("photos", "", noise(50))
	upload := h.must(client.Request{
		Method: "POST", Path: vaultPath("photos", "multipart-uploads"), Header: http.Header{"X-Amz-Part-Size": {"1048576"}},
	}).header.Get("x-amz-multipart-upload-id")
	part := noise(7)
	h.must(client.Request{
		Method: "PUT", Path: vaultPath("photos", "multipart-uploads", upload), Body: client.Bytes(part),
		Header: http.Header{"X-Amz-Sha256-Tree-Hash": {naiveTree(part)}, "Content-Range": {"bytes 0-6/*"}},
	})
	if got := h.call(uploadRequest("missing", "", noise(5))); got.status != http.StatusNotFound {
		t.Errorf("an upload to nowhere: %d", got.status)
	}
	job := h.initiate("photos", `{"Type":"archive-retrieval","ArchiveId":"`+id+`"}`)
	h.await("photos", job)
	h.output("photos", job, "")
	h.output("photos", job, spanOf(0, 9))
	h.output("photos", job, spanOf(5000, 5009)) // there is no such part
	h.restart(false)
	want := history.Point{
		State: history.State{Archives: 2, Bytes: 1050, Vaults: 2},
		Flow:  history.Flow{Uploads: 3, Uploaded: 1057, Downloads: 2, Downloaded: 1010},
	}
	if diff := cmp.Diff(want, h.past()); diff != "" {
		t.Error(diff)
	}
}

// A history that cannot be written is no reason not to serve, nor not to end.
func TestHistoryThatCannotBeWritten(t *testing.T) {
	h := newHouse(t, nil)
	h.stop()
	dir := filepath.Join(h.cfg.Data, "history")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, []byte("in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.createVault("photos")
	if err := h.srv.sample(t.Context()); err == nil {
		t.Error("it was written")
	}
	h.restart(false)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	h.restart(false)
	if got := h.past(); got.Vaults != 1 {
		t.Errorf("the history is %+v", got)
	}
}

// The history of an account ends with the account, or with the next sample if it was deleted while no server ran.
func TestHistoryOfAnAccountThatIsDeleted(t *testing.T) {
	h := newHouse(t, nil)
	file := func(id string) string { return filepath.Join(h.cfg.Data, "history", id) }
	const deleted, offline = "444455556666", "777788889999"
	if _, _, err := h.srv.Access().CreateAccount(t.Context(), deleted, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.srv.sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file(deleted)); err != nil {
		t.Fatal(err)
	}
	if err := h.srv.Access().DeleteAccount(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file(deleted)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := h.srv.History().Sample(offline, history.State{}); err != nil {
		t.Fatal(err)
	}
	if err := h.srv.sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file(offline)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there after a sample: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(file(offline), "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file(string(testAccount))); err != nil {
		t.Fatal(err)
	}
	if err := h.srv.sample(t.Context()); err == nil {
		t.Error("what cannot be forgotten is no error")
	}
	if _, err := os.Stat(file(string(testAccount))); err != nil {
		t.Errorf("an account that is there: %v", err)
	}
}

// All pages of accounts and of vaults are counted.
func TestEveryVaultIsSampled(t *testing.T) {
	h := newHouse(t, nil)
	for n := range samplePage + 1 {
		h.createVault(fmt.Sprintf("vault-%03d", n))
	}
	h.upload("vault-000", "", noise(3))
	h.upload(fmt.Sprintf("vault-%03d", samplePage), "", noise(4))
	got, err := h.srv.stateOf(t.Context(), testAccount)
	if want := (history.State{Archives: 2, Bytes: 7, Vaults: samplePage + 1}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
