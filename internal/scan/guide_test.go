package scan

import (
	"fmt"
	"strings"
	"testing"

	"firn/internal/csv"
)

// TestGuideCSV has what the pages CSVInput and CSVOutput of the guide say, in their own
// words, and the quotas of the page about querying archives.
func TestGuideCSV(t *testing.T) {
	standard := csv.Default()
	with := func(change func(d *csv.Dialect)) csv.Dialect {
		d := standard
		change(&d)
		return d
	}
	for _, tt := range []struct {
		says      string
		d         csv.Dialect
		header    Header
		statement string
		data      string
		want      string
	}{
		{"Comments: a row is ignored when the character is present at its start", with(func(d *csv.Dialect) { d.Comment = '%' }), HeaderNone, "SELECT * FROM archive", "%a,\"b\n1,%2\n%\n %3\n", "1,%2\n %3\n"},
		{"FieldDelimiter: the default is a comma", standard, HeaderNone, "SELECT _2 FROM archive", "a;b,c\td\n", "c\td\n"},
		{"FieldDelimiter: separates individual fields", with(func(d *csv.Dialect) { d.Field = ';' }), HeaderNone, "SELECT _2, _1 FROM archive", "a,b;c\n", "c,\"a,b\"\n"},
		{"FileHeaderInfo: Use", standard, HeaderUse, "SELECT b FROM archive", "a,b\n1,2\n", "2\n"},
		{"FileHeaderInfo: Use, and positions", standard, HeaderUse, "SELECT _2 FROM archive", "a,b\n1,2\n", "2\n"},
		{"FileHeaderInfo: Ignore", standard, HeaderIgnore, "SELECT _2 FROM archive", "a,b\n1,2\n", "2\n"},
		{"FileHeaderInfo: None", standard, HeaderNone, "SELECT _2 FROM archive", "a,b\n1,2\n", "b\n2\n"},
		{"QuoteCharacter: the field delimiter is part of the value", with(func(d *csv.Dialect) { d.Quote, d.Escape = '\'', '\'' }), HeaderNone, "SELECT _2 FROM archive", "1,'a,b'\n2,\"c\n", "\"a,b\"\n\"\"\"c\"\n"},
		{"QuoteEscapeCharacter: escapes the quotation mark inside an already escaped value", with(func(d *csv.Dialect) { d.Escape = '\\' }), HeaderNone, "SELECT CHAR_LENGTH(_1), _2 FROM archive", "\"a\\\"b\\\\\",c\\\n", "4,c\\\n"},
		{"RecordDelimiter: separates individual records", with(func(d *csv.Dialect) { d.Record = "|" }), HeaderNone, "SELECT _1 FROM archive", "a,b\n|c,d|e", "a\nc\ne\n"},
		{"RecordDelimiter: in a value it is data", with(func(d *csv.Dialect) { d.Record = "|" }), HeaderNone, "SELECT _2 FROM archive", "a,\"b|c\"|d,e|", "b|c\ne\n"},
		{"records need not be of the same length", standard, HeaderNone, "SELECT _3 FROM archive WHERE _3 IS NOT MISSING", "1\n1,2,3\n\n1,2\n4,5,6,7", "3\n6\n"},
		{"* returns rows as they are", standard, HeaderNone, "SELECT * FROM archive", "1\n\"2\",\"3,\"\n,\n", "1\n2,\"3,\"\n,\n"},
	} {
		t.Run(tt.says, func(t *testing.T) {
			if err := tt.d.Validate(); err != nil {
				t.Fatal(err)
			}
			got, _, err := run(compile(t, tt.statement, Input{Form: CSV, CSV: tt.d, Header: tt.header}), tt.data)
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestGuideFieldDelimiters takes each character that the page CSVInput has for one: a
// line feed, a carriage return, or one of ASCII from 32 to 126; and a tab.
func TestGuideFieldDelimiters(t *testing.T) {
	delimiters := "\n\r\t"
	for c := byte(32); c <= 126; c++ {
		delimiters += string(c)
	}
	for _, c := range []byte(delimiters) {
		d := csv.Dialect{Field: c, Quote: '\x01', Escape: '\x01', Record: "\x02"}
		if err := d.Validate(); err != nil {
			t.Errorf("%q: %v", c, err)
			continue
		}
		// none of the characters is in é and ü
		data := fmt.Sprintf("é%[1]cü\x02\x01é%[1]c\x01%[1]c%[1]c\x02", c)
		got, _, err := run(compile(t, "SELECT CHAR_LENGTH(_1), CHAR_LENGTH(_2), CHAR_LENGTH(_3), CHAR_LENGTH(_4) FROM archive", Input{Form: CSV, CSV: d}), data)
		if want := "1,1,,\n2,0,0,\n"; err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", c, got, err, want)
		}
	}
}

// TestNamesNeedAHeader has queries that are refused before there is an archive, and
// after.
func TestNamesNeedAHeader(t *testing.T) {
	for _, tt := range []struct {
		name      string
		in        Input
		statement string
		data      string
		compile   string // the error of Compile, or of Run
		run       string
	}{
		{"None", Input{Form: CSV}, "SELECT a FROM archive", "a\n1\n", "EvaluatorBindingDoesNotExist", ""},
		{"Ignore", Input{Form: CSV, Header: HeaderIgnore}, "SELECT a FROM archive", "a\n1\n", "EvaluatorBindingDoesNotExist", ""},
		{"not said what it is, and CSV", Input{}, "SELECT a FROM archive", "a\n1\n", "", "EvaluatorBindingDoesNotExist"},
		{"not said what it is, and JSON", Input{}, "SELECT a FROM archive", "{\"a\":1}\n", "", ""},
		{"Use, and nothing in the archive", Input{Form: CSV, Header: HeaderUse}, "SELECT a FROM archive", "", "", "MissingHeaders"},
		{"Use, and nothing in the archive but comments", Input{Form: CSV, Header: HeaderUse}, "SELECT a FROM archive", "#a\n\n", "", "MissingHeaders"},
		{"Use, and positions, and nothing in the archive", Input{Form: CSV, Header: HeaderUse}, "SELECT _1 FROM archive", "", "", ""},
		{"Ignore, and nothing in the archive", Input{Form: CSV, Header: HeaderIgnore}, "SELECT _1 FROM archive", "", "", ""},
		{"Use, and a header that is broken", Input{Form: CSV, Header: HeaderUse}, "SELECT a FROM archive", "a,\"b\n1,2\n", "", "CSVUnescapedQuote"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.CSV = csv.Default()
			tt.in.CSV.Comment = '#'
			q, err := Compile(tt.statement, tt.in, defaultFormat())
			if code, _, _ := strings.Cut(errText(err), ":"); code != tt.compile {
				t.Fatalf("%v, want %s", err, tt.compile)
			}
			if err != nil {
				return
			}
			_, _, err = run(q, tt.data)
			if code, _, _ := strings.Cut(errText(err), ":"); code != tt.run {
				t.Errorf("%v, want %s", err, tt.run)
			}
		})
	}
}
