package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/record"
)

// lockVault leaves a vault's lock in progress, or completed.
func lockVault(t testing.TB, s *Store, vault uint64, completed bool) (l record.VaultLock) {
	t.Helper()
	mustUpdate(t, s, func(tx *catalog.Tx) (r record.Record, err error) {
		now := tx.Now().UnixMilli()
		l = record.VaultLock{
			Vault: vault, Public: fmt.Sprint("lock of ", vault), Policy: `{"Statement":[]}`,
			Created: now, Expires: now + day.Milliseconds(), Witnessed: tx.LockNow().UnixMilli(), Locked: completed,
		}
		r.Put(&l)
		return r, nil
	})
	return l
}

// lockOf is a vault's lock, nil if there is none.
func lockOf(t testing.TB, s *Store, vault uint64) (lock *record.VaultLock) {
	t.Helper()
	err := s.View(t.Context(), func(tx *catalog.Tx) error {
		l, ok, err := tx.VaultLock(vault)
		if ok {
			lock = &l
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// mustBeLocked opens the store and looks whether the vault has that lock.
func (b *bench) mustBeLocked(want record.VaultLock) {
	b.t.Helper()
	s := mustOpen(b.t, b.cfg)
	defer mustClose(b.t, s)
	if diff := cmp.Diff(&want, lockOf(b.t, s, want.Vault)); diff != "" {
		b.t.Errorf("the lock is not what it was (-want +got):\n%s", diff)
	}
}

// during does something with the store, and returns the segments that this
// has added.
func (b *bench) during(do func(s *Store)) (added []string) {
	b.t.Helper()
	before := b.segments()
	s := mustOpen(b.t, b.cfg)
	do(s)
	mustClose(b.t, s)
	return b.segments()[len(before):]
}

func TestLocksOutliveALossThatIsAccepted(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bench)
	}{
		{"completed lock", func(b *bench) {
			var lock record.VaultLock
			b.remove(b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, true) })...)
			b.refused("acknowledged records are missing")
			log, said := recorder()
			b.cfg.AcceptLoss, b.cfg.Log = true, log
			b.mustBeLocked(lock)
			if !strings.Contains(said(), "a vault lock was lost from the journal, and is put back") {
				b.t.Errorf("nothing is said of it, but\n%s", said())
			}
			b.cfg.AcceptLoss = false
			b.mustBeLocked(lock)
			b.noCatalog()
			b.mustBeLocked(lock)
			mustBeClean(b.t, b.cfg)
		}},
		{"lock in progress", func(b *bench) {
			var lock record.VaultLock
			b.remove(b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, false) })...)
			b.cfg.AcceptLoss = true
			b.mustBeLocked(lock)
		}},
		{"lock that the journal has in progress, and that was completed", func(b *bench) {
			var lock record.VaultLock
			b.during(func(s *Store) { lockVault(b.t, s, testVault, false) })
			b.remove(b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, true) })...)
			b.cfg.AcceptLoss = true
			b.mustBeLocked(lock)
		}},
		{"lock that the journal still has", func(b *bench) {
			var lock record.VaultLock
			b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, true) })
			b.remove(b.during(func(s *Store) {
				if err := b.ledger.put(s, 100); err != nil {
					b.t.Fatal(err)
				}
			})...)
			b.cfg.AcceptLoss = true
			s := mustOpen(b.t, b.cfg)
			head := s.journal.Head()
			mustClose(b.t, s)
			b.mustBeLocked(lock)
			s = mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			if s.journal.Head() != head {
				b.t.Error("something is written again at every start")
			}
		}},
		{"lock that was given up", func(b *bench) {
			b.during(func(s *Store) { lockVault(b.t, s, testVault, false) })
			b.during(func(s *Store) {
				mustUpdate(b.t, s, func(*catalog.Tx) (r record.Record, err error) {
					r.Delete(record.VaultLockKey(testVault))
					return r, nil
				})
			})
			b.remove(b.during(func(s *Store) {
				if err := b.ledger.put(s, 100); err != nil {
					b.t.Fatal(err)
				}
			})...)
			b.cfg.AcceptLoss = true
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			if l := lockOf(b.t, s, testVault); l != nil {
				b.t.Errorf("it is back: %+v", l)
			}
		}},
		{"vault that is lost too", func(b *bench) {
			const other = 77
			b.remove(b.during(func(s *Store) {
				mustUpdate(b.t, s, func(*catalog.Tx) (r record.Record, err error) {
					r.Put(&record.Vault{ID: other, Account: "111122223333", Name: "other"})
					return r, nil
				})
				lockVault(b.t, s, other, true)
			})...)
			b.cfg.AcceptLoss = true
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			if l := lockOf(b.t, s, other); l != nil {
				b.t.Errorf("a lock without its vault: %+v", l)
			}
		}},
		{"access policy", func(b *bench) {
			b.remove(b.during(func(s *Store) {
				mustUpdate(b.t, s, func(*catalog.Tx) (r record.Record, err error) {
					r.Put(&record.VaultPolicy{Vault: testVault, Policy: "{}"})
					return r, nil
				})
			})...)
			b.cfg.AcceptLoss = true
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			err := s.View(b.t.Context(), func(tx *catalog.Tx) error {
				_, ok, err := tx.VaultPolicy(testVault)
				if ok {
					b.t.Error("it is put back, though it is no lock")
				}
				return err
			})
			if err != nil {
				b.t.Error(err)
			}
		}},
		{"check is told to accept it", func(b *bench) {
			var lock record.VaultLock
			b.remove(b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, true) })...)
			b.cfg.AcceptLoss = true
			if _, err := Check(b.t.Context(), b.cfg, CheckOptions{}); err != nil {
				b.t.Error(err)
			}
			b.cfg.AcceptLoss = false
			b.mustBeLocked(lock)
		}},
		{"hole, and a rebuild that accepts it", func(b *bench) {
			var lock record.VaultLock
			hole := b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, true) })
			b.during(func(s *Store) { lockVault(b.t, s, 99, true) }) // of no vault: only to be behind it
			b.remove(hole...)
			b.mustBeLocked(lock) // the catalog knows
			b.cfg.AcceptLoss = true
			if err := Rebuild(b.cfg); err != nil {
				b.t.Error(err)
			}
			b.mustBeLocked(lock)
			b.noCatalog()
			b.mustBeLocked(lock)
		}},
		{"hole, and a catalog that is found damaged", func(b *bench) {
			var lock record.VaultLock
			hole := b.during(func(s *Store) { lock = lockVault(b.t, s, testVault, true) })
			b.during(func(s *Store) { lockVault(b.t, s, 99, true) })
			b.remove(hole...)
			s := mustOpen(b.t, b.cfg)
			if err := s.heal(s.catalogVersion(), errors.New("damaged")); err != nil {
				b.t.Error(err)
			}
			if s.Ready() == nil {
				b.t.Error("the store goes on without what was lost")
			}
			if l := lockOf(b.t, s, testVault); l == nil || !l.Locked {
				b.t.Errorf("the lock is %+v", l)
			}
			mustClose(b.t, s)
			b.cfg.AcceptLoss = true
			b.noCatalog()
			b.mustBeLocked(lock)
		}},
		{"catalog that cannot be read", func(b *bench) {
			b.remove(b.during(func(s *Store) { lockVault(b.t, s, testVault, true) })...)
			b.noCatalog()
			if err := disk.WriteFile(disk.OS(filepath.Dir(b.cfg.Catalog)), "catalog.db", []byte("nothing that SQLite knows")); err != nil {
				b.t.Fatal(err)
			}
			log, said := recorder()
			b.cfg.AcceptLoss, b.cfg.Log = true, log
			mustClose(b.t, mustOpen(b.t, b.cfg))
			if !strings.Contains(said(), "vault locks that only this catalog knew") {
				b.t.Errorf("nothing is said of locks, but\n%s", said())
			}
		}},
		{"lock clock", func(b *bench) {
			m := newMachine()
			m.at.wall = time.Now()
			b.cfg.Now, b.cfg.clocks = m.now, m.read
			b.during(func(*Store) { m.pass(2 * time.Hour) })
			b.remove(b.segments()...)
			b.cfg.AcceptLoss = true
			s := mustOpen(b.t, b.cfg)
			defer mustClose(b.t, s)
			if im := clockImage(b.t, s); millis(im.Seen-im.Born) < 2*time.Hour {
				b.t.Errorf("it begins anew: %+v", im)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.do(newBench(t)) })
	}
}

