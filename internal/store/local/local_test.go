package local

import (
	"testing"

	"firn/internal/disk"
	"firn/internal/store/storetest"
)

// small are the knobs of a store that meets its limits early.
func small(fsys disk.FS, catalog string) Config {
	return Config{FS: fsys, Catalog: catalog, SegmentSize: 64 << 10, Reserve: -1, Buffers: 16}
}

func TestConformance(t *testing.T) {
	t.Run("directory", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) func() storetest.Subject {
			cfg := Config{FS: disk.OS(t.TempDir()), SegmentSize: 16 << 20, Reserve: -1}
			return func() storetest.Subject { return mustOpen(t, cfg) }
		})
	})
	t.Run("memory, small segments", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) func() storetest.Subject {
			cfg := small(disk.NewMem(0), memoryDir(t)+"/catalog.db")
			return func() storetest.Subject { return mustOpen(t, cfg) }
		})
	})
}

func mustOpen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}
