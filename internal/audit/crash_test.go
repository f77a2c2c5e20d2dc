package audit

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"firn/internal/disk"
)

// run is a log's life, over two restarts. What was promised is in it.
type run struct {
	keep    int
	all     []int // every number that was handed to Append, in order
	handed  []int // those for which Append has returned nil
	durable []int // those that were to survive a power cut
	oldest  int   // the first that was still there at the end
}

const runLines = 60

// live appends until it is done or the machine has crashed. Other errors are what faults make, and it goes on.
func (r *run) live(fsys disk.FS) error {
	n := 0
	for range 3 {
		l, err := Open(Config{FS: fsys, MaxSize: smallFile, Keep: r.keep, Now: clock})
		if err != nil {
			return err
		}
		for range runLines / 3 {
			n++
			if err := r.append(l, n, n%4 == 0); errors.Is(err, disk.ErrCrashed) {
				return err
			}
			switch {
			case n%9 == 0:
				l.tick() // as if a second had passed
			case n%13 == 0:
				l.Probe()
			}
			if err := l.Failing(); errors.Is(err, disk.ErrCrashed) {
				return err
			}
		}
		if err := l.Close(); errors.Is(err, disk.ErrCrashed) {
			return err
		}
	}
	return nil
}

func (r *run) append(l *Log, n int, durable bool) error {
	r.all = append(r.all, n)
	err := l.Append(numbered(n), durable)
	if err == nil {
		r.handed = append(r.handed, n)
		if durable {
			r.durable = append(r.durable, n)
		}
	}
	return err
}

// ended notes what can be read before the machine goes down.
func (r *run) ended(t *testing.T, mem *disk.Mem) {
	if got, _ := read(t, mem.Clone()); len(got) > 0 {
		r.oldest = got[0]
	}
}

// check opens what a crash has left. Every line that was promised is there, in order and once, but for the oldest, if not all were to be
// kept; what can be read was appended; and the log goes on.
func (r *run) check(t *testing.T, fsys disk.FS, promised []int) error {
	l, err := Open(Config{FS: fsys, MaxSize: smallFile, Keep: r.keep, Now: clock})
	if err != nil {
		return err
	}
	if data := text(t, fsys); len(data) > 0 && data[len(data)-1] != '\n' {
		return fmt.Errorf("the log ends in %q", data[max(0, len(data)-50):])
	}
	got, _ := read(t, fsys)
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		return fmt.Errorf("not in order, or not once: %v", got)
	}
	for _, n := range promised {
		if (r.keep == 0 || n >= r.oldest) && !slices.Contains(got, n) {
			return fmt.Errorf("line %d is missing from %v", n, got)
		}
	}
	const next = 9999
	if err := l.Append(numbered(next), true); err != nil {
		return err
	}
	if got, _ := read(t, fsys.(*disk.Mem).Clone().Crash(nil, disk.Lost)); !slices.Contains(got, next) {
		return fmt.Errorf("a line appended after the crash is missing from %v", got)
	}
	return nil
}

// stride is the step of a sweep, which is wider under -short.
func stride() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// TestCrashSweep stops the machine after every operation. In a bubble no timer goes off by itself.
func TestCrashSweep(t *testing.T) {
	tries := map[disk.Mode]int{disk.Lost: 1, disk.Kept: 1, disk.Ordered: 2, disk.Chaos: 3} // the first two leave nothing to chance
	for _, keep := range []int{0, 2} {
		t.Run(fmt.Sprintf("keep %d", keep), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var total atomic.Int64
				whole := run{keep: keep}
				if err := whole.live(disk.Inject(disk.NewMem(0), disk.Count(&total, disk.Changes()...))); err != nil {
					t.Fatal(err)
				}
				if total.Load() < 100 || len(whole.handed) != runLines {
					t.Fatalf("only %d operations, and %d of %d lines", total.Load(), len(whole.handed), runLines)
				}
				for n := 0; n < int(total.Load()); n += stride() {
					r := run{keep: keep}
					mem := disk.NewMem(0)
					if err := r.live(disk.Inject(mem, disk.CrashAfter(n, disk.Changes()...))); !errors.Is(err, disk.ErrCrashed) {
						t.Fatalf("after %d operations: %v", n, err)
					}
					r.ended(t, mem)
					for _, mode := range disk.Modes() {
						for try := range tries[mode] {
							rng := rand.New(rand.NewPCG(uint64(n), uint64(try)))
							promised := r.durable
							if mode == disk.Kept {
								promised = r.handed
							}
							if err := r.check(t, mem.Crash(rng, mode), promised); err != nil {
								t.Fatalf("crash %v after %d operations, try %d: %v", mode, n, try, err)
							}
						}
					}
				}
			})
		})
	}
}

