package scan

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

// FuzzUnpack reads what may be packed: it comes to something that can be told, and to
// the same in blocks of another size.
func FuzzUnpack(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte, compression, form uint8, size uint16) {
		in := Input{Compression: Compression(compression % 4), Form: Form(form % 3), CSV: csv.Default(), Header: Header(form / 3 % 3)}
		q, err := Compile("SELECT * FROM archive", in, defaultFormat())
		if err != nil {
			t.Fatal(err)
		}
		read := func(size int) (string, Result, string) {
			q.blockSize = size
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			var out strings.Builder
			r, err := q.Run(ctx, bytes.NewReader(data), &out, Options{Workers: 2, Now: time.Unix(0, 0)})
			if err != nil && !isQueryError(err) {
				t.Fatalf("error %v", err)
			}
			if len(errText(err)) > 1000 {
				t.Errorf("an error of %d bytes", len(errText(err)))
			}
			return out.String(), r, errText(err)
		}
		out, r, failed := read(0)
		again, r2, failed2 := read(1 + int(size))
		if (failed == "") != (failed2 == "") || failed == "" && (out != again || r != r2) { // how much comes before an error may differ
			t.Errorf("%q, %+v, %s; then %q, %+v, %s", out, r, failed, again, r2, failed2)
		}
	})
}

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
