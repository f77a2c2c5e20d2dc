package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"firn/internal/disk"
)

func TestFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here: ", err)
	}
	f, err := disk.OS("/dev").OpenWrite("full")
	must(t, err)
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), 0); !disk.IsFull(err) {
		t.Errorf("write to a full device: %v", err)
	}
}

func TestPath(t *testing.T) {
	root := t.TempDir()
	pass := func(disk.Op) error { return nil }
	for _, fsys := range []disk.FS{disk.OS(root), disk.Inject(disk.OS(root), pass)} {
		p, ok := fsys.(disk.Pather)
		if !ok {
			t.Fatalf("%T has no paths", fsys)
		}
		if got, want := p.Path("a/b"), filepath.Join(root, "a", "b"); got != want {
			t.Errorf("Path = %s, want %s", got, want)
		}
	}
	if _, ok := disk.Inject(disk.NewMem(0), pass).(disk.Pather); ok {
		t.Error("memory claims to have paths")
	}
}

func TestPathIsAbsoluteForRelativeRoot(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.Mkdir("root", 0o700))
	fsys := disk.OS("root")
	create(t, fsys, "a", "content")
	t.Chdir(t.TempDir())
	wantFile(t, fsys, "a", "content")
	if p := fsys.(disk.Pather).Path("a"); !filepath.IsAbs(p) {
		t.Errorf("Path = %s", p)
	}
}

func TestMakeRoot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x", "y")
	for range 2 {
		fsys, err := disk.MakeRoot(dir)
		must(t, err)
		must(t, disk.WriteFile(fsys, "a", []byte("content")))
		wantFile(t, disk.OS(dir), "a", "content")
	}
	info, err := os.Stat(dir)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the root is %v", info.Mode())
	}
	_, err = disk.MakeRoot("/")
	must(t, err)
	_, err = disk.MakeRoot("/dev/null/x")
	fail(t, "root below a file", err)
}
