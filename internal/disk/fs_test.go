package disk_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// systems are the file systems that must behave alike as long as nothing fails.
var systems = []struct {
	name string
	make func(t *testing.T) disk.FS
}{
	{"OS", func(t *testing.T) disk.FS { return disk.OS(t.TempDir()) }},
	{"Mem", func(t *testing.T) disk.FS { return disk.NewMem(0) }},
	{"Mem after a kill", func(t *testing.T) disk.FS { return disk.NewMem(0).Crash(nil, disk.Kept) }},
	{"Mem with a hook", func(t *testing.T) disk.FS {
		return disk.Inject(disk.NewMem(0), func(disk.Op) error { return nil })
	}},
	{"OS with a hook", func(t *testing.T) disk.FS {
		return disk.Inject(disk.OS(t.TempDir()), func(disk.Op) error { return nil })
	}},
}

// TestFS is the conformance suite.
func TestFS(t *testing.T) {
	tests := []struct {
		name string
		run  func(t *testing.T, fsys disk.FS)
	}{
		{"what is written is read", testReadWrite},
		{"a hole and a lengthened file read as zeros", testHoles},
		{"a shortened file forgets its tail", testShorten},
		{"allocated space reads as zeros and keeps what is there", testAllocate},
		{"bad offsets, closed and read-only files", testBadCalls},
		{"names are created once", testNames},
		{"a rename replaces a file", testRename},
		{"an open file outlives its name", testOpenRemoved},
		{"a directory is listed in order", testReadDir},
		{"a directory is not a file", testDirectory},
		{"names outside the root are refused", testBadNames},
		{"a lock is exclusive until closed", testLock},
		{"an idle system has space", testFree},
	}
	for _, system := range systems {
		for _, test := range tests {
			t.Run(system.name+"/"+test.name, func(t *testing.T) { test.run(t, system.make(t)) })
		}
	}
}

// must ends the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a file with content and leaves it open until the end of the test.
func create(t testing.TB, fsys disk.FS, name, content string) disk.File {
	t.Helper()
	f, err := fsys.Create(name)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	n, err := f.WriteAt([]byte(content), 0)
	if n != len(content) || err != nil {
		t.Fatalf("WriteAt = %d, %v, want %d", n, err, len(content))
	}
	return f
}

// wantFile checks the content of a file.
func wantFile(t testing.TB, fsys disk.FS, name, want string) {
	t.Helper()
	got, err := disk.ReadFile(fsys, name)
	must(t, err)
	if !bytes.Equal(got, []byte(want)) {
		t.Fatalf("%s: %s", name, cmp.Diff(want, string(got)))
	}
}

// wantErr checks that an error is what errors.Is takes for the target.
func wantErr(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: error %v, want %v", what, err, target)
	}
}

// fail checks that there is an error, whichever.
func fail(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	}
}

func testReadWrite(t *testing.T, fsys disk.FS) {
	data := make([]byte, 3*4096+77)
	for i := range data {
		data[i] = byte(i * 31 >> 3)
	}
	f := create(t, fsys, "a", string(data))
	wantFile(t, fsys, "a", string(data))

	patch := bytes.Repeat([]byte("x"), 5000)
	_, err := f.WriteAt(patch, 4000)
	must(t, err)
	copy(data[4000:], patch)
	must(t, f.Sync())
	must(t, f.FlushAsync(0, 4096))
	wantFile(t, fsys, "a", string(data))

	got := make([]byte, 100)
	n, err := f.ReadAt(got, int64(len(data))-60)
	if n != 60 || err != io.EOF || !bytes.Equal(got[:n], data[len(data)-60:]) {
		t.Errorf("read over the end = %d, %v", n, err)
	}
	if n, err := f.ReadAt(got, int64(len(data))); n != 0 || err != io.EOF {
		t.Errorf("read at the end = %d, %v", n, err)
	}
	if n, err := f.ReadAt(nil, 0); n != 0 || err != nil {
		t.Errorf("read of nothing = %d, %v", n, err)
	}

	w, err := fsys.OpenWrite("a")
	must(t, err)
	_, err = w.WriteAt([]byte("first"), 0)
	must(t, err)
	must(t, w.Close())
	copy(data, "first")
	wantFile(t, fsys, "a", string(data))
}

func testHoles(t *testing.T, fsys disk.FS) {
	f := create(t, fsys, "a", "head")
	_, err := f.WriteAt([]byte("tail"), 9000)
	must(t, err)
	must(t, f.Truncate(9010))
	want := make([]byte, 9010)
	copy(want, "head")
	copy(want[9000:], "tail")
	wantFile(t, fsys, "a", string(want))
}

