package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

func TestDirectory(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		run(t, func(*testing.T) subject { return directorySubject(disk.NewMem(0)) })
	})
	t.Run("on a disk", func(t *testing.T) {
		run(t, func(t *testing.T) subject { return directorySubject(disk.OS(t.TempDir())) })
	})
}

func directorySubject(fsys disk.FS) subject {
	d := NewDirectory(fsys, "select/results")
	return subject{Bucket: d, read: d.read}
}

// read returns the object of a key.
func (d *Directory) read(t *testing.T, key string) ([]byte, bool) {
	t.Helper()
	file, size, err := d.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data := make([]byte, size)
	if _, err := file.ReadAt(data, 0); err != nil && size > 0 {
		t.Fatal(err)
	}
	return data, true
}

// fill puts the keys, each with itself as content.
func fill(t *testing.T, d *Directory, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := PutBytes(context.Background(), d, key, Options{}, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
}

// tree lists all files below a directory, by path.
func tree(t *testing.T, fsys disk.FS, name string) []string {
	t.Helper()
	list, err := fsys.ReadDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		if below := path.Join(name, e.Name); e.Dir {
			all = append(all, tree(t, fsys, below)...)
		} else {
			all = append(all, below)
		}
	}
	return all
}

func TestHostileKeysStayBelowTheRoot(t *testing.T) {
	fsys := disk.NewMem(0)
	d := NewDirectory(fsys, "root")
	long := strings.Repeat("x", 253)
	keys := []string{
		"../../x", "b/..", ".", "//", "/abs", "a/../../b", "a\x00b", "a//", "%2E%2E/x", "%", "%25", "%tmp-00",
		long + "/../x", long + "xxx/../x", long + ".../x", long + "%tmp-0/x",
	}
	fill(t, d, keys...)
	for _, key := range keys {
		if data, ok := d.read(t, key); !ok || string(data) != key {
			t.Errorf("object %q is %q", key, data)
		}
	}
	if n := len(tree(t, fsys, "root")); n != len(keys) || len(tree(t, fsys, ".")) != n {
		t.Errorf("%d keys became these files: %q", len(keys), tree(t, fsys, "."))
	}
}

