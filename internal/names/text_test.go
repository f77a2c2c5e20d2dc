package names

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzLine: what is read from a line is written to one that is read as the same.
func FuzzLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		if o, err := parseOwner(text); err == nil {
			again(t, o, appendOwner(nil, o), parseOwner)
		}
		if a, err := parseArchive(text); err == nil {
			again(t, a, appendArchive(nil, &a), parseArchive)
		}
		if file, err := parseFile(text); err == nil {
			again(t, file, appendFile(nil, &file), parseFile)
		}
	})
}

func again[T any](t *testing.T, first T, line []byte, parse func(string) (T, error)) {
	t.Helper()
	text, ok := strings.CutSuffix(string(line), "\n")
	second, err := parse(text)
	if !ok || err != nil || strings.ContainsAny(text, "\n\r") {
		t.Fatalf("%q: %v", line, err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("%q (-first +second):\n%s", line, diff)
	}
}
