package names_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/internal/names"
)

func TestOpenRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, file string)
		want  error
		says  string
	}{
		{"a newer version", sqlOn("PRAGMA user_version = 2"), names.ErrNewer, "newer"},
		{"another program's database", sqlOn("PRAGMA application_id = 5"), names.ErrForeign, "not a file of names"},
		{"a text", func(t *testing.T, file string) {
			must(t, os.WriteFile(file, bytes.Repeat([]byte("no database\n"), 1000), 0o600))
		}, names.ErrDamaged, "firn names rebuild"},
		{"a file cut off", func(t *testing.T, file string) { must(t, os.Truncate(file, 700)) }, names.ErrDamaged, "firn names rebuild"},
		{"a folder", func(t *testing.T, file string) { must(t, os.Remove(file)); must(t, os.Mkdir(file, 0o700)) }, nil, "cannot be written"},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "v.db")
			c, err := names.Open(t.Context(), file)
			must(t, err)
			must(t, c.Close())
			row.spoil(t, file)
			_, err = names.Open(t.Context(), file)
			if err == nil || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), file) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func sqlOn(q string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		db, err := sql.Open("sqlite", file)
		must(t, err)
		_, err = db.ExecContext(t.Context(), q)
		must(t, err)
		must(t, db.Close())
	}
}

func TestDamageFurtherIn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.db")
	c, err := names.Open(t.Context(), file)
	must(t, err)
	for i := range 300 {
		add(t, c, fmt.Sprint("A", i), fmt.Sprint("a rather long name of a file ", i), i)
	}
	must(t, c.Close())
	b, err := os.ReadFile(file)
	must(t, err)
	for i := 4096 * 2; i < len(b); i++ {
		b[i] ^= 0xff
	}
	must(t, os.WriteFile(file, b, 0o600))
	c, err = names.Open(t.Context(), file)
	if err == nil {
		err = lastError(c.Under(t.Context(), "", true))
		must(t, c.Close())
	}
	if !errors.Is(err, names.ErrDamaged) || !strings.Contains(err.Error(), "firn names rebuild") {
		t.Errorf("read: %v", err)
	}
	for n := range 2 {
		must(t, os.WriteFile(file, b, 0o600))
		c, moved, err := names.OpenSound(t.Context(), file)
		must(t, err)
		if kept, err := os.ReadFile(moved); err != nil || !bytes.Equal(kept, b) || filepath.Dir(moved) != filepath.Dir(file) {
			t.Errorf("moved to %s: %d bytes, %v", moved, len(kept), err)
		}
		want(t, fmt.Sprint("names in the new one, ", n), all(t, c.Under(t.Context(), "", true)), nil)
		add(t, c, "A", "a", 1)
		must(t, c.Close())
		c, moved, err = names.OpenSound(t.Context(), file)
		must(t, err)
		want(t, "that a sound one was moved", moved, "")
		want(t, "names in a sound one", len(all(t, c.Under(t.Context(), "", true))), 1)
		must(t, c.Close())
	}
}
