package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTree: a folder is what it was grown to be, and what is not is noticed.
func TestTree(t *testing.T) {
	grow := func() *tree {
		grown, err := growTree(t.Context(), filepath.Join(t.TempDir(), "folder"), newMaterial(), 150, 3*mib)
		if err != nil {
			t.Fatal(err)
		}
		return grown
	}
	one := grow()
	if sum := one.bytes(); len(one.files) != 150 || sum > 3*mib || sum < 3*mib-150 || one.largest() < 3*mib/11 {
		t.Errorf("%d files of %d bytes, the largest of %d", len(one.files), sum, one.largest())
	}
	if err := one.compare(t.Context(), one.dir, ""); err != nil {
		t.Error(err)
	}
	other := grow()
	if _, err := other.change(3); err != nil {
		t.Fatal(err)
	}
	if err := other.compare(t.Context(), other.dir, ""); err != nil {
		t.Error(err)
	}
	if err := one.compare(t.Context(), other.dir, ""); err == nil {
		t.Error("files that changed are not noticed")
	}
	if _, bytes := other.part("odd"); bytes == 0 || bytes == other.bytes() {
		t.Errorf("one half has %d bytes of %d", bytes, other.bytes())
	}
	large := &tree{dir: t.TempDir(), stuff: one.stuff, files: []leaf{{number: 1, size: sparseAbove + 1}}}
	if err := large.write(t.Context(), large.files...); err != nil {
		t.Fatal(err)
	}
	if err := large.compare(t.Context(), large.dir, "even"); err != nil {
		t.Error(err)
	}
	file := filepath.Join(one.dir, one.files[7].name())
	for _, row := range []struct {
		name, want string
		spoil      func() error
	}{
		{"one file more", "151 files came back", func() error { return os.WriteFile(filepath.Join(one.dir, "more"), nil, 0o600) }},
		{"a file that is longer", "longer than it was", func() error {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(file, append(data, 0), 0o600)
		}},
		{"a file cut off", "EOF", func() error { return os.Truncate(file, one.files[7].size-1) }},
		{"a file gone", "no such file", func() error { return os.Remove(file) }},
	} {
		if err := row.spoil(); err != nil {
			t.Fatal(err)
		}
		if err := one.compare(t.Context(), one.dir, ""); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}
