package files_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"firn/internal/files"
	"firn/internal/pattern"
)

// tree makes files, links ("name -> to") and folders ("name/") in a new folder. A file's content is its name.
func tree(t *testing.T, entries ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, e := range entries {
		name, to, link := strings.Cut(e, " -> ")
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		switch {
		case err != nil:
		case link:
			err = os.Symlink(to, path)
		case strings.HasSuffix(e, "/"):
			err = os.MkdirAll(path, 0o777)
		default:
			err = os.WriteFile(path, []byte(name), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// walk lists what a walk tells of: names, and "name: kind" for problems.
func walk(t *testing.T, root string, filter files.Filter, o files.Options) []string {
	t.Helper()
	var got []string
	for f, err := range files.Walk(context.Background(), root, filter, o) {
		p, ok := errors.AsType[*files.Problem](err)
		if root, isRoot := errors.AsType[*files.RootProblem](err); isRoot {
			p, ok = &root.Problem, true
		}
		switch {
		case ok:
			got = append(got, p.Name+": "+string(p.Kind))
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, f.Name)
		}
	}
	return got
}

func TestWalkInTheOrderOfNames(t *testing.T) {
	root := tree(t, "a/x", "a/b/c", "a-b", "a.txt", "a0", "b", "B/1", "empty/", "ä/ö", "A b/\n", "z/.hidden")
	got := walk(t, root, nil, files.Options{})
	want := []string{"A b/\n", "B/1", "a-b", "a.txt", "a/b/c", "a/x", "a0", "b", "z/.hidden", "ä/ö"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSorted(got) {
		t.Error("not sorted by bytes")
	}
}

func TestWalkDescribes(t *testing.T) {
	root := tree(t, "a/b")
	path, modified := filepath.Join(root, "a/b"), time.Date(2012, 5, 20, 17, 3, 43, 221_000_001, time.UTC)
	if err := errors.Join(os.Chmod(path, 0o640), os.Chtimes(path, time.Time{}, modified)); err != nil {
		t.Fatal(err)
	}
	for f, err := range files.Walk(context.Background(), root, nil, files.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Node == "" {
			t.Error("no node")
		}
		f.Node, f.Modified = "", f.Modified.UTC()
		if diff := cmp.Diff(files.File{Name: "a/b", Path: path, Size: 3, Modified: modified, Mode: 0o640}, f); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWalkTellsWhatItLeavesOut(t *testing.T) {
	root := tree(t, "file", "link -> file", "tolink -> link", "broken -> nowhere", "folder/x", "tofolder -> folder", "self -> self",
		"folder/up -> ..", "bad\xff", "dir\xff/x", "outside -> /etc/hostname", "fifo-link -> fifo")
	if err := unix.Mkfifo(filepath.Join(root, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(root, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	want := []string{"bad\xff: not-utf8", "broken: symlink", "dir\xff: not-utf8", "fifo: special", "fifo-link: symlink", "file", "folder/up: symlink", "folder/x",
		"link: symlink", "outside: symlink", "self: symlink", "socket: special", "tofolder: symlink", "tolink: symlink"}
	if diff := cmp.Diff(want, walk(t, root, nil, files.Options{})); diff != "" {
		t.Errorf("links are not followed: %s", diff)
	}
	want = []string{"bad\xff: not-utf8", "broken: symlink", "dir\xff: not-utf8", "fifo: special", "fifo-link: special", "file", "folder/up: loop", "folder/x",
		"link", "outside", "self: loop", "socket: special", "tofolder/up: loop", "tofolder/x", "tolink"}
	if diff := cmp.Diff(want, walk(t, root, nil, files.Options{FollowLinks: true})); diff != "" {
		t.Errorf("links are followed: %s", diff)
	}

	// What is excluded is nobody's problem.
	var r pattern.Rules
	if err := r.Filter("+/file -"); err != nil {
		t.Fatal(err)
	}
	for _, follow := range []bool{false, true} {
		if got := walk(t, root, &r, files.Options{FollowLinks: follow}); !slices.Equal(got, []string{"file"}) {
			t.Errorf("with a filter: %q", got)
		}
	}
	var p pattern.Rules
	if err := p.Filter("-folder/ -tofolder/ +"); err != nil {
		t.Fatal(err)
	}
	for _, name := range walk(t, root, &p, files.Options{}) {
		if strings.Contains(name, "folder") {
			t.Errorf("excluded, and told of: %s", name)
		}
	}
}

func TestWalkDoesNotEnterWhatIsExcluded(t *testing.T) {
	root := tree(t, "a/x", "b/y", "c/z")
	var asked []string
	f := spy{match: func(name string) bool { asked = append(asked, name); return true }, prune: func(folder string) bool { return folder == "b" }}
	if got := walk(t, root, f, files.Options{}); !slices.Equal(got, []string{"a/x", "c/z"}) {
		t.Errorf("%q", got)
	}
	if !slices.Equal(asked, []string{"a/x", "c/z"}) {
		t.Errorf("asked for %q", asked)
	}
}

type spy struct{ match, prune func(string) bool }

func (s spy) Match(name string) bool   { return s.match(name) }
func (s spy) Prune(folder string) bool { return s.prune(folder) }

func TestWalkOfWhatVanishes(t *testing.T) {
	root := tree(t, "a", "b", "c/d", "e/f")
	f := spy{
		match: func(name string) bool {
			if name == "b" {
				os.Remove(filepath.Join(root, "b"))
			}
			return true
		},
		prune: func(folder string) bool {
			switch folder {
			case "c": // becomes a link to somewhere else, which is not followed
				os.RemoveAll(filepath.Join(root, "c"))
				os.Symlink("/etc", filepath.Join(root, "c"))
			case "e":
				os.RemoveAll(filepath.Join(root, "e"))
			}
			return false
		},
	}
	want := []string{"a", "b: vanished", "c: vanished", "e: vanished"}
	if diff := cmp.Diff(want, walk(t, root, f, files.Options{})); diff != "" {
		t.Error(diff)
	}
}

func TestWalkOfUnreadable(t *testing.T) {
	root := tree(t, "a", "b/c", "d")
	if err := os.Chmod(filepath.Join(root, "b"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(root, "b"), 0o700)
	got := walk(t, root, nil, files.Options{})
	want := []string{"a", "b: unreadable", "d"}
	if os.Geteuid() == 0 { // may read everything
		want[1] = "b/c"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	missing := filepath.Join(root, "missing")
	if got := walk(t, missing, nil, files.Options{}); !slices.Equal(got, []string{missing + ": unreadable"}) {
		t.Errorf("%q", got)
	}
}

func TestWalkOfOneFile(t *testing.T) {
	root := tree(t, "a/file", "link -> a/file", "folder -> a")
	for path, want := range map[string]string{"a/file": "file", "link": "link", "folder": "file", "a": "file"} {
		if got := walk(t, filepath.Join(root, path), nil, files.Options{}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", path, got)
		}
	}
	f, err := files.Stat(filepath.Join(root, "a/file"))
	if err != nil || f.Name != "file" || f.Size != 6 {
		t.Errorf("%+v, %v", f, err)
	}
	for _, path := range []string{"missing", "a"} {
		if _, err := files.Stat(filepath.Join(root, path)); err == nil {
			t.Errorf("%s is a file", path)
		}
	}
}

func TestWalkEnds(t *testing.T) {
	root := tree(t, "a/1", "a/2", "b/3", "c")
	n := 0
	for range files.Walk(context.Background(), root, nil, files.Options{}) {
		if n++; n == 2 {
			break
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	for f, err := range files.Walk(ctx, root, nil, files.Options{}) {
		if f.Name == "a/1" {
			cancel()
		}
		last = err
		n++
	}
	if n != 4 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d steps, the last error %v", n, last)
	}
}

// TestWalkOfMany walks a folder of 200,000 files and looks at the memory: below 100 bytes a name.
func TestWalkOfMany(t *testing.T) {
	if os.Getenv("FIRN_LONG") == "" {
		t.Skip("FIRN_LONG is not set")
	}
	const many = 200_000
	root := t.TempDir()
	for _, i := range rand.Perm(many) {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%08d", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for f, err := range files.Walk(context.Background(), root, nil, files.Options{}) {
		if err != nil || f.Name != fmt.Sprintf("%08d", n) {
			t.Fatalf("file %d: %q, %v", n, f.Name, err)
		}
		if n++; n == many/2 {
			runtime.GC()
			runtime.ReadMemStats(&now)
		}
	}
	if used := int64(now.HeapAlloc) - int64(before.HeapAlloc); n != many || used > many*100 {
		t.Errorf("%d files, %d bytes a name", n, used/many)
	}
}
