package inventory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/record"
	"firn/treehash"
)

const arn = glacier.ARN("arn:aws:glacier:eu-west-1:111122223333:vaults/photos")

var date = glacier.Time{Time: time.Date(2024, 8, 21, 0, 46, 31, 987e6, time.UTC)}

// archive makes an archive whose id and hash are a letter over and over.
func archive(letter, description string, created time.Time, size int64) record.Archive {
	a := record.Archive{
		Public:      glacier.ArchiveID(strings.Repeat(letter, 138)),
		Description: description,
		Created:     created.UnixMilli(),
		Size:        size,
	}
	for i := range a.TreeHash {
		a.TreeHash[i] = letter[0]
	}
	return a
}

func write(t testing.TB, format string, arn glacier.ARN, archives ...record.Archive) string {
	t.Helper()
	var b bytes.Buffer
	w := inventory.NewWriter(&b, format, arn, date)
	for i := range archives {
		if err := w.Add(&archives[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	holiday = archive("a", "holiday 2019", time.Date(2024, 1, 6, 18, 42, 57, 999e6, time.UTC), 71641)
	plain   = archive("b", "", time.Date(2024, 8, 20, 14, 44, 34, 0, time.UTC), 12582912)
	awkward = archive("c", `say "a\"b" \ </m>&, 'x'`, time.Date(2024, 8, 20, 14, 44, 35, 0, time.UTC), 1)

	a138, b138, c138 = strings.Repeat("a", 138), strings.Repeat("b", 138), strings.Repeat("c", 138)
	a64, b64, c64    = strings.Repeat("61", 32), strings.Repeat("62", 32), strings.Repeat("63", 32)
)

func TestGolden(t *testing.T) {
	jsonHead := `{"VaultARN":"arn:aws:glacier:eu-west-1:111122223333:vaults/photos","InventoryDate":"2024-08-21T00:46:31Z","ArchiveList":[`
	csvHead := "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n"
	for _, tt := range []struct {
		name     string
		format   string
		archives []record.Archive
		want     string
	}{
		{"JSON of an empty vault", "JSON", nil, jsonHead + `]}`},
		{"JSON of two archives, one without a description", "JSON", []record.Archive{holiday, plain}, jsonHead +
			`{"ArchiveId":"` + a138 + `","ArchiveDescription":"holiday 2019","CreationDate":"2024-01-06T18:42:57Z","Size":71641,"SHA256TreeHash":"` + a64 + `"},` +
			`{"ArchiveId":"` + b138 + `","ArchiveDescription":"","CreationDate":"2024-08-20T14:44:34Z","Size":12582912,"SHA256TreeHash":"` + b64 + `"}]}`},
		{"JSON of a description with quotes, backslashes and markup", "JSON", []record.Archive{awkward}, jsonHead +
			`{"ArchiveId":"` + c138 + `","ArchiveDescription":"say \"a\\\"b\" \\ </m>&, 'x'","CreationDate":"2024-08-20T14:44:35Z","Size":1,"SHA256TreeHash":"` + c64 + `"}]}`},
		{"CSV of an empty vault", "CSV", nil, csvHead},
		{"CSV of two archives, one without a description", "CSV", []record.Archive{holiday, plain}, csvHead +
			a138 + `,"holiday 2019",2024-01-06T18:42:57Z,71641,` + a64 + "\n" +
			b138 + `,"",2024-08-20T14:44:34Z,12582912,` + b64 + "\n"},
		{"CSV of a description with quotes, backslashes and markup", "CSV", []record.Archive{awkward}, csvHead +
			c138 + `,"say \"a\\"b\" \ </m>&, 'x'",2024-08-20T14:44:35Z,1,` + c64 + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, write(t, tt.format, arn, tt.archives...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReportedSizes holds the JSON to sizes that the service has reported.
// The lengths of ARN, descriptions and numbers are such as fit those sizes;
// with them fixed, no other spacing, key or fraction of a second would.
func TestReportedSizes(t *testing.T) {
	at := time.Date(2016, 8, 20, 14, 44, 34, 123e6, time.UTC)
	const vault = glacier.ARN("arn:aws:glacier:eu-west-1:843392324993:vaults/dummy_vault") // 57 characters
	for _, tt := range []struct {
		name     string
		archives []record.Archive
		want     int
	}{
		{"one archive", []record.Archive{
			archive("a", "archive", at, 3145728),
		}, 450},
		{"two archives", []record.Archive{
			archive("a", "botoUpl", at, 3145728),
			archive("b", "", at, 3145728),
		}, 766},
		{"two archives with longer descriptions", []record.Archive{
			archive("a", "botoUpload2 from the office", at, 3145728),
			archive("b", "cat pictures, second", at, 3145728),
		}, 806},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(write(t, "JSON", vault, tt.archives...)); got != tt.want {
				t.Errorf("%d bytes, want %d", got, tt.want)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	for format, want := range map[string]string{"JSON": "application/json", "CSV": "text/csv"} {
		if got := inventory.ContentType(format); got != want {
			t.Errorf("content type of %s: %q, want %q", format, got, want)
		}
	}
}

// breaking is a writer that fails after some bytes.
type breaking struct {
	left  int
	after int // writes after the failure
}

var errBroken = errors.New("broken")

func (w *breaking) Write(p []byte) (int, error) {
	if w.left < 0 {
		w.after++
	}
	if w.left -= len(p); w.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestWriterBelowFails(t *testing.T) {
	below := &breaking{left: 1 << 20}
	w := inventory.NewWriter(below, "CSV", arn, date)
	var err error
	for range 10_000 {
		if err = w.Add(&holiday); err != nil {
			break
		}
	}
	if !errors.Is(err, errBroken) {
		t.Errorf("Add = %v, want the writer's error", err)
	}
	if err := w.Close(); !errors.Is(err, errBroken) {
		t.Errorf("Close = %v, want the writer's error", err)
	}
	if below.after > 0 {
		t.Errorf("%d writes after the failure", below.after)
	}
}

func TestManyRows(t *testing.T) {
	const n = 20_000
	archives := make([]record.Archive, n)
	for i := range archives {
		archives[i] = plain
		archives[i].Size = int64(i)
	}
	for _, format := range []string{"JSON", "CSV"} {
		got := write(t, format, arn, archives...)
		if n := strings.Count(got, b138); n != len(archives) {
			t.Errorf("%s: %d rows, want %d", format, n, len(archives))
		}
	}
	var doc struct{ ArchiveList []struct{ Size int64 } }
	if err := json.Unmarshal([]byte(write(t, "JSON", arn, archives...)), &doc); err != nil {
		t.Fatal(err)
	}
	for i, a := range doc.ArchiveList {
		if a.Size != int64(i) {
			t.Fatalf("row %d is archive %d", i, a.Size)
		}
	}
}

func TestRowsAllocateNothing(t *testing.T) {
	for _, format := range []string{"JSON", "CSV"} {
		w := inventory.NewWriter(&discard{}, format, arn, date)
		if n := testing.AllocsPerRun(1000, func() { w.Add(&awkward) }); n > 0 {
			t.Errorf("%s: %v allocations a row", format, n)
		}
	}
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }

func FuzzJSON(f *testing.F) {
	f.Add("", "holiday 2019", int64(1), int64(1724201191000))
	f.Add("photos", `a"b\c</m>&`, int64(42949672960000), int64(0))
	f.Add("\x00", "\n\t\x7f\u2028é", int64(-1), int64(-62135596800000))
	f.Fuzz(func(t *testing.T, name, description string, size, created int64) {
		if !utf8.ValidString(name) || !utf8.ValidString(description) {
			t.Skip("JSON is UTF-8")
		}
		const year10000 = 253402300800000
		if created < -62135596800000 || created >= year10000 {
			t.Skip("no such year in ISO 8601")
		}
		a := record.Archive{Public: glacier.ArchiveID(name), Description: description, Size: size, Created: created, TreeHash: treehash.Sum([]byte(name))}
		text := write(t, "JSON", glacier.ARN(name), a, a)
		type row struct {
			ArchiveID          string `json:"ArchiveId"`
			ArchiveDescription string
			CreationDate       string
			Size               int64
			SHA256TreeHash     string
		}
		type document struct {
			VaultARN      string
			InventoryDate string
			ArchiveList   []row
		}
		var got document
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		r := row{name, description, glacier.At(created).Seconds(), size, a.TreeHash.String()}
		want := document{name, date.Seconds(), []row{r, r}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkRows(b *testing.B) {
	for _, format := range []string{"JSON", "CSV"} {
		b.Run(format, func(b *testing.B) {
			w := inventory.NewWriter(&discard{}, format, arn, date)
			b.ReportAllocs()
			for b.Loop() {
				w.Add(&holiday)
			}
		})
	}
}
