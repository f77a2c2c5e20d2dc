package files_test

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"firn/internal/files"
)

// FuzzCheckName: a name that is written stays in the folder, and is what it looks like.
func FuzzCheckName(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string) {
		if files.CheckName(name) != nil {
			return
		}
		if path.Clean(name) != name || !filepath.IsLocal(name) || !utf8.ValidString(name) || strings.ContainsRune(name, 0) ||
			!strings.HasPrefix(path.Join("/folder", name), "/folder/") || strings.HasPrefix(name, "../") {
			t.Errorf("%q would be written", name)
		}
	})
}
