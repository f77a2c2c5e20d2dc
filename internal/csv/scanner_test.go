package csv_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

func TestScanner(t *testing.T) {
	standard := csv.Default()
	crlf := csv.Dialect{Field: ',', Quote: '"', Escape: '"', Record: "\r\n"}
	backslash := csv.Dialect{Field: ',', Quote: '"', Escape: '\\', Record: "\n"}
	comments := csv.Dialect{Field: ',', Quote: '"', Escape: '"', Comment: '#', Record: "\n"}
	odd := csv.Dialect{Field: '\t', Quote: '\'', Escape: '\'', Record: ";"}
	for _, tt := range []struct {
		name    string
		dialect csv.Dialect
		in      string
		want    [][]string
	}{
		{"empty input", standard, "", nil},
		{"two records", standard, "a,b\nc,d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"last record without its delimiter", standard, "a\nb", [][]string{{"a"}, {"b"}}},
		{"records of different lengths", standard, "a\nb,c,d\ne,f\n", [][]string{{"a"}, {"b", "c", "d"}, {"e", "f"}}},
		{"empty fields", standard, ",,\n", [][]string{{"", "", ""}}},
		{"trailing field delimiter at the end of the input", standard, "a,", [][]string{{"a", ""}}},
		{"fields longer than a word of memory", standard, "0123456789abcdef,0,0123456,01234567,\n", [][]string{{"0123456789abcdef", "0", "0123456", "01234567", ""}}},
		{"blanks are data", standard, " a , b \n \n", [][]string{{" a ", " b "}, {" "}}},
		{"blank lines", standard, "\n\na\n\r\n\nb\n\n", [][]string{{"a"}, {"b"}}},
		{"carriage return before the delimiter", standard, "a,b\r\nc\r\n", [][]string{{"a", "b"}, {"c"}}},
		{"two carriage returns before the delimiter", standard, "a\r\r\n", [][]string{{"a\r"}}},
		{"carriage return within a record", standard, "a\rb\n", [][]string{{"a\rb"}}},
		{"carriage return at the end of the input", standard, "a\n\r\nb,c\r", [][]string{{"a"}, {"b", "c"}}},
		{"carriage return after a quoted field at the end of the input", standard, "\"a\",\"\n\"\r", [][]string{{"a", "\n"}}},
		{"carriage return and nothing else", standard, "a\n\r", [][]string{{"a"}}},
		{"two carriage returns at the end of the input", standard, "a\r\r", [][]string{{"a\r"}}},
		{"carriage return in quotes at the end of the input", standard, "\"a\r\"", [][]string{{"a\r"}}},
		{"byte order mark is data", standard, "\ufeffa\n", [][]string{{"\ufeffa"}}},
		{"quoted fields", standard, "\"a\",\"b\"\n\"c\",d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"quoted field before a carriage return", standard, "\"a\"\r\n", [][]string{{"a"}}},
		{"quoted field before the end of the input", standard, "a,\"b\"", [][]string{{"a", "b"}}},
		{"empty quoted field alone", standard, "\"\"\n", [][]string{{""}}},
		{"delimiters in quotes", standard, "\"a,b\nc\r\n\",d\n", [][]string{{"a,b\nc\r\n", "d"}}},
		{"line breaks in two fields of a record", standard, "\"a\n\",b,\"\nc\n\nd\",\ne\n", [][]string{{"a\n", "b", "\nc\n\nd", ""}, {"e"}}},
		{"doubled quotes", standard, "\"\"\"\",\"a\"\"b\"\"\",\"\"\"\"\"\"\n", [][]string{{"\"", "a\"b\"", "\"\""}}},
		{"quote within an unquoted field", standard, "a\"b,c\"\n", [][]string{{"a\"b", "c\""}}},
		{"quote after a blank", standard, " \"a\"\n", [][]string{{" \"a\""}}},
		{"quoted record between plain ones", standard, "a\nb\n\"c\"\nd\ne\"\nf\n", [][]string{{"a"}, {"b"}, {"c"}, {"d"}, {"e\""}, {"f"}}},

		{"delimiter of two bytes", crlf, "a\nb\rc\r\n\r\nd\r\n", [][]string{{"a\nb\rc"}, {"d"}}},
		{"delimiter of two bytes after a quoted field", crlf, "\"a\r\n\"\r\nb,\"c\"\r\n", [][]string{{"a\r\n"}, {"b", "c"}}},
		{"first byte of the delimiter at the end of the input", crlf, "a\r", [][]string{{"a\r"}}},
		{"second byte of the delimiter alone in a line", crlf, "\n\r\na", [][]string{{"\n"}, {"a"}}},

		{"escaped quote", backslash, `"a\"b",c`, [][]string{{`a"b`, "c"}}},
		{"escaped escape before the closing quote", backslash, `"a\\",c`, [][]string{{`a\`, "c"}}},
		{"escape before another character", backslash, `"a\n\,",c`, [][]string{{`a\n\,`, "c"}}},
		{"escape outside of quotes", backslash, `a\,\"b",c\\`, [][]string{{`a\`, `\"b"`, `c\\`}}},
		{"several escapes", backslash, `"\"\\\"x\x\\"`, [][]string{{`"\"x\x\`}}},

		{"comments", comments, "#a,b\nc\n#\n##\"\nd,#e\n #f\n#g", [][]string{{"c"}, {"d", "#e"}, {" #f"}}},
		{"comment character in quotes", comments, "\"#a\"\n", [][]string{{"#a"}}},
		{"comment that is not UTF-8", comments, "#\xff\na\n", [][]string{{"a"}}},
		{"comment that ends in a carriage return", comments, "a\n#b\r", [][]string{{"a"}}},
		{"zero bytes where there are no comments", standard, "\x00a\n", [][]string{{"\x00a"}}},

		{"other characters", odd, "a,\tb\";'c;''\t'\t\n;\n", [][]string{{"a,", "b\""}, {"c;'\t", "\n"}, {"\n"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, tt.dialect, tt.in, result{Records: tt.want})
		})
	}
}

func TestScannerRefuses(t *testing.T) {
	standard := csv.Default()
	crlf := csv.Dialect{Field: ',', Quote: '"', Escape: '"', Record: "\r\n"}
	backslash := csv.Dialect{Field: ',', Quote: '"', Escape: '\\', Comment: '#', Record: "\n"}
	for _, tt := range []struct {
		name    string
		dialect csv.Dialect
		in      string
		want    result
	}{
		{"text after a closing quote", standard, "a\n\"b\"c\nd\n", result{[][]string{{"a"}}, csv.UnescapedQuote, 2}},
		{"blank after a closing quote", standard, "a,\"b\" ,c\n", result{nil, csv.UnescapedQuote, 0}},
		{"carriage return and text after a closing quote", standard, "\"b\"\rc\n", result{nil, csv.UnescapedQuote, 0}},
		{"two carriage returns after a closing quote", standard, "\"b\"\r\r", result{nil, csv.UnescapedQuote, 0}},
		{"quoted field that does not end, and a carriage return", standard, "\"b\r", result{nil, csv.UnescapedQuote, 0}},
		{"half a delimiter of two bytes after a closing quote", crlf, "\"b\"\r", result{nil, csv.UnescapedQuote, 0}},
		{"quoted field that does not end", standard, "a\n\nb,\"c\nd\n", result{[][]string{{"a"}}, csv.UnescapedQuote, 3}},
		{"quoted field that ends with a quote that is data", standard, "\"a\"\"", result{nil, csv.UnescapedQuote, 0}},
		{"quote alone", standard, "\"", result{nil, csv.UnescapedQuote, 0}},
		{"half a delimiter after a closing quote", crlf, "\"a\"\nb\r\n", result{nil, csv.UnescapedQuote, 0}},
		{"quoted field that ends with an escaped quote", backslash, `"a\"`, result{nil, csv.UnescapedQuote, 0}},
		{"quoted field that ends with an escape", backslash, `"a\`, result{nil, csv.UnescapedQuote, 0}},
		{"doubled quote that is no escape", backslash, "#\n\"a\"\"b\"", result{nil, csv.UnescapedQuote, 2}},
		{"not UTF-8", standard, "a\n\xff\nb\n", result{[][]string{{"a"}}, csv.InvalidTextEncoding, 2}},
		{"not UTF-8 in quotes", standard, "é\n\"\xc3\"\n", result{[][]string{{"é"}}, csv.InvalidTextEncoding, 3}},
		{"half a character at the end of the input", standard, "a\n\xc3", result{[][]string{{"a"}}, csv.InvalidTextEncoding, 2}},
		{"half a character before the delimiter", standard, "\xc3\n\xa9\n", result{nil, csv.InvalidTextEncoding, 0}},
		{"not UTF-8, and a quote before it", standard, "\"a\"b\xff\n", result{nil, csv.UnescapedQuote, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, tt.dialect, tt.in, tt.want)
		})
	}
}

// compare scans an input in one block, in two that are cut anywhere, and in those that grow by a byte.
func compare(t *testing.T, d csv.Dialect, in string, want result) {
	t.Helper()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, reference(d, in)); diff != "" {
		t.Errorf("reference: %s", diff)
	}
	if diff := cmp.Diff(want, scan(t, d, in)); diff != "" {
		t.Errorf("one block: %s", diff)
	}
	var all []int
	for cut := range len(in) {
		all = append(all, cut)
		if diff := cmp.Diff(want, scan(t, d, in, cut)); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
	}
	if diff := cmp.Diff(want, scan(t, d, in, all...)); diff != "" {
		t.Errorf("cut everywhere: %s", diff)
	}
}

func TestScannerLimits(t *testing.T) {
	long := strings.Repeat("a", csv.MaxRecord)
	plain, crlf := csv.Default(), csv.Dialect{Field: ',', Quote: '"', Escape: '"', Comment: '#', Record: "\r\n"}
	for _, tt := range []struct {
		name    string
		dialect csv.Dialect
		in      string
		records int
		code    string
	}{
		{"longest record", plain, long + "\nb\n", 2, ""},
		{"longest record before two bytes of delimiter", crlf, long + "\r\nb", 2, ""},
		{"longest record at the end of the input", plain, long, 1, ""},
		{"longest quoted record", plain, "\"" + long[2:] + "\"\r\nb", 2, ""},
		{"record too long", plain, long + "a\n", 0, csv.OverMaxRecordSize},
		{"record too long before two bytes of delimiter", crlf, long + "a\r\n", 0, csv.OverMaxRecordSize},
		{"longest record before a carriage return at the end of the input", plain, long + "\r", 1, ""},
		{"longest quoted record before a carriage return at the end of the input", plain, "\"" + long[2:] + "\"\r", 1, ""},
		{"record too long before a carriage return at the end of the input", plain, long + "a\r", 0, csv.OverMaxRecordSize},
		{"record too long at the end of the input", plain, long + "a", 0, csv.OverMaxRecordSize},
		{"record too long for its end to be looked for", plain, long + "aaaa\n", 0, csv.OverMaxRecordSize},
		{"quoted record too long", plain, "\"\n" + long[2:] + "\"\n", 0, csv.OverMaxRecordSize},
		{"quoted field without end, too long", plain, "\"" + long + long, 0, csv.OverMaxRecordSize},
		{"text after a closing quote, too far on", plain, "\"" + long + "\"a\n", 0, csv.OverMaxRecordSize},
		{"text after a closing quote, just before it is too far on", plain, "\"" + long[2:] + "\"a\n", 0, csv.UnescapedQuote},
		{"carriage return after a closing quote, too far on", plain, "\"" + long[1:] + "\"\r", 0, csv.OverMaxRecordSize},
		{"longest comment", crlf, "#" + long[1:] + "\r\nb", 1, ""},
		{"comment too long", crlf, "#" + long + "\r\nb", 0, csv.OverMaxRecordSize},
		{"as many columns as there may be", plain, strings.Repeat(",", csv.MaxColumns-1), 1, ""},
		{"as many columns as there may be, and a value", plain, strings.Repeat(",", csv.MaxColumns-1) + "a\n", 1, ""},
		{"too many columns", plain, strings.Repeat(",", csv.MaxColumns) + "\n", 0, csv.OverMaxColumn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, cut := range []int{0, 1, csv.MaxRecord - 1, csv.MaxRecord, csv.MaxRecord + 1, csv.MaxRecord + 2, csv.MaxRecord + 3, len(tt.in)} {
				records, code := count(tt.dialect, tt.in, min(cut, len(tt.in)))
				if records != tt.records || code != tt.code {
					t.Errorf("cut at %d: %d records, %q", cut, records, code)
				}
			}
		})
	}
}

// count reads an input in two blocks. It returns the number of records and the code of the error.
func count(d csv.Dialect, in string, cut int) (records int, code string) {
	s := csv.NewScanner(d)
	s.Reset([]byte(in[:cut]), false)
	for s.Next() {
		records++
	}
	if s.Err() == nil {
		s.Reset([]byte(in[s.Consumed():]), true)
		for s.Next() {
			records++
		}
	}
	var err *csv.Error
	if errors.As(s.Err(), &err) {
		code = err.Code
	}
	return records, code
}

func TestColumnsOfTheWidestRecord(t *testing.T) {
	s := csv.NewScanner(csv.Default())
	s.Reset(bytes.Repeat([]byte(","), csv.MaxColumns-1), true)
	if !s.Next() || s.Columns() != csv.MaxColumns {
		t.Errorf("%d columns, %v", s.Columns(), s.Err())
	}
	if value, ok := s.Field(csv.MaxColumns - 1); !ok || len(value) > 0 {
		t.Errorf("last column %q, %v", value, ok)
	}
}

func TestValuesOfARecordStayTogether(t *testing.T) {
	s := csv.NewScanner(csv.Default())
	var in strings.Builder
	for i := range 100 {
		fmt.Fprintf(&in, "\"\"\"%d\"\"\",", i)
	}
	s.Reset([]byte(in.String()), true)
	s.Next()
	var values [][]byte
	for i := range 100 {
		value, _ := s.Field(i)
		values = append(values, value)
	}
	for i, value := range values {
		if want := fmt.Sprintf(`"%d"`, i); string(value) != want {
			t.Errorf("column %d is %q", i, value)
		}
		_ = append(value, "overwritten"...)
	}
}

func TestScannerDoesNotAllocate(t *testing.T) {
	block := []byte(strings.Repeat("a,b,c\n\"d\",\"\"\"e\"\"\",f\n", 100))
	s := csv.NewScanner(csv.Default())
	n := testing.AllocsPerRun(10, func() {
		s.Reset(block, true)
		for s.Next() {
			s.Field(1)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations for 200 records", n)
	}
}
