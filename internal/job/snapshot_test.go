package job

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/vault"
	"firn/treehash"
)

// perform begins a job of a service that was not started, and does it.
func (h *house) perform(text string) glacier.JobID {
	h.t.Helper()
	id := h.begin(text)
	h.carryOut(id)
	return id
}

// carryOut does an inventory job.
func (h *house) carryOut(id glacier.JobID) {
	h.t.Helper()
	j := h.job(id)
	if err := h.list(h.t.Context(), &j); err != nil {
		h.t.Fatal(err)
	}
}

// listed is what a whole inventory has.
func (h *house) listed() string {
	h.t.Helper()
	got, _ := h.inventory(h.perform(`{"Type":"inventory-retrieval"}`))
	return strings.Join(got, " ")
}

// agree expects the vault's counters and date to be those of an inventory.
func (h *house) agree(want string) {
	h.t.Helper()
	got, date := h.inventory(h.perform(`{"Type":"inventory-retrieval"}`))
	h.same("inventory", want, strings.Join(got, " "))
	inv := h.vault(photos).Inventory
	h.same("date", glacier.At(inv.Snapshot).Seconds(), date)
	h.same("archives", int64(len(got)), inv.Archives)
	h.same("bytes", int64(len(strings.Join(got, ""))), inv.Bytes) // of small archives
	csv := string(h.read(h.perform(`{"Type":"inventory-retrieval","Format":"CSV"}`)))
	lines := strings.Split(strings.TrimSuffix(csv, "\n"), "\n")[1:]
	for i := range lines {
		lines[i] = strings.Trim(strings.Split(lines[i], ",")[1], `"`)
	}
	h.same("CSV", want, strings.Join(lines, " "))
}

