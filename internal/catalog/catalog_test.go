package catalog

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/internal/record"
)

var testPool = [16]byte{1, 2, 3}

// open opens a new catalog that is closed with the test.
func open(tb testing.TB) *Catalog {
	tb.Helper()
	return openAt(tb, filepath.Join(tb.TempDir(), "catalog.db"))
}

func openAt(tb testing.TB, path string) *Catalog {
	tb.Helper()
	c, err := Open(path, testPool, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return c
}

// same compares what tests look up.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(record.Piece{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// put folds one record that puts the entities.
func put(tb testing.TB, c *Catalog, entities ...record.Entity) {
	tb.Helper()
	var r record.Record
	for _, e := range entities {
		r.Put(e)
	}
	foldNext(tb, c, r)
}

// end folds one record that deletes the keys.
func end(tb testing.TB, c *Catalog, keys ...record.Key) {
	tb.Helper()
	var r record.Record
	for _, k := range keys {
		r.Delete(k)
	}
	foldNext(tb, c, r)
}

func foldNext(tb testing.TB, c *Catalog, r record.Record) {
	tb.Helper()
	lsn := c.Applied().LSN + 1
	e := record.Entry{LSN: lsn, Time: time.UnixMilli(1000), Images: r.Images}
	if err := c.Fold(context.Background(), []record.Entry{e}, Position{Segment: 1, LSN: lsn}); err != nil {
		tb.Fatal(err)
	}
}

// view runs look, which reports its own failures.
func view(tb testing.TB, c *Catalog, look func(tx *Tx)) {
	tb.Helper()
	if err := c.View(context.Background(), func(tx *Tx) error { look(tx); return nil }); err != nil {
		tb.Fatal(err)
	}
}

// dump lists what Each tells, one line a key.
func dump(tb testing.TB, c *Catalog) []string {
	tb.Helper()
	var lines []string
	err := c.Each(context.Background(), func(k record.Key, lsn record.LSN, image []byte) error {
		lines = append(lines, line(k, lsn, image))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return lines
}

func line(k record.Key, lsn record.LSN, image []byte) string {
	if image == nil {
		return fmt.Sprintf("%v @%d deleted", k, lsn)
	}
	return fmt.Sprintf("%v @%d %x", k, lsn, image)
}

// tables lists every row of every table, further columns and figures included.
func tables(tb testing.TB, c *Catalog) []string {
	tb.Helper()
	s := <-c.readers
	defer func() { c.readers <- s }()
	var lines []string
	names := []string{"tomb", "figures"}
	for _, sh := range c.shapes.all() {
		names = append(names, sh.table)
	}
	for _, name := range names {
		rows, err := s.query("SELECT * FROM " + name)
		if err != nil {
			tb.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				tb.Fatal(err)
			}
			lines = append(lines, fmt.Sprint(name, columns, values))
		}
		if err := rows.Err(); err != nil {
			tb.Fatal(err)
		}
	}
	slices.Sort(lines)
	return lines
}

// sound fails the test if anything is wrong with the catalog itself.
func sound(tb testing.TB, c *Catalog) {
	tb.Helper()
	if err := c.Integrity(context.Background()); err != nil {
		tb.Error(err)
	}
	wrong, err := c.Miscounts(context.Background())
	if err != nil || len(wrong) > 0 {
		tb.Errorf("figures differ from a recount: %+v, %v", wrong, err)
	}
}
