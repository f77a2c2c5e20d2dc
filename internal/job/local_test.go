package job

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/record"
	"firn/internal/store/local"
)

// TestOnTheLocalStore walks through the life of jobs on the store that people
// use, with a restart in the middle.
func TestOnTheLocalStore(t *testing.T) {
	var ahead atomic.Int64
	dir := t.TempDir()
	open := func() *local.Store {
		st, err := local.Open(local.Config{FS: disk.OS(dir), SegmentSize: 4 << 20, Reserve: -1, Now: func() time.Time {
			return time.Now().Add(time.Duration(ahead.Load()))
		}})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	st := open()
	under := newMemStore(t)
	under.under = st
	h := furnish(t, under)
	h.Start(t.Context())

	data := pattern(5*mib + 77)
	big := h.store(photos, "a note", data, 2*mib)
	h.compareRanges(big, data)
	small := h.small(photos, "small")
	id, _ := h.run(retrieval(small, ""))
	list, _ := h.run(`{"Type":"inventory-retrieval"}`)
	text := h.read(list)
	var rows []string
	for i := range 40 {
		rows = append(rows, h.small(photos, fmt.Sprint(i)).Description)
	}
	h.delete(big)
	h.delete(small)
	all, _ := h.run(`{"Type":"inventory-retrieval"}`)
	got, _ := h.inventory(all)
	h.same("inventory", rows, got)

	// A job is left in progress.
	h.Close()
	late := h.begin(`{"Type":"inventory-retrieval","Format":"CSV"}`)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	st = open()
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	under.under = st
	h.Service = h.service()
	h.Start(t.Context())
	defer func() { h.Close() }()
	if d := h.await(late); d.StatusCode != glacier.Succeeded {
		t.Errorf("after the restart: %s", *d.StatusMessage)
	}
	if n := bytes.Count(h.read(late), []byte("\n")); n != 41 {
		t.Errorf("inventory of %d lines", n)
	}
	h.same("output of the deleted archive", "small", string(h.read(id)))
	h.same("output of the first inventory", string(text), string(h.read(list)))

	ahead.Store(int64(26 * time.Hour))
	ended := []uint64{h.job(list).Output}
	for _, p := range append(append([]record.Piece(nil), big.Pieces...), small.Pieces...) {
		ended = append(ended, p.Payload)
	}
	h.sweep()
	if h.exists(id) || h.exists(list) || h.exists(late) {
		t.Error("a job is still there")
	}
	err := st.View(t.Context(), func(tx *catalog.Tx) error {
		for _, id := range ended {
			if _, ok, err := tx.Payload(id); ok || err != nil {
				t.Errorf("payload %d: %t, %v, want it to have ended", id, ok, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSnapshotsOnTheLocalStore has inventories with a snapshot in a record and
// in a file, a restart, and a check of all there is.
func TestSnapshotsOnTheLocalStore(t *testing.T) {
	var ahead atomic.Int64
	config := local.Config{FS: disk.NewMem(0), Catalog: filepath.Join(t.TempDir(), "catalog.db"), Reserve: -1, Now: func() time.Time {
		return time.Now().Add(time.Duration(ahead.Load()))
	}}
	open := func() *local.Store {
		st, err := local.Open(config)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	st := open()
	check := func() {
		t.Helper()
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		report, err := local.Check(t.Context(), config, local.CheckOptions{Deep: true})
		if err != nil || !report.Clean() {
			t.Errorf("%+v, %v", report, err)
		}
		st = open()
	}
	under := newMemStore(t)
	under.under = st
	h := furnish(t, under, interval)
	first := h.small(photos, "first")
	small := h.takeInventories()
	h.delete(first)
	check()
	under.under, h.Service = st, h.service(interval)
	if small.LSN == 0 {
		t.Errorf("the snapshot of %d bytes has a file", small.PayloadSize)
	}
	h.agree("first")

	const n = 900
	var want []string
	for i := range n {
		want = append(want, strings.Repeat("x", 1000)+fmt.Sprint(i))
		h.small(photos, want[i])
	}
	ahead.Store(int64(25 * time.Hour))
	large := h.takeInventories()
	if large.LSN != 0 || !h.ended(small.Payload) {
		t.Errorf("the snapshot of %d bytes has no file, or the one before has not ended", large.PayloadSize)
	}
	for _, a := range h.living()[:n/2] {
		h.delete(a)
	}
	check()
	under.under, h.Service = st, h.service(interval)
	h.agree(strings.Join(want, " "))

	for _, a := range h.living() {
		h.delete(a)
	}
	if err := h.vaults.DeleteVault(t.Context(), owner, photos); err != nil {
		t.Fatal(err)
	}
	if err := h.vaults.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	under.under = st
	if !h.ended(large.Payload) {
		t.Error("the snapshot has outlived its vault")
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// localConfig is a store in memory whose clock begins at an instant.
func localConfig(t *testing.T, s string) local.Config {
	start, at := time.Now(), instant(t, s)
	return local.Config{FS: disk.NewMem(0), Catalog: filepath.Join(t.TempDir(), "catalog.db"), Reserve: -1, Now: func() time.Time {
		return at.Add(time.Since(start))
	}}
}

// localHouse makes a house on the store that people use. The store is closed
// by the caller.
func localHouse(t *testing.T, config local.Config, change ...func(*Config)) (*house, *local.Store) {
	t.Helper()
	st, err := local.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	under := newMemStore(t)
	under.under = st
	return furnish(t, under, change...), st
}

// TestBudgetsAfterARestart restarts the store with its catalog and with one
// that is made from the journal.
func TestBudgetsAfterARestart(t *testing.T) {
	config := localConfig(t, "2023-04-10 12:00:00")
	h, st := localHouse(t, config, free(3000))
	h.setPolicy(stranger, perHour(77))
	h.setPolicy(owner, freeTier)
	a := h.store(photos, "", pattern(50), mib)
	for range 2 {
		h.begin(retrieval(a, ""))
	}
	h.buy()
	h.buy()
	units, dir := document(t, h.capacity()), t.TempDir()
	for _, name := range []string{"same", "new"} {
		t.Run(name+" catalog", func(t *testing.T) {
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			if name == "new" {
				config.Catalog = filepath.Join(dir, "catalog.db")
			}
			h, st = localHouse(t, config, free(3000))
			defer func() {
				if err := st.Close(); err != nil {
					t.Error(err)
				}
			}()
			h.same("policy", freeTier, h.policy(owner))
			h.same("policy of another account", perHour(77), h.policy(stranger))
			h.same("units", units, document(t, h.capacity()))
			if u := h.usage(); u.Bytes != 100 {
				t.Errorf("usage of %d bytes, want 100", u.Bytes)
			}
			_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, retrieval(a, "")))
			refused(t, err, glacier.PolicyEnforced, denied)
			if _, err := h.PurchaseProvisionedCapacity(t.Context(), owner); err == nil {
				t.Error("a third unit was sold")
			}
		})
	}
	report, err := local.Check(t.Context(), config, local.CheckOptions{Deep: true})
	if err != nil || !report.Clean() {
		t.Errorf("%+v, %v", report, err)
	}
}