func testShorten(t *testing.T, fsys disk.FS) {
	for _, size := range []int64{0, 1, 4095, 4096, 4097, 8192} {
		f := create(t, fsys, "a", string(bytes.Repeat([]byte("x"), 10000)))
		must(t, f.Truncate(size))
		if got, err := f.Size(); got != size || err != nil {
			t.Errorf("size = %d, %v, want %d", got, err, size)
		}
		must(t, f.Truncate(10000))
		want := make([]byte, 10000)
		copy(want, bytes.Repeat([]byte("x"), int(size)))
		wantFile(t, fsys, "a", string(want))
		must(t, fsys.Remove("a"))
	}
}

func testAllocate(t *testing.T, fsys disk.FS) {
	f := create(t, fsys, "a", "head")
	must(t, f.Allocate(2, 6000))
	want := make([]byte, 6002)
	copy(want, "head")
	wantFile(t, fsys, "a", string(want))
	must(t, f.Allocate(0, 10))
	wantFile(t, fsys, "a", string(want))
	wantErr(t, "allocate nothing", f.Allocate(0, 0), syscall.EINVAL)
	wantErr(t, "allocate before the start", f.Allocate(-1, 5), syscall.EINVAL)
}

func testBadCalls(t *testing.T, fsys disk.FS) {
	f := create(t, fsys, "a", "content")
	_, err := f.ReadAt(make([]byte, 1), -1)
	fail(t, "read before the start", err)
	_, err = f.WriteAt(make([]byte, 1), -1)
	fail(t, "write before the start", err)
	fail(t, "truncate below zero", f.Truncate(-1))

	r, err := fsys.Open("a")
	must(t, err)
	_, err = r.WriteAt([]byte("x"), 0)
	wantErr(t, "write to a read-only file", err, syscall.EBADF)
	wantErr(t, "allocate in a read-only file", r.Allocate(0, 10), syscall.EBADF)
	wantErr(t, "truncate a read-only file", r.Truncate(0), syscall.EINVAL)
	must(t, r.Sync())
	must(t, r.Close())

	_, err = r.ReadAt(make([]byte, 1), 0)
	wantErr(t, "read a closed file", err, fs.ErrClosed)
	wantErr(t, "sync a closed file", r.Sync(), fs.ErrClosed)
	wantErr(t, "close a closed file", r.Close(), fs.ErrClosed)
	_, err = r.Size()
	wantErr(t, "size of a closed file", err, fs.ErrClosed)
	wantFile(t, fsys, "a", "content")
}

func testNames(t *testing.T, fsys disk.FS) {
	create(t, fsys, "a", "content")
	_, err := fsys.Create("a")
	wantErr(t, "create a file twice", err, fs.ErrExist)
	wantErr(t, "make a directory over a file", fsys.Mkdir("a"), fs.ErrExist)
	must(t, fsys.Mkdir("d"))
	wantErr(t, "make a directory twice", fsys.Mkdir("d"), fs.ErrExist)
	wantErr(t, "make the root", fsys.Mkdir("."), fs.ErrExist)
	_, err = fsys.Create("d")
	wantErr(t, "create a file over a directory", err, fs.ErrExist)

	for _, name := range []string{"x", "x/y", "d/x"} {
		_, err = fsys.Open(name)
		wantErr(t, "open "+name, err, fs.ErrNotExist)
		_, err = fsys.OpenWrite(name)
		wantErr(t, "open for writing "+name, err, fs.ErrNotExist)
		_, err = fsys.ReadDir(name)
		wantErr(t, "list "+name, err, fs.ErrNotExist)
		wantErr(t, "remove "+name, fsys.Remove(name), fs.ErrNotExist)
		wantErr(t, "rename "+name, fsys.Rename(name, "y"), fs.ErrNotExist)
		wantErr(t, "sync directory "+name, fsys.SyncDir(name), fs.ErrNotExist)
	}
	_, err = fsys.Create("x/y")
	wantErr(t, "create in a missing directory", err, fs.ErrNotExist)
	wantErr(t, "make a directory in a missing one", fsys.Mkdir("x/y"), fs.ErrNotExist)
	_, err = fsys.Create("a/b")
	wantErr(t, "create in a file", err, syscall.ENOTDIR)
	wantErr(t, "make a directory in a file", fsys.Mkdir("a/b"), syscall.ENOTDIR)
	wantFile(t, fsys, "a", "content")
}

func testRename(t *testing.T, fsys disk.FS) {
	must(t, fsys.Mkdir("d"))
	create(t, fsys, "a", "new")
	create(t, fsys, "d/b", "old")
	must(t, fsys.Rename("a", "d/b"))
	wantFile(t, fsys, "d/b", "new")
	_, err := fsys.Open("a")
	wantErr(t, "open the old name", err, fs.ErrNotExist)
	must(t, fsys.Rename("d/b", "d/b"))
	wantFile(t, fsys, "d/b", "new")
	wantErr(t, "rename over a directory", fsys.Rename("d/b", "d"), fs.ErrExist)
	wantErr(t, "rename into a missing directory", fsys.Rename("d/b", "x/b"), fs.ErrNotExist)
	wantFile(t, fsys, "d/b", "new")
}

