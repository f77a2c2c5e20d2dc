package local

import (
	"context"
	"errors"
	"math/rand/v2"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
)

// A bench is a closed store with some history, and what is known of it.
type bench struct {
	t      *testing.T
	ledger *ledger
	mem    *disk.Mem
	cfg    Config
	older  string // a catalog from half-way
}

// newBench makes a store of several segments, with deletes.
func newBench(t *testing.T) *bench {
	b := &bench{t: t, mem: disk.NewMem(0), older: filepath.Join(memoryDir(t), "older.db")}
	b.cfg = small(b.mem, filepath.Join(memoryDir(t), "catalog.db"))
	b.ledger = newLedger(11)
	for half := range 2 {
		s := mustOpen(t, b.cfg)
		if err := b.ledger.begin(s); err != nil {
			t.Fatal(err)
		}
		for i := range 24 {
			if err := b.ledger.put(s, 8000); err != nil {
				t.Fatal(err)
			}
			if i%3 == 2 {
				if err := b.ledger.remove(s, b.ledger.next-2); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := b.ledger.put(s, payload.LeafSize+1); err != nil {
			t.Fatal(err)
		}
		mustClose(t, s)
		if half == 0 {
			copyCatalog(t, b.cfg.Catalog, b.older)
		}
	}
	return b
}

// segments lists the names of the segments, oldest first.
func (b *bench) segments() (names []string) {
	b.t.Helper()
	entries, err := b.mem.ReadDir(journalDir)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".seg") {
			names = append(names, path.Join(journalDir, e.Name))
		}
	}
	slices.Sort(names)
	return names
}

func (b *bench) remove(names ...string) {
	b.t.Helper()
	if err := disk.RemoveSync(b.mem, names...); err != nil {
		b.t.Fatal(err)
	}
}

// noCatalog takes the catalog away; useCatalog puts another in its place.
func (b *bench) noCatalog() { b.cfg.Catalog = filepath.Join(memoryDir(b.t), "catalog.db") }

func (b *bench) useCatalog(from string) {
	b.noCatalog()
	copyCatalog(b.t, from, b.cfg.Catalog)
}

// whole opens the store, in which nothing may be missing.
func (b *bench) whole() {
	b.t.Helper()
	s := mustOpen(b.t, b.cfg)
	if err := s.Ready(); err != nil {
		b.t.Error(err)
	}
	mustClose(b.t, s)
	verify(b.t, b.ledger, b.cfg)
}

// refused tries to open the store, which must fail in these words and leave
// everything as it is.
func (b *bench) refused(words string) {
	b.t.Helper()
	s, err := Open(b.cfg)
	if err == nil {
		s.Close()
		b.t.Fatalf("it opens, though it should say %q", words)
	}
	if !strings.Contains(err.Error(), words) {
		b.t.Errorf("it says %q, and not %q", err, words)
	}
}

// readOnly opens the store, which must read and not write.
func (b *bench) readOnly() {
	b.t.Helper()
	s := mustOpen(b.t, b.cfg)
	defer mustClose(b.t, s)
	if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "read-only") {
		b.t.Errorf("ready says %v", err)
	}
	err := s.Update(b.t.Context(), func(*catalog.Tx) (r record.Record, err error) {
		b.t.Error("a rule ran")
		return r, err
	})
	if !errors.Is(err, store.ErrClosed) || !strings.Contains(err.Error(), "read-only") {
		b.t.Errorf("an update says %v", err)
	}
	if _, err := s.NewPayload(b.t.Context(), payload.Header{Size: 1}); !errors.Is(err, store.ErrClosed) {
		b.t.Errorf("an upload says %v", err)
	}
	b.ledger.compareTolerant(b.t, s)
	before := len(s.journal.Segments())
	compact(b.t, s)
	if after := len(s.journal.Segments()); after != before {
		b.t.Errorf("%d segments were compacted to %d", before, after)
	}
	if n := count(b.t, s); n == 0 {
		b.t.Error("no archive can be seen")
	}
}

// count counts the archives that are there.
func count(t testing.TB, s *Store) (n int) {
	t.Helper()
	err := s.eachArchive(context.Background(), testVault, func(record.Archive) error { n++; return nil })
	if err != nil {
		t.Error(err)
	}
	return n
}

