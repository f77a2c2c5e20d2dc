package vault_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/vault"
)

func (h *house) listed(id glacier.UploadID) bool {
	h.t.Helper()
	list, err := h.ListMultipartUploads(h.t.Context(), owner, photos, vault.Page{})
	h.must(err)
	for _, u := range list.UploadsList {
		if u.MultipartUploadID == id {
			return true
		}
	}
	return false
}

func TestUploadsExpire(t *testing.T) {
	const life = vault.DefaultUploadLife
	body := data(10)
	for _, tt := range []struct {
		name     string
		do       func(h *house, id glacier.UploadID)
		open     bool   // after the sweep
		payloads int    // after the sweep
		complete string // "" if a repeated Complete still succeeds, "x" if not; not asked while open
	}{
		{"idle without parts", func(h *house, _ glacier.UploadID) { h.pass(life + time.Second) }, false, 0, "x"},
		{"idle almost long enough", func(h *house, _ glacier.UploadID) { h.pass(life - time.Second) }, true, 0, ""},
		{"idle with a part", func(h *house, id glacier.UploadID) {
			h.part(id, 0, body)
			h.pass(life + time.Second)
		}, false, 0, "x"},
		{"old, with a young part", func(h *house, id glacier.UploadID) {
			h.pass(life - time.Second)
			h.part(id, 0, body)
			h.pass(life - time.Second)
		}, true, 1, ""},
		{"completed not long ago", func(h *house, id glacier.UploadID) {
			h.part(id, 0, body)
			h.pass(life - time.Second)
			h.complete(id, body)
			h.pass(life - time.Second)
		}, false, 1, ""},
		{"completed long ago", func(h *house, id glacier.UploadID) {
			h.part(id, 0, body)
			h.complete(id, body)
			h.pass(life + time.Second)
		}, false, 1, "x"}, // the archive keeps its bytes
		{"aborted long ago", func(h *house, id glacier.UploadID) {
			h.part(id, 0, body)
			h.must(h.AbortMultipartUpload(h.t.Context(), owner, photos, id))
			h.pass(life + time.Second)
		}, false, 0, "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, nil)
			id := h.initiate("1048576")
			tt.do(h, id)
			h.must(h.Sweep(t.Context()))
			if got := h.listed(id); got != tt.open {
				t.Errorf("open %t, want %t", got, tt.open)
			}
			if n := h.payloads(); n != tt.payloads {
				t.Errorf("%d payloads are kept, want %d", n, tt.payloads)
			}
			if tt.open {
				return
			}
			_, err := h.CompleteMultipartUpload(t.Context(), owner, photos, id, "10", request(body).Tree)
			if tt.complete != "" {
				tt.complete = "ResourceNotFoundException: The upload ID was not found: " + string(id)
				wantError(t, h.AbortMultipartUpload(t.Context(), owner, photos, id), tt.complete)
			}
			wantError(t, err, tt.complete)
			h.must(h.Sweep(t.Context())) // nothing left to do
		})
	}
}

// TestUploadBeingReceived: an upload does not expire under parts that are on
// their way, and does when they come to nothing.
func TestUploadBeingReceived(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	id := h.initiate("1048576")
	body := data(10)
	begin := func() *vault.Ingest {
		in, err := h.BeginPart(ctx, owner, photos, id, partRequest(0, body))
		h.must(err)
		return in
	}
	one, two := begin(), begin()
	h.pass(vault.DefaultUploadLife + time.Second)
	sweep := func(open bool) {
		t.Helper()
		h.must(h.Sweep(ctx))
		if got := h.listed(id); got != open {
			t.Errorf("open %t, want %t", got, open)
		}
	}
	sweep(true)
	h.must(one.Close())
	h.must(one.Close()) // once more changes nothing
	sweep(true)
	h.finish(two, body)
	sweep(true) // the part is young
	h.pass(vault.DefaultUploadLife + time.Second)
	three := begin()
	sweep(true)
	h.must(three.Close())
	sweep(false)
}

// TestPartWithoutSpace: a part that is refused is not on its way.
func TestPartWithoutSpace(t *testing.T) {
	h := open(t, nil)
	full := vault.New(vault.Config{Store: &fullStore{Store: h.store, begin: true}, Region: region, IDs: h.store.IDKey()})
	id := h.initiate("1048576")
	if _, err := full.BeginPart(t.Context(), owner, photos, id, partRequest(0, data(10))); err == nil {
		t.Fatal("it was accepted")
	}
	h.pass(vault.DefaultUploadLife + time.Second)
	h.must(full.Sweep(t.Context()))
	if h.listed(id) {
		t.Error("the upload is still open")
	}
}

