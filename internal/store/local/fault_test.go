package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/store"
)

// A way is one way in which a call on the disk goes wrong.
type way struct {
	name  string
	fault disk.Fault
	kinds []disk.Kind // to which it can happen
}

func writeWays() []way {
	all := []disk.Kind{
		disk.OpCreate, disk.OpWrite, disk.OpSync, disk.OpSyncDir, disk.OpAllocate, disk.OpRename, disk.OpRemove, disk.OpTruncate,
	}
	space := []disk.Kind{disk.OpCreate, disk.OpWrite, disk.OpAllocate}
	writes := []disk.Kind{disk.OpWrite}
	return []way{
		{"fails", disk.Fault{Err: syscall.EIO}, all},
		{"fails, but was done", disk.Fault{Err: syscall.EIO, After: true}, all},
		{"fails from then on", disk.Fault{Err: syscall.EIO, Sticky: true}, all},
		{"fails from then on, but was done", disk.Fault{Err: syscall.EIO, After: true, Sticky: true}, all},
		{"short", disk.Fault{Err: syscall.EIO, Short: 5000}, writes},
		{"short for lack of space", disk.Fault{Err: syscall.ENOSPC, Short: 100}, writes},
		{"no space", disk.Fault{Err: syscall.ENOSPC}, space},
		{"no space from then on", disk.Fault{Err: syscall.ENOSPC, Sticky: true}, space},
	}
}

// TestWriteFaults makes the n-th call of each kind go wrong in each way, during
// a run from an empty directory and during a recovery. The store may go on or
// stop; it may not lie. Then the power is cut.
func TestWriteFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	nothing := &world{ledger: newLedger(seed), mem: disk.NewMem(0)}
	for name, w := range map[string]*world{"from nothing": nothing, "from a crash": crashedWorld(t, seed)} {
		calls := w.count(t, seed)
		for _, way := range writeWays() {
			for _, kind := range way.kinds {
				t.Run(fmt.Sprintf("%s, %s %s", name, kind, way.name), func(t *testing.T) {
					sweepFault(t, seed, w, way.fault, kind, calls[kind])
				})
			}
		}
	}
}

// A world is a disk with a store on it, and what the store has promised.
type world struct {
	ledger  *ledger
	mem     *disk.Mem
	catalog string // a copy of its catalog; empty for none
}

// crashedWorld is a store after a power cut in the midst of work.
func crashedWorld(t testing.TB, seed uint64) *world {
	l, mem := newLedger(seed), disk.NewMem(0)
	path := crashRun(t, l, seed, mem, disk.CrashAfter(150, disk.Changes()...), nil)
	rng := rand.New(rand.NewPCG(seed, 7))
	return &world{ledger: l, mem: mem.Crash(rng, disk.Modes()[seed%4]), catalog: path}
}

func (w *world) clone() *world {
	return &world{ledger: w.ledger.clone(), mem: w.mem.Clone(), catalog: w.catalog}
}

// count counts the calls of a run in which nothing goes wrong.
func (w *world) count(t testing.TB, seed uint64) map[disk.Kind]int {
	var mu sync.Mutex
	calls := map[disk.Kind]int{}
	faultRun(t, w.clone(), seed, disk.Trace(func(op disk.Op) {
		mu.Lock()
		defer mu.Unlock()
		calls[op.Kind]++
	}))
	return calls
}

// sweepFault tries a fault at every call of a kind, or in the short run at
// one.
func sweepFault(t *testing.T, seed uint64, from *world, fault disk.Fault, kind disk.Kind, total int) {
	if total == 0 {
		t.Skip("there is no such call in this run")
	}
	first, step := 1+rand.IntN(total), total
	if long() {
		first, step = 1, 1
	}
	for n := first; n <= total; n += step {
		w := from.clone()
		faultRun(t, w, seed, disk.NthOp(n, fault, kind))
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		mode := disk.Modes()[rng.IntN(len(disk.Modes()))]
		after := filepath.Join(memoryDir(t), "catalog.db")
		if rng.IntN(2) == 0 {
			copyCatalog(t, w.catalog, after)
		}
		verify(t, w.ledger, small(w.mem.Crash(rng, mode), after))
		if t.Failed() {
			t.Fatalf("seed %d, call %d of %d, mode %v", seed, n, total, mode)
		}
	}
}

