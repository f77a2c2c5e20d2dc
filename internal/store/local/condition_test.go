package local

import (
	"sync/atomic"
	"syscall"
	"testing"

	"firn/internal/disk"
)

func TestCondition(t *testing.T) {
	fsys := disk.OS(t.TempDir())
	var broken atomic.Bool
	s := mustOpen(t, Config{FS: disk.Inject(fsys, func(op disk.Op) error {
		if broken.Load() && op.Kind == disk.OpReadDir {
			return syscall.EIO
		}
		return nil
	}), Reserve: 1 << 20})
	defer s.Close()
	if err := disk.MkdirAll(fsys, quarantineDir); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteFile(fsys, quarantineDir+"/x", nil); err != nil {
		t.Fatal(err)
	}
	c, err := s.Condition()
	if err != nil {
		t.Fatal(err)
	}
	if c.Segments < 1 || c.SegmentBytes <= 0 || c.Catalog <= 0 || c.Reserve != 1<<20 || c.Held != 1<<20 || c.Damage != 0 || c.Quarantined != 1 {
		t.Errorf("%+v", c)
	}
	broken.Store(true)
	if again, err := s.Condition(); err == nil || again.Segments != c.Segments || again.Catalog != 0 || again.Quarantined != 0 {
		t.Errorf("if nothing can be listed: %+v, %v", again, err)
	}
}
