package bundle_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"firn/internal/bundle"
	"firn/internal/seal"
	"firn/treehash"

	"filippo.io/age"
)

// withIndex is a bundle whose index has this text under this name.
func withIndex(t testing.TB, name, text string) (data []byte, index int64) {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []file{of("a", strings.Repeat("a", 5000)), of(name, text)} {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		index = int64(out.Len())
		if err := w.WriteHeader(&tar.Header{Name: f.Path, Size: f.Size, Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), index
}

func entry(path string, offset, size int64) string {
	return fmt.Sprintf(`{"Path":%q,"Offset":%d,"Size":%d,"Modified":"2026-11-25T22:00:00Z","Mode":420,"TreeHash":"%s"}`+"\n",
		path, offset, size, treehash.Sum(nil))
}

func TestIndexThatCannotBeTrusted(t *testing.T) {
	good := entry("a", 512, 100)
	for _, tt := range []struct {
		name, text string
		want       string // "" is none
	}{
		{"good", good + entry("b", 1536, 5632-1536), ""},
		{"members of a newer version", strings.Replace(good, "{", `{"Colour":{"R":[1]},`, 1), ""},
		{"more than permission bits", strings.Replace(good, "420", "2541", 1), ""},
		{"no JSON", good + "hello\n", "line 2: the index of this bundle cannot be trusted: it is not JSON"},
		{"another JSON", "[]\n", "not JSON as expected"},
		{"empty object", "{}\n", "line 1"},
		{"no line break at the end", strings.TrimSpace(good), "it is cut off"},
		{"endless line", strings.Repeat(" ", 40_000) + good, "it is longer than"},
		{"path that leads upwards", entry("../a", 512, 100), "its name cannot be"},
		{"absolute path", entry("/etc/passwd", 512, 100), "its name cannot be"},
		{"no path", entry("", 512, 100), "its name cannot be"},
		{"at the first header", entry("a", 0, 100), "cannot have 100 bytes at byte 0"},
		{"before the beginning", entry("a", -512, 100), "cannot have"},
		{"within a block", entry("a", 513, 100), "cannot have"},
		{"into the index", entry("a", 512, 5121), "cannot have 5121 bytes at byte 512"},
		{"after the end", entry("a", 1<<40, 1), "cannot have"},
		{"beyond all numbers", entry("a", 1<<63-512, 1<<20), "cannot have"},
		{"negative size", entry("a", 512, -1), "too large"},
		{"larger than the bundle", entry("a", 512, bundle.MaxMember+1), "cannot have 8388609 bytes"},
		{"as large as numbers are", entry("a", 512, 1<<63-1), "cannot have 9223372036854775807 bytes"},
		{"on the one before", good + entry("b", 512, 100), "line 2"},
		{"without room for a header", entry("a", 512, 1) + entry("b", 1024, 100), "line 2"},
		{"where the header must be", entry("a", 512, 513) + entry("b", 1536, 100), "line 2"},
		{"backwards", entry("b", 1536, 10) + good, "line 2"},
		{"short hash", strings.Replace(good, `b855"`, `"`, 1), "no tree hash"},
		{"no hash", `{"Path":"a","Offset":512,"Size":1}` + "\n", "no tree hash"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, index := withIndex(t, bundle.IndexName, tt.text)
			members, err := list(data, index)
			if tt.want == "" {
				if err != nil || len(members) == 0 {
					t.Errorf("%d members, error %v", len(members), err)
				}
				return
			}
			if !errors.Is(err, bundle.ErrIndex) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestIndexThatIsNotThere(t *testing.T) {
	data, index := withIndex(t, bundle.IndexName, entry("a", 512, 100))
	other, _ := withIndex(t, "other.jsonl", entry("a", 512, 100))
	unreadable := errors.New("input/output error")
	for _, tt := range []struct {
		name  string
		src   io.ReaderAt
		index int64
		size  int64
		want  error
	}{
		{"negative", bytes.NewReader(data), -512, int64(len(data)), bundle.ErrIndex},
		{"within a block", bytes.NewReader(data), index + 1, int64(len(data)), bundle.ErrIndex},
		{"after the end", bytes.NewReader(data), 1 << 62, int64(len(data)), bundle.ErrIndex},
		{"at a file's bytes", bytes.NewReader(data), 512, int64(len(data)), bundle.ErrIndex},
		{"at another file", bytes.NewReader(other), index, int64(len(other)), bundle.ErrIndex},
		{"at the zeros of the end", bytes.NewReader(data), int64(len(data)) - 1024, int64(len(data)), bundle.ErrIndex},
		{"bundle cut off", bytes.NewReader(data), index, index + 600, bundle.ErrIndex},
		{"unreadable", failing{unreadable}, index, int64(len(data)), unreadable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for m, err := range bundle.Members(tt.src, tt.index, tt.size) {
				if !errors.Is(err, tt.want) {
					t.Errorf("member %v, error %v; want %v", m, err, tt.want)
				}
			}
		})
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestReadingEndsWhenAsked(t *testing.T) {
	data, index, members := pack(t, some...)
	for m, err := range bundle.Members(bytes.NewReader(data), index, int64(len(data))) {
		if err != nil || m.Path != members[0].Path {
			t.Errorf("first member %v, error %v", m, err)
		}
		break
	}
}

func TestSealedBundle(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var to seal.Recipients
	var with seal.Identities
	if err := errors.Join(to.Add(key.Recipient().String()), with.Read(strings.NewReader(key.String()), "key", nil)); err != nil {
		t.Fatal(err)
	}
	data, index, members := pack(t, some...)
	s, err := seal.New(to)
	if err != nil {
		t.Fatal(err)
	}
	plain, size, err := seal.OpenAt(s.ReaderAt(bytes.NewReader(data), int64(len(data))), s.Size(int64(len(data))), with)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m, err := range bundle.Members(plain, index, size) {
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(plain, m.Offset, m.Size))
		if err != nil || string(got) != some[n].data {
			t.Errorf("%s: %d bytes, error %v", m.Path, len(got), err)
		}
		n++
	}
	if n != len(members) {
		t.Errorf("%d members, want %d", n, len(members))
	}
}

func FuzzMembers(f *testing.F) {
	for _, text := range []string{"", entry("a", 512, 100) + entry("b", 1536, 10), "{}\n", entry("../a", 0, 1)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, index := withIndex(t, bundle.IndexName, text)
		end := int64(0)
		for m, err := range bundle.Members(bytes.NewReader(data), index, int64(len(data))) {
			if err != nil {
				if !errors.Is(err, bundle.ErrIndex) {
					t.Errorf("error %v", err)
				}
				return
			}
			if !fs.ValidPath(m.Path) || m.Offset < end || m.Size < 0 || m.Offset+m.Size > index {
				t.Errorf("member %+v: after %d, and the index is at %d", m, end, index)
			}
			end = m.Offset + m.Size
		}
	})
}
