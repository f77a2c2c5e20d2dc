package csv_test

import (
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
		if i > 0 {
			dst = append(dst, f.Field)
		}
		dst = f.AppendField(dst, []byte(value))
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
