package move

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOutermost: paths that are left of those that lie in each other.
func TestOutermost(t *testing.T) {
	for name, row := range map[string]struct{ paths, want []string }{
		"apart":            {[]string{"a", "b", "ab"}, []string{"a", "b", "ab"}},
		"below":            {[]string{"a/b", "a", "a/b/c"}, []string{"a"}},
		"everything":       {[]string{"a", ".", "b"}, []string{"."}},
		"twice":            {[]string{"a", "./a", "a/"}, []string{"a"}},
		"everything twice": {[]string{".", "/"}, []string{"."}},
		"ids":              {[]string{"id:X", ".", "id:Y", "id:X"}, []string{"id:X", ".", "id:Y"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, outermost(row.paths)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