// TestCrashWhileALossIsAccepted cuts the power while the lock is put back: the
// catalog that knows of it is there until the journal has it.
func TestCrashWhileALossIsAccepted(t *testing.T) {
	b := newBench(t)
	var lock record.VaultLock
	b.remove(b.during(func(s *Store) { lock = lockVault(t, s, testVault, true) })...)
	b.cfg.AcceptLoss = true
	witness := b.cfg.Catalog
	try := func(mem *disk.Mem, hook func(disk.Op) error) Config {
		cfg := b.cfg
		cfg.FS, cfg.Catalog = disk.Inject(mem, hook), filepath.Join(memoryDir(t), "catalog.db")
		copyCatalog(t, witness, cfg.Catalog)
		if s, err := Open(cfg); err == nil {
			s.Close() // it may have been cut off
		}
		return cfg
	}
	var changes atomic.Int64
	try(b.mem.Clone(), disk.Count(&changes, disk.Changes()...))
	if changes.Load() < 5 {
		t.Fatalf("a start makes %d changes", changes.Load())
	}
	t.Logf("a start makes %d changes", changes.Load())
	for n := range int(changes.Load()) {
		for _, mode := range disk.Modes() {
			if !long() && (n+int(mode))%4 != 0 {
				continue
			}
			mem := b.mem.Clone()
			cfg := try(mem, disk.CrashAfter(n, disk.Changes()...))
			after := *b
			after.cfg = cfg
			after.cfg.FS = mem.Crash(rand.New(rand.NewPCG(uint64(n), uint64(mode))), mode)
			after.mustBeLocked(lock)
			if t.Failed() {
				t.Fatalf("after %d of %d changes, %v", n, changes.Load(), mode)
			}
		}
	}
}