// ended reports whether a payload's last use has ended.
func (h *house) ended(id uint64) bool {
	h.t.Helper()
	var ok bool
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		_, ok, err = tx.Payload(id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return !ok
}

// TestSnapshot: until the next inventory what was deleted is listed and what
// was uploaded is not.
func TestSnapshot(t *testing.T) {
	h := newHouse(t, interval)
	a, b := h.small(photos, "a"), h.small(photos, "bb")
	h.small(photos, "ccc")
	first := h.takeInventories()
	if first.Payload == 0 || first.PayloadSize == 0 {
		t.Fatalf("no snapshot: %+v", first)
	}
	h.delete(b)
	h.agree("a bb ccc")
	h.small(photos, "dddd")
	h.advance(23 * time.Hour)
	h.takeInventories()
	h.agree("a bb ccc")
	h.same("the vault's inventory", first, h.vault(photos).Inventory)

	h.advance(2 * time.Hour)
	second := h.takeInventories()
	h.agree("a ccc dddd")
	if !h.ended(first.Payload) || h.ended(second.Payload) {
		t.Error("the wrong snapshot was kept")
	}

	// An empty inventory has nothing to keep.
	h.delete(a)
	for _, p := range h.living() {
		h.delete(p)
	}
	h.agree("a ccc dddd")
	h.advance(25 * time.Hour)
	if third := h.takeInventories(); third.Payload != 0 || third.Archives != 0 || !h.ended(second.Payload) {
		t.Errorf("%+v, the snapshot before has ended: %t", third, h.ended(second.Payload))
	}
	h.agree("")
	if err := h.slow().DeleteVault(t.Context(), owner, photos); err != nil {
		t.Error(err)
	}
}

// living are the archives that are there now.
func (h *house) living() (list []record.Archive) {
	h.t.Helper()
	v := h.vault(photos)
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		list, err = tx.Archives(v.ID, 0, uint64(tx.LSN()), 1000)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// slow is the vaults as they are with an interval.
func (h *house) slow() *vault.Service {
	return vault.New(vault.Config{Store: h.memStore, Region: region, IDs: ids})
}

// TestSnapshotPages goes through a snapshot in pages, while archives go, and on
// into the next inventory.
func TestSnapshotPages(t *testing.T) {
	h := newHouse(t, interval)
	var archives []record.Archive
	for i := range 10 {
		archives = append(archives, h.small(photos, fmt.Sprint(i)))
	}
	h.takeInventories()
	marker := ""
	page := func(want string) {
		t.Helper()
		id := h.perform(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"3","Marker":"` + marker + `"}}`)
		got, _ := h.inventory(id)
		h.same("page", want, strings.Join(got, " "))
		marker = ""
		if m := h.describe(id).InventoryRetrievalParameters.Marker; m != nil {
			marker = *m
		}
	}
	page("0 1 2")
	h.delete(archives[2])
	h.delete(archives[4])
	page("3 4 5")
	begun := marker
	page("6 7 8")
	page("9")
	if marker != "" {
		t.Error("a marker after the last page")
	}
	// The marker holds its place in the next inventory.
	h.delete(archives[5])
	h.delete(archives[6])
	h.small(photos, "10")
	h.advance(25 * time.Hour)
	h.takeInventories()
	marker = begun
	page("7 8 9")
	page("10")
	if marker != "" {
		t.Error("a marker after the last page")
	}
}

// many puts n archives into a vault with one record and has the numbers come up
// with their ids, which are 1 to n.
func (h *house) many(n int) {
	h.t.Helper()
	vault := h.vault(photos).ID
	h.update(func(tx *catalog.Tx) (r record.Record, err error) {
		for i := range uint64(n) {
			r.Put(&record.Archive{Vault: vault, ID: i + 1, Public: glacier.ArchiveID(strings.Repeat("a", 138)),
				Description: strings.Repeat("d", int(i%7)*150) + fmt.Sprint(i+1), Size: int64(i), Created: int64(i) * 1000, TreeHash: treehash.Hash{byte(i)}})
		}
		return r, nil
	})
	for len(h.memStore.log(0)) < n {
		h.update(func(*catalog.Tx) (r record.Record, err error) {
			r.Put(&record.Counter{Counter: 99})
			return r, nil
		})
	}
}

// TestLargeSnapshot has a snapshot of several leaves, and begins at many places
// in it, the ends of all leaves among them.
func TestLargeSnapshot(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	const n = 5000
	h := newHouse(t, interval)
	h.many(n)
	inv := h.takeInventories()
	if inv.LSN != 0 || inv.PayloadSize < 3*mib || inv.Archives != n || inv.Bytes != n*(n-1)/2 {
		t.Fatalf("%+v", inv)
	}
	v := h.vault(photos).ID
	var want []record.Archive
	err := h.liveRows(v, inv.Head)(t.Context(), 0, func(a *record.Archive) (bool, error) {
		row := *a
		row.Vault = 0
		want = append(want, row)
		return true, nil
	})
	if err != nil || len(want) != n {
		t.Fatalf("%d rows, %v", len(want), err)
	}
	r, err := h.OpenPayload(t.Context(), payload.Ref{ID: inv.Payload, Size: inv.PayloadSize})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	edges := map[uint64]bool{0: true, n - 1: true, n: true}
	buf := make([]byte, mib)
	for i := range payload.Leaves(inv.PayloadSize) {
		leaf, err := r.Leaf(i, buf)
		if err != nil {
			t.Fatal(err)
		}
		head, rows, err := decodeLeaf(leaf)
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := decodeRow(rows)
		if err != nil || a.ID != uint64(head.before)+1 {
			t.Errorf("leaf %d begins with archive %d after %d rows, %v", i, a.ID, head.before, err)
		}
		edges[a.ID-1], edges[a.ID] = true, true
	}
	loads := 0
	counted := spoiled{Reader: r, leaf: func(int64, []byte) error { loads++; return nil }}
	for after := range uint64(n + 1) {
		if !edges[after] && after%61 != 0 {
			continue
		}
		loads = 0
		var got []record.Archive
		err := h.snapshotRows(v, inv, counted)(t.Context(), after, func(a *record.Archive) (bool, error) {
			got = append(got, *a)
			return len(got) < 2 || after == 0, nil
		})
		rest := want[after:]
		if after > 0 && len(rest) > 2 {
			rest = rest[:2]
		}
		if err != nil || !slices.EqualFunc(got, rest, func(a, b record.Archive) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Fatalf("behind %d: %d rows, want %d, %v", after, len(got), len(rest), err)
		}
		if after > 0 && loads > 5 {
			t.Errorf("behind %d: %d leaves were read of %d", after, loads, payload.Leaves(inv.PayloadSize))
		}
	}
	// The output too.
	h.drop(2500)
	got, _ := h.inventory(h.perform(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"StartDate":"1970-01-01T00:41:38Z","EndDate":"1970-01-01T00:41:41Z"}}`))
	for i := range got {
		got[i] = strings.TrimLeft(got[i], "d")
	}
	h.same("by date", []string{"2499", "2500", "2501"}, got)
}

