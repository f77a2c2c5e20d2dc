package vault

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// FuzzContentRange: what is accepted is a range that can be computed with, and
// is written again as it came but for zeros in front.
func FuzzContentRange(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		first, last, ok := contentRange(s)
		if !ok {
			if first != 0 || last != 0 {
				t.Errorf("%q is refused with %d-%d", s, first, last)
			}
			return
		}
		if first < 0 || last < first || last-first+1 <= 0 {
			t.Errorf("%q is %d-%d", s, first, last)
		}
		_, total, _ := strings.Cut(s, "/")
		again := fmt.Sprintf("bytes %d-%d/%s", first, last, total)
		if f2, l2, ok := contentRange(again); !ok || f2 != first || l2 != last {
			t.Errorf("%q gives %q, which is %d-%d, %t", s, again, f2, l2, ok)
		}
		if !strings.HasPrefix(s, "bytes ") || len(s) < len(again) {
			t.Errorf("%q is read as %q", s, again)
		}
	})
}

// TestSeeds: without its seeds the fuzz test would test nothing in a plain run.
func TestSeeds(t *testing.T) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzContentRange")
	if err != nil || len(seeds) < 5 {
		t.Errorf("%d seeds, %v", len(seeds), err)
	}
}