func TestManyUploadsExpire(t *testing.T) {
	h := open(t, nil)
	for range 250 {
		h.initiate("1048576")
	}
	big := h.initiate("1048576")
	h.fakeParts(big, 0, 300)
	h.pass(vault.DefaultUploadLife + time.Second)
	young := h.initiate("1048576")
	h.must(h.Sweep(t.Context()))
	list, err := h.ListMultipartUploads(t.Context(), owner, photos, vault.Page{})
	h.must(err)
	if len(list.UploadsList) != 1 || list.UploadsList[0].MultipartUploadID != young {
		t.Errorf("%d uploads left, want the young one", len(list.UploadsList))
	}
	if some, _ := h.fakes(300); some {
		t.Error("a payload is left")
	}
}

// meddler is a store in which something happens just before an update.
type meddler struct {
	store.Store
	before func()
}

func (m *meddler) Update(ctx context.Context, rule store.Rule) error {
	if m.before != nil {
		m.before()
	}
	return m.Store.Update(ctx, rule)
}

// TestUploadSavedAtTheLastMoment: between the sweep's look at an upload and its
// record, the upload is used.
func TestUploadSavedAtTheLastMoment(t *testing.T) {
	body := data(10)
	for _, tt := range []struct {
		name string
		use  func(h *house, id glacier.UploadID)
		open bool // afterwards
	}{
		{"by a part", func(h *house, id glacier.UploadID) { h.part(id, 0, body) }, true},
		{"by Complete", func(h *house, id glacier.UploadID) { h.complete(id, body) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, nil)
			id := h.initiate("1048576")
			h.part(id, 0, body)
			h.pass(vault.DefaultUploadLife + time.Second)
			late := &meddler{Store: h.store}
			late.before = func() {
				late.before = nil
				tt.use(h, id)
			}
			h.must(vault.New(vault.Config{Store: late, Region: region, IDs: h.store.IDKey()}).Sweep(t.Context()))
			if late.before != nil {
				t.Fatal("the sweep did not try")
			}
			if got := h.listed(id); got != tt.open {
				t.Errorf("open %t, want %t", got, tt.open)
			}
			h.complete(id, body) // with what was received, or once more
			if n := h.payloads(); n != 1 {
				t.Errorf("%d payloads are kept, want 1", n)
			}
		})
	}
}

// leftovers counts what is left of deleted vaults.
func (h *house) leftovers() (n int) {
	h.t.Helper()
	h.view(func(tx *catalog.Tx) error {
		gone, err := tx.Orphans(100)
		for _, v := range gone {
			keys, err := tx.Leftovers(v, 100_000)
			if err != nil {
				return err
			}
			n += len(keys)
		}
		return err
	})
	return n
}

// TestSweepAfterDeletedVault: a vault goes with everything that can hang on an
// empty vault.
func TestSweepAfterDeletedVault(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	h.must(h.AddTagsToVault(ctx, owner, photos, many(0, 3)))
	pinned := h.upload(photos, data(5))
	a := h.archive(photos, pinned)
	output := h.upload(photos, data(6)) // its payload becomes a job's output
	o := h.archive(photos, output)
	h.write(func(tx *catalog.Tx) []record.Entity {
		return []record.Entity{
			&record.Job{
				Vault: a.Vault, ID: 1 << 40, Public: "retrieval", Action: glacier.ActionArchiveRetrieval, Status: glacier.Succeeded,
				Created: tx.Now().UnixMilli(), Archive: a.ID, ArchiveID: pinned, ArchiveSize: a.Size,
			},
			&record.Job{
				Vault: a.Vault, ID: 1<<40 + 1, Public: "inventory", Action: glacier.ActionInventoryRetrieval, Status: glacier.Succeeded,
				Created: tx.Now().UnixMilli(), Format: glacier.FormatJSON,
				Output: o.Pieces[0].Payload, OutputLSN: o.Pieces[0].LSN, OutputSize: o.Size,
			},
		}
	})
	h.must(h.store.Update(ctx, func(*catalog.Tx) (r record.Record, err error) {
		r.Delete(o.Key()) // without its payload
		return r, nil
	}))
	h.must(h.DeleteArchive(ctx, owner, photos, pinned))
	open := h.initiate("1048576")
	h.part(open, 0, data(7))
	h.part(open, 1<<20, data(1<<20))
	ended := h.initiate("1048576")
	h.must(h.AbortMultipartUpload(ctx, owner, photos, ended))
	h.upload(films, data(8))
	if n := h.payloads(); n != 5 {
		t.Fatalf("%d payloads before, want 5", n)
	}

	before := h.head()
	h.must(h.DeleteVault(ctx, owner, photos))
	if got := h.head(); got != before+1 {
		t.Errorf("DeleteVault took %d records", got-before)
	}
	if n := h.leftovers(); n != 5 { // an archive, two uploads, two jobs
		t.Errorf("%d leftovers after DeleteVault itself, want 5", n)
	}
	h.must(h.Sweep(ctx))
	if n := h.leftovers(); n != 0 {
		t.Errorf("%d leftovers after the sweep", n)
	}
	if n := h.payloads(); n != 1 {
		t.Errorf("%d payloads after the sweep, want that of the other vault", n)
	}
	swept := h.head()
	h.must(h.Sweep(ctx))
	if h.head() != swept {
		t.Error("a second sweep found something to do")
	}
}