// works opens the store, which must write; some of it may be gone.
func (b *bench) works() {
	b.t.Helper()
	s := mustOpen(b.t, b.cfg)
	defer mustClose(b.t, s)
	if err := s.Ready(); err != nil {
		b.t.Error(err)
	}
	b.ledger.used = map[uint64]bool{} // which of those were handed out is forgotten with the records
	if err := b.ledger.begin(s); err != nil {
		b.t.Fatal(err)
	}
	for _, size := range []int{1000, payload.LeafSize + 1} {
		n := b.ledger.next
		if err := b.ledger.put(s, size); err != nil {
			b.t.Fatalf("put %d bytes: %v", size, err)
		}
		a, ok, err := b.ledger.find(s, n)
		if err != nil || !ok {
			b.t.Fatalf("find what was just stored: %v, %v", ok, err)
		}
		b.ledger.compareArchive(b.t, s, n, a, b.ledger.live[n])
	}
}

func TestRecovery(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bench)
	}{
		{"nothing happened", func(b *bench) { b.whole() }},
		{"no catalog", func(b *bench) { b.noCatalog(); b.whole() }},
		{"older catalog", func(b *bench) { b.useCatalog(b.older); b.whole() }},
		{"catalog of another store", func(b *bench) {
			other := small(disk.NewMem(0), filepath.Join(memoryDir(b.t), "catalog.db"))
			mustClose(b.t, mustOpen(b.t, other))
			b.useCatalog(other.Catalog)
			b.whole()
		}},
		{"catalog with a flipped page", func(b *bench) {
			flipPage(b.t, b.cfg.Catalog, rand.New(rand.NewPCG(1, 1)))
			verifyRunning(b.t, b.ledger, b.cfg)
			if err := Rebuild(b.cfg); err != nil {
				b.t.Error(err)
			}
			b.whole()
		}},
		{"catalog ahead", func(b *bench) {
			segs := b.segments()
			b.remove(segs[len(segs)-1])
			b.refused("acknowledged records are missing")
			if err := Rebuild(b.cfg); err == nil {
				b.t.Error("a rebuild throws away the only witness")
			}
			b.refused("acknowledged records are missing")
			log, said := recorder()
			b.cfg.AcceptLoss, b.cfg.Log = true, log
			b.works()
			if !strings.Contains(said(), "lost") || !strings.Contains(said(), "public") {
				b.t.Errorf("nothing is said of the archives that are lost, but\n%s", said())
			}
			b.cfg.AcceptLoss = false
			b.works()
			mustBeClean(b.t, b.cfg)
		}},
		{"all of the journal gone", func(b *bench) {
			b.remove(b.segments()...)
			b.refused("acknowledged records are missing")
			b.noCatalog()
			b.refused("the journal is empty")
			b.cfg.AcceptLoss = true
			b.works()
			b.cfg.AcceptLoss = false
			b.works()
			mustBeClean(b.t, b.cfg)
		}},
		{"hole that the catalog has seen", func(b *bench) {
			b.remove(b.segments()[1])
			log, said := recorder()
			b.cfg.Log = log
			b.works()
			if !strings.Contains(said(), "damage in the journal") {
				b.t.Error("the hole was not reported")
			}
			if err := Rebuild(b.cfg); err == nil {
				b.t.Error("a rebuild throws away what only the catalog knows")
			}
			b.works()
		}},
		{"hole without a catalog", func(b *bench) {
			b.remove(b.segments()[1])
			b.noCatalog()
			b.readOnly()
			b.readOnly() // also with the catalog that was made then
			b.cfg.AcceptLoss = true
			b.works()
			b.cfg.AcceptLoss = false
			b.works()
		}},
		{"hole without a catalog, and the segment comes back", func(b *bench) {
			name := b.segments()[1]
			data, err := disk.ReadFile(b.mem, name)
			if err != nil {
				b.t.Fatal(err)
			}
			b.remove(name)
			b.noCatalog()
			b.readOnly()
			if err := disk.WriteFile(b.mem, name, data); err != nil {
				b.t.Fatal(err)
			}
			b.whole()
		}},
		{"hole that an older catalog has not seen", func(b *bench) {
			segs := b.segments()
			b.remove(segs[len(segs)-2])
			b.useCatalog(b.older)
			b.readOnly()
		}},
		{"rotten frame without a catalog", func(b *bench) {
			b.mem.Corrupt(b.segments()[1], 4096, func(p []byte) { clear(p[:4096]) })
			b.remove(strings.TrimSuffix(b.segments()[1], "seg") + "idx")
			b.noCatalog()
			b.readOnly()
		}},
		{"rotten payload", func(b *bench) {
			// The record's images are whole: all but one archive is.
			name := b.segments()[1]
			b.mem.Corrupt(name, 4096+3000, func(p []byte) { p[0] ^= 1 })
			report, err := Check(b.t.Context(), b.cfg, CheckOptions{Deep: true})
			if err != nil {
				b.t.Fatal(err)
			}
			if len(report.Damaged) != 1 && len(report.Problems) == 0 {
				b.t.Errorf("check found %+v", report)
			}
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			b.ledger.compareTolerant(b.t, s)
		}},
		{"payload file gone", func(b *bench) {
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			for f, err := range payload.List(b.mem) {
				if err != nil {
					b.t.Fatal(err)
				}
				b.remove(f.Name)
				_, err = s.OpenPayload(b.t.Context(), payload.Ref{ID: f.ID, Size: payload.LeafSize + 1})
				var damage *payload.DamageError
				if !errors.As(err, &damage) {
					b.t.Errorf("a lost file is no damage, but %v", err)
				}
			}
		}},
		{"STORE gone", func(b *bench) {
			b.remove(identityFile)
			b.refused("this was a store")
		}},
		{"STORE damaged", func(b *bench) {
			b.mem.Corrupt(identityFile, 30, func(p []byte) { p[0] ^= 1 })
			b.refused("damaged")
		}},
		{"STORE from the future", func(b *bench) {
			if err := disk.WriteFile(b.mem, identityFile, []byte(`{"format": 2, "new": true}`)); err != nil {
				b.t.Fatal(err)
			}
			b.refused("use a newer Firn")
		}},
		{"STORE with an unknown layout", func(b *bench) {
			data, err := disk.ReadFile(b.mem, identityFile)
			if err != nil {
				b.t.Fatal(err)
			}
			data = []byte(strings.Replace(string(data), `"single"`, `"coded!"`, 1))
			if err := disk.WriteFile(b.mem, identityFile, data); err != nil {
				b.t.Fatal(err)
			}
			b.refused("damaged")
		}},
		{"second process", func(b *bench) {
			s := mustOpen(b.t, b.cfg)
			b.refused("in use by another process")
			mustClose(b.t, s)
			b.whole()
		}},
		{"seal key gone", func(b *bench) {
			type read = func(*Store) ([32]byte, error)
			try := func(key read) ([32]byte, error) {
				s := mustOpen(b.t, b.cfg)
				defer mustClose(b.t, s)
				return key(s)
			}
			keyOf := func(key read) [32]byte {
				k, err := try(key)
				if err != nil {
					b.t.Fatal(err)
				}
				return k
			}
			if _, err := try((*Store).ReadSealKey); err == nil {
				b.t.Error("a key was read that is not there")
			}
			first := keyOf((*Store).SealKey)
			if keyOf((*Store).SealKey) != first || keyOf((*Store).ReadSealKey) != first || keyOf((*Store).RenewSealKey) != first {
				b.t.Error("the key changes")
			}
			s := mustOpen(b.t, b.cfg)
			err := s.Update(b.t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
				r.Put(&record.AccessKey{Number: uint64(tx.LSN()), ID: "AKIA", Account: "111122223333", Secret: []byte("sealed")})
				return r, nil
			})
			if err != nil {
				b.t.Fatal(err)
			}
			mustClose(b.t, s)
			b.remove(sealFile)
			for _, key := range []read{(*Store).ReadSealKey, (*Store).SealKey, (*Store).SealKey} {
				if _, err := try(key); !errors.Is(err, errNoSealKey) {
					b.t.Errorf("without the key that has sealed secrets: %v", err)
				}
			}
			log, said := recorder()
			b.cfg.Log = log
			if keyOf((*Store).RenewSealKey) == first {
				b.t.Error("the key was guessed")
			}
			if !strings.Contains(said(), "sealing key") {
				b.t.Error("nothing is said of it")
			}
			b.whole()
		}},
		{"seal key cut short", func(b *bench) {
			if err := disk.WriteFile(b.mem, sealFile, []byte("short")); err != nil {
				b.t.Fatal(err)
			}
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			if _, err := s.SealKey(); err == nil {
				b.t.Error("a damaged key is used")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.do(newBench(t)) })
	}
}

