package csv_test

import (
	"strings"
	"testing"

	"firn/internal/csv"
)

func standardFormat() csv.Format {
	return csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
}

// appendRecord writes a record.
func appendRecord(dst []byte, f *csv.Format, record []string) []byte {
	start := len(dst)
	for i, value := range record {
		if i == 0 {
			dst = f.AppendFirst(dst, []byte(value))
			continue
		}
		dst = f.AppendField(append(dst, f.Field), []byte(value))
	}
	return f.AppendEnd(dst, start)
}

func TestFormat(t *testing.T) {
	standard := standardFormat()
	always := standard
	always.Always = true
	odd := csv.Format{Field: ';', Quote: '\'', Escape: '\\', Record: "|"}
	crlf := csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\r\n"}
	for _, tt := range []struct {
		name   string
		format csv.Format
		record []string
		want   string
	}{
		{"nothing to quote", standard, []string{"a", " b'", "é\\"}, "a, b',é\\\n"},
		{"field delimiter", standard, []string{"a,b", ","}, "\"a,b\",\",\"\n"},
		{"quote", standard, []string{"a\"b", "\""}, "\"a\"\"b\",\"\"\"\"\n"},
		{"line breaks", standard, []string{"a\nb", "\r"}, "\"a\nb\",\"\r\"\n"},
		{"empty fields", standard, []string{"", ""}, ",\n"},
		{"one empty field", standard, []string{""}, "\"\"\n"},
		{"first field that begins a comment", standard, []string{"#", "#a"}, "\"#\",#a\n"},
		{"first field with a number sign further on", standard, []string{"a#"}, "a#\n"},
		{"first field that begins a comment, always", always, []string{"#\"", "#"}, "\"#\"\"\",\"#\"\n"},
		{"always", always, []string{"a", "", "b\"c"}, "\"a\",\"\",\"b\"\"c\"\n"},
		{"one empty field, always", always, []string{""}, "\"\"\n"},
		{"other characters", odd, []string{"a;", "b'c", "d\\", "e|", "f\n", "g,\""}, "'a;';'b\\'c';'d\\\\';'e|';'f\n';g,\"|"},
		{"one empty field, other characters", odd, []string{""}, "''|"},
		{"record delimiter of two bytes", crlf, []string{"a\r\nb", "c"}, "\"a\r\nb\",c\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.format.Validate(); err != nil {
				t.Error(err)
			}
			got := appendRecord([]byte("before"), &tt.format, tt.record)
			if string(got) != "before"+tt.want {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestSpecial shows that a record is special just if writing its fields makes something else of it.
func TestSpecial(t *testing.T) {
	standard := standardFormat()
	always := standard
	always.Always = true
	odd := csv.Format{Field: ';', Quote: '\'', Escape: '\\', Record: "|"}
	for _, tt := range []struct {
		name   string
		format csv.Format
		raw    string
		field  byte
		want   bool
	}{
		{"nothing to quote", standard, "a,b#,#'", ',', false},
		{"comment", standard, "#a", ',', true},
		{"quote", standard, "a,b\"", ',', true},
		{"carriage return", standard, "a\rb", ',', true},
		{"line feed", odd, "a\nb", ';', true},
		{"record delimiter", odd, "a|b", ';', true},
		{"escape", odd, "a\\b", ';', true},
		{"another field delimiter", odd, "a,b", ',', true},
		{"always", always, "a,b", ',', true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.format.Special([]byte(tt.raw), tt.field); got != tt.want {
				t.Error(got)
			}
			want := tt.raw + tt.format.Record
			written := appendRecord(nil, &tt.format, strings.Split(tt.raw, string(tt.field)))
			if (string(written) == want) == tt.want {
				t.Errorf("written as %q", written)
			}
		})
	}
}

func TestFormatThatCannotBeReadBack(t *testing.T) {
	for name, f := range map[string]csv.Format{
		"nothing said":           {},
		"quote between fields":   {Field: '"', Quote: '"', Escape: '"', Record: "\n"},
		"escape between records": {Field: ',', Quote: '"', Escape: '\n', Record: "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if f.Validate() == nil {
				t.Error("accepted")
			}
		})
	}
}
