package payload

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"syscall"
	"testing"

	"firn/internal/disk"
)

// sweepSize makes a file of two leaves and a bit, whose last leaf shares a block with the table.
const sweepSize = 2*LeafSize + 700

// TestCrash cuts the power after the n-th change for every n, and once more at the end. A file whose Finish has returned nil is
// whole after it, whatever else is lost. Any other is absent, or known to be unfinished, or at least not taken for what it is not.
func TestCrash(t *testing.T) {
	seed := rand.Uint64()
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	data := noise(sweepSize)
	for _, declared := range []int64{sweepSize, -1} {
		finished := false
		for n := 0; !finished; n++ {
			mem := disk.NewMem(0)
			fsys := disk.Inject(mem, disk.CrashAfter(n, disk.Changes()...))
			w, _, err := write(newFiles(t, fsys, goldenID, 2), Header{Size: declared}, data)
			finished = err == nil
			for _, mode := range disk.Modes() {
				outcomes := uint64(1)
				if mode == disk.Ordered || mode == disk.Chaos {
					outcomes = 3
				}
				for again := range outcomes {
					rng := rand.New(rand.NewPCG(seed, uint64(n)<<8|again))
					after := mem.Crash(rng, mode)
					if err := checkCrashed(t, after, data, finished); err != nil {
						t.Errorf("declared %d, power cut after change %d, mode %v, outcome %d: %v", declared, n, mode, again, err)
					}
				}
			}
			if finished {
				w.Close()
			}
			if n > 100 {
				t.Fatal("no end")
			}
		}
	}
}

// checkCrashed checks what a power cut has left of the one file.
func checkCrashed(t *testing.T, fsys disk.FS, data []byte, finished bool) error {
	got, err := readAll(newFiles(t, fsys, 1, 1), Ref{ID: goldenID, Size: sweepSize}, sumOf(data).Tree)
	if err == nil && !bytes.Equal(got, data) {
		return errors.New("other bytes come back")
	}
	if finished {
		return err
	}
	for _, f := range listed(t, fsys) {
		if info, err := Inspect(fsys, f.Name); err != nil && !(isDamage(err) && info.Whole) {
			return fmt.Errorf("inspect: %w", err)
		}
	}
	return nil
}

// TestFaults makes each operation fail in turn, in several ways. The payload's writer must say so before Finish returns nil, and after
// Close there is nothing left but perhaps, where the making of the file was done and denied, an empty one.
func TestFaults(t *testing.T) {
	const size = 8*LeafSize + 10 // One flush.
	data := noise(size)
	faults := map[string]disk.Fault{
		"input/output error":               {Err: syscall.EIO},
		"input/output error, but done":     {Err: syscall.EIO, After: true},
		"no space":                         {Err: syscall.ENOSPC},
		"no space after 100 bytes":         {Err: syscall.ENOSPC, Short: 100},
		"input/output error, and for ever": {Err: syscall.EIO, Sticky: true},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			var ops atomic.Int64
			for n := 1; ; n++ {
				mem := disk.NewMem(0)
				ops.Store(0)
				count, fail := disk.Count(&ops), disk.NthOp(n, fault)
				var first atomic.Pointer[disk.Op]
				fsys := disk.Inject(mem, func(op disk.Op) error {
					count(op)
					err := fail(op)
					if err != nil {
						first.CompareAndSwap(nil, &op)
					}
					return err
				})
				w, _, err := write(newFiles(t, fsys, 1, 2), Header{Size: size}, data)
				if int64(n) > ops.Load() {
					if err != nil {
						t.Errorf("without a fault: %v", err)
					}
					w.Close()
					if n < 20 {
						t.Errorf("only %d operations", n)
					}
					return
				}
				hit := *first.Load()
				if hit.Kind == disk.OpOpen && fault.After {
					if err == nil {
						w.Close()
					}
					continue // It looked for a folder, found none, and that is what it reported.
				}
				if err == nil {
					t.Fatalf("operation %d, %v, failed, and nobody was told", n, hit)
				}
				if !errors.Is(err, fault.Err) {
					t.Errorf("%v: %v", hit, err)
				}
				if fault.Sticky {
					continue // The unlinking fails too; the file is found at the next start.
				}
				for _, f := range listed(t, mem) {
					if hit.Kind != disk.OpCreate || !fault.After || f.Size != 0 {
						t.Errorf("%v: left behind %v", hit, f)
					}
				}
			}
		})
	}
}

// TestAbandonedLater: a file that could not be unlinked is there for the sweep to find, and is not whole.
func TestAbandonedLater(t *testing.T) {
	mem := disk.NewMem(0)
	f := newFiles(t, disk.Inject(mem, disk.NthOp(1, disk.Fault{Err: syscall.EIO, Sticky: true}, disk.OpRemove)), 1, 2)
	if _, _, err := write(f, Header{Size: 3 * LeafSize}, noise(2*LeafSize)); !errors.Is(err, ErrShort) {
		t.Fatal(err)
	}
	left := listed(t, mem)
	if len(left) != 1 {
		t.Fatalf("files %v", left)
	}
	if info, err := Inspect(mem, left[0].Name); err != nil || info.Whole || info.Header.Size != 3*LeafSize {
		t.Errorf("%+v, %v", info, err)
	}
}
