package csv_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

func FuzzScanner(f *testing.F) {
	f.Fuzz(func(t *testing.T, field, quote, escape, comment byte, record, in string, cut uint16) {
		d := csv.Dialect{Field: field, Quote: quote, Escape: escape, Comment: comment, Record: record}
		if d.Validate() != nil || len(in) > csv.MaxRecord {
			t.Skip()
		}
		want := reference(d, in)
		if diff := cmp.Diff(want, scan(t, d, in)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, scan(t, d, in, min(int(cut), len(in)))); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
	})
}

// FuzzRoundTrip writes records, whose fields the zero byte ends and whose last fields the byte one, and reads them back.
func FuzzRoundTrip(f *testing.F) {
	f.Fuzz(func(t *testing.T, field, quote, escape byte, record string, always bool, values string) {
		format := csv.Format{Field: field, Quote: quote, Escape: escape, Record: record, Always: always}
		if format.Validate() != nil || len(values) > csv.MaxRecord/4 || strings.ToValidUTF8(values, "") != values {
			t.Skip()
		}
		var want [][]string
		var out []byte
		for line := range strings.SplitSeq(values, "\x01") {
			want = append(want, strings.Split(line, "\x00"))
			out = appendRecord(out, &format, want[len(want)-1])
		}
		d := csv.Dialect{Field: field, Quote: quote, Escape: escape, Comment: '#', Record: record}
		if d.Validate() != nil { // it has another use for the character
			d.Comment = 0
		}
		if diff := cmp.Diff(result{Records: want}, scan(t, d, string(out))); diff != "" {
			t.Error(diff)
		}
		if always && bytes.IndexByte(out, quote) != 0 {
			t.Errorf("%q has a field without quotes", out)
		}
	})
}