// faultRun opens a world through a hook, works on it until it stops, and looks
// whether it tells the truth.
func faultRun(t testing.TB, w *world, seed uint64, hook func(disk.Op) error) {
	t.Helper()
	path := filepath.Join(memoryDir(t), "catalog.db")
	if w.catalog != "" {
		copyCatalog(t, w.catalog, path)
	}
	w.catalog = path
	s, err := Open(small(disk.Inject(w.mem, hook), path))
	if err != nil {
		return
	}
	defer s.Close() // it may not be able to
	if len(w.ledger.used) > 0 {
		w.ledger.compareTolerant(t, s)
		if s.Ready() == nil {
			w.ledger.settle(t, s)
		}
	}
	if w.ledger.begin(s) != nil {
		return
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	for range crashSteps {
		if w.ledger.step(s, rng) != nil && s.Ready() != nil {
			break
		}
	}
	w.ledger.compareTolerant(t, s)
}

// TestReadFaults makes the n-th read go wrong, during recovery or while
// archives are read. An archive is then an error or its own bytes. Nothing is
// lost by it: when the disk reads well again, all is there.
func TestReadFaults(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	l, mem := newLedger(seed), disk.NewMem(0)
	path := crashRun(t, l, seed, mem, func(disk.Op) error { return nil }, nil)
	for _, c := range []struct {
		name  string
		fault disk.Fault
	}{
		{"fails", disk.Fault{Err: syscall.EIO}},
		{"flips a bit", disk.Fault{Flip: true}},
		{"is misdirected", disk.Fault{Shift: 4096}},
		{"is cut short", disk.Fault{Short: 10}},
		{"flips a bit from then on", disk.Fault{Flip: true, Sticky: true}},
		{"is misdirected from then on", disk.Fault{Shift: -4096, Sticky: true}},
	} {
		for _, with := range []string{"with its catalog", "without a catalog"} {
			if c.fault.Sticky && with == "without a catalog" {
				// When all frames are unreadable and nobody remembers them, the
				// end of the journal looks like a write that was cut off.
				continue
			}
			t.Run(c.name+", "+with, func(t *testing.T) {
				look := func(hook func(disk.Op) error, wrong bool) {
					fresh := filepath.Join(memoryDir(t), "catalog.db")
					if with == "with its catalog" {
						copyCatalog(t, path, fresh)
					}
					// What a start writes because of a bad read must do no harm.
					after := mem.Clone()
					readRun(t, l, small(disk.Inject(after, hook), fresh))
					if wrong {
						l.compareAt(t, small(after, fresh))
					}
				}
				var reads atomic.Int64
				look(disk.Count(&reads, disk.OpRead), false)
				total := int(reads.Load())
				step := stride(max(1, total/12))
				for n := 1 + int(seed%uint64(step)); n <= total; n += step {
					look(disk.NthOp(n, c.fault, disk.OpRead), true)
					if t.Failed() {
						t.Fatalf("seed %d, read %d of %d", seed, n, total)
					}
				}
			})
		}
	}
}

// readRun opens a store and reads every archive that it should have.
func readRun(t *testing.T, l *ledger, cfg Config) {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		return
	}
	defer s.Close()
	l.compareTolerant(t, s)
}

// compareAt opens a store on a disk that reads well again. If it says that
// records are lost, they are: it must not say so.
func (l *ledger) compareAt(t *testing.T, cfg Config) {
	t.Helper()
	s := mustOpen(t, cfg)
	defer s.Close()
	if err := s.Ready(); err != nil {
		t.Errorf("not ready after the disk was well again: %v", err)
	}
	l.compare(t, s)
}

// compareTolerant checks that a store in trouble tells no lie: each archive
// that was acknowledged is an error or its own bytes.
func (l *ledger) compareTolerant(t testing.TB, s *Store) {
	t.Helper()
	buf := make([]byte, payload.LeafSize)
	for n, want := range l.live {
		a, found, err := l.find(s, n)
		if err != nil {
			continue
		}
		if !found {
			if !l.doubt[n] && s.Ready() == nil && s.lostAfter(0) == nil {
				t.Errorf("archive %d is said not to be there", n)
			}
			continue
		}
		var got sink
		for _, p := range a.Pieces {
			r, err := s.OpenPayload(context.Background(), payload.Ref{ID: p.Payload, LSN: p.LSN, Size: p.Size})
			if err != nil {
				if errors.Is(err, store.ErrGone) && !l.doubt[n] {
					t.Errorf("archive %d is said to be gone", n)
				}
				got.failed = true
				break
			}
			if payload.CopyRange(context.Background(), &got, r, 0, r.Size(), buf) != nil {
				got.failed = true
			}
			r.Close()
		}
		if !got.startsLike(want) || !got.failed && len(got.b) != len(want) {
			t.Errorf("archive %d was served with wrong bytes", n)
		}
	}
}

// A sink keeps what was served.
type sink struct {
	b      []byte
	failed bool
}

func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

func (s *sink) startsLike(want []byte) bool {
	return len(s.b) <= len(want) && string(s.b) == string(want[:len(s.b)])
}