func testOpenRemoved(t *testing.T, fsys disk.FS) {
	f := create(t, fsys, "a", "first")
	must(t, fsys.Remove("a"))
	create(t, fsys, "a", "second")
	got := make([]byte, 5)
	_, err := f.ReadAt(got, 0)
	must(t, err)
	if string(got) != "first" {
		t.Errorf("removed file reads %q", got)
	}
	wantFile(t, fsys, "a", "second")
}

func testReadDir(t *testing.T, fsys disk.FS) {
	create(t, fsys, "b", "12345")
	must(t, fsys.Mkdir("a"))
	create(t, fsys, "a/x", "1")
	create(t, fsys, "c", "")
	must(t, fsys.SyncDir("."))
	must(t, fsys.SyncDir("a"))
	list, err := fsys.ReadDir(".")
	must(t, err)
	for i := range list {
		if list[i].Dir {
			list[i].Size = 0
		}
	}
	want := []disk.Entry{{Name: "a", Dir: true}, {Name: "b", Size: 5}, {Name: "c"}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	list, err = fsys.ReadDir("a")
	must(t, err)
	if diff := cmp.Diff([]disk.Entry{{Name: "x", Size: 1}}, list); diff != "" {
		t.Error(diff)
	}
}

func testDirectory(t *testing.T, fsys disk.FS) {
	must(t, fsys.Mkdir("d"))
	create(t, fsys, "d/a", "content")
	wantErr(t, "remove a full directory", fsys.Remove("d"), syscall.ENOTEMPTY)
	_, err := fsys.OpenWrite("d")
	wantErr(t, "open a directory for writing", err, syscall.EISDIR)
	d, err := fsys.Open("d")
	must(t, err)
	_, err = d.ReadAt(make([]byte, 1), 0)
	wantErr(t, "read a directory", err, syscall.EISDIR)
	must(t, d.Close())
	_, err = fsys.ReadDir("d/a")
	wantErr(t, "list a file", err, syscall.ENOTDIR)
	wantErr(t, "sync a file as a directory", fsys.SyncDir("d/a"), syscall.ENOTDIR)
	must(t, fsys.Remove("d/a"))
	must(t, fsys.Remove("d"))
	_, err = fsys.ReadDir("d")
	wantErr(t, "list a removed directory", err, fs.ErrNotExist)
}

func testBadNames(t *testing.T, fsys disk.FS) {
	for _, name := range []string{"", "/a", "../a", "a/../../b", "a/", "a//b", "./a"} {
		_, err := fsys.Create(name)
		wantErr(t, "create "+name, err, fs.ErrInvalid)
		_, err = fsys.Open(name)
		wantErr(t, "open "+name, err, fs.ErrInvalid)
		_, err = fsys.ReadDir(name)
		wantErr(t, "list "+name, err, fs.ErrInvalid)
		_, err = fsys.Lock(name)
		wantErr(t, "lock "+name, err, fs.ErrInvalid)
		wantErr(t, "remove "+name, fsys.Remove(name), fs.ErrInvalid)
		wantErr(t, "rename from "+name, fsys.Rename(name, "x"), fs.ErrInvalid)
		wantErr(t, "rename to "+name, fsys.Rename("x", name), fs.ErrInvalid)
		wantErr(t, "mkdir "+name, fsys.Mkdir(name), fs.ErrInvalid)
		wantErr(t, "syncdir "+name, fsys.SyncDir(name), fs.ErrInvalid)
	}
	wantErr(t, "remove the root", fsys.Remove("."), fs.ErrInvalid)
	wantErr(t, "rename the root", fsys.Rename(".", "x"), fs.ErrInvalid)
	list, err := fsys.ReadDir(".")
	if len(list) != 0 || err != nil {
		t.Errorf("the root holds %v, %v", list, err)
	}
}

func testLock(t *testing.T, fsys disk.FS) {
	lock, err := fsys.Lock("LOCK")
	must(t, err)
	_, err = fsys.Lock("LOCK")
	wantErr(t, "second lock", err, disk.ErrLocked)
	other, err := fsys.Lock("OTHER")
	must(t, err)
	must(t, other.Close())
	must(t, lock.Close())
	wantErr(t, "close a closed lock", lock.Close(), fs.ErrClosed)
	lock, err = fsys.Lock("LOCK")
	must(t, err)
	must(t, lock.Close())
	wantFile(t, fsys, "LOCK", "")
	_, err = fsys.Lock(".")
	wantErr(t, "lock a directory", err, syscall.EISDIR)
}

func testFree(t *testing.T, fsys disk.FS) {
	n, err := fsys.Free()
	if n <= 0 || err != nil {
		t.Errorf("Free = %d, %v", n, err)
	}
	if total, err := fsys.Total(); total < n || err != nil {
		t.Errorf("Total = %d, %v, and Free = %d", total, err, n)
	}
}
