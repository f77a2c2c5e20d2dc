package retrieve_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"firn/internal/files"
)

// TestDiskIsFull: nothing more is begun.
func TestDiskIsFull(t *testing.T) {
	b := newBench(t)
	if err := unix.Mount("none", b.Folder, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("mount: %v", err)
	}
	defer unix.Unmount(b.Folder, 0)
	for i := range 20 {
		b.put(string(rune('a'+i)), noise(2*mib))
	}
	b.Parallel, b.Ahead = 1, 1
	err := b.Retrieve(t.Context(), b.orders())
	if p, ok := errors.AsType[*files.Problem](err); !ok || p.Kind != files.Full {
		t.Errorf("error %v", err)
	}
	if got := b.begun(); got > 6 {
		t.Errorf("%d jobs begun", got)
	}
}
