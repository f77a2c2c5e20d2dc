package names_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"firn/internal/names"
	"firn/treehash"
)

// everything is a catalogue that has one of each.
func everything(t *testing.T) *names.Catalogue {
	t.Helper()
	c := fresh(t)
	must(t, c.Bind(t.Context(), names.Owner{Endpoint: "http://localhost:9090", Region: "eu-west-1", Account: "111122223333", Vault: "photos"}))
	for i, path := range []string{"a", `"quoted"`, "tab\tand\nline", "ü/😀", "soft\u00adhyphen \u2028", "\uFFFD", `back\slash`, " ", "-", "#"} {
		add(t, c, "A"+string(rune('a'+i)), path, i)
	}
	add(t, c, "Z", "a", 30)
	a, _ := archive("B-", "", 3)
	a.Bundle, a.Description = true, `{"FirnBundle":{"Index":7}}`
	must(t, c.Add(t.Context(), a,
		names.File{Path: "m/1", Offset: 512, Size: 3, Hash: treehash.Sum(nil), Modified: time.Date(12345, 1, 2, 3, 4, 5, 6, time.UTC), Mode: math.MaxUint32},
		names.File{Path: "m/2", Modified: time.Unix(-1e12, 7).UTC()}))
	s, _ := archive("C", "", 4)
	s.Sealed, s.Description = true, ""
	must(t, c.Add(t.Context(), s))
	s.ID, s.Bundle = "D", true
	must(t, c.Add(t.Context(), s, names.File{Path: "s", Size: names.UnknownSize}))
	return c
}

func TestExportAndImport(t *testing.T) {
	c := everything(t)
	written := text(t, c)
	other := fresh(t)
	must(t, other.Import(t.Context(), strings.NewReader(written)))
	want(t, "what was imported", text(t, other), written)
	want(t, "archives", all(t, other.Archives(t.Context())), all(t, c.Archives(t.Context())))
	want(t, "files", all(t, other.Under(t.Context(), "", true)), all(t, c.Under(t.Context(), "", true)))
	checkTotals(t, other)
	must(t, other.Import(t.Context(), strings.NewReader(strings.ReplaceAll(written, "\n", "\r\n"))))
	want(t, "what was imported again", text(t, other), written)
	add(t, other, "new", "new", 1)
	must(t, other.Import(t.Context(), strings.NewReader(written)))
	want(t, "that what is not in the text stays", strings.Count(text(t, other), "\n"), strings.Count(written, "\n")+2)
	checkTotals(t, other)
}

func TestExportIsWhatItSays(t *testing.T) {
	c := fresh(t)
	must(t, c.Bind(t.Context(), names.Owner{Endpoint: "http://localhost:9090", Region: "eu-west-1", Account: "111122223333", Vault: "photos"}))
	add(t, c, "-A", "folder/a file", 1)
	hash := treehash.Sum([]byte("-A")).String()
	want(t, "text", text(t, c), strings.Join([]string{
		"firn names\t1\thttp://localhost:9090\teu-west-1\t111122223333\tphotos",
		"#archive\tid\tcreated\tsize\ttree hash\tis\tdescription",
		"#file\tpath\tcreated\tsize\tmodified\tmode\ttree hash\toffset\tarchive",
		"archive\t-A\t2026-03-01T12:01:00.000Z\t1001\t" + hash + "\t-\tabout -A",
		"file\tfolder/a file\t2026-03-01T12:01:00.000Z\t1001\t2026-03-01T11:01:00.000000007Z\t0644\t" + hash + "\t0\t-A",
		"end\t1\t1", "",
	}, "\n"))
}

func TestImportRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	written := text(t, everything(t))
	change := func(old, now string) string {
		t.Helper()
		if !strings.Contains(written, old) {
			t.Fatalf("%q is not in it", old)
		}
		return strings.Replace(written, old, now, 1)
	}
	for _, row := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"nothing", "", names.ErrCutOff, ""},
		{"another text", "hello\n", names.ErrForeign, "line 1"},
		{"a newer format", change("names\t1\t", "names\t2\t"), names.ErrNewer, "its format is 2"},
		{"another vault", change("\tphotos\n", "\tmusic\n"), names.ErrOther, "music"},
		{"an owner that lacks something", change("\tphotos\n", "\n"), nil, "fields"},
		{"a line of another kind", change("end\t", "fin\t"), nil, `"fin"`},
		{"an end too early", change("\nfile", "\nend\t14\t0\nfile"), nil, "follows"},
		{"an end of another text", change("end\t14\t14\n", "end\t14\t15\n"), names.ErrCutOff, "15 files"},
		{"a line more", written + "x\n", nil, "follows"},
		{"half a line more", written + "x", nil, "follows"},
		{"a line without an end", "firn names\t1\t" + strings.Repeat("a", 2<<20), nil, "more than"},
		{"a file of no archive", change("\t0\tAa\n", "\t0\tAA\n"), nil, "no line of archive"},
		{"a file without a name", change("file\ta\t", "file\t\t"), nil, "no name"},
		{"a name with a zero byte", change("file\ta\t", "file\t\"\\x00\"\t"), nil, "zero byte"},
		{"a name that is not UTF-8", change("file\ta\t", "file\t\"\\xff\"\t"), nil, "UTF-8"},
		{"quotes without an end", change("file\ta\t", "file\t\"a\t"), nil, "quotes"},
		{"a field too many", change("file\ta\t", "file\ta\ta\t"), nil, "fields"},
		{"a mode that is none", change("\t0644\t", "\t0999\t"), nil, "mode"},
		{"an offset that is none", change("\t512\tB-", "\t-1\tB-"), nil, "offset"},
		{"a hash that is none", change("0644\t", "0644\tx"), nil, "hash"},
		{"an archive's time that is none", change("archive\tAa\t2026-03-01", "archive\tAa\t2026-13-01"), nil, "no time"},
		{"a file's time that is none", change("\t2026-03-01T11:00:00.000000007Z\t", "\tyesterday\t"), nil, "no time"},
		{"an archive's size that is none", change("Z\t1000\t", "Z\t-5\t"), nil, "bytes"},
		{"something new about archives", change("\tbundle\t", "\tglued\t"), nil, "glued"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := fresh(t)
			must(t, c.Bind(t.Context(), names.Owner{Endpoint: "http://elsewhere", Region: "eu-west-1", Account: "111122223333", Vault: "photos"}))
			add(t, c, "old", "old", 1)
			before := text(t, c)
			err := c.Import(t.Context(), strings.NewReader(row.text))
			if err == nil || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("imported: %v", err)
			}
			want(t, "the catalogue", text(t, c), before)
		})
	}
	for n := 0; n < len(written); n += 11 {
		if err := fresh(t).Import(t.Context(), strings.NewReader(written[:n])); err == nil {
			t.Fatalf("%d bytes were taken for the whole", n)
		}
	}
}

func TestImportAtAnotherAddress(t *testing.T) {
	c := fresh(t)
	mine := names.Owner{Endpoint: "http://elsewhere", Region: "eu-west-1", Account: "111122223333", Vault: "photos"}
	must(t, c.Bind(t.Context(), mine))
	must(t, c.Import(t.Context(), strings.NewReader(text(t, everything(t)))))
	must(t, c.Bind(t.Context(), mine))
	unowned := fresh(t)
	add(t, unowned, "u", "u", 1)
	must(t, c.Import(t.Context(), strings.NewReader(text(t, unowned))))
	must(t, c.Bind(t.Context(), mine))
}

// TestImportOfWhatWasRemoved: a text that is older is no reason to take it for stored.
func TestImportOfWhatWasRemoved(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	for i, id := range []string{"removed", "doomed", "there"} {
		add(t, c, id, id, i)
	}
	before := text(t, c)
	must(t, c.Remove(ctx, "removed"))
	must(t, c.Doom(ctx, "doomed"))
	must(t, c.Import(ctx, strings.NewReader(before)))
	want(t, "what it says", text(t, c), before)
	doomed := map[string]bool{}
	for _, f := range all(t, c.Under(ctx, "", true)) {
		doomed[f.Path] = f.Doomed
	}
	want(t, "doomed", doomed, map[string]bool{"removed": true, "doomed": true, "there": false})
	checkTotals(t, c)
}

type failing struct{}

var errDisk = errors.New("disk")

func (failing) Write([]byte) (int, error) { return 0, errDisk }

func TestExportFails(t *testing.T) {
	c := everything(t)
	if err := c.Export(t.Context(), failing{}); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	if err := c.Export(canceled(), failing{}); err == nil {
		t.Error("exported for nobody")
	}
}
