package scan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

// FuzzScan compares a query in small blocks with the same in large ones, and with
// one record after the other.
func FuzzScan(f *testing.F) {
	f.Fuzz(func(t *testing.T, data string, field, quote, escape, comment byte, record string, which byte, size uint16) {
		d := csv.Dialect{Field: field, Quote: quote, Escape: escape, Comment: comment, Record: record}
		if d.Validate() != nil || len(data) > 1<<16 {
			t.Skip()
		}
		statements := []string{"SELECT * FROM archive", "SELECT _2, _1 FROM archive WHERE _1 > 1", "SELECT CAST(_1 AS INT) FROM archive LIMIT 3", "SELECT COUNT(*), MIN(_1), MAX(_2) FROM archive"}
		s := statements[int(which)%len(statements)]
		in := Input{Compression: Uncompressed, Form: CSV, CSV: d, Header: Header(int(which) / len(statements) % 3)}
		mark := "\ufeff"
		if len(data) >= len(mark) && data[:len(mark)] == mark {
			t.Skip()
		}
		want := reference(s, in, defaultFormat(), data)
		for _, size := range []int{1 + int(size)%200, 0} {
			if diff := cmp.Diff(want, outcomeOf(t, s, in, defaultFormat(), data, size, 2)); diff != "" {
				t.Errorf("%s in blocks of %d: %s", s, size, diff)
			}
		}
	})
}