// TestDeletedVaultEndsItsInventory: only the vault knows of the payload of its
// last inventory, so it goes in the same record.
func TestDeletedVaultEndsItsInventory(t *testing.T) {
	h := open(t, nil)
	p := h.archive(photos, h.upload(photos, data(6))).Pieces[0] // becomes the inventory's
	a := h.archive(photos, h.upload(photos, data(7)))
	v := h.vault(photos)
	v.Inventory = record.Inventory{Snapshot: 1, Completed: 2, Head: 1 << 40, Archives: 1, Payload: p.Payload, LSN: p.LSN, PayloadSize: p.Size}
	h.write(func(*catalog.Tx) []record.Entity { return []record.Entity{&v} })
	h.must(h.store.Update(t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
		archives, err := tx.Archives(v.ID, 0, a.ID-1, 10)
		for _, a := range archives {
			r.Delete(a.Key()) // without its payload
		}
		return r, err
	}))
	h.must(h.DeleteArchive(t.Context(), owner, photos, a.Public))
	if n := h.payloads(); n != 1 {
		t.Fatalf("%d payloads before, want the inventory's", n)
	}
	h.must(h.DeleteVault(t.Context(), owner, photos))
	if n := h.payloads(); n != 0 {
		t.Errorf("%d payloads are left of a deleted vault", n)
	}
}

// TestSweepInSmallRecords: what is left of a vault is more than a record of the
// sweep may have, and so is what is left of one archive and of one upload.
func TestSweepInSmallRecords(t *testing.T) {
	const parts, pieces = 1300, 1100
	h := open(t, nil)
	ctx := t.Context()
	id := h.initiate("1048576")
	size, tree := h.fakeParts(id, 0, pieces)
	_, err := h.CompleteMultipartUpload(ctx, owner, photos, id, fmt.Sprint(size), tree.String())
	h.must(err)
	v := h.vault(photos)
	h.write(func(tx *catalog.Tx) []record.Entity { // as if a job pinned it
		list, err := tx.Archives(v.ID, 0, 1<<62, 10)
		h.must(err)
		list[0].Deleted = true
		return []record.Entity{&list[0]}
	})
	h.fakeParts(h.initiate("1048576"), pieces, parts)
	h.must(h.DeleteVault(ctx, owner, photos))
	before := h.head()
	h.must(h.Sweep(ctx))
	if n := h.leftovers(); n != 0 {
		t.Errorf("%d leftovers after the sweep", n)
	}
	if some, _ := h.fakes(pieces + parts); some {
		t.Error("a payload is left")
	}
	// An archive and its pieces, two uploads, parts and their payloads.
	const keys = 1 + pieces + 2 + 2*parts
	if records := int(h.head() - before); records < keys/1000 || records > keys/1000+3 {
		t.Errorf("the sweep of %d keys took %d records", keys, records)
	}
}

// head is the newest record's number.
func (h *house) head() (lsn record.LSN) {
	h.t.Helper()
	h.view(func(tx *catalog.Tx) error {
		lsn = tx.LSN()
		return nil
	})
	return lsn
}
