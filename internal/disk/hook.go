package disk

import (
	"slices"
	"sync/atomic"
)

// matches reports whether an operation is of one of the kinds. No kinds means all.
func matches(op Op, kinds []Kind) bool {
	return len(kinds) == 0 || slices.Contains(kinds, op.Kind)
}

// Count returns a hook for [Inject] that lets everything pass and adds the operations of the given kinds (none given: of all kinds) to n.
// So a test learns how far to sweep.
func Count(n *atomic.Int64, kinds ...Kind) func(Op) error {
	return func(op Op) error {
		if matches(op, kinds) {
			n.Add(1)
		}
		return nil
	}
}

// NthOp returns a hook for [Inject] with which the n-th operation (from 1) of the given kinds (none given: of all kinds) goes wrong,
// and, if f is sticky, all those after it.
func NthOp(n int, f Fault, kinds ...Kind) func(Op) error {
	var seen atomic.Int64
	return func(op Op) error {
		if !matches(op, kinds) {
			return nil
		}
		if k := seen.Add(1); k == int64(n) || f.Sticky && k > int64(n) {
			return f
		}
		return nil
	}
}

// CrashAfter returns a hook for [Inject] that lets n operations of the given kinds (none given: of all kinds) pass, and from the next one
// of these kinds on fails everything, of any kind, with [ErrCrashed]. A crash sweep runs an operation with it for every n, and
// then calls [Mem.Crash] on the Mem below.
func CrashAfter(n int, kinds ...Kind) func(Op) error {
	var seen atomic.Int64
	var crashed atomic.Bool
	return func(op Op) error {
		if matches(op, kinds) && seen.Add(1) > int64(n) {
			crashed.Store(true)
		}
		if crashed.Load() {
			return ErrCrashed
		}
		return nil
	}
}

// Trace returns a hook for [Inject] that lets everything pass and hands each operation to record, which must be safe for
// concurrent use if the file system is used so.
func Trace(record func(Op)) func(Op) error {
	return func(op Op) error {
		record(op)
		return nil
	}
}