// drop ends an archive that has no public id of its own.
func (h *house) drop(id uint64) {
	h.t.Helper()
	v := h.vault(photos).ID
	h.update(func(*catalog.Tx) (r record.Record, err error) {
		r.Delete(record.Key{Kind: record.KindArchive, A: v, B: id})
		return r, nil
	})
}

// TestSnapshotReplaced has a new inventory taken at each point of a job that
// reads the one before.
func TestSnapshotReplaced(t *testing.T) {
	for _, tt := range []struct {
		name string
		hook func(h *house, replace func())
		want string
	}{
		{"before the vault is looked up", func(h *house, replace func()) { h.viewing = replace }, "b"},
		{"before the snapshot is opened", func(h *house, replace func()) { h.finding = replace }, "b"},
		{"while it is read", func(h *house, replace func()) {
			h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader {
				h.opening = nil
				return spoiled{Reader: r, leaf: func(int64, []byte) error { replace(); return nil }}
			}
		}, "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, interval)
			a := h.small(photos, "a")
			first := h.takeInventories()
			id := h.begin(`{"Type":"inventory-retrieval"}`)
			j := h.job(id)
			tt.hook(h, func() {
				h.viewing, h.finding = nil, nil
				h.delete(a)
				h.small(photos, "b")
				h.advance(25 * time.Hour)
				h.takeInventories()
			})
			if err := h.list(t.Context(), &j); err != nil {
				t.Fatal(err)
			}
			got, _ := h.inventory(id)
			h.same("inventory", tt.want, strings.Join(got, " "))
			if !h.ended(first.Payload) {
				t.Error("it was not replaced")
			}
			h.agree("b")
		})
	}
}

// TestVaultDeletedWhileASnapshotIsRead: nothing is left of either.
func TestVaultDeletedWhileASnapshotIsRead(t *testing.T) {
	h := newHouse(t, interval)
	a := h.small(photos, "a")
	inv := h.takeInventories()
	j := h.job(h.begin(`{"Type":"inventory-retrieval"}`))
	h.finding = func() {
		h.finding = nil
		h.delete(a)
		if err := h.vaults.DeleteVault(t.Context(), owner, photos); err != nil {
			t.Error(err)
		}
	}
	if err := h.list(t.Context(), &j); err != nil {
		t.Error(err)
	}
	if !h.ended(inv.Payload) {
		t.Error("the snapshot of the deleted vault is still there")
	}
}

// TestVaultDeletedWhileASnapshotIsTaken: the payload is not kept.
func TestVaultDeletedWhileASnapshotIsTaken(t *testing.T) {
	h := newHouse(t, interval)
	a := h.small(photos, "a")
	looks := 0
	h.viewing = func() {
		if looks++; looks == 3 { // for what is due, for the vault, for its archives
			h.viewing = nil
			h.delete(a)
			if err := h.vaults.DeleteVault(t.Context(), owner, photos); err != nil {
				t.Error(err)
			}
		}
	}
	if err := h.TakeInventories(t.Context()); err != nil {
		t.Fatal(err)
	}
	if looks != 3 {
		t.Fatalf("%d looks", looks)
	}
	for _, r := range h.memStore.log(0) {
		for _, im := range r.Images {
			if im.Key.Kind == record.KindPayload && !im.Tombstone() && im.Key.A != a.Pieces[0].Payload {
				t.Errorf("payload %d was kept", im.Key.A)
			}
		}
	}
}

