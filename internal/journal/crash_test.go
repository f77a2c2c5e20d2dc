package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"

	"firn/internal/disk"
	"firn/internal/record"
)

// run is a life of a journal with everything in it: appends, marks, rollovers,
// restarts, compactions. It stops at the first error. What was acknowledged is in
// h, and what may have been written besides, in pending.
type run struct {
	h       *history
	pending []record.Entry
	applied Position // as a catalog would remember it, which lags behind
}

func (r *run) live(fs disk.FS) error {
	var j *Journal
	var err error
	if j, err = Open(config(fs), Position{}); err != nil {
		return err
	}
	for i := range 14 {
		for range 2 {
			if err := r.append(j, 1+r.h.rng.IntN(6), 9000); err != nil {
				return err
			}
		}
		switch i {
		case 3, 9:
			if err := j.Mark(); err != nil {
				return err
			}
		case 5:
			if err := j.Close(); err != nil {
				return err
			}
			fallthrough
		case 11:
			if j, err = Open(config(fs), r.applied); err != nil {
				return err
			}
		case 7, 12:
			if ids := sealedRun(j, 0, 2); len(ids) > 0 {
				if _, err := j.Compact(context.Background(), ids, r.h.reasons, nothing); err != nil {
					return err
				}
			}
		}
	}
	return j.Close()
}

func (r *run) append(j *Journal, n, maxInline int) error {
	r.pending = r.h.batch(n, maxInline)
	pos, err := j.Append(r.pending)
	if err != nil {
		return err
	}
	r.h.add(r.pending)
	r.pending = nil
	if r.h.rng.IntN(2) == 0 {
		r.applied = pos
	}
	return nil
}

// after opens what a crash has left and compares it with what was acknowledged. A
// batch that was not may be there, whole.
func (r *run) after(fs disk.FS, applied Position) error {
	j, err := Open(config(fs), applied)
	if err != nil {
		return err
	}
	if d := j.Damage(); len(d) > 0 {
		return fmt.Errorf("damage: %v", d)
	}
	if len(r.pending) > 0 && j.Head() == r.pending[len(r.pending)-1].LSN {
		r.h.add(r.pending)
		r.pending = nil
	}
	if err := r.h.compare(j); err != nil {
		return err
	}
	if _, err := replayed(j, applied); err != nil && !(errors.Is(err, ErrHistory) && r.compacted(j, applied)) {
		return fmt.Errorf("replay after %+v: %w", applied, err)
	}
	if err := r.append(j, 2, 5000); err != nil {
		return err
	}
	return r.h.compare(j)
}

// compacted reports whether a position lies inside a segment that is no more.
func (r *run) compacted(j *Journal, p Position) bool {
	for _, s := range j.Segments() {
		if s.ID == p.Segment {
			return false
		}
	}
	return true
}

// stride is the step of a sweep that usually goes by usual, and a wider one
// under -short, which the race detector runs with.
func stride(usual int) int {
	if testing.Short() {
		return 6*usual + 1
	}
	return usual
}

func TestCrashSweep(t *testing.T) {
	t.Parallel()
	const seed = 42
	var total atomic.Int64
	whole := run{h: newHistory(seed)}
	if err := whole.live(disk.Inject(disk.NewMem(0), disk.Count(&total, disk.Changes()...))); err != nil {
		t.Fatal(err)
	}
	if total.Load() < 100 {
		t.Fatalf("only %d operations", total.Load())
	}
	tries := map[disk.Mode]int{disk.Lost: 1, disk.Kept: 1, disk.Ordered: 2, disk.Chaos: 3} // the first two leave nothing to chance
	for n := 0; n < int(total.Load()); n += stride(1) {
		r := run{h: newHistory(seed)}
		fs := disk.NewMem(0)
		err := r.live(disk.Inject(fs, disk.CrashAfter(n, disk.Changes()...)))
		if !errors.Is(err, disk.ErrCrashed) {
			t.Fatalf("after %d operations: %v", n, err)
		}
		for _, mode := range disk.Modes() {
			for try := range tries[mode] {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(try)))
				for name, applied := range map[string]Position{"no catalog": {}, "catalog": r.applied} {
					again := r.clone()
					if err := again.after(fs.Crash(rng, mode), applied); err != nil {
						t.Fatalf("%s, crash %v after %d operations, try %d: %v", name, mode, n, try, err)
					}
				}
			}
		}
	}
}

func (r *run) clone() *run {
	h := newHistory(77)
	for _, e := range r.h.entries {
		h.add([]record.Entry{*e})
	}
	return &run{h: h, pending: r.pending, applied: r.applied}
}

// TestCrashDuringRecovery crashes, and crashes again while the next start
// recovers.
func TestCrashDuringRecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	t.Parallel()
	for _, n := range []int{9, 23, 37, 52, 60, 71, 85, 99} {
		r := run{h: newHistory(43)}
		fs := disk.NewMem(0)
		if err := r.live(disk.Inject(fs, disk.CrashAfter(n, disk.Changes()...))); !errors.Is(err, disk.ErrCrashed) {
			t.Fatal(err)
		}
		for _, mode := range disk.Modes() {
			for k := range 12 {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(k)))
				second := fs.Crash(rng, mode)
				_, err := Open(config(disk.Inject(second, disk.CrashAfter(k, disk.Changes()...))), r.applied)
				if err != nil && !errors.Is(err, disk.ErrCrashed) {
					t.Fatal(err)
				}
				again := r.clone()
				if err := again.after(second.Crash(rng, mode), r.applied); err != nil {
					t.Fatalf("crash %v after %d operations and %d more: %v", mode, n, k, err)
				}
			}
		}
	}
}

