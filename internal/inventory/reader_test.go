package inventory_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/record"
)

// read reads an inventory to its end.
func read(in *inventory.Reader) (rows []inventory.Row, err error) {
	for row, err := range in.Rows() {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// rowOf is what a reader makes of an archive.
func rowOf(a record.Archive) inventory.Row {
	return inventory.Row{
		ID: a.Public, Description: a.Description, Created: time.Unix(a.Created/1000, 0).UTC(), Size: a.Size, TreeHash: a.TreeHash,
	}
}

var formats = []string{glacier.FormatJSON, glacier.FormatCSV}

func TestReadWhatIsWritten(t *testing.T) {
	archives := []record.Archive{holiday, plain, awkward}
	for _, s := range []string{`"`, `\`, `\"`, `""`, `\\`, `\\"`, `"\`, `,`, `","`, ` a `, `{"Path":"a\"b\\c,\u00fc"}`, `]}`, `x\`, `"x"`, `"",`} {
		archives = append(archives, archive("d", s, time.Date(2024, 8, 20, 14, 44, 36, 0, time.UTC), 1<<40))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		s := make([]byte, rng.IntN(10))
		for i := range s {
			s[i] = `"\,a }`[rng.IntN(6)]
		}
		archives = append(archives, archive("e", string(s), time.Date(2024, 8, 20, 14, 44, 36, 0, time.UTC), 0))
	}
	for _, format := range formats {
		for _, given := range []string{format, ""} {
			t.Run(format+" given as "+given, func(t *testing.T) {
				text := write(t, format, arn, archives...)
				in := inventory.NewReader(iotest.OneByteReader(strings.NewReader(text)), given)
				rows, err := read(in)
				if err != nil {
					t.Fatal(err)
				}
				for i, row := range rows {
					want := rowOf(archives[i])
					if format == glacier.FormatCSV {
						want.Description = strings.TrimSpace(want.Description)
						row.Description = strings.TrimSpace(row.Description)
					}
					if diff := cmp.Diff(want, row); diff != "" {
						t.Errorf("row %d (-want +got):\n%s", i, diff)
					}
				}
				if len(rows) != len(archives) || in.Size() != int64(len(text)) {
					t.Errorf("%d rows of %d, %d bytes of %d", len(rows), len(archives), in.Size(), len(text))
				}
				if format == glacier.FormatJSON && (in.VaultARN() != arn || !in.Date().Equal(date.Truncate(time.Second))) {
					t.Errorf("%s, %s", in.VaultARN(), in.Date())
				}
			})
		}
	}
}

// TestCutOff: what is cut off anywhere is never taken for a shorter inventory, but CSV between two lines.
func TestCutOff(t *testing.T) {
	for _, format := range formats {
		text := write(t, format, arn, holiday, plain, awkward)
		for n := range len(text) {
			rows, err := read(inventory.NewReader(strings.NewReader(text[:n]), format))
			whole := format == glacier.FormatCSV && n > 0 && text[n-1] == '\n'
			if whole != (err == nil) || err != nil && !errors.Is(err, inventory.ErrCutOff) {
				t.Errorf("%s after %d bytes: %d rows, %v", format, n, len(rows), err)
			}
		}
	}
}