// TestInventoryTakenTwiceAtOnce: the later one stays, the other leaves nothing.
func TestInventoryTakenTwiceAtOnce(t *testing.T) {
	h := newHouse(t, interval)
	h.small(photos, "a")
	vault := h.vault(photos).ID
	looks := 0
	var inner record.Inventory
	h.viewing = func() {
		if looks++; looks == 2 { // the outer one knows its head
			h.viewing = nil
			h.small(photos, "b")
			inner = h.takeInventories()
		}
	}
	if err := h.takeInventory(t.Context(), vault); err != nil {
		t.Fatal(err)
	}
	h.same("the vault's inventory", inner, h.vault(photos).Inventory)
	h.agree("a b")
}

// TestSnapshotWithoutSpace: what needs no space is done when there is none, and
// the rest later.
func TestSnapshotWithoutSpace(t *testing.T) {
	h := newHouse(t, interval)
	h.small(photos, "a")
	a := h.small(other, "b")
	if err := h.vaults.DeleteArchive(t.Context(), owner, other, a.Public); err != nil {
		t.Fatal(err)
	}
	h.failOnce("new payload", store.ErrFull)
	if err := h.TakeInventories(t.Context()); !errors.Is(err, store.ErrFull) {
		t.Errorf("error %v", err)
	}
	if h.vault(photos).Inventory.Taken() || !h.vault(other).Inventory.Taken() {
		t.Error("the wrong inventories were taken")
	}
	h.takeInventories()
	h.agree("a")
}

