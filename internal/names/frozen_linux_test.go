package names_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"firn/internal/names"
)

// medium is a folder that can be made one that nobody can write to.
func medium(t *testing.T) (dir string, freeze func()) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, 0) })
	return dir, func() {
		t.Helper()
		must(t, unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	}
}

// TestOpenToRead: what is on a medium that cannot be written is read, compared, and not changed.
func TestOpenToRead(t *testing.T) {
	ctx := t.Context()
	dir, freeze := medium(t)
	file := filepath.Join(dir, "v.db")
	c, err := names.Open(ctx, file)
	must(t, err)
	mine := names.Owner{Endpoint: "http://h", Region: "r", Account: "111122223333", Vault: "v"}
	must(t, errors.Join(c.Bind(ctx, mine), c.Of(ctx, at(5)), c.Add(ctx, names.Archive{ID: "a", Created: at(6)}, names.File{Path: "f", Size: 3}), c.Close()))
	freeze()

	if _, err := names.Open(ctx, file); err == nil {
		t.Fatal("it can be written")
	}
	c, err = names.OpenToRead(ctx, file)
	must(t, err)
	defer func() { must(t, c.Close()) }()
	if f, ok, err := c.Latest(ctx, "f"); err != nil || !ok || f.Size != 3 {
		t.Errorf("%+v, %v, %v", f, ok, err)
	}
	must(t, errors.Join(c.Bind(ctx, mine), c.Of(ctx, at(5))))
	other := mine
	other.Vault = "w"
	counts, err := c.Reconcile(ctx, list(row("a", "", 6), row("b", "", 7)), names.Check{})
	if must(t, err); counts.Extra != 1 {
		t.Errorf("compared: %+v", counts)
	}
	_, mending := c.Rebuild(ctx, list(), names.Check{})
	for _, tt := range []struct{ got, want error }{
		{c.Bind(ctx, other), names.ErrOther},
		{c.Of(ctx, at(6)), names.ErrEarlier},
		{c.Add(ctx, names.Archive{ID: "b"}), names.ErrReadOnly},
		{c.Remove(ctx, "a"), names.ErrReadOnly},
		{mending, names.ErrReadOnly},
		{c.Import(ctx, strings.NewReader("")), names.ErrReadOnly},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("error %v, want %v", tt.got, tt.want)
		}
	}
	if _, err := names.OpenToRead(ctx, filepath.Join(dir, "none.db")); err == nil {
		t.Error("there is none, and it is read")
	}
}

// TestOpenToReadWithALog: changes that cannot be seen are not passed over in silence.
func TestOpenToReadWithALog(t *testing.T) {
	ctx := t.Context()
	dir, freeze := medium(t)
	file := filepath.Join(t.TempDir(), "v.db")
	c, err := names.Open(ctx, file)
	must(t, err)
	defer c.Close()
	must(t, c.Add(ctx, names.Archive{ID: "a", Created: at(6)}, names.File{Path: "f"}))
	for _, part := range []string{"", "-wal"} {
		data, err := os.ReadFile(file + part)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "v.db"+part), data, 0o600))
	}
	freeze()
	if _, err := names.OpenToRead(ctx, filepath.Join(dir, "v.db")); !errors.Is(err, names.ErrReadOnly) || !strings.Contains(err.Error(), "its last changes are in the file v.db-wal beside it") {
		t.Errorf("error %v", err)
	}
}

// TestOpenToReadMakesWhatIsNotThere: as Open does.
func TestOpenToReadMakesWhatIsNotThere(t *testing.T) {
	c, err := names.OpenToRead(t.Context(), filepath.Join(t.TempDir(), "v.db"))
	must(t, err)
	must(t, errors.Join(c.Add(t.Context(), names.Archive{ID: "a"}), c.Close()))
}
