package local

import (
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"firn/internal/disk"
	"firn/internal/payload"
)

// TestNoSpaceAfterTheWrite finds no space in the middle of a write, as on a file
// system that cannot preallocate, and then cuts the power.
func TestNoSpaceAfterTheWrite(t *testing.T) {
	for _, kind := range []disk.Kind{disk.OpSync, disk.OpWrite} {
		for _, mode := range disk.Modes() {
			mem := disk.NewMem(0)
			var on atomic.Bool
			cfg := small(disk.Inject(mem, func(op disk.Op) error {
				if on.Load() && op.Kind == kind && filepath.Dir(op.Name) == "journal" {
					return disk.Fault{Err: syscall.ENOSPC, After: true}
				}
				return nil
			}), filepath.Join(memoryDir(t), "catalog.db"))
			l, s := begun(t, 1, cfg)
			if err := l.put(s, payload.LeafSize+100); err != nil {
				t.Fatal(err)
			}
			on.Store(true)
			err := l.put(s, payload.LeafSize+100)
			t.Logf("%s: put: %v, ready %v", kind, err, s.Ready())
			after := mem.Crash(rand.New(rand.NewPCG(1, 1)), mode)
			s.Close()
			cfg = small(after, filepath.Join(memoryDir(t), "catalog.db"))
			s = mustOpen(t, cfg)
			l.compare(t, s)
			mustClose(t, s)
			mustBeClean(t, cfg)
		}
	}
}
