package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/csv"
)

func TestEachRecord(t *testing.T) {
	long := strings.Repeat("a", csv.MaxRecord-2)
	text := func(s string) *string { return &s }
	for _, tt := range []struct {
		name, in string
		out      *glacier.CSVOutput
		want     [][]string
	}{
		{"nothing", "", nil, nil},
		{"fields of all kinds", "a,\"b \"\"c\"\"\",\n\"\"\n\"#\nd\"\n", nil, [][]string{{"a", `b "c"`, ""}, {""}, {"#\nd"}}},
		{"records of 1 MiB", long + ",b\n" + long + ",c\n" + long + ",d\n", nil, [][]string{{long, "b"}, {long, "c"}, {long, "d"}}},
		{
			"other characters", "'a;b'|'it\\'s'|",
			&glacier.CSVOutput{FieldDelimiter: text(";"), QuoteCharacter: text("'"), QuoteEscapeCharacter: text("\\"), RecordDelimiter: text("|")},
			[][]string{{"a;b"}, {"it's"}},
		},
		{"another quote is its own escape", "'it''s'\n", &glacier.CSVOutput{QuoteCharacter: text("'")}, [][]string{{"it's"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := resultDialect(&glacier.SelectParameters{OutputSerialization: &glacier.OutputSerialization{CSV: tt.out}})
			var got [][]string
			err := eachRecord(iotest.HalfReader(strings.NewReader(tt.in)), d, func(fields []string) error {
				got = append(got, fields)
				return nil
			})
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestEachRecordFails(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		in   io.Reader
		use  error
		want string
	}{
		{"the reader", io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), nil, "broken"},
		{"whoever sees the records", strings.NewReader("a\n"), broken, "broken"},
		{"nothing closes a quote", strings.NewReader("\"a"), nil, "CSVUnescapedQuote: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := eachRecord(tt.in, csv.Default(), func([]string) error { return tt.use })
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
