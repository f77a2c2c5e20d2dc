package csv_test

import (
	"testing"

	"firn/internal/csv"
)

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dialect csv.Dialect
		want    string
	}{
		{"default", csv.Default(), ""},
		{"two bytes of record delimiter", csv.Dialect{Field: ';', Quote: '\'', Escape: '\\', Comment: '#', Record: "\r\n"}, ""},
		{"line break between fields", csv.Dialect{Field: '\n', Quote: '"', Escape: '"', Record: ";"}, ""},
		{"carriage return between records", csv.Dialect{Field: '\t', Quote: '"', Escape: '"', Record: "\r"}, ""},
		{"carriage return between fields, and another delimiter", csv.Dialect{Field: '\r', Quote: '"', Escape: '"', Record: ";"}, ""},
		{"escape that begins comments", csv.Dialect{Field: ',', Quote: '"', Escape: '\\', Comment: '\\', Record: "\n"}, ""},
		{"no quote but the zero byte", csv.Dialect{Field: ',', Record: "\n"}, ""},
		{"nothing said", csv.Dialect{}, `the record delimiter must be one character, or "\r\n"`},
		{"longer record delimiter", csv.Dialect{Field: ',', Quote: '"', Escape: '"', Record: "||"}, `the record delimiter must be one character, or "\r\n"`},
		{"record delimiter not ASCII", csv.Dialect{Field: ',', Quote: '"', Escape: '"', Record: "\x80"}, "the record delimiter must be an ASCII character"},
		{"field delimiter not ASCII", csv.Dialect{Field: 0xff, Quote: '"', Escape: '"', Record: "\n"}, "the field delimiter must be an ASCII character"},
		{"comment not ASCII", csv.Dialect{Field: ',', Quote: '"', Escape: '"', Comment: 0x80, Record: "\n"}, "the comment character must be an ASCII character"},
		{"one delimiter for both", csv.Dialect{Field: '\n', Quote: '"', Escape: '"', Record: "\n"}, `the field delimiter must not be '\n', which has another meaning`},
		{"carriage return between fields", csv.Dialect{Field: '\r', Quote: '"', Escape: '"', Record: "\n"}, `the field delimiter must not be '\r', which has another meaning`},
		{"quote between fields", csv.Dialect{Field: '"', Quote: '"', Escape: '"', Record: "\n"}, `the quote character must not be '"', which has another meaning`},
		{"quote between records", csv.Dialect{Field: ',', Quote: '"', Escape: '\\', Record: "\""}, `the quote character must not be '"', which has another meaning`},
		{"escape between fields", csv.Dialect{Field: ',', Quote: '"', Escape: ',', Record: "\n"}, `the quote escape character must not be ',', which has another meaning`},
		{"escape in the record delimiter", csv.Dialect{Field: ',', Quote: '"', Escape: '\r', Record: "\r\n"}, `the quote escape character must not be '\r', which has another meaning`},
		{"quote that begins comments", csv.Dialect{Field: ',', Quote: '"', Escape: '"', Comment: '"', Record: "\n"}, `the comment character must not be '"', which has another meaning`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.dialect.Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