// TestLeftovers is what the orphan sweep makes of files that a kill has left.
func TestLeftovers(t *testing.T) {
	b := newBench(t)
	s := mustOpen(t, b.cfg)
	begin := func(finish bool) payload.Writer {
		w, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Size: payload.LeafSize * 4})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, payload.LeafSize*4)); err != nil {
			t.Fatal(err)
		}
		if finish {
			if _, err := w.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		return w
	}
	half, whole := begin(false), begin(true)
	killed := b.mem.Clone() // as it is when the process is killed now
	half.Close()
	whole.Close()
	mustClose(t, s)
	files := func(fsys disk.FS) (n int) {
		for _, err := range payload.List(fsys) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	if n := files(b.mem); n != 2 {
		t.Errorf("%d files are there after two uploads were given up, not the two archives'", n)
	}
	b.mem, b.cfg.FS = killed, killed
	if n := files(killed); n != 4 {
		t.Fatalf("a kill leaves %d files", n)
	}
	log, said := recorder()
	b.cfg.Log = log
	s, err := openIdle(b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.sweepOrphans(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.cancel()
	if err := s.closeFiles(); err != nil {
		t.Fatal(err)
	}
	if n := files(killed); n != 2 {
		t.Errorf("%d files are there after the sweep", n)
	}
	entries, err := killed.ReadDir(quarantineDir)
	if err != nil || len(entries) != 1 {
		t.Errorf("in quarantine there are %v, %v, and not the one whole file", entries, err)
	}
	if !strings.Contains(said(), "files=1") {
		t.Errorf("quarantine is not counted in\n%s", said())
	}
	b.whole()
}

// TestSweepBesideUploads runs the sweep while uploads of this process go on,
// of more than one block of numbers.
func TestSweepBesideUploads(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 1, cfg)
	w, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Size: 2 * payload.LeafSize})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(make([]byte, 2*payload.LeafSize)); err != nil {
		t.Fatal(err)
	}
	for range 2*numberBlock + 1 { // abandons two blocks
		if _, err := s.nextPayload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sweepOrphans(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	var ref payload.Ref
	mustUpdate(t, s, func(tx *catalog.Tx) (r record.Record, err error) {
		p := w.Attach(&r, tx.LSN())
		ref = payload.Ref{ID: p.ID, LSN: p.LSN, Size: p.Size}
		return r, nil
	})
	r, err := s.OpenPayload(t.Context(), ref)
	if err != nil {
		t.Fatalf("the sweep took a running upload's file: %v", err)
	}
	r.Close()
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

// TestPayloadIDs restarts and kills a store often and looks whether a payload
// id is ever handed out again.
func TestPayloadIDs(t *testing.T) {
	mem := disk.NewMem(0)
	cfg := small(mem, filepath.Join(memoryDir(t), "catalog.db"))
	rng := rand.New(rand.NewPCG(1, 2))
	given := map[uint64]bool{}
	for run := range 30 {
		mode := disk.Modes()[rng.IntN(4)]
		crash := disk.CrashAfter(8+rng.IntN(40), disk.Changes()...)
		cfg.FS = disk.Inject(mem, crash)
		if s, err := Open(cfg); err == nil {
			for range 1 + rng.IntN(2*numberBlock) {
				id, err := s.nextPayload(t.Context())
				if err != nil {
					break
				}
				if given[id] {
					t.Fatalf("run %d: id %d was handed out twice", run, id)
				}
				given[id] = true
			}
			s.Close() // it may have been cut off
		}
		mem = mem.Crash(rng, mode)
		cfg.Catalog = filepath.Join(memoryDir(t), "catalog.db") // the journal alone must do
	}
	if len(given) < 1000 {
		t.Errorf("only %d ids were handed out", len(given))
	}
	cfg.FS = mem
	mustBeClean(t, cfg)
}

func TestUpdateOfPanickingRule(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 1, cfg)
	err := s.Update(t.Context(), func(*catalog.Tx) (record.Record, error) { panic("no") })
	if err == nil || !strings.Contains(err.Error(), "panicked: no") {
		t.Errorf("update says %v", err)
	}
	if err := l.put(s, 100); err != nil {
		t.Errorf("the next update: %v", err)
	}
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

func TestRecordThatNoFrameHolds(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 1, cfg)
	err := s.Update(t.Context(), func(*catalog.Tx) (r record.Record, err error) {
		for i := range uint64(20) {
			r.Put(&record.Archive{Vault: testVault, ID: 1000 + i, Description: strings.Repeat("x", 1<<20)})
		}
		return r, nil
	})
	if err == nil || errors.Is(err, store.ErrClosed) {
		t.Errorf("update says %v", err)
	}
	if err := l.put(s, 100); err != nil {
		t.Errorf("the next update: %v", err)
	}
	if n := count(t, s); n != 1 {
		t.Errorf("there are %d archives", n)
	}
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

func TestClose(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 1, cfg)
	if err := l.put(s, 100); err != nil {
		t.Fatal(err)
	}
	a, _, err := l.find(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { // updates until it is refused
		for {
			if err := l.begin(s); err != nil {
				done <- err
				return
			}
		}
	}()
	mustClose(t, s)
	if err := <-done; !errors.Is(err, store.ErrClosed) {
		t.Errorf("update says %v", err)
	}
	if err := s.View(t.Context(), func(*catalog.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("view says %v", err)
	}
	p := a.Pieces[0]
	if _, err := s.OpenPayload(t.Context(), payload.Ref{ID: p.Payload, LSN: p.LSN, Size: p.Size}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("open says %v", err)
	}
	mustClose(t, s) // again
	if err := s.Ready(); err == nil {
		t.Error("a closed store is ready")
	}
	mustBeClean(t, cfg)
}

// TestCatalogReplacedInUse makes the catalog anew, and opens it again, while
// others write and look.
func TestCatalogReplacedInUse(t *testing.T) {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	l, s := begun(t, 1, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	others.Go(func() {
		for ctx.Err() == nil {
			if err := l.put(s, 500); err != nil {
				t.Errorf("put: %v", err)
				return
			}
		}
	})
	for range 3 {
		others.Go(func() {
			last := 0
			for ctx.Err() == nil {
				n := count(t, s)
				if n < last {
					t.Errorf("%d archives were there, and then %d", last, n)
				}
				last = n
			}
		})
	}
	for range 5 {
		version := s.catalogVersion()
		var twice sync.WaitGroup
		for range 2 { // both have met the same damage
			twice.Go(func() {
				if err := s.heal(version, errors.New("damaged")); err != nil {
					t.Error(err)
				}
			})
		}
		twice.Wait()
		if v := s.catalogVersion(); v != version+1 {
			t.Errorf("the catalog was made anew %d times", v-version)
		}
		if err := s.reopenCatalog(errors.New("failed")); err != nil {
			t.Error(err)
		}
	}
	cancel()
	others.Wait()
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

// TestRotThatARebuildFindsStopsWrites damages a segment that has an index, so
// that only the rebuild of the catalog reads it.
func TestRotThatARebuildFindsStopsWrites(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mem.Corrupt(b.segments()[1], 4096, func(p []byte) { clear(p[:4096]) })
	b.noCatalog()
	b.readOnly()
	b.readOnly() // What the rebuild has made is not taken for whole.
	b.cfg.AcceptLoss = true
	b.works()
}

// TestNoPayloadIDTwiceThoughItsReservationIsLost damages the last record that
// reserves payload ids. The payloads it was for are still known.
func TestNoPayloadIDTwiceThoughItsReservationIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := mustOpen(t, b.cfg)
	for range 10 {
		if err := b.ledger.put(s, 100); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.ledger.remove(s, b.ledger.next-1); err != nil {
		t.Fatal(err)
	}
	var before, end, reserved journal.Position
	err := s.journal.Replay(t.Context(), journal.Position{}, func(f journal.Frame) error {
		if len(f.Entries) == 1 && f.Entries[0].Images[0].Key == (&record.Counter{Counter: record.PayloadCounter}).Key() {
			reserved, before = f.Position, end
		}
		end = f.Position
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	off := int64(4096)
	if before.Segment == reserved.Segment {
		off = before.Offset
	}
	b.mem.Corrupt(b.segments()[reserved.Segment-1], off, func(p []byte) { clear(p[:reserved.Offset-off]) })
	b.noCatalog()
	b.cfg.AcceptLoss = true
	s = mustOpen(t, b.cfg)
	defer mustClose(t, s)
	if len(s.journal.Damage()) == 0 {
		t.Fatal("nothing is lost")
	}
	for range 30 {
		if err := b.ledger.put(s, 100); err != nil {
			t.Fatal(err)
		}
	}
	b.ledger.compare(t, s)
}

// TestTheWayBackFromACatalogThatIsNotThere: a rebuild that failed has left none.
func TestTheWayBackFromACatalogThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := mustOpen(t, b.cfg)
	s.catalogMu.Lock()
	err := s.catalog.Close()
	s.catalog = nil
	s.catalogMu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.reopenCatalog(errors.New("no catalog")); err != nil {
		t.Fatal(err)
	}
	b.ledger.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, b.cfg)
}
