package jobs

import (
	"strings"
	"testing"
	"unicode/utf8"

	"firn/glacier"
)

// Whatever an output is, its beginning is a table of bounded size, or none.
func FuzzBeginnings(f *testing.F) {
	f.Add([]byte(`{"VaultARN":"a","InventoryDate":"b","ArchiveList":[{"ArchiveId":"c","Size":5},{}]}`), "", "", "")
	f.Add([]byte("ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\na,\"b, \\\"c\\\"\",2026-11-25T09:30:00Z,5,d\n"), ",", "\"", "\n")
	f.Add([]byte("a;'b;''c'\r\n\xff\r\n"), ";", "'", "\r\n")
	f.Fuzz(func(t *testing.T, data []byte, field, quote, record string) {
		how := &glacier.OutputSerialization{CSV: &glacier.CSVOutput{FieldDelimiter: &field, QuoteCharacter: &quote, RecordDelimiter: &record}}
		for _, whole := range []bool{true, false} {
			for _, got := range []*table{inventoryJSON(data), inventoryCSV(data, whole), resultTable(data, whole, how)} {
				if got.size > maxTable || len(got.Rows) > resultRows || len(got.Columns) > resultColumns {
					t.Errorf("%d rows, %d columns, %d bytes", len(got.Rows), len(got.Columns), got.size)
				}
				for _, row := range got.Rows {
					if len(row) > len(got.Columns) {
						t.Errorf("a row of %d under %d columns", len(row), len(got.Columns))
					}
				}
			}
		}
	})
}

// Whatever an archive is called, there is a name that a file can have, and a
// header that is one line of ASCII.
func FuzzFileName(f *testing.F) {
	f.Add("photos/2019/sea 100%.jpg")
	f.Add(`C:\"x"\..`)
	f.Add("ü\xff\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		name := fileName(text, "archive")
		if name == "" || len(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\"\r\n\x00") || name[0] == '.' {
			t.Errorf("%q makes the name %q", text, name)
		}
		header := disposition(name)
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q makes the header %q", text, header)
			}
		}
		if strings.Count(header, `"`) != 2 {
			t.Errorf("%q makes the header %q", text, header)
		}
	})
}

// Wherever an error says that it is, the query is shown.
func FuzzMark(f *testing.F) {
	f.Add("SELECT *\nFROM x", "Bad at line 2, column 6.")
	f.Add("ü", "Bad at line 1, column 2 in record 7.")
	f.Fuzz(func(t *testing.T, expression, message string) {
		m := mark(expression, message)
		small := len(expression) < maxMarked && utf8.ValidString(expression)
		if small && m.Line > 0 && m.Before+m.At+m.After != expression && m.Before+m.After != expression {
			t.Errorf("%q is shown as %+v", expression, m)
		}
		if n := utf8.RuneCountInString(m.Before + m.After); n > 2*maxMarked+2 {
			t.Errorf("%d characters are shown", n)
		}
	})
}
