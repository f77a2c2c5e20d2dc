package names_test

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/internal/names"
)

// TestForget: names go one by one, and whoever has the last is told so; also when
// all are taken at once.
func TestForget(t *testing.T) {
	c, err := names.Open(t.Context(), filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	paths := []string{"a", "b", "c", "d", "e"}
	files := make([]names.File, len(paths))
	for i, path := range paths {
		files[i] = names.File{Path: path, Offset: int64(i), Size: 1}
	}
	if err := c.Add(t.Context(), names.Archive{ID: "A", Size: 5, Created: time.Now(), Bundle: true}, files...); err != nil {
		t.Fatal(err)
	}
	var last atomic.Int32
	var all sync.WaitGroup
	for _, path := range paths {
		all.Go(func() {
			is, err := c.Forget(t.Context(), "A", []string{path, "unknown"})
			if err != nil {
				t.Error(err)
			}
			if is {
				last.Add(1)
			}
		})
	}
	all.Wait()
	totals, err := c.Totals(t.Context())
	if last.Load() != 1 || err != nil || totals.Files != 1 || totals.Archives != 1 {
		t.Errorf("%d were the last; totals %+v, %v", last.Load(), totals, err)
	}
	if is, err := c.Forget(t.Context(), "B", []string{"a"}); is || err != nil {
		t.Errorf("an archive that is not known: %v, %v", is, err)
	}
}