func TestWhichLocksArePutBack(t *testing.T) {
	vault := record.Vault{ID: 5, Account: "111122223333", Name: "v", Created: 7}
	open, locked := record.VaultLock{Vault: 5, Public: "a"}, record.VaultLock{Vault: 5, Public: "a", Locked: true}
	for _, c := range []struct {
		name   string
		vault  *record.Vault     // in the journal
		lock   *record.VaultLock // in record 20 there
		old    record.VaultLock  // in the catalog
		lsn    record.LSN
		putsIt bool
	}{
		{"no vault", nil, nil, locked, 10, false},
		{"another vault with that number", &record.Vault{ID: 5, Account: "111122223333", Name: "w", Created: 7}, nil, locked, 10, false},
		{"a vault made again", &record.Vault{ID: 5, Account: "111122223333", Name: "v", Created: 8}, nil, locked, 10, false},
		{"a vault with a newer inventory", &record.Vault{ID: 5, Account: "111122223333", Name: "v", Created: 7, Inventory: record.Inventory{Completed: 9}}, nil, locked, 10, true},
		{"no lock", &vault, nil, locked, 10, true},
		{"no lock, one in progress", &vault, nil, open, 10, true},
		{"locked there", &vault, &locked, locked, 10, false},
		{"locked there, and newer here", &vault, &locked, locked, 30, false},
		{"locked there, in progress here", &vault, &locked, open, 30, false},
		{"in progress there, locked here", &vault, &open, locked, 30, true},
		{"in progress there under a number given out again, locked here", &vault, &open, locked, 10, true},
		{"in progress, the same", &vault, &open, open, 20, false},
		{"in progress, another one later", &vault, &open, open, 30, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			left := guards{}
			note := func(e record.Entity) {
				var r record.Record
				r.Put(e)
				left[e.Key()] = guard{20, r.Images[0].Body}
			}
			if c.vault != nil {
				note(c.vault)
			}
			if c.lock != nil {
				note(c.lock)
			}
			got, err := left.lacks(heldLock{vault, c.old, c.lsn})
			if got != c.putsIt || err != nil {
				t.Errorf("put back: %v, %v", got, err)
			}
		})
	}
}

// TestALockWithoutItsClock is a store of which the records of the lock clock
// were taken away: with them it would begin anew.
func TestALockWithoutItsClock(t *testing.T) {
	m := newMachine()
	cfg := onMachine(t, m)
	_, s := begun(t, 1, cfg)
	m.pass(time.Hour)
	lock := lockVault(t, s, testVault, true)
	mustUpdate(t, s, func(*catalog.Tx) (r record.Record, err error) {
		r.Delete((&record.Clock{}).Key())
		return r, nil
	})
	killed := cfg
	killed.FS = cfg.FS.(*disk.Mem).Clone()
	killed.Catalog = filepath.Join(memoryDir(t), "catalog.db")
	mustClose(t, s)
	m.off(10 * year)
	for range 2 {
		s = mustOpen(t, killed)
		if now := s.LockNow().UnixMilli(); now != lock.Witnessed {
			t.Errorf("the lock clock is %d, and the lock was made at %d", now, lock.Witnessed)
		}
		if im := clockImage(t, s); im.Credit != 0 {
			t.Errorf("written down is %+v", im)
		}
		mustClose(t, s)
	}
}