func TestReadFailure(t *testing.T) {
	broken := errors.New("broken")
	for _, format := range formats {
		text := write(t, format, arn, holiday, plain)
		_, err := read(inventory.NewReader(io.MultiReader(strings.NewReader(text[:200]), iotest.ErrReader(broken)), format))
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "200 bytes") && format == glacier.FormatCSV {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestReadOthersJSON(t *testing.T) {
	one := fmt.Sprintf(`{"Size":71641,"SHA256TreeHash":"%s","ArchiveId":"%s","ArchiveDescription":"holiday 2019","CreationDate":"2024-01-06T18:42:57Z"}`, a64, a138)
	for _, row := range []struct {
		name, text string
		want       []inventory.Row
		dated      bool
	}{
		{"members in another order", `{"ArchiveList":[` + one + `],"InventoryDate":"2024-08-21T00:46:31Z","VaultARN":"` + string(arn) + `"}`, []inventory.Row{rowOf(holiday)}, true},
		{"others among them, and space", "\xEF\xBB\xBF \n{ \"x\" : {\"ArchiveList\":[1,-2.5e3,true,null,{}]}, \"ArchiveList\"\t:\r[ " + one + " , " + one + " ] } \n", []inventory.Row{rowOf(holiday), rowOf(holiday)}, false},
		// moto 5, glacier/models.py: Python's json.dumps
		{"moto's", fmt.Sprintf(`{"VaultARN": "%s", "InventoryDate": "2024-08-21T00:46:31.000Z", "ArchiveList": [{"ArchiveId": "%s", "ArchiveDescription": "holiday 2019", "CreationDate": "2024-01-06T18:42:57.000Z", "Size": 71641, "SHA256TreeHash": "%s"}]}`, arn, a138, a64), []inventory.Row{rowOf(holiday)}, true},
		{"no description", strings.Replace(`{"ArchiveList":[`+one+`]}`, `"holiday 2019"`, `null`, 1), []inventory.Row{func() inventory.Row { r := rowOf(holiday); r.Description = ""; return r }()}, false},
		{"basic times, and a size that is a text", `{"ArchiveList":[` + strings.NewReplacer("2024-01-06T18:42:57Z", "20240106T184257Z", "71641", `"71641"`).Replace(one) + `]}`, []inventory.Row{rowOf(holiday)}, false},
		{"escapes", `{"Archive\u004cist":[` + strings.Replace(one, "holiday 2019", `\u0068oliday\u00202019`, 1) + `]}`, []inventory.Row{rowOf(holiday)}, false},
		{"empty", `{"InventoryDate":null,"ArchiveList":[]}`, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := inventory.NewReader(strings.NewReader(row.text), "")
			rows, err := read(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, rows); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if row.dated != in.Date().Equal(date.Truncate(time.Second)) || row.dated != (in.VaultARN() == arn) {
				t.Errorf("%s, %s", in.Date(), in.VaultARN())
			}
		})
	}
}

// TestReadOthersCSV has the descriptions of mt-aws-glacier's test of inventories, of which its author says that they are real data from
// Amazon, and what standard CSV makes of others.
func TestReadOthersCSV(t *testing.T) {
	rest := `2024-01-06T18:42:57Z,71641,` + a64
	for _, row := range []struct{ name, cell, want string }{
		{"CloudBerry's", `"{\"Path\":\"dir2/+BEQEMAQ5BDs-3\",\"UTCDateModified\":\"20130322T120043Z\"}"`, `{"Path":"dir2/+BEQEMAQ5BDs-3","UTCDateModified":"20130322T120043Z"}`},
		{"mt2", `"mt2 eyJmaWxlbmFtZSI6ImZpbGUudHh0IiwibXRpbWUiOiIyMDEzMTIxOVQwODMzMDFaIn0"`, `mt2 eyJmaWxlbmFtZSI6ImZpbGUudHh0IiwibXRpbWUiOiIyMDEzMTIxOVQwODMzMDFaIn0`},
		{"nothing", `""`, ``},
		{"a comma", `","`, `,`},
		{"a quote", `"\""`, `"`},
		{"a quote inside", `"x\"x"`, `x"x`},
		{"quotes and commas", `"ZZZZZZZZzzzzzzz,\"\"\", ,\\""`, `ZZZZZZZZzzzzzzz,""", ,\"`},
		{"a backslash", `"\"`, `\`},
		{"a backslash and a quote", `"\\""`, `\"`},
		{"a backslash inside", `"a\b"`, `a\b`},
		{"backslashes around a quote", `"\\"\"`, `\"\`},
		{"two backslashes", `"\\"`, `\\`},
		{"a mess", `"\\"\\"\\\"\"`, `\"\"\\"\`},
		{"a backslash at the end", `"x\"`, `x\`},
		{"not quoted", `b`, `b`},
		{"not quoted, with blanks", ` b `, `b`},
		{"doubled quotes", `"say ""a"", then \b"`, `say "a", then \b`},
		{"doubled quotes behind a backslash", `"\"""`, `\"`},
	} {
		for name, text := range map[string]string{
			"second":            "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n" + a138 + "," + row.cell + "," + rest + "\n",
			"first":             "ArchiveDescription,ArchiveId,CreationDate,Size,SHA256TreeHash\r\n" + row.cell + "," + a138 + "," + rest + "\r\n\r\n",
			"last":              "ArchiveId,CreationDate,Size,SHA256TreeHash,ArchiveDescription\n" + a138 + "," + rest + "," + row.cell + "\n",
			"with another":      `"ArchiveId",ArchiveDescription,More,"CreationDate",Size,SHA256TreeHash` + "\n" + a138 + "," + row.cell + ",more, " + rest + " \n",
			"with quoted cells": "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n\"" + a138 + "\"," + row.cell + "," + strings.Replace(rest, "71641", `"71641"`, 1) + "\n",
		} {
			t.Run(row.name+", "+name, func(t *testing.T) {
				rows, err := read(inventory.NewReader(strings.NewReader(text), ""))
				want := rowOf(holiday)
				want.Description = row.want
				if diff := cmp.Diff([]inventory.Row{want}, rows); err != nil || diff != "" {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			})
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := write(t, glacier.FormatJSON, arn, holiday)
	table := write(t, glacier.FormatCSV, arn, holiday)
	change := func(text, old, now string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in %q", old, text)
		}
		return strings.Replace(text, old, now, 1)
	}
	for _, row := range []struct{ name, text string }{
		{"no list", `{"VaultARN":"a"}`},
		{"two lists", change(good, `]}`, `],"ArchiveList":[]}`)},
		{"something after the end", good + "x"},
		{"two documents", good + good},
		{"no id", change(good, a138, "")},
		{"no size", change(good, `"Size":71641,`, "")},
		{"a size below nothing", change(good, `71641`, "-1")},
		{"a size with a fraction", change(good, `71641`, "1.5")},
		{"a size too great", change(good, `71641`, "9999999999999999999")},
		{"a hash that is none", change(good, a64, "61")},
		{"a time that is none", change(good, "2024-01-06T18:42:57Z", "yesterday")},
		{"a date that is none", change(good, "2024-08-21T00:46:31Z", "today")},
		{"a trailing comma", change(good, `]}`, `,]}`)},
		{"a missing comma", change(good, `","Size"`, `" "Size"`)},
		{"a missing colon", change(good, `"Size":`, `"Size"`)},
		{"a bad escape", change(good, "holiday", `\x`)},
		{"a control character", change(good, "holiday", "\x01")},
		{"a number that is none", change(good, "71641", "071641")},
		{"a list in place of a text", change(good, `"holiday 2019"`, "[]")},
		{"a deep nest", `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"ArchiveList":[]}`},
		{"a text without an end", `{"x":"` + strings.Repeat("a", 1<<20) + `","ArchiveList":[]}`},
		{"a text of quotes without an end", `{"x":"` + strings.Repeat(`\"`, 1<<19) + `","ArchiveList":[]}`},
		{"an error document", `{"code":"AccessDeniedException","message":"no","type":"Client"}`},
		{"a page of HTML", "<html>\n"},
		{"a header that lacks a column", change(table, "Size,", "")},
		{"a line that lacks a column", change(table, `,71641`, "")},
		{"a quote that is not closed", change(table, `2019"`, "2019")},
		{"a quote in the middle", change(table, `holiday 2019`, `holiday" 2019`)},
		{"a comma that is not quoted", change(table, `"holiday 2019"`, `holiday, 2019`)},
		{"a line without an end", change(table, `holiday`, strings.Repeat("a", 1<<20))},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := read(inventory.NewReader(strings.NewReader(row.text), ""))
			if !errors.Is(err, inventory.ErrMalformed) || errors.Is(err, inventory.ErrCutOff) {
				t.Errorf("read: %v", err)
			}
		})
	}
}

func TestReadStops(t *testing.T) {
	for _, format := range formats {
		in := inventory.NewReader(strings.NewReader(write(t, format, arn, holiday, plain)), format)
		for row, err := range in.Rows() {
			if err != nil || row.ID != holiday.Public {
				t.Errorf("%v, %v", row, err)
			}
			break
		}
		if _, err := read(in); err == nil {
			t.Error("read twice")
		}
	}
}

// endless is an inventory of so many rows that need not be kept.
func endless(format string, rows int) io.Reader {
	r, w := io.Pipe()
	go func() {
		out := inventory.NewWriter(w, format, arn, date)
		a := archive("a", `{"Path":"folder/folder/file 000001.jpg","UTCDateModified":"20240106T184257Z"}`, time.Date(2024, 1, 6, 18, 42, 57, 0, time.UTC), 71641)
		for range rows {
			if out.Add(&a) != nil {
				return
			}
		}
		w.CloseWithError(out.Close())
	}()
	return r
}

// TestFlatMemory: a hundred megabytes are read in a few.
func TestFlatMemory(t *testing.T) {
	for _, format := range formats {
		var before, after runtime.MemStats
		n := 0
		for _, err := range inventory.NewReader(endless(format, 300_000), format).Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 1000 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if n != 300_000 || after.HeapAlloc > before.HeapAlloc+1<<20 {
			t.Errorf("%s: %d rows, %d bytes of heap and then %d", format, n, before.HeapAlloc, after.HeapAlloc)
		}
	}
}

// BenchmarkRead: rows and megabytes a second.
//
//	go test ./internal/inventory -run - -bench Read
func BenchmarkRead(b *testing.B) {
	for _, format := range formats {
		b.Run(format, func(b *testing.B) {
			const rows = 10_000
			text, err := io.ReadAll(endless(format, rows))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if got, err := read(inventory.NewReader(bytes.NewReader(text), format)); len(got) != rows || err != nil {
					b.Fatal(len(got), err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range append(formats, "") {
			in := inventory.NewReader(strings.NewReader(text), format)
			rows, err := read(in)
			if in.Size() > int64(len(text)) {
				t.Errorf("%d bytes of %d", in.Size(), len(text))
			}
			if err == nil && in.Size() != int64(len(text)) {
				t.Errorf("%d rows in %d bytes of %d", len(rows), in.Size(), len(text))
			}
			for _, row := range rows {
				if row.ID == "" || row.Size < 0 {
					t.Errorf("%+v", row)
				}
			}
		}
	})
}
