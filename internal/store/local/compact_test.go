package local

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// compact has the store look for something to compact, whatever it thinks.
func compact(t testing.TB, s *Store) {
	t.Helper()
	s.reclaim.mark(true)
	if err := s.Compact(context.Background()); err != nil {
		t.Fatalf("compact: %v", err)
	}
}

// journalBytes is the size of all segments.
func journalBytes(s *Store) (n int64) {
	for _, seg := range s.journal.Segments() {
		n += seg.Bytes
	}
	return n
}

// wasteful fills a store with archives of which every fourth is left.
func wasteful(t testing.TB, l *ledger, s *Store) {
	t.Helper()
	for range 80 {
		if err := l.put(s, 6000); err != nil {
			t.Fatal(err)
		}
	}
	for n := range uint64(80) {
		if n%4 != 0 {
			if err := l.remove(s, n); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func begun(t testing.TB, seed uint64, cfg Config) (*ledger, *Store) {
	t.Helper()
	l, s := newLedger(seed), mustOpen(t, cfg)
	if err := l.begin(s); err != nil {
		t.Fatal(err)
	}
	return l, s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func TestCompaction(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 1, cfg)
	wasteful(t, l, s)
	before := journalBytes(s)

	ctx, cancel := context.WithCancel(t.Context())
	var rounds atomic.Int64
	done := make(chan struct{})
	go func() { // reads all the while
		defer close(done)
		for ctx.Err() == nil || rounds.Load() < 3 {
			l.compare(t, s)
			rounds.Add(1)
		}
	}()
	compact(t, s)
	compact(t, s)
	cancel()
	<-done
	if after := journalBytes(s); after > before/2 {
		t.Errorf("three quarters are dead, and %d bytes became %d", before, after)
	}
	segments := len(s.journal.Segments())
	compact(t, s)
	if n := len(s.journal.Segments()); n != segments {
		t.Errorf("with nothing new to do, %d segments became %d", segments, n)
	}
	mustClose(t, s)
	mustBeClean(t, cfg)

	// The tombstones have survived.
	if err := Rebuild(cfg); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, cfg)
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

func TestCompactionDoesNotRepeatItself(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 2, cfg)
	wasteful(t, l, s)
	compact(t, s)
	compact(t, s)
	ids := func() (list []uint64) {
		for _, seg := range s.journal.Segments() {
			if seg.Sealed {
				list = append(list, seg.ID)
			}
		}
		return list
	}
	before := fmt.Sprint(ids())
	for range 3 {
		compact(t, s)
	}
	mustClose(t, s)
	s = mustOpen(t, cfg)
	compact(t, s)
	if after := fmt.Sprint(ids()); after != before {
		t.Errorf("segments %s were rewritten as %s although nothing had died", before, after)
	}
	mustClose(t, s)
	mustBeClean(t, cfg)
}

func TestSmallNeighboursAreGathered(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	cfg.SegmentSize = 1 << 20
	l := newLedger(3)
	for range 8 { // each run leaves a segment of its own
		s := mustOpen(t, cfg)
		if err := l.begin(s); err != nil {
			t.Fatal(err)
		}
		if err := l.put(s, 100); err != nil {
			t.Fatal(err)
		}
		mustClose(t, s)
	}
	s := mustOpen(t, cfg)
	if err := l.put(s, 100); err != nil {
		t.Fatal(err)
	}
	if n := len(s.journal.Segments()); n < 8 {
		t.Fatalf("only %d segments to begin with", n)
	}
	compact(t, s)
	if n := len(s.journal.Segments()); n != 2 {
		t.Errorf("%d segments are left, not one and the open one", n)
	}
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

// TestCrashDuringCompaction cuts the power at every change that a compaction
// makes.
func TestCrashDuringCompaction(t *testing.T) {
	seed := rand.Uint64()
	base := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, seed, base)
	wasteful(t, l, s)
	mustClose(t, s)
	mem := base.FS.(*disk.Mem)

	// run compacts a copy of the store, with a hook from its opening on.
	run := func(hook func(disk.Op) error) (after *disk.Mem, path string) {
		after, path = mem.Clone(), filepath.Join(memoryDir(t), "catalog.db")
		copyCatalog(t, base.Catalog, path)
		var on atomic.Bool
		cfg := small(disk.Inject(after, func(op disk.Op) error {
			if !on.Load() {
				return nil
			}
			return hook(op)
		}), path)
		cfg.CompactBelow = 0.9
		s := mustOpen(t, cfg)
		defer s.Close() // it may have been cut off
		on.Store(true)
		s.Compact(context.Background())
		return after, path
	}
	var changes atomic.Int64
	run(disk.Count(&changes, disk.Changes()...))
	total, step := int(changes.Load()), stride(3)
	if total < 10 {
		t.Fatalf("a compaction makes only %d changes", total)
	}
	for n := int(seed % uint64(step)); n <= total; n += step {
		after, path := run(disk.CrashAfter(n, disk.Changes()...))
		for i, mode := range disk.Modes() {
			if !long() && (n/step+i)%4 != 0 {
				continue
			}
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			fresh := filepath.Join(memoryDir(t), "catalog.db")
			switch rng.IntN(3) {
			case 0:
				copyCatalog(t, path, fresh)
			case 1:
				copyCatalog(t, base.Catalog, fresh)
			}
			verify(t, l.clone(), small(after.Crash(rng, mode), fresh))
			if t.Failed() {
				t.Fatalf("seed %d, after %d of %d changes, mode %v", seed, n, total, mode)
			}
		}
	}
}

// TestOldSegmentsFromABackup brings segments back that were compacted long
// ago, and were alive then.
func TestOldSegmentsFromABackup(t *testing.T) {
	for _, withCatalog := range []bool{true, false} {
		t.Run(fmt.Sprintf("catalog %v", withCatalog), func(t *testing.T) {
			mem := disk.NewMem(0)
			cfg := small(mem, filepath.Join(memoryDir(t), "catalog.db"))
			l, s := begun(t, 5, cfg)
			for range 40 {
				if err := l.put(s, 6000); err != nil {
					t.Fatal(err)
				}
			}
			backup := mem.Clone()
			for n := range uint64(40) {
				if err := l.remove(s, n); err != nil {
					t.Fatal(err)
				}
			}
			for range 10 {
				if err := l.put(s, 6000); err != nil {
					t.Fatal(err)
				}
			}
			compact(t, s)
			mustClose(t, s)
			n := bringBack(t, mem, backup)
			if n == 0 {
				t.Fatal("nothing was compacted")
			}
			if !withCatalog {
				cfg.Catalog = filepath.Join(memoryDir(t), "catalog.db")
			}
			s = mustOpen(t, cfg)
			l.compare(t, s)
			mustClose(t, s)
			mustBeClean(t, cfg)
		})
	}
}

// bringBack copies the segments that mem has no longer.
func bringBack(t testing.TB, mem, backup *disk.Mem) (n int) {
	t.Helper()
	entries, err := backup.ReadDir(journalDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := path.Join(journalDir, e.Name)
		if found, err := disk.Exists(mem, name); err != nil || found || !strings.HasSuffix(name, ".seg") {
			continue
		}
		data, err := disk.ReadFile(backup, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := disk.WriteFile(mem, name, data); err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestSharedPayloads completes an upload whose last part has 10 bytes, lets
// the upload expire, compacts and rebuilds: the archive's pieces are payloads
// that only the records of its parts hold.
func TestSharedPayloads(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	cfg.CompactBelow = 2 // everything
	l, s := begun(t, 6, cfg)
	wasteful(t, l, s)
	const upload = 7000
	var pieces []record.Piece
	var want []byte
	for i, size := range []int{payload.LeafSize, payload.LeafSize, 10} {
		data := bytes.Repeat([]byte{byte('a' + i)}, size)
		want = append(want, data...)
		pieces = append(pieces, putPart(t, s, upload, uint64(i), data))
	}
	wasteful2 := func() {
		for range 12 {
			if err := l.put(s, 9000); err != nil {
				t.Fatal(err)
			}
		}
	}
	wasteful2()
	var id uint64
	mustUpdate(t, s, func(tx *catalog.Tx) (r record.Record, err error) { // Complete
		id = uint64(tx.LSN())
		a := record.Archive{Vault: testVault, ID: id, Public: "shared", Description: "shared", Size: int64(len(want)), TreeHash: treehash.Sum(want), Pieces: pieces}
		r.Put(&a)
		r.Put(&record.Upload{Vault: testVault, ID: upload, Ended: 1, Archive: a.Public, Size: a.Size, TreeHash: a.TreeHash})
		for i := range pieces {
			r.Delete((&record.Part{Upload: upload, Index: uint64(i)}).Key())
		}
		return r, nil
	})
	mustUpdate(t, s, func(*catalog.Tx) (r record.Record, err error) { // expiry
		r.Delete((&record.Upload{Vault: testVault, ID: upload}).Key())
		return r, nil
	})
	wasteful2()
	read := func(s *Store) {
		t.Helper()
		var got bytes.Buffer
		for _, p := range pieces {
			r, err := s.OpenPayload(t.Context(), payload.Ref{ID: p.Payload, LSN: p.LSN, Size: p.Size})
			if err != nil {
				t.Fatal(err)
			}
			if err := payload.CopyRange(t.Context(), &got, r, 0, r.Size(), l.buf); err != nil {
				t.Fatal(err)
			}
			r.Close()
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Error("the archive has other bytes")
		}
	}
	read(s)
	compact(t, s)
	compact(t, s)
	read(s)
	mustClose(t, s)
	if err := Rebuild(cfg); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, cfg)
	read(s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

func mustUpdate(t testing.TB, s *Store, rule func(*catalog.Tx) (record.Record, error)) {
	t.Helper()
	if err := s.Update(context.Background(), rule); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// putPart stores a part of an upload.
func putPart(t testing.TB, s *Store, upload, index uint64, data []byte) record.Piece {
	t.Helper()
	w, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Upload: upload, Size: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	var p record.Payload
	mustUpdate(t, s, func(tx *catalog.Tx) (r record.Record, err error) {
		p = w.Attach(&r, tx.LSN())
		r.Put(&record.Part{Upload: upload, Index: index, Size: p.Size, TreeHash: p.TreeHash, Payload: p.ID, LSN: p.LSN})
		return r, nil
	})
	return record.Piece{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash}
}

// TestHistoriesMeet tells the same history to stores with different knobs,
// which are opened anew now and then. They must end with the same archives.
func TestHistoriesMeet(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	histories := 1
	if long() {
		histories = 30
	}
	for h := range histories {
		var first string
		for _, c := range []struct {
			segment int64
			below   float64
			restart int // one step in so many is followed by one
		}{{64 << 10, 2, 15}, {64 << 10, -1, 1000}, {256 << 10, 0.5, 40}, {1 << 20, 2, 5}, {16 << 20, 0.9, 20}} {
			name := fmt.Sprintf("segments of %d, compaction below %v, restarts 1 in %d", c.segment, c.below, c.restart)
			cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
			cfg.SegmentSize, cfg.CompactBelow = c.segment, c.below
			got := tell(t, seed+uint64(h), cfg, c.restart)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s: ended with\n%s, not\n%s", name, got, first)
			}
			mustBeClean(t, cfg) // and its catalog is what a rebuild makes
		}
	}
}

// tell tells a store a history and returns what archives it then has.
func tell(t testing.TB, seed uint64, cfg Config, restart int) string {
	t.Helper()
	l, s := begun(t, seed, cfg)
	steps, stops := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	for range 120 {
		if err := l.step(s, steps); err != nil {
			t.Fatal(err)
		}
		if stops.IntN(restart) == 0 {
			mustClose(t, s)
			s = mustOpen(t, cfg)
		}
	}
	defer mustClose(t, s)
	l.compare(t, s)
	var has strings.Builder
	err := s.eachArchive(t.Context(), testVault, func(a record.Archive) error {
		fmt.Fprintln(&has, a.Description, a.Size, a.TreeHash)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return has.String()
}

// TestAPartThatIsSentAgainGivesItsSpaceBack sends a small part many times, and
// then aborts. Each record ends the payload of the one before.
func TestAPartThatIsSentAgainGivesItsSpaceBack(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 21, cfg)
	update := func(change func(r *record.Record, lsn record.LSN)) {
		err := s.Update(t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
			change(&r, tx.LSN())
			return r, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var last record.Key
	for range 60 {
		w, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Size: 6000})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 6000)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		update(func(r *record.Record, lsn record.LSN) {
			p := w.Attach(r, lsn)
			if last != (record.Key{}) {
				r.Delete(last)
			}
			last = p.Key()
		})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	update(func(r *record.Record, _ record.LSN) { r.Delete(last) })
	for range 20 { // so that all of that is in sealed segments
		if err := l.put(s, 6000); err != nil {
			t.Fatal(err)
		}
	}
	before := journalBytes(s)
	compact(t, s)
	if saved := before - journalBytes(s); saved < 50*6000 {
		t.Errorf("of %d bytes, compaction saved %d", before, saved)
	}
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
	if err := Rebuild(cfg); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, cfg)
	l.compare(t, s)
	page, err := s.catalog.Payloads(t.Context(), 0, 1000)
	if err != nil || len(page) != len(l.live) {
		t.Errorf("after a rebuild there are %d payloads, want %d: %v", len(page), len(l.live), err)
	}
	mustClose(t, s)
	mustBeClean(t, cfg)
}
