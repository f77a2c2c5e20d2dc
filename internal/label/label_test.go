package label_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/label"
	"firn/treehash"
)

func unix(s int64) time.Time { return time.Unix(s, 0).UTC() }

func mt2(doc string) string { return "mt2 " + base64.RawURLEncoding.EncodeToString([]byte(doc)) }

// TestParse: the names that mt-aws-glacier's and Re:Freezer's own tests give to descriptions, and what Firn adds.
func TestParse(t *testing.T) {
	const (
		v1    = "<ArchiveMetadata>           <Path>       UkVOREVSRkFSTTUvQjovb25lL3R3by90aHJlZS9jaDAxX3NlcTAwNF9zaDAwMTAuMjA0NC5kcHg=   </Path></ArchiveMetadata>"
		v1is  = "RENDERFARM5/B:/one/two/three/ch01_seq004_sh0010.2044.dpx"
		v4    = `       <m><v>4</v><p>RlgxNTAvQ0JCX2ZpZ3VyZS9lZTRjM2MxOS00OTBkLTQwN2UtOGJlNy04ODliZTQxYjQ4YmIuY2Ji </p><lm>20190121T085242Z       </lm>        </m>`
		v4is  = "FX150/CBB_figure/ee4c3c19-490d-407e-8be7-889be41b48bb.cbb"
		cloud = `{"Path":"CB+F8-M5/B:/c01/q004/s0010/c01+AF8-s00+A8-s0010+F8/h01.1094.dpx","UTCDateModified":"20100310T110623Z"}`
	)
	is := func(format label.Format, path string, modified time.Time) label.Label {
		return label.Label{Format: format, Path: path, Modified: modified}
	}
	march, jan := time.Date(2010, 3, 10, 11, 6, 23, 0, time.UTC), time.Date(2019, 1, 21, 8, 52, 42, 0, time.UTC)
	for _, row := range []struct {
		name, description string
		want              label.Label
	}{
		// mt-aws-glacier 1.120, t/integration/metadata.t
		{"mt2, a file", "mt2 eyJmaWxlbmFtZSI6ImZpbGUiLCJtdGltZSI6IjIwMTIxMTE0VDIwMTYxOFoifQ", is(label.MT2, "file", unix(1352924178))},
		{"mt2, in a folder", "mt2 eyJmaWxlbmFtZSI6ImZpbGUvYSIsIm10aW1lIjoiMjAxMjExMDNUMDYyOTM4WiJ9", is(label.MT2, "file/a", unix(1351924178))},
		{"mt2, in Cyrillic", "mt2 eyJmaWxlbmFtZSI6ItC00LjRgNC10LrRgtC-0YDQuNGPL9GE0LDQudC7IiwibXRpbWUiOiIyMDEyMTEwNVQxNDAyNThaIn0", is(label.MT2, "директория/файл", unix(1352124178))},
		{"mt2, a micro sign", "mt2 eyJmaWxlbmFtZSI6IsK1IiwibXRpbWUiOiIxOTcwMDEwMVQwMDIwMzRaIn0", is(label.MT2, "µ", unix(1234))},
		{"mt2, padded", mt2(`{ "filename": "a", "mtime": "20080102T222324Z"}`) + "==", is(label.MT2, "a", time.Date(2008, 1, 2, 22, 23, 24, 0, time.UTC))},
		{"mt2, blanks around", " \tmt2\t\t " + mt2(`{ "filename": "a", "mtime": "20080102T222324Z"}`)[4:], is(label.MT2, "a", time.Date(2008, 1, 2, 22, 23, 24, 0, time.UTC))},
		{"mt2, a leap second", mt2(`{"filename":"a","mtime":"2012-06-30T23:59:60Z"}`), is(label.MT2, "a", time.Date(2012, 7, 1, 0, 0, 0, 0, time.UTC))},
		{"mt2, a fraction", mt2(`{"filename":"a","mtime":"2012-06-30 t 23:59:01.123 z"}`), is(label.MT2, "a", time.Date(2012, 6, 30, 23, 59, 1, 0, time.UTC))},
		{"no marker", "zzz", is(label.Plain, "zzz", time.Time{})},
		{"mt2, not UTF-8", "mt2 zzz", is(label.Plain, "mt2 zzz", time.Time{})},
		{"mt2, not Base64", "mt2 !!!!", is(label.Plain, "mt2 !!!!", time.Time{})},
		{"mt2, no such day", mt2(`{ "filename": "a", "mtime": "20081515T222324Z"}`), is(label.Plain, mt2(`{ "filename": "a", "mtime": "20081515T222324Z"}`), time.Time{})},
		{"mt2, before the year 1000", mt2(`{"filename":"a","mtime":"09990102T222324Z"}`), is(label.Plain, mt2(`{"filename":"a","mtime":"09990102T222324Z"}`), time.Time{})},
		{"mt2, not JSON", mt2("ff"), is(label.Plain, mt2("ff"), time.Time{})},
		{"mt2, no time", mt2(`{ "filename": "f", "x": 2}`), is(label.Plain, mt2(`{ "filename": "f", "x": 2}`), time.Time{})},
		{"mt2, no name", mt2(`{ "x": 1, "mtime": 2}`), is(label.Plain, mt2(`{ "x": 1, "mtime": 2}`), time.Time{})},
		{"mt2, nothing", "mt2 ", is(label.Plain, "mt2 ", time.Time{})},
		// t/unit/metadata.t
		{"mt1", "mt1 eyJmaWxlbmFtZSI6IsOQwq9Bw5DCryIsIm10aW1lIjoiMTk3MDAxMDFUMDAwMjAzWiJ9", is(label.MT1, "ЯAЯ", unix(123))},
		{"mt1, encoded once", "mt1 eyJmaWxlbmFtZSI6ItC00LjRgNC10LrRgtC-0YDQuNGPL9GE0LDQudC7IiwibXRpbWUiOiIyMDEyMTEwNVQxNDAyNThaIn0",
			is(label.Plain, "mt1 eyJmaWxlbmFtZSI6ItC00LjRgNC10LrRgtC-0YDQuNGPL9GE0LDQudC7IiwibXRpbWUiOiIyMDEyMTEwNVQxNDAyNThaIn0", time.Time{})},

		// Re:Freezer 1.1.4, source/lambda/requestArchives/tests/filenameparser.test.js
		{"FastGlacier 1, quoted", `"` + v1 + `"`, is(label.FastGlacier, v1is, time.Time{})},
		{"FastGlacier 1", v1, is(label.FastGlacier, v1is, time.Time{})},
		{"FastGlacier 4, quoted", `"` + v4 + `"`, is(label.FastGlacier, v4is, jan)},
		{"CloudBerry, in what is not quite UTF-7", cloud, is(label.CloudBerry, "CB+F8-M5/B:/c01/q004/s0010/c01+AF8-s00+A8-s0010+F8/h01.1094.dpx", march)},
		{"CloudBerry, blanks", `{"Path":"   ","UTCDateModified":"20100310T110623Z"}`, is(label.CloudBerry, "", march)},
		{"blanks", "             ", label.Label{}},
		{"backslashes, which Unix allows in names", `aaa\bbb\ccc`, is(label.Plain, `aaa\bbb\ccc`, time.Time{})},
		// fastglacier.com/fastglacier-metadata-format.aspx
		{"FastGlacier 4, of its page", "<m>\n<v>4</v>\n<p>Z2xhY2llci1kZy5wZGY=</p>\n<lm>20120821T170824Z</lm>\n<ce>1:1:4340ebcf79712dc5e3ef7d50bab98ba5:54687</ce>\n</m>",
			is(label.FastGlacier, "glacier-dg.pdf", time.Date(2012, 8, 21, 17, 8, 24, 0, time.UTC))},
		{"FastGlacier, of Windows", "<m><v>4</v><p>" + base64.StdEncoding.EncodeToString([]byte(`dir\файл`)) + "</p></m>", is(label.FastGlacier, "dir/файл", time.Time{})},
		{"FastGlacier, not UTF-8", "<m><v>4</v><p>/////w==</p></m>", is(label.Plain, "<m><v>4</v><p>/////w==</p></m>", time.Time{})},
		{"FastGlacier, no path", "<m><v>4</v></m>", is(label.Plain, "<m><v>4</v></m>", time.Time{})},
		{"FastGlacier, not XML", "<m><v></m>", is(label.Plain, "<m><v></m>", time.Time{})},

		// What Amazon gave out for CloudBerry's, in mt-aws-glacier's test of inventories
		{"CloudBerry, ASCII", `{"Path":"dir1/file1","UTCDateModified":"20130322T120026Z"}`, is(label.CloudBerry, "dir1/file1", time.Date(2013, 3, 22, 12, 0, 26, 0, time.UTC))},
		{"CloudBerry, UTF-7", `{"Path":"dir2/+BEQEMAQ5BDs-3","UTCDateModified":"20130322T120043Z"}`, is(label.CloudBerry, "dir2/файл3", time.Date(2013, 3, 22, 12, 0, 43, 0, time.UTC))},
		{"CloudBerry, UTF-7 of Windows", `{"Path":"c:+AFw-my+AF8-folder+AFw-a.txt"}`, is(label.CloudBerry, "c:/my_folder/a.txt", time.Time{})},
		{"CloudBerry, a plus sign in UTF-7", `{"Path":"c+-+-"}`, is(label.CloudBerry, "c++", time.Time{})},
		{"CloudBerry, a plus sign", `{"Path":"c++/a-b"}`, is(label.CloudBerry, "c++/a-b", time.Time{})},
		{"CloudBerry, no time", `{"Path":"a","UTCDateModified":"yesterday"}`, is(label.CloudBerry, "a", time.Time{})},
		{"CloudBerry, a string in a string", `"{\"Path\":\"a\",\"UTCDateModified\":\"20100310T110623Z\"}"`, is(label.CloudBerry, "a", march)},

		{"Firn, a plus sign that looks like UTF-7", `{"Path":"dir2/\u002bBEQEMAQ5BDs-3"}`, is(label.CloudBerry, "dir2/+BEQEMAQ5BDs-3", time.Time{})},
		{"Firn's console", `{"Path":"\u00fc+AF8-.txt","UTCDateModified":"20100310T110623Z"}`, is(label.CloudBerry, "ü+AF8-.txt", march)},
		{"a character of two units", `{"Path":"\ud83d\ude00"}`, is(label.CloudBerry, "😀", time.Time{})},
		{"half a character", `{"Path":"\ud83d"}`, is(label.Plain, `{"Path":"\ud83d"}`, time.Time{})},
		{"a zero byte", `{"Path":"a\u0000b"}`, is(label.Plain, `{"Path":"a\u0000b"}`, time.Time{})},
		{"all short escapes", `{"Path":"\"\\\/\b\f\n\r\t"}`, is(label.CloudBerry, "\"\\/\b\f\n\r\t", time.Time{})},
		{"a bundle", `{"Path":"b.tar","FirnBundle":{"Index":1048576}}`, label.Label{Format: label.CloudBerry, Path: "b.tar", Bundle: true, Index: 1 << 20}},
		{"a bundle without a name", `{"FirnBundle":{"Index":0}}`, label.Label{Format: label.CloudBerry, Bundle: true}},
		{"a bundle whose index is nowhere", `{"FirnBundle":{"Index":-1}}`, is(label.Plain, `{"FirnBundle":{"Index":-1}}`, time.Time{})},
		{"sealed", `{"FirnSealed":"AAEC"}`, label.Label{Format: label.CloudBerry, Sealed: []byte{0, 1, 2}}},
		{"a sealed bundle", `{"FirnSealed":"AAEC","FirnBundle":{"Index":7}}`, label.Label{Format: label.CloudBerry, Sealed: []byte{0, 1, 2}, Bundle: true, Index: 7}},
		{"a sealed bundle without a name", `{"FirnBundle":{"Index":7,"Sealed":true}}`, label.Label{Format: label.CloudBerry, Bundle: true, Index: 7, Nameless: true}},
		{"a sealed bundle with a name that cannot be its own", `{"Path":"a","FirnBundle":{"Index":7,"Sealed":true}}`, label.Label{Format: label.CloudBerry, Bundle: true, Index: 7, Nameless: true}},
		{"a bundle that says that it is not sealed", `{"Path":"a","FirnBundle":{"Index":7,"Sealed":false}}`, label.Label{Format: label.CloudBerry, Path: "a", Bundle: true, Index: 7}},
		{"what was sealed", `{"Path":"a","FirnSize":3,"FirnTreeHash":"` + treehash.Sum([]byte("a")).String() + `"}`, label.Label{Format: label.CloudBerry, Path: "a", Size: 3, Hash: treehash.Sum([]byte("a"))}},
		{"what was sealed, badly said", `{"Path":"a","FirnSize":-3,"FirnTreeHash":"00"}`, is(label.CloudBerry, "a", time.Time{})},
		{"what was sealed, said otherwise", `{"Path":"a","FirnSize":"3","FirnTreeHash":7}`, is(label.CloudBerry, "a", time.Time{})},
		{"sealed badly", `{"FirnSealed":"A"}`, is(label.Plain, `{"FirnSealed":"A"}`, time.Time{})},
		{"somebody else's object", `{"path":"a","Name":"b"}`, is(label.Plain, `{"path":"a","Name":"b"}`, time.Time{})},
		{"a path that is none", `{"Path":7}`, is(label.Plain, `{"Path":7}`, time.Time{})},
		{"a quoted name", `"a"`, is(label.Plain, `"a"`, time.Time{})},
		{"nothing", "", label.Label{}},
		{"a plain name", "holiday 2019/a b.jpg", is(label.Plain, "holiday 2019/a b.jpg", time.Time{})},
		{"plain bytes", "a\xff\x00b", is(label.Plain, "a\uFFFD\uFFFDb", time.Time{})},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, label.Parse(row.description)); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", row.description, diff)
			}
		})
	}
}

