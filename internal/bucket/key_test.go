package bucket

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestKeyPath(t *testing.T) {
	for _, c := range []struct{ name, key, path string }{
		{"an ordinary key", "runs/job/results/part-0001.csv", "runs/job/results/part-0001.csv"},
		{"spaces and letters of all kinds", "a b/ü/日本", "a b/ü/日本"},
		{"percent sign", "100%", "100%25"},
		{"what looks escaped", "%41/%", "%2541/%25"},
		{"up and out", "../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"},
		{"here", "./a/.", "%2E/a/%2E"},
		{"names that only begin with dots", ".a/..b/...", ".a/..b/..."},
		{"absolute", "/etc/passwd", "%/etc/passwd"},
		{"slash alone", "/", "%/%"},
		{"folder's own object", "a/b/", "a/b/%"},
		{"two slashes", "a//b", "a/%/b"},
		{"nul", "a\x00b", "a%00b"},
		{"newline and delete", "a\nb\x7f", "a%0Ab%7F"},
		{"control character of two bytes", "a\u0085b", "a%C2%85b"},
		{"backslash is no separator", `a\..\b`, `a\..\b`},
		{"what a temporary file is called", "%tmp-0123456789abcdef", "%25tmp-0123456789abcdef"},
		{"what the disk calls temporary", "a.tmp", "a.tmp"},
		{"the longest name", strings.Repeat("x", 255), strings.Repeat("x", 255)},
		{"the longest escaped name", strings.Repeat("%", 85), strings.Repeat("%25", 85)},
		{"a folder with the longest name", strings.Repeat("x", 255) + "/y", strings.Repeat("x", 255) + "/y"},
		{"a folder with a longer name", strings.Repeat("x", 256) + "/y", strings.Repeat("x", 253) + "%+/xxx/y"},
		{"a folder whose name is longer when escaped", strings.Repeat("%", 86) + "/y", strings.Repeat("%25", 84) + "%+/%25%25/y"},
		{"a folder with a name of three pieces", "a/" + strings.Repeat("ü", 260) + "/b/c",
			"a/" + strings.Repeat("ü", 126) + "%+/" + strings.Repeat("ü", 126) + "%+/" + strings.Repeat("ü", 8) + "/b/c"},
		{"a long name that would end in the folder above", strings.Repeat("x", 253) + "../y", strings.Repeat("x", 253) + "../y"},
		{"the same, a byte longer", strings.Repeat("x", 254) + "../y", strings.Repeat("x", 253) + "%+/x../y"},
		{"no cut within an escape", strings.Repeat("x", 251) + "%ü../y", strings.Repeat("x", 251) + "%+/%25ü../y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := CheckKey(c.key); err != nil {
				t.Fatal(err)
			}
			if got := keyPath(c.key); got != c.path {
				t.Errorf("%q, not %q", got, c.path)
			}
		})
	}
}

func TestCheckKey(t *testing.T) {
	for _, c := range []struct{ name, key, says string }{
		{"empty", "", "empty"},
		{"too long", strings.Repeat("abcdefgh/", 114)[:1025], "1025 bytes"},
		{"not UTF-8", "a/\xff", "not UTF-8"},
		{"a surrogate", "a/\xed\xa0\x80", "not UTF-8"},
		{"a long name", "a/b/" + strings.Repeat("x", 256), "256 bytes"},
		{"a name that is long when escaped", strings.Repeat("%", 86), "258 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckKey(c.key)
			if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, not %q", err, c.says)
			}
		})
	}
	if err := CheckKey(strings.Repeat("abcdefgh/", 114)[:1024]); err != nil {
		t.Errorf("the longest key is refused: %v", err)
	}
}

// What unescape accepts is the name of one segment only.
func TestUnescape(t *testing.T) {
	for _, c := range []struct{ name, file string }{
		{"temporary", tempName()},
		{"cut escape", "a%2"},
		{"small letters", "a%0a"},
		{"escaped without need", "%41"},
		{"dot escaped in a longer name", "%2Ea"},
		{"dots half escaped", ".%2E"},
		{"bare percent among others", "a%"},
		{"control character as it is", "a\nb"},
		{"a dot", "."},
		{"no name", ""},
		{"escaped slash", "%2F"},
		{"not UTF-8", "\xff"},
		{"the beginning of a folder's name", "a%+"},
	} {
		if segment, ok := unescape(c.file); ok {
			t.Errorf("%s: %q is taken for %q", c.name, c.file, segment)
		}
	}
}

// FuzzKey holds that a key's path stays below the root, is one that the disk accepts, and leads back to the key: so no two keys
// share one. And it holds the reverse: a file name that is taken for a segment is the one that this segment has.
func FuzzKey(f *testing.F) {
	f.Fuzz(func(t *testing.T, key string) {
		if segment, ok := unescape(key); ok && escape(segment) != key {
			t.Errorf("file %q is taken for %q, which is %q", key, segment, escape(segment))
		}
		if CheckKey(key) != nil {
			return
		}
		path := keyPath(key)
		if !fs.ValidPath(path) || path == "." {
			t.Fatalf("%q becomes %q, which is no path", key, path)
		}
		var segments []string
		begun := ""
		for name := range strings.SplitSeq(path, "/") {
			beginning, more := strings.CutSuffix(name, goesOn)
			segment, ok := unescape(beginning)
			if !ok || len(name) > maxName || strings.HasPrefix(name, tempPrefix) {
				t.Fatalf("%q becomes %q with the segment %q", key, path, name)
			}
			if begun += segment; !more {
				segments = append(segments, begun)
				begun = ""
			}
		}
		if back := strings.Join(segments, "/"); back != key {
			t.Errorf("%q becomes %q, which is %q", key, path, back)
		}
	})
}
