package names

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"firn/glacier"
)

// TestFull: where there is no space nothing is changed, what fits is taken although others that wait with it do not, and with space again
// everything goes on.
func TestFull(t *testing.T) {
	ctx := t.Context()
	c, err := Open(ctx, filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	space := func(pragma string) {
		s := <-c.changes.Turn
		defer func() { c.changes.Turn <- s }()
		if _, err := s.Script(ctx, pragma); err != nil {
			t.Fatal(err)
		}
	}
	put := func(id string, description int) error {
		return c.Add(ctx, Archive{ID: glacier.ArchiveID(id), Description: strings.Repeat("d", description)}, File{Path: id})
	}
	if err := put("first", 10); err != nil {
		t.Fatal(err)
	}
	space("PRAGMA max_page_count = 20") // of which its tables have most
	const many = 8
	results := make([]error, 2*many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { results[2*i] = put(fmt.Sprint("great", i), 1<<20) })
		wg.Go(func() { results[2*i+1] = put(fmt.Sprint("small", i), 1) })
	}
	wg.Wait()
	for i, err := range results {
		if great := i%2 == 0; great != errors.Is(err, ErrFull) || !great && err != nil {
			t.Errorf("addition %d: %v", i, err)
		}
	}
	if _, ok, err := c.Archive(ctx, "great0"); ok || err != nil {
		t.Errorf("what did not fit is there: %v, %v", ok, err)
	}
	space("PRAGMA max_page_count = 100000")
	if err := put("great0", 1<<20); err != nil {
		t.Error(err)
	}
	totals, err := c.Totals(ctx)
	if want := (Totals{Archives: many + 2, Files: many + 2}); totals != want || err != nil {
		t.Errorf("%+v, %v; want %+v", totals, err, want)
	}
}