// TestParseMT1 is mt-aws-glacier's t/integration/metadata_mt1.t: names of one and two characters, encoded twice.
func TestParseMT1(t *testing.T) {
	for _, one := range strings.Split("a b c d e f _ ß µ Ũ а б в г д е ё ж з и к л м н о п р с т у ф ц ч ш щ э ю я А Б Я", " ") {
		for _, two := range []string{"", "a", "_", "ß", "µ", "Ũ", "/а", "Aя"} {
			var twice strings.Builder
			for _, b := range []byte(`{"mtime":"19700101T000203Z","filename":"` + one + two + `"}`) {
				twice.WriteRune(rune(b))
			}
			got := label.Parse("mt1 " + base64.RawURLEncoding.EncodeToString([]byte(twice.String())))
			if want := (label.Label{Path: one + two, Modified: unix(123), Format: label.MT1}); !cmp.Equal(got, want) {
				t.Errorf("mt1 of %q is %+v", one+two, got)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	march := time.Date(2010, 3, 10, 11, 6, 23, 999, time.UTC)
	for _, row := range []struct {
		name  string
		label label.Label
		want  string
	}{
		{"nothing", label.Label{}, ""},
		{"a name", label.Label{Path: `a\b"c`, Modified: march}, `{"Path":"a\\b\"c","UTCDateModified":"20100310T110623Z"}`},
		{"a name beyond ASCII", label.Label{Path: "ü😀+\x7f\n", Modified: march}, `{"Path":"\u00fc\ud83d\ude00\u002b\u007f\u000a","UTCDateModified":"20100310T110623Z"}`},
		{"no time", label.Label{Path: "a"}, `{"Path":"a"}`},
		{"a time that cannot be written", label.Label{Path: "a", Modified: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, `{"Path":"a"}`},
		{"a blank in front", label.Label{Path: " "}, `{"Path":"\u0020"}`},
		{"a bundle", label.Label{Path: "b", Bundle: true, Index: 5}, `{"Path":"b","FirnBundle":{"Index":5}}`},
		{"sealed", label.Label{Path: "secret", Modified: march, Sealed: []byte{0, 1, 2}, Bundle: true, Index: 5}, `{"FirnSealed":"AAEC","FirnBundle":{"Index":5}}`},
		{"sealed without a name", label.Label{Path: "secret", Modified: march, Bundle: true, Index: 5, Nameless: true}, `{"FirnBundle":{"Index":5,"Sealed":true}}`},
		// mt-aws-glacier's fixture, made longer
		{"too long for JSON", label.Label{Path: strings.Repeat("я", 200), Modified: unix(1352124178)}, mt2(`{"filename":"` + strings.Repeat("я", 200) + `","mtime":"20121105T140258Z"}`)},
		{"too long for JSON, without a time", label.Label{Path: strings.Repeat("я", 200)}, mt2(`{"filename":"` + strings.Repeat("я", 200) + `","mtime":"19700101T000000Z"}`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := label.Write(row.label)
			if err != nil || got != row.want {
				t.Errorf("%q, %v; want %q", got, err, row.want)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		label label.Label
		want  error
	}{
		{"not UTF-8", label.Label{Path: "a\xff"}, label.ErrNotText},
		{"a zero byte", label.Label{Path: "a\x00"}, label.ErrNotText},
		{"a long name", label.Label{Path: strings.Repeat("a", 1024)}, label.ErrTooLong},
		{"a long name of a bundle", label.Label{Path: strings.Repeat("я", 200), Bundle: true}, label.ErrTooLong},
		{"a long sealed name", label.Label{Sealed: make([]byte, 800)}, label.ErrTooLong},
		{"an index that is nowhere", label.Label{Bundle: true, Index: -1}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := label.Write(row.label)
			if got != "" || err == nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestHowLong holds what the documents say about the length of names.
func TestHowLong(t *testing.T) {
	for letter, want := range map[string]int{"a": 976, "я": 361, "字": 241} {
		for n, fits := range map[int]bool{want: true, want + 1: false} {
			_, err := label.Write(label.Label{Path: strings.Repeat(letter, n), Modified: unix(1)})
			if (err == nil) != fits {
				t.Errorf("%d times %s: %v", n, letter, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		l := label.Parse(s)
		if strings.Contains(l.Path, "\x00") || strings.ToValidUTF8(l.Path, "") != l.Path {
			t.Errorf("the name is %q", l.Path)
		}
		if l.Path != "" && l.Sealed != nil || l.Index < 0 || l.Index > 0 && !l.Bundle {
			t.Errorf("%+v", l)
		}
		if n := l.Name(); strings.HasPrefix(n, "/") && n != l.Path || (n == "") != (l.Path == "") {
			t.Errorf("the name of %q is %q", l.Path, n)
		}
		roundTrip(t, l)
	})
}

func FuzzWrite(f *testing.F) {
	f.Fuzz(func(t *testing.T, path string, modified, index int64, sealed []byte) {
		l := label.Label{Path: path, Modified: unix(modified), Bundle: index >= 0, Index: max(index, 0), Sealed: sealed}
		roundTrip(t, l)
	})
}

// roundTrip fails unless a label that can be written is read as it was.
func roundTrip(t *testing.T, l label.Label) {
	t.Helper()
	s, err := label.Write(l)
	if err != nil {
		return
	}
	if !glacier.ValidDescription(s) {
		t.Fatalf("%q is no description", s)
	}
	want := l
	got := label.Parse(s)
	want.Format = got.Format
	if len(want.Sealed) > 0 {
		want.Path, want.Modified = "", time.Time{}
	} else {
		want.Sealed = nil
	}
	switch year := want.Modified.Year(); {
	case want.Path == "":
		want.Modified = time.Time{}
	case year >= 1000 && year <= 9999:
	case got.Format == label.MT2:
		want.Modified = unix(0)
	default:
		want.Modified = time.Time{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%q (-want +got):\n%s", s, diff)
	}
}

func TestName(t *testing.T) {
	for path, want := range map[string]string{
		"a/b":            "a/b",
		"":               "",
		"/home/u/x":      "home/u/x",
		"//a//b/":        "a/b",
		"../../etc/x":    "etc/x",
		"a/../../b":      "b",
		"c:/my_folder/a": "c/my_folder/a",
		`C:\Users\x y`:   "C/Users/x y",
		`\\server\share`: "server/share",
		"c:":             "c",
		"a:b":            "a:b",
		"1:/x":           "1:/x",
		`back\slash`:     `back\slash`,
		"/":              "/",
		"..":             "..",
		".":              ".",
	} {
		if got := (label.Label{Path: path}).Name(); got != want {
			t.Errorf("the name of %q is %q, want %q", path, got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	seen := map[string]bool{}
	for f := label.None; f <= label.FastGlacier; f++ {
		seen[fmt.Sprint(f)] = true
	}
	if len(seen) != 6 || seen["unknown"] || label.Format(99).String() != "unknown" {
		t.Errorf("names of formats: %v", seen)
	}
}