// TestALockStays tries to get rid of a lock, and of what it guards.
func TestALockStays(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bench)
	}{
		{"compaction keeps the lock", func(b *bench) {
			s := mustOpen(b.t, b.cfg)
			for range 3 {
				b.waste(s)
				compact(b.t, s)
			}
			b.lockIsCompacted(s)
			mustClose(b.t, s)
		}},
		{"rebuild keeps the lock", func(b *bench) {
			if err := Rebuild(b.cfg); err != nil {
				b.t.Error(err)
			}
		}},
		{"rebuild after compaction keeps the lock", func(b *bench) {
			s := mustOpen(b.t, b.cfg)
			b.waste(s)
			compact(b.t, s)
			b.lockIsCompacted(s)
			mustClose(b.t, s)
			if err := Rebuild(b.cfg); err != nil {
				b.t.Error(err)
			}
		}},
		{"a copied directory keeps the lock", func(b *bench) {
			b.cfg.FS = b.mem.Clone()
			b.noCatalog()
		}},
		{"an older catalog put in place does not hide the lock", func(b *bench) { b.useCatalog(b.older) }},
		{"catalog deleted", func(b *bench) { b.noCatalog() }},
		{"catalog deleted, and a loss accepted that there is not", func(b *bench) { b.noCatalog(); b.cfg.AcceptLoss = true }},
		{"a catalog that says all is deleted cannot have it destroyed", func(b *bench) {
			forge(b)
			s := mustOpen(b.t, b.cfg)
			if l := lockOf(b.t, s, testVault); l != nil {
				b.t.Fatal("the catalog is not forged")
			}
			compact(b.t, s)
			compact(b.t, s)
			if err := s.sweepOrphans(b.t.Context()); err != nil {
				b.t.Error(err)
			}
			mustClose(b.t, s)
			quarantined, err := b.mem.ReadDir(quarantineDir)
			if err != nil || len(quarantined) == 0 {
				b.t.Errorf("in quarantine is %v, %v", quarantined, err)
			}
			for _, e := range quarantined { // as an operator would
				id := strings.TrimSuffix(e.Name, filepath.Ext(e.Name))
				if err := b.mem.Rename(quarantineDir+"/"+e.Name, payloadDir+"/"+id[len(id)-2:]+"/"+e.Name); err != nil {
					b.t.Error(err)
				}
			}
			if err := Rebuild(b.cfg); err != nil {
				b.t.Error(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			var lock record.VaultLock
			b.during(func(s *Store) {
				for _, completed := range []bool{false, true} {
					lock = lockVault(t, s, testVault, completed)
					for _, size := range []int{8000, payload.LeafSize + 1} {
						if err := b.ledger.put(s, size); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
			c.do(b)
			b.mustBeLocked(lock)
			s := mustOpen(t, b.cfg)
			b.ledger.compare(t, s)
			mustClose(t, s)
			mustBeClean(t, b.cfg)
		})
	}
}

// waste stores archives and deletes most of them.
func (b *bench) waste(s *Store) {
	b.t.Helper()
	first := b.ledger.next
	for range 40 {
		if err := b.ledger.put(s, 6000); err != nil {
			b.t.Fatal(err)
		}
	}
	for n := first; n < first+36; n++ {
		if err := b.ledger.remove(s, n); err != nil {
			b.t.Fatal(err)
		}
	}
}

// lockIsCompacted makes sure that the record of the lock has been copied by a
// compaction, and that the one it superseded is gone.
func (b *bench) lockIsCompacted(s *Store) {
	b.t.Helper()
	var at []bool
	err := s.journal.Replay(b.t.Context(), journal.Position{}, func(f journal.Frame) error {
		for _, e := range f.Entries {
			if e.Images[0].Key == record.VaultLockKey(testVault) {
				at = append(at, slices.ContainsFunc(s.journal.Segments(), func(seg journal.Segment) bool {
					return seg.ID == f.Position.Segment && seg.Compacted
				}))
			}
		}
		return nil
	})
	if err != nil || !slices.Equal(at, []bool{true}) {
		b.t.Errorf("records of the lock that are in a compacted segment: %v, %v", at, err)
	}
}

// forge makes a catalog that has the locks, archives and payloads of the store
// deleted by its newest record.
func forge(b *bench) {
	b.t.Helper()
	s, err := openIdle(b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	defer s.cancel()
	last := record.Entry{LSN: s.journal.Head(), Time: s.journal.LastTime()}
	err = s.catalog.Each(b.t.Context(), func(k record.Key, lsn record.LSN, image []byte) error {
		switch k.Kind {
		case record.KindVaultLock, record.KindArchive, record.KindPayload:
			if image != nil && lsn < last.LSN {
				last.Images = append(last.Images, record.Image{Key: k})
			}
		}
		return nil
	})
	if err == nil {
		err = s.catalog.Fold(b.t.Context(), []record.Entry{last}, s.catalog.Applied())
	}
	if err := errors.Join(err, s.closeFiles()); err != nil {
		b.t.Fatal(err)
	}
}
