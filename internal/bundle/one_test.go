package bundle_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/bundle"
	"firn/treehash"
)

// TestOneIsWhatAWriterWrites: byte for byte, wherever it is read.
func TestOneIsWhatAWriterWrites(t *testing.T) {
	for _, f := range append(some, of("a block less", strings.Repeat("x", 511)), of("two blocks", strings.Repeat("x", 1024))) {
		t.Run(f.Path, func(t *testing.T) {
			want, index, members := pack(t, f)
			one, err := bundle.NewOne(f.File, treehash.Sum([]byte(f.data)))
			if err != nil {
				t.Fatal(err)
			}
			if one.Index() != index || one.Size() != int64(len(want)) {
				t.Errorf("%d bytes and the index at %d, want %d and %d", one.Size(), one.Index(), len(want), index)
			}
			if diff := cmp.Diff(members[0], one.Member()); diff != "" {
				t.Errorf("member (-want +got):\n%s", diff)
			}
			at := one.ReaderAt(strings.NewReader(f.data))
			if err := iotest.TestReader(io.NewSectionReader(at, 0, one.Size()), want); err != nil {
				t.Error(err)
			}
			if n, err := at.ReadAt(make([]byte, 1), one.Size()); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("after the end: %d bytes, error %v", n, err)
			}
		})
	}
}

// zeros are as many as one likes.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// TestOneOfAnySize: tar reads what is larger than its own numbers, and the index says it.
func TestOneOfAnySize(t *testing.T) {
	for _, size := range []int64{bundle.MaxMember + 1, 1<<33 - 1, 1 << 33, 40_000_000_000_000} {
		f := bundle.File{Path: long, Size: size, Modified: clock, Mode: 0o600}
		one, err := bundle.NewOne(f, treehash.Sum([]byte("not looked at")))
		if err != nil {
			t.Fatal(err)
		}
		content := io.NewSectionReader(one.ReaderAt(zeros{}), 0, one.Size())
		all := tar.NewReader(content)
		if h, err := all.Next(); err != nil || h.Name != long || h.Size != size {
			t.Errorf("%d bytes: tar says %+v, error %v", size, h, err)
		}
		if h, err := all.Next(); err != nil || h.Name != bundle.IndexName {
			t.Errorf("%d bytes: tar says then %+v, error %v", size, h, err)
		}
		n := 0
		for m, err := range bundle.Members(content, one.Index(), one.Size()) {
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(one.Member(), m); diff != "" {
				t.Errorf("the index says (-want +got):\n%s", diff)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d members", n)
		}
	}
}

// TestOneOfWhatCannotBe: as with a writer, but for the size.
func TestOneOfWhatCannotBe(t *testing.T) {
	for _, tt := range []struct {
		name string
		file bundle.File
		want error
	}{
		{"no path", bundle.File{}, bundle.ErrPath},
		{"path that leads upwards", bundle.File{Path: "../a"}, bundle.ErrPath},
		{"path of the index", bundle.File{Path: bundle.IndexName}, bundle.ErrPath},
		{"negative size", bundle.File{Path: "a", Size: -1}, bundle.ErrTooLarge},
		{"year of five digits", bundle.File{Path: "a", Modified: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, bundle.ErrDate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := bundle.NewOne(tt.file, treehash.Hash{}); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// TestOneEndsEarly: a file that has become shorter is not filled up.
func TestOneEndsEarly(t *testing.T) {
	one, err := bundle.NewOne(bundle.File{Path: "a", Size: 1000}, treehash.Hash{})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		src  io.ReaderAt
		want error
	}{
		"shorter":    {bytes.NewReader(make([]byte, 999)), io.ErrUnexpectedEOF},
		"unreadable": {failing{errGone}, errGone},
	} {
		if _, err := one.ReaderAt(row.src).ReadAt(make([]byte, one.Size()), 0); !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", name, err, row.want)
		}
	}
}

// TestFrame: it is another one for another name, time, mode or content.
func TestFrame(t *testing.T) {
	f := bundle.File{Path: "a", Size: 3, Modified: clock, Mode: 0o600}
	seen := map[treehash.Hash]string{}
	for name, change := range map[string]func(*bundle.File) treehash.Hash{
		"as it is":        func(*bundle.File) treehash.Hash { return treehash.Hash{} },
		"another content": func(*bundle.File) treehash.Hash { return treehash.Hash{1} },
		"another name":    func(f *bundle.File) treehash.Hash { f.Path = "b"; return treehash.Hash{} },
		"another time":    func(f *bundle.File) treehash.Hash { f.Modified = clock.Add(1); return treehash.Hash{} },
		"another mode":    func(f *bundle.File) treehash.Hash { f.Mode = 0o644; return treehash.Hash{} },
	} {
		changed := f
		hash := change(&changed)
		one, err := bundle.NewOne(changed, hash)
		if err != nil {
			t.Fatal(err)
		}
		if other, is := seen[one.Frame()]; is {
			t.Errorf("%s, and %s: one frame", name, other)
		}
		seen[one.Frame()] = name
	}
}
