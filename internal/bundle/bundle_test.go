package bundle_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/bundle"
	"firn/treehash"
)

var (
	long  = strings.Repeat("long-name/", 30) + "ü.txt"
	clock = time.Date(2026, 11, 25, 22, 0, 0, 123456789, time.UTC)
)

// A file with its bytes.
type file struct {
	bundle.File
	data string
}

func of(path, data string) file {
	return file{bundle.File{Path: path, Size: int64(len(data)), Modified: clock, Mode: 0o644}, data}
}

var some = []file{
	of("a.txt", "hello"),
	of("empty", ""),
	of("dir/block", strings.Repeat("x", 512)),
	of(long, "long name"),
	of("dir/-rf", strings.Repeat("y", 70_000)),
	{bundle.File{Path: "old \"and\" odd\n<&>", Size: 1, Modified: time.Unix(-5, 0).UTC(), Mode: 0o755}, "z"},
}

// pack returns a bundle, where its index is, and its members.
func pack(t testing.TB, files ...file) (data []byte, index int64, members []bundle.Member) {
	t.Helper()
	var out bytes.Buffer
	w := bundle.NewWriter(&out)
	for _, f := range files {
		m, err := w.Add(f.File, strings.NewReader(f.data))
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, m)
	}
	index, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), index, members
}

// list reads an index.
func list(data []byte, index int64) (members []bundle.Member, err error) {
	for m, err := range bundle.Members(bytes.NewReader(data), index, int64(len(data))) {
		if err != nil {
			return members, err
		}
		members = append(members, m)
	}
	return members, nil
}

func TestBundle(t *testing.T) {
	data, index, members := pack(t, some...)
	for i, m := range members {
		if diff := cmp.Diff(some[i].File, m.File); diff != "" {
			t.Errorf("member %d (-want +got):\n%s", i, diff)
		}
		if got := string(data[m.Offset : m.Offset+m.Size]); got != some[i].data {
			t.Errorf("%s: at its offset are %q", m.Path, got)
		}
		if m.Hash != treehash.Sum([]byte(some[i].data)) {
			t.Errorf("%s: wrong tree hash", m.Path)
		}
	}
	got, err := list(data, index)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(members, got); diff != "" {
		t.Errorf("the index says (-want +got):\n%s", diff)
	}
	again, _, _ := pack(t, some...)
	if !bytes.Equal(data, again) {
		t.Error("the same files give other bytes")
	}
	tail := tar.NewReader(bytes.NewReader(data[index:]))
	if h, err := tail.Next(); err != nil || h.Name != bundle.IndexName {
		t.Errorf("the end of the bundle is no tar with the index: %v, %v", h, err)
	}
}

func TestEmptyBundle(t *testing.T) {
	data, index, _ := pack(t)
	if got, err := list(data, index); err != nil || len(got) > 0 {
		t.Errorf("%d members, error %v", len(got), err)
	}
}