// TestUnreadableVault: one vault whose inventory cannot be taken keeps nobody
// else from theirs, unless nothing can be done any more.
func TestUnreadableVault(t *testing.T) {
	h := newHouse(t, interval)
	h.small(photos, "a")
	h.small(other, "b")
	broken := errors.New("its rows cannot be read")
	h.failOnce("new payload", broken)
	if err := h.TakeInventories(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if h.vault(photos).Inventory.Taken() || !h.vault(other).Inventory.Taken() {
		t.Error("the wrong inventories were taken")
	}
	h.small(other, "c")
	h.advance(25 * time.Hour)
	h.failOnce("new payload", store.ErrClosed)
	before := h.vault(other).Inventory
	if err := h.TakeInventories(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("error %v", err)
	}
	h.same("inventory taken of a closed store", before, h.vault(other).Inventory)
}

func TestFailures(t *testing.T) {
	var f failures
	if err := f.join(nil); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	for range maxFailures + 2 {
		f.add(store.ErrFull)
	}
	err := f.join(store.ErrClosed)
	if !errors.Is(err, store.ErrFull) || !errors.Is(err, store.ErrClosed) || !strings.HasSuffix(err.Error(), "and 2 more") {
		t.Errorf("%v", err)
	}
	if n := strings.Count(err.Error(), store.ErrFull.Error()); n != maxFailures {
		t.Errorf("%d of them", n)
	}
}

// TestEndOfAPinIsAWrite: when the last job of a deleted archive ends, a vault
// whose inventory is empty has been written to again.
func TestEndOfAPinIsAWrite(t *testing.T) {
	h := newHouse(t, interval)
	h.start()
	a := h.small(photos, "a")
	h.run(retrieval(a, ""))
	h.delete(a)
	h.advance(DefaultOutputLife + time.Second)
	if inv := h.takeInventories(); !inv.Taken() || inv.Archives != 0 {
		t.Fatalf("inventory %+v", inv)
	}
	h.sweep()
	err := h.slow().DeleteVault(t.Context(), owner, photos)
	refused(t, err, glacier.InvalidParameterValue, "Vault not empty or recently written to: "+string(arn))
	h.advance(25 * time.Hour)
	h.takeInventories()
	if err := h.slow().DeleteVault(t.Context(), owner, photos); err != nil {
		t.Error(err)
	}
}

// TestProfileSwitch has services with and without an interval take turns with
// the same data.
func TestProfileSwitch(t *testing.T) {
	h := newHouse(t, interval)
	aws, fast := h.Service, h.service()
	a := h.small(photos, "a")
	h.small(photos, "b")
	first := h.takeInventories()

	// Nothing was written: the inventory holds, and keeps its date.
	h.Service = fast
	h.advance(time.Hour)
	h.agree("a b")
	h.same("the vault's inventory", first, h.vault(photos).Inventory)

	// A new inventory without a snapshot ends the snapshot.
	h.delete(a)
	h.agree("b")
	second := h.vault(photos).Inventory
	if !h.ended(first.Payload) || second.Payload != 0 || second.Head <= first.Head {
		t.Errorf("%+v, the snapshot has ended: %t", second, h.ended(first.Payload))
	}

	// That one is good with an interval too, without what was deleted since.
	h.Service = aws
	h.advance(48 * time.Hour)
	h.same("nothing was written", second, h.takeInventories())
	h.agree("b")
	c := h.small(photos, "c")
	h.agree("b")
	h.advance(time.Hour)
	third := h.takeInventories()
	h.delete(c)
	h.agree("b c")

	// A part of an inventory does not replace the vault's.
	h.Service = fast
	h.advance(time.Hour)
	got, _ := h.inventory(h.perform(`{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":"9"}}`))
	h.same("part", []string{"b"}, got)
	h.same("the vault's inventory", third, h.vault(photos).Inventory)
}

// TestSnapshotUnreadable: the archives are there, so jobs list them.
func TestSnapshotUnreadable(t *testing.T) {
	change := func(at int, b byte) func(h *house, _ record.Inventory) {
		return func(h *house, inv record.Inventory) { h.inline[inv.LSN][at] ^= b }
	}
	for _, tt := range []struct {
		name  string
		spoil func(h *house, inv record.Inventory)
	}{
		{"a leaf is damaged", func(h *house, _ record.Inventory) {
			h.opening = func(r payload.Reader, _ payload.Ref) payload.Reader {
				h.opening = nil
				return spoiled{Reader: r, leaf: func(int64, []byte) error { return &payload.DamageError{What: "rot"} }}
			}
		}},
		{"it cannot be opened", func(h *house, _ record.Inventory) { h.failOnce("open payload", &payload.DamageError{What: "rot"}) }},
		{"it is gone", func(h *house, inv record.Inventory) { h.gone[inv.Payload] = true }},
		{"it is something else", change(0, 1)},
		{"it is of a later version", change(8, 2)},
		{"it has too few rows", change(12, 3^2)},
		{"it has too many rows", change(12, 3^4)},
		{"it has no rows", change(12, 3)},
		{"it is of another vault", change(16, 1)},
		{"it is of another inventory", change(24, 1)},
		{"its rows are out of order", change(leafHeadSize, 0xFF)},
		{"a row is longer than it is", change(leafHeadSize+58, 0x80)},
		{"it is cut off", func(h *house, inv record.Inventory) { h.inline[inv.LSN] = h.inline[inv.LSN][:inv.PayloadSize-1] }},
		{"it is cut off in its head", func(h *house, inv record.Inventory) { h.inline[inv.LSN] = h.inline[inv.LSN][:leafHeadSize-1] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, interval)
			h.small(photos, "a")
			b := h.small(photos, "b")
			h.small(photos, "c")
			inv := h.takeInventories()
			h.delete(b)
			h.small(photos, "d")
			tt.spoil(h, inv)
			h.same("inventory", "a c", h.listed())
			h.same("the vault's inventory", inv, h.vault(photos).Inventory)
			h.advance(25 * time.Hour)
			h.takeInventories()
			h.agree("a c d")
		})
	}
	t.Run("a read fails and may not the next time", func(t *testing.T) {
		h := newHouse(t, interval)
		h.delete(h.snapshotted("a"))
		h.failOnce("open payload", errors.New("input/output error"))
		id := h.begin(`{"Type":"inventory-retrieval"}`)
		j := h.job(id)
		if err := h.list(t.Context(), &j); err == nil {
			t.Error("no error")
		}
		h.carryOut(id)
		got, _ := h.inventory(id)
		h.same("inventory", []string{"a"}, got)
	})
}

