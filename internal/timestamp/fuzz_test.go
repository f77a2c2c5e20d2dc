package timestamp

import (
	"os"
	"testing"
	"unicode/utf8"
)

func TestSeeds(t *testing.T) {
	for _, name := range []string{"FuzzParse", "FuzzPattern"} {
		if seeds, err := os.ReadDir("testdata/fuzz/" + name); err != nil || len(seeds) == 0 {
			t.Errorf("%s has %d seeds, %v", name, len(seeds), err)
		}
	}
}

// FuzzParse holds that what is read is written, and read again as the same, and that adding leads back as far as Diff says, or fails.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string, part uint8, n int64) {
		got, err := Parse(text)
		fromBytes, errBytes := Parse([]byte(text))
		if fromBytes != got || (err == nil) != (errBytes == nil) {
			t.Fatalf("%q is %s, %v; of bytes %s, %v", text, got, err, fromBytes, errBytes)
		}
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
			return
		}
		same(t, got)
		p := Part(part % 6)
		sum, err := got.Add(p, n)
		if err != nil {
			return
		}
		same(t, sum)
		if p >= Day && Diff(p, got, sum) != n {
			t.Errorf("%s %+d of %s is %s, which is %d away", p, n, got, sum, Diff(p, got, sum))
		}
	})
}

// same fails unless a timestamp is read as it is written.
func same(t *testing.T, want Timestamp) {
	t.Helper()
	if got, err := Parse(want.String()); err != nil || got != want || got.Compare(want) != 0 {
		t.Errorf("%s is read again as %s, %v", want, got, err)
	}
}

// FuzzPattern holds that a pattern's text is no longer than promised, and that all of it is characters if the pattern is.
func FuzzPattern(f *testing.F) {
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := ParsePattern(pattern)
		if err != nil {
			if p != nil || len(err.Error()) > 200 {
				t.Errorf("%v, error of %d bytes", p, len(err.Error()))
			}
			return
		}
		of, err := Parse(text)
		if err != nil {
			return
		}
		got := p.Append(nil, of)
		if len(got) > 9*len(pattern) {
			t.Errorf("%q of %s has %d bytes", pattern, of, len(got))
		}
		if utf8.ValidString(pattern) && !utf8.Valid(got) {
			t.Errorf("%q of %s is %q", pattern, of, got)
		}
	})
}