func TestConflict(t *testing.T) {
	for name, fsys := range map[string]disk.FS{"in memory": disk.NewMem(0), "on a disk": disk.OS(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			d := NewDirectory(fsys, "root")
			fill(t, d, "a/b")
			late, err := d.Create(context.Background(), "x", Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer late.Close()
			fill(t, d, "x/y")
			for key, err := range map[string]error{
				"a":       PutBytes(context.Background(), d, "a", Options{}, nil),
				"a/b/c":   PutBytes(context.Background(), d, "a/b/c", Options{}, nil),
				"a/b/c/d": PutBytes(context.Background(), d, "a/b/c/d", Options{}, nil),
				"x":       late.Commit(),
			} {
				if !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "folder") {
					t.Errorf("%s: %v", key, err)
				}
			}
			for _, key := range []string{"a", "a/b/c", "a/b/c/d", "x"} {
				if _, ok := d.read(t, key); ok {
					t.Errorf("%s can be read", key)
				}
				if err := d.Remove(context.Background(), key); err != nil {
					t.Errorf("remove %s: %v", key, err)
				}
			}
			if err := d.RemoveAll("a/b/"); err != nil {
				t.Error(err)
			}
			late.Close()
			if diff := cmp.Diff([]string{"root/a/b", "root/x/y"}, tree(t, fsys, ".")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestList(t *testing.T) {
	fsys := disk.NewMem(0)
	d := NewDirectory(fsys, "root")
	fill(t, d, "top", "job/b", "job/a%", "job/a", "job/", "job/sub/x", "/first", "job/..", strings.Repeat("y", 300)+"/z")
	open, err := d.Create(context.Background(), "job/open", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := disk.WriteFile(fsys, "root/job/%zz", []byte("not ours")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir string
		want      []Entry
	}{
		{"the top", "", []Entry{{"top", 3}}},
		{"a folder", "job/", []Entry{{"", 4}, {"..", 6}, {"a", 5}, {"a%", 6}, {"b", 5}}},
		{"a folder of a folder", "job/sub/", []Entry{{"x", 9}}},
		{"a folder with a long name", strings.Repeat("y", 300) + "/", []Entry{{"z", 302}}},
		{"the folder without a name", "/", []Entry{{"first", 6}}},
		{"no folder", "nowhere/at/all/", nil},
		{"an object", "job/a/", nil},
		{"below an object", "job/a/b/", nil},
	} {
		got, err := d.List(c.dir)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	if _, err := d.List("job"); !errors.Is(err, ErrDenied) {
		t.Errorf("a folder without its slash: %v", err)
	}
}

func TestRemoveAll(t *testing.T) {
	for _, mode := range disk.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			mem := disk.NewMem(0)
			d := NewDirectory(mem, "root")
			fill(t, d, "job1/a", "job1/results/1", "job1/results/2", "job11/a", "job2/a")
			open, err := d.Create(context.Background(), "job1/results/3", Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer open.Close()
			for range 2 {
				if err := d.RemoveAll("job1/"); err != nil {
					t.Fatal(err)
				}
			}
			after := mem.Crash(rand.New(rand.NewPCG(1, 2)), mode)
			if diff := cmp.Diff([]string{"root/job11/a", "root/job2/a"}, tree(t, after, ".")); diff != "" {
				t.Error(diff)
			}
		})
	}
	d := NewDirectory(disk.NewMem(0), "root")
	for _, dir := range []string{"", "job"} {
		if err := d.RemoveAll(dir); !errors.Is(err, ErrDenied) {
			t.Errorf("RemoveAll(%q): %v", dir, err)
		}
	}
}

// TestRemoveUnfinished: what a crash has left of an object goes, and nothing else.
func TestRemoveUnfinished(t *testing.T) {
	mem := disk.NewMem(0)
	d := NewDirectory(mem, "root")
	fill(t, d, "job1/a", "job1/%tmp-a", "job1/results/1")
	for _, key := range []string{"job1/b", "job1/results/2"} {
		left, err := d.Create(context.Background(), key, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer left.Close()
	}
	for _, dir := range []string{"job1/", "job1/", "job2/", "job1/a/"} {
		if err := d.RemoveUnfinished(dir); err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
	}
	got := tree(t, mem, "root/job1")
	if len(got) != 4 || !slices.Contains(got, "root/job1/a") || !slices.Contains(got, "root/job1/%25tmp-a") {
		t.Errorf("%v", got)
	}
}

// listed notes which directories are listed.
type listed struct {
	disk.FS
	names []string
}

func (l *listed) ReadDir(name string) ([]disk.Entry, error) {
	l.names = append(l.names, name)
	return l.FS.ReadDir(name)
}

// TestRemoveListsNothingAbove: a folder may be one of very many.
func TestRemoveListsNothingAbove(t *testing.T) {
	fsys := &listed{FS: disk.NewMem(0)}
	d := NewDirectory(fsys, "root")
	fill(t, d, "runs/job1/results/1", "runs/job2/a")
	for _, dir := range []string{"runs/job1/results/", "runs/job1/results/", "runs/job3/results/"} {
		fsys.names = nil
		if err := errors.Join(d.RemoveAll(dir), d.RemoveUnfinished("runs/job1/")); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(fsys.names, "root/runs") || slices.Contains(fsys.names, "root") {
			t.Errorf("to remove %s, these were listed: %v", dir, fsys.names)
		}
	}
}

// A power cut after every operation of writing an object over an old one: before Commit has returned, the object is the old or the new one, and
// before it was called the old one; after it, the new one.
func TestPowerCut(t *testing.T) {
	data := noise(stride + 5000)
	write := func(fsys disk.FS, key string, commit bool) error {
		o, err := NewDirectory(fsys, "root").Create(context.Background(), key, Options{})
		if err != nil {
			return err
		}
		if _, err := o.Write(data); err != nil {
			return err
		}
		if !commit {
			return nil
		}
		return o.Commit()
	}
	for _, key := range []string{"old/object", "new/folder/object"} {
		for n := 0; ; n++ {
			mem := disk.NewMem(0)
			fill(t, NewDirectory(mem, "root"), "old/object")
			var before []byte
			if key == "old/object" {
				before = []byte(key)
			}
			err := write(disk.Inject(mem, disk.CrashAfter(n, disk.Changes()...)), key, true)
			for seed := range uint64(5) {
				for _, mode := range disk.Modes() {
					after := NewDirectory(mem.Crash(rand.New(rand.NewPCG(seed, 1)), mode), "root")
					got, found := after.read(t, key)
					old := found == (before != nil) && bytes.Equal(got, before)
					if !bytes.Equal(got, data) && (err == nil || !old) {
						t.Fatalf("%s: cut after %d operations, mode %v, seed %d, Commit says %v: %d bytes", key, n, mode, seed, err, len(got))
					}
				}
			}
			if err == nil {
				break
			}
		}
		mem := disk.NewMem(0)
		if err := write(mem, key, false); err != nil {
			t.Fatal(err)
		}
		for _, mode := range disk.Modes() {
			after := NewDirectory(mem.Crash(rand.New(rand.NewPCG(1, 1)), mode), "root")
			if _, found := after.read(t, key); found {
				t.Errorf("%s is visible without Commit, mode %v", key, mode)
			}
		}
	}
}

// Every operation fails once: the error comes out, no sync is repeated, nothing is visible unless the last sync was the one, and no
// temporary file is left.
func TestFaults(t *testing.T) {
	kinds := []disk.Kind{disk.OpCreate, disk.OpMkdir, disk.OpWrite, disk.OpFlush, disk.OpSync, disk.OpRename, disk.OpSyncDir}
	put := func(fsys disk.FS) error {
		return PutBytes(context.Background(), NewDirectory(fsys, "root"), "job/object", Options{}, noise(stride+1))
	}
	for _, kind := range kinds {
		var count atomic.Int64
		if err := put(disk.Inject(disk.NewMem(0), disk.Count(&count, kind))); err != nil || count.Load() == 0 {
			t.Fatalf("%d times %s, and %v", count.Load(), kind, err)
		}
		for n := 1; n <= int(count.Load()); n++ {
			t.Run(fmt.Sprintf("%s number %d", kind, n), func(t *testing.T) {
				mem := disk.NewMem(0)
				var failed disk.Op
				fault := disk.NthOp(n, disk.Fault{Err: syscall.EIO}, kind)
				err := put(disk.Inject(mem, func(op disk.Op) error {
					if failed.Kind == op.Kind && failed.Name == op.Name && (kind == disk.OpSync || kind == disk.OpSyncDir) {
						t.Errorf("%s is repeated", op)
					}
					err := fault(op)
					if err != nil {
						failed = op
					}
					return err
				}))
				if !errors.Is(err, syscall.EIO) || errors.Is(err, ErrDenied) || errors.Is(err, ErrFull) {
					t.Errorf("says %v", err)
				}
				last := kind == disk.OpSyncDir && n == int(count.Load())
				if left := tree(t, mem, "."); len(left) > 0 && !last {
					t.Errorf("left %q", left)
				}
			})
		}
	}
}

func TestFull(t *testing.T) {
	const capacity = 3*stride + 4096*16
	for _, c := range []struct {
		name  string
		size  int
		floor int64
		fits  bool
	}{
		{"it fits", 3 * stride, 0, true},
		{"it does not fit", 4 * stride, 0, false},
		{"it fits above the floor", 2 * stride, stride, true},
		{"it would go below the floor", 3 * stride, stride, false},
		{"one byte would", 2*stride + 1, capacity - 2*stride, false},
		{"the floor is higher than the room", 1, capacity + 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := disk.NewMem(capacity)
			d := NewDirectory(mem, "root")
			d.Floor = c.floor
			err := PutBytes(context.Background(), d, "job/object", Options{}, noise(c.size))
			if c.fits != (err == nil) || !c.fits && !errors.Is(err, ErrFull) {
				t.Errorf("says %v", err)
			}
			free, ferr := mem.Free()
			if ferr != nil || free < c.floor && c.floor < capacity || !c.fits && free != capacity {
				t.Errorf("%d bytes are free, %v", free, ferr)
			}
		})
	}
	t.Run("a quota", func(t *testing.T) {
		fsys := disk.Inject(disk.NewMem(0), disk.NthOp(1, disk.Fault{Err: syscall.EDQUOT}, disk.OpSync))
		err := PutBytes(context.Background(), NewDirectory(fsys, "root"), "x", Options{}, []byte("x"))
		if !errors.Is(err, ErrFull) || !disk.IsFull(err) {
			t.Errorf("says %v", err)
		}
	})
}

// A removed object stays removed after a power cut.
func TestRemovePowerCut(t *testing.T) {
	mem := disk.NewMem(0)
	d := NewDirectory(mem, "root")
	fill(t, d, "job/error_manifest.txt")
	if err := d.Remove(context.Background(), "job/error_manifest.txt"); err != nil {
		t.Fatal(err)
	}
	if left := tree(t, mem.Crash(nil, disk.Lost), "."); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// TestRemovedRoot: who removes all results, with the directory that they were in, has removed them, and no more.
func TestRemovedRoot(t *testing.T) {
	root := t.TempDir() + "/select"
	fsys, err := disk.MakeRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDirectory(fsys, ".")
	d.Floor = 1
	d.Remake = func() error {
		_, err := disk.MakeRoot(root)
		return err
	}
	fill(t, d, "job/a", "job/results/1")
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"Remove": d.Remove(context.Background(), "job/a"), "RemoveAll": d.RemoveAll("job/results/"), "RemoveUnfinished": d.RemoveUnfinished("job/"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := d.List("job/"); err != nil || len(list) > 0 {
		t.Errorf("List: %v, %v", list, err)
	}
	if _, ok := d.read(t, "job/a"); ok {
		t.Error("the object can be read")
	}
	fill(t, d, "job/a")
	if _, ok := d.read(t, "job/a"); !ok {
		t.Error("there is no new object")
	}
}