// snapshotted is an archive that the vault's inventory has.
func (h *house) snapshotted(text string) record.Archive {
	h.t.Helper()
	a := h.small(photos, text)
	h.takeInventories()
	return a
}

// TestSnapshotFormat holds the bytes against those of version 1.
func TestSnapshotFormat(t *testing.T) {
	want := "4649524e494e560a" + "01000000" + "02000000" + "0700000000000000" + "0900000000000000" + "0000000000000000" + // head
		"0800000000000000" + "e803000000000000" + "0500000000000000" + strings.Repeat("ab", 32) + "0300" + "0200" + "707562" + "6869" +
		"0900000000000000" + "ffffffffffffffff" + "0000000000100000" + strings.Repeat("00", 32) + "0100" + "0000" + "71"
	rows := []record.Archive{
		{ID: 8, Public: "pub", Description: "hi", Created: 1000, Size: 5, TreeHash: treehash.Hash(bytes.Repeat([]byte{0xab}, 32))},
		{ID: 9, Public: "q", Created: -1, Size: 1 << 44},
	}
	var b bytes.Buffer
	w := newSnapshotWriter(&b, 7, 9, bytes.Repeat([]byte{0xff}, mib))
	for i := range rows {
		if err := w.add(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(b.Bytes()); got != want {
		t.Errorf("bytes\n%s\nwant\n%s", got, want)
	}
	if err := w.add(&record.Archive{Description: strings.Repeat("x", 1<<16)}); err == nil {
		t.Error("a row that does not fit its length was taken")
	}
	h := newHouse(t)
	i := 0
	inv := record.Inventory{Head: 9, Archives: 2}
	err := h.snapshotRows(7, inv, memReader(b.Bytes()))(t.Context(), 0, func(a *record.Archive) (bool, error) {
		h.same("row", fmt.Sprint(rows[i]), fmt.Sprint(*a))
		i++
		return true, nil
	})
	if err != nil || i != 2 {
		t.Errorf("%d rows, %v", i, err)
	}
}

func FuzzSnapshot(f *testing.F) {
	var b bytes.Buffer
	w := newSnapshotWriter(&b, 7, 9, make([]byte, mib))
	for i := range 3 {
		if err := w.add(&record.Archive{ID: uint64(i + 1), Public: "public", Description: "note"}); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.flush(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), uint64(0))
	f.Add(b.Bytes()[:leafHeadSize], uint64(2))
	f.Add([]byte{}, uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, after uint64) {
		if len(b) > mib {
			return
		}
		s := &Service{}
		s.buffers.New = func() any { b := make([]byte, mib); return &b }
		n, last := 0, after
		err := s.snapshotRows(7, record.Inventory{Head: 9, Archives: 3}, memReader(b))(t.Context(), after, func(a *record.Archive) (bool, error) {
			if a.ID <= last {
				t.Errorf("archive %d after %d", a.ID, last)
			}
			last = a.ID
			n++
			return true, nil
		})
		if err == nil && n > 3 {
			t.Errorf("%d rows", n)
		}
		if err != nil && !errors.Is(err, errSnapshot) {
			t.Errorf("error %v", err)
		}
	})
}
