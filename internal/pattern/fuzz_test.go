package pattern_test

import (
	"strings"
	"testing"

	"firn/internal/pattern"
)

// FuzzPrune: rules are read or refused, and below a folder that is pruned nothing is included.
func FuzzPrune(f *testing.F) {
	f.Fuzz(func(t *testing.T, filter, folder, rest string) {
		var r pattern.Rules
		if len(filter)+len(folder)+len(rest) > 1000 || r.Filter(filter) != nil {
			return // time is linear in the rules and in the name, that is in their product
		}
		name := folder + "/" + rest
		if strings.HasPrefix(name, "/") || strings.Contains(name, "//") || strings.HasSuffix(name, "/") {
			return // no name of a file
		}
		if r.Match(name) && r.Prune(folder) {
			t.Errorf("%q: %q is pruned, and %q included", filter, folder, name)
		}
	})
}