// TestCrashDuringRecovery crashes, and crashes again while the next start repairs what is torn.
func TestCrashDuringRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n := 5; n < 120; n += 5 * stride() {
			r := run{}
			mem := disk.NewMem(0)
			if err := r.live(disk.Inject(mem, disk.CrashAfter(n, disk.Changes()...))); !errors.Is(err, disk.ErrCrashed) {
				t.Fatal(err)
			}
			for k := range 8 {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(k)))
				second := mem.Crash(rng, disk.Chaos)
				if _, err := Open(Config{FS: disk.Inject(second, disk.CrashAfter(k, disk.Changes()...))}); err != nil {
					t.Fatal(err)
				}
				if err := r.check(t, second.Crash(rng, disk.Chaos), r.durable); err != nil {
					t.Fatalf("crash after %d operations and %d more: %v", n, k, err)
				}
			}
		}
	})
}

// TestFaultMatrix lets every changing operation fail, once done and once not, and looks at what the log says, and at what is left
// after a power cut.
func TestFaultMatrix(t *testing.T) {
	for _, kind := range []disk.Kind{disk.OpCreate, disk.OpWrite, disk.OpSync, disk.OpSyncDir, disk.OpRemove, disk.OpOpen, disk.OpRead} {
		for _, fault := range []disk.Fault{
			{Err: syscall.EIO},
			{Err: syscall.EIO, After: true},
			{Err: syscall.ENOSPC},
			{Err: syscall.EIO, Short: 100},
			{Err: syscall.EIO, Sticky: true},
		} {
			if fault.Short > 0 && kind != disk.OpWrite {
				continue
			}
			t.Run(fmt.Sprintf("%s %+v", kind, fault), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { faults(t, kind, fault) })
			})
		}
	}
}

func faults(t *testing.T, kind disk.Kind, fault disk.Fault) {
	var total atomic.Int64
	whole := run{keep: 3}
	if err := whole.live(disk.Inject(disk.NewMem(0), disk.Count(&total, kind))); err != nil {
		t.Fatal(err)
	}
	if total.Load() == 0 {
		t.Fatalf("no %s at all", kind)
	}
	for n := 0; n < int(total.Load()); n += stride() {
		r := run{keep: 3}
		mem := disk.NewMem(0)
		if err := r.live(disk.Inject(mem, disk.NthOp(n+1, fault, kind))); err != nil {
			t.Fatalf("%s %d: %v", kind, n+1, err)
		}
		r.ended(t, mem)
		if lost := runLines - len(r.handed); !fault.Sticky && lost > 2 {
			t.Errorf("%s %d: one failure has cost %d lines", kind, n+1, lost)
		}
		for _, mode := range []disk.Mode{disk.Lost, disk.Chaos} {
			if err := r.check(t, mem.Crash(rand.New(rand.NewPCG(uint64(n), 44)), mode), r.durable); err != nil {
				t.Fatalf("%s %d fails, then crash %v: %v", kind, n+1, mode, err)
			}
		}
		if err := r.check(t, mem.Crash(nil, disk.Kept), r.handed); err != nil {
			t.Fatalf("%s %d fails, then kill: %v", kind, n+1, err)
		}
	}
}