func TestTarsOfOthers(t *testing.T) {
	data, _, _ := pack(t, some...)
	for _, program := range []string{"tar", "bsdtar"} {
		t.Run(program, func(t *testing.T) {
			path, err := exec.LookPath(program)
			if err != nil {
				t.Skip("there is no program", program, "here")
			}
			dir := t.TempDir()
			unpack := exec.Command(path, "-x", "-p", "-f", "-", "-C", dir)
			unpack.Stdin = bytes.NewReader(data)
			if out, err := unpack.CombinedOutput(); err != nil { // GNU tar has something to say about 1969
				t.Fatalf("%v\n%s", err, out)
			}
			for _, f := range some {
				name := filepath.Join(dir, f.Path)
				got, err := os.ReadFile(name)
				if err != nil || string(got) != f.data {
					t.Errorf("%q: %d bytes, error %v", f.Path, len(got), err)
					continue
				}
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if want := f.Modified.Truncate(time.Second); !info.ModTime().Equal(want) || info.Mode() != fs.FileMode(f.Mode) {
					t.Errorf("%q: of %v, mode %v; want %v, %o", f.Path, info.ModTime(), info.Mode(), want, f.Mode)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, bundle.IndexName)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFilesThatCannotBePacked(t *testing.T) {
	unreadable := errors.New("input/output error")
	for _, tt := range []struct {
		name string
		file bundle.File
		src  io.Reader
		want error
	}{
		{"shorter than it was", of("f", "12345").File, strings.NewReader("1234"), bundle.ErrChanged},
		{"empty now", of("f", "12345").File, strings.NewReader(""), bundle.ErrChanged},
		{"longer than it was", of("f", "12345").File, strings.NewReader("123456"), bundle.ErrChanged},
		{"empty, and no longer", of("f", "").File, strings.NewReader("1"), bundle.ErrChanged},
		{"unreadable", of("f", "12345").File, iotest.ErrReader(unreadable), unreadable},
		{"unreadable at its end", of("f", "12345").File, io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(unreadable)), unreadable},
		{"cut off by its reader", of("f", "12345").File, io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		{"too large", bundle.File{Path: "f", Size: bundle.MaxMember + 1, Modified: clock}, nil, bundle.ErrTooLarge},
		{"negative size", bundle.File{Path: "f", Size: -1, Modified: clock}, nil, bundle.ErrTooLarge},
		{"year 10000", bundle.File{Path: "f", Modified: clock.AddDate(9000, 0, 0)}, nil, bundle.ErrDate},
		{"name that is not UTF-8", of("f\xff", "").File, nil, bundle.ErrPath},
		{"name with a NUL", of("f\x00g", "").File, nil, bundle.ErrPath},
		{"name that leads upwards", of("../f", "").File, nil, bundle.ErrPath},
		{"absolute name", of("/f", "").File, nil, bundle.ErrPath},
		{"no name", of("", "").File, nil, bundle.ErrPath},
		{"the folder itself", of(".", "").File, nil, bundle.ErrPath},
		{"name of the index", of(bundle.IndexName, "").File, nil, bundle.ErrPath},
		{"very long name", of(strings.Repeat("x", 4097), "").File, nil, bundle.ErrPath},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, without bytes.Buffer
			w, v := bundle.NewWriter(&out), bundle.NewWriter(&without)
			if _, err := w.Add(some[0].File, strings.NewReader(some[0].data)); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Add(tt.file, tt.src); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if _, err := w.Add(some[4].File, iotest.OneByteReader(strings.NewReader(some[4].data))); err != nil {
				t.Fatal(err)
			}
			for _, f := range []file{some[0], some[4]} {
				if _, err := v.Add(f.File, strings.NewReader(f.data)); err != nil {
					t.Fatal(err)
				}
			}
			for _, w := range []*bundle.Writer{w, v} {
				if _, err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(out.Bytes(), without.Bytes()) {
				t.Error("the bundle is not as if nobody had tried")
			}
		})
	}
}

func TestFullBundle(t *testing.T) {
	w := bundle.NewWriter(io.Discard)
	for i := range bundle.MaxMembers {
		if _, err := w.Add(of(fmt.Sprint(i), "").File, strings.NewReader("")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Add(of("more", "").File, strings.NewReader("")); err != bundle.ErrFull {
		t.Errorf("error %v, want %v", err, bundle.ErrFull)
	}
}

func TestBundleThatCannotBeWritten(t *testing.T) {
	whole, _, _ := pack(t, some...)
	for limit := range len(whole) / 512 {
		w := bundle.NewWriter(&short{limit * 512})
		var err error
		for _, f := range some {
			if _, err = w.Add(f.File, strings.NewReader(f.data)); err != nil {
				break
			}
		}
		if err != nil {
			if _, again := w.Add(some[0].File, strings.NewReader(some[0].data)); !errors.Is(again, errFull) {
				t.Fatalf("full after %d bytes: the next Add says %v", limit*512, again)
			}
		}
		if _, err := w.Close(); !errors.Is(err, errFull) {
			t.Fatalf("full after %d of %d bytes: Close says %v", limit*512, len(whole), err)
		}
	}
}

var errFull = errors.New("no space left")

// short takes so many bytes.
type short struct{ left int }

func (s *short) Write(p []byte) (int, error) {
	if len(p) > s.left {
		return s.left, errFull
	}
	s.left -= len(p)
	return len(p), nil
}