// TestFaultMatrix lets every changing operation fail, once done and once not,
// and looks at what the journal says, and what the next start finds.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	const seed = 44
	kinds := []disk.Kind{disk.OpCreate, disk.OpWrite, disk.OpSync, disk.OpSyncDir, disk.OpAllocate, disk.OpRename, disk.OpRemove, disk.OpTruncate}
	for _, kind := range kinds {
		var total atomic.Int64
		whole := run{h: newHistory(seed)}
		if err := whole.live(disk.Inject(disk.NewMem(0), disk.Count(&total, kind))); err != nil {
			t.Fatal(err)
		}
		if total.Load() == 0 {
			t.Fatalf("no %s at all", kind)
		}
		for _, fault := range []disk.Fault{
			{Err: syscall.EIO},
			{Err: syscall.EIO, After: true},
			{Err: syscall.ENOSPC},
			{Err: syscall.EIO, Sticky: true},
			{Err: syscall.ENOSPC, Sticky: true},
			{Err: syscall.EIO, Short: 4096 + 512},
		} {
			if fault.Short > 0 && kind != disk.OpWrite {
				continue
			}
			step := 1
			if fault.Sticky || fault.Short > 0 {
				step = 3 // Neighbours are much alike.
			}
			for n := 0; n < int(total.Load()); n += stride(step) {
				name := fmt.Sprintf("%s %d fails %+v", kind, n+1, fault)
				r := run{h: newHistory(seed)}
				fs := disk.NewMem(0)
				err := r.live(disk.Inject(fs, disk.NthOp(n+1, fault, kind)))
				if once := !fault.Sticky && fault.Err == syscall.EIO; err != nil && once && errors.Is(err, ErrBroken) {
					t.Errorf("%s: one failure has broken the journal: %v", name, err)
				}
				for _, mode := range []disk.Mode{disk.Lost, disk.Chaos} {
					again := r.clone()
					rng := rand.New(rand.NewPCG(uint64(n), seed))
					if err := again.after(fs.Crash(rng, mode), r.applied); err != nil {
						t.Fatalf("%s, then crash %v: %v", name, mode, err)
					}
				}
			}
		}
	}
}

func TestFullDiskIsNoHarm(t *testing.T) {
	fs, h := disk.NewMem(600<<10), newHistory(45)
	j := open(t, fs, Position{})
	for {
		batch := h.batch(3, 9000)
		_, err := j.Append(batch)
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		h.add(batch)
	}
	h.check(t, j)
	if _, err := j.Append(h.batch(3, 9000)); !errors.Is(err, ErrFull) {
		t.Fatalf("again: %v", err)
	}
	// Compaction is refused for lack of space as well, and leaves nothing.
	if _, err := j.Compact(context.Background(), sealedRun(j, 0, 90), h.reasons, nothing); err != nil && !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	h.check(t, j)
	bigger := fs.Crash(nil, disk.Kept)
	reopened := open(t, bigger, j.End())
	h.check(t, reopened)
}

func TestTheJournalGoesOnWhenThereIsSpaceAgain(t *testing.T) {
	var full atomic.Bool
	fs := disk.Inject(disk.NewMem(0), func(op disk.Op) error {
		if full.Load() && (op.Kind == disk.OpAllocate || op.Kind == disk.OpCreate) {
			return syscall.ENOSPC
		}
		return nil
	})
	h := newHistory(46)
	j := open(t, fs, Position{})
	for i := range 60 {
		full.Store(i%3 == 1)
		batch := h.batch(3, 9000)
		_, err := j.Append(batch)
		if err == nil {
			h.add(batch)
		} else if !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	h.check(t, j)
	full.Store(false)
	h.check(t, open(t, fs, j.End()))
}

func TestABrokenJournalStaysBroken(t *testing.T) {
	var bad atomic.Bool
	fs := disk.NewMem(0)
	faulty := disk.Inject(fs, func(op disk.Op) error {
		if bad.Load() && op.Kind == disk.OpSync {
			return disk.Fault{Err: syscall.EIO}
		}
		return nil
	})
	h := newHistory(47)
	j := open(t, faulty, Position{})
	h.append(t, j, 3, 100)
	bad.Store(true)
	batch := h.batch(2, 100)
	if _, err := j.Append(batch); !errors.Is(err, ErrBroken) {
		t.Fatalf("append: %v", err)
	}
	bad.Store(false)
	if _, err := j.Append(batch); !errors.Is(err, ErrBroken) {
		t.Errorf("append when the medium is well again: %v", err)
	}
	if err := j.Mark(); !errors.Is(err, ErrBroken) {
		t.Errorf("mark: %v", err)
	}
	if _, err := j.Entry(1); err != nil {
		t.Errorf("reads must go on: %v", err)
	}
	r := run{h: h, pending: batch}
	if err := r.after(fs.Crash(nil, disk.Lost), j.End()); err != nil {
		t.Error(err)
	}
}
