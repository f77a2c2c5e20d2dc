package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/files"
)

// place begins a file with some bytes.
func place(t *testing.T, dir, name, data string, o files.Placement) *files.Target {
	t.Helper()
	target, err := files.Place(dir, name, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.WriteAt([]byte(data), 0); err != nil {
		t.Fatal(err)
	}
	return target
}

// list is what lies below a folder: names, with the content of files.
func list(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch {
		case d.Type().IsRegular():
			data, err := os.ReadFile(path)
			all = append(all, name+"="+string(data))
			return err
		case d.IsDir():
			name += "/"
		}
		all = append(all, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantList(t *testing.T, dir string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestPlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	modified := time.Date(2010, 3, 10, 11, 6, 23, 5000, time.UTC)
	target := place(t, dir, "a/b/file", "data", files.Placement{Mode: 0o750})
	if target.Key() != filepath.Join(dir, "a/b/file") || target.Name() != "a/b/file" || target.Resumed() {
		t.Errorf("key %q, name %q, resumed %t", target.Key(), target.Name(), target.Resumed())
	}
	wantList(t, dir, "a/", "a/b/", "a/b/.file.firn-partial=data")
	if info, err := os.Stat(filepath.Join(dir, "a/b/.file.firn-partial")); err != nil || info.Mode() != 0o600 {
		t.Errorf("the unfinished file: %v, %v", info, err)
	}
	if err := target.Commit(modified); err != nil {
		t.Fatal(err)
	}
	wantList(t, dir, "a/", "a/b/", "a/b/file=data")
	info, err := os.Stat(target.Key())
	if err != nil || info.Mode() != 0o750 || !info.ModTime().Equal(modified) {
		t.Errorf("%v %v, %v", info.Mode(), info.ModTime(), err)
	}
	if _, err := target.WriteAt([]byte("x"), 0); err == nil {
		t.Error("written after the end")
	}
}

func TestPlaceGoesOn(t *testing.T) {
	dir := t.TempDir()
	if err := place(t, dir, "x", "half", files.Placement{}).Close(); err != nil {
		t.Fatal(err)
	}
	target, err := files.Place(dir, "x", files.Placement{})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4)
	if _, err := target.ReadAt(p, 0); err != nil || string(p) != "half" || !target.Resumed() {
		t.Errorf("%q, %v, resumed %t", p, err, target.Resumed())
	}
	if size, err := target.Size(); err != nil || size != 4 {
		t.Errorf("size %d, %v", size, err)
	}
	if _, err := files.Place(dir, "x", files.Placement{}); kind(t, err) != files.Busy {
		t.Errorf("placed twice at a time: %v", err)
	}
	if err := target.Truncate(2); err != nil {
		t.Fatal(err)
	}
	if err := target.Discard(); err != nil {
		t.Fatal(err)
	}
	wantList(t, dir)
}

func TestPlaceWhereSomethingIs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		there []string
		o     files.Placement
		begin files.Kind
		want  []string // after the commit
	}{
		{"a file, which stays", []string{"a"}, files.Placement{}, files.Exists, []string{"a=a"}},
		{"a file", []string{"a"}, files.Placement{Overwrite: true}, "", []string{"a=new"}},
		{"a folder", []string{"a/"}, files.Placement{Overwrite: true}, files.Blocked, []string{"a/"}},
		{"a link, which stays", []string{"a -> b", "b"}, files.Placement{}, files.Exists, []string{"a", "b=b"}},
		{"a broken link, which stays", []string{"a -> b"}, files.Placement{}, files.Exists, []string{"a"}},
		{"a link, which is not followed", []string{"a -> b", "b"}, files.Placement{Overwrite: true}, "", []string{"a=new", "b=b"}},
		{"a link in place of the unfinished file", []string{".a.firn-partial -> b", "b"}, files.Placement{}, files.Blocked, []string{".a.firn-partial", "b=b"}},
		{"a broken link in place of the unfinished file", []string{".a.firn-partial -> b"}, files.Placement{}, files.Blocked, []string{".a.firn-partial"}},
		{"a folder in place of the unfinished file", []string{".a.firn-partial/"}, files.Placement{}, files.Blocked, []string{".a.firn-partial/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.there...)
			target, err := files.Place(dir, "a", tt.o)
			if kind(t, err) != tt.begin {
				t.Fatalf("place: %v, want %q", err, tt.begin)
			}
			if err == nil {
				target.WriteAt([]byte("new"), 0)
				if err := target.Commit(time.Time{}); err != nil {
					t.Fatal(err)
				}
			}
			wantList(t, dir, tt.want...)
		})
	}
}

// A link on the way is never followed, whether it leads out of the folder or not.
func TestPlaceThroughLinks(t *testing.T) {
	outside := t.TempDir()
	for _, tt := range []struct{ name, link, file string }{
		{"out of the folder", "a -> " + outside, "a/x"},
		{"within the folder", "a -> real", "a/x"},
		{"deeper", "real/a -> ../real", "real/a/x"},
		{"upwards", "a -> ..", "a/x"},
		{"a file", "a", "a/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, "real/", tt.link)
			before := list(t, dir)
			if _, err := files.Place(dir, tt.file, files.Placement{Overwrite: true}); kind(t, err) != files.Blocked {
				t.Errorf("error %v", err)
			}
			wantList(t, dir, before...)
			wantList(t, outside)
		})
	}
	// The folder itself may be reached by one: it is the user's word.
	real := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if err := place(t, link, "x", "data", files.Placement{}).Commit(time.Time{}); err != nil {
		t.Error(err)
	}
	wantList(t, real, "x=data")
}

// The unfinished file has a second name, such as a hard link to another's file made by who else may write the folder.
func TestPlaceOverHardLink(t *testing.T) {
	dir := tree(t, "other")
	if err := os.Link(filepath.Join(dir, "other"), filepath.Join(dir, ".a.firn-partial")); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Place(dir, "a", files.Placement{Overwrite: true}); kind(t, err) != files.Blocked {
		t.Errorf("error %v", err)
	}
	wantList(t, dir, ".a.firn-partial=other", "other=other")
}

// A crash in the middle of Commit can leave both names of the one file.
func TestPlaceAfterCrashInCommit(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		dir := tree(t, "a")
		if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, ".a.firn-partial")); err != nil {
			t.Fatal(err)
		}
		target, err := files.Place(dir, "a", files.Placement{Overwrite: overwrite})
		if !overwrite {
			if kind(t, err) != files.Exists {
				t.Errorf("error %v", err)
			}
			wantList(t, dir, "a=a")
			continue
		}
		if err != nil || target.Resumed() {
			t.Fatalf("error %v", err)
		}
		target.WriteAt([]byte("new"), 0)
		if err := target.Commit(time.Time{}); err != nil {
			t.Error(err)
		}
		wantList(t, dir, "a=new")
	}
}

// TestTidy: the second name that a crash in the middle of Commit has left goes, and
// nothing else.
func TestTidy(t *testing.T) {
	dir := t.TempDir()
	for name, link := range map[string]bool{"crashed": true, "unfinished": false} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		partial := filepath.Join(dir, "."+name+".firn-partial")
		err := os.WriteFile(partial, []byte("other"), 0o600)
		if link {
			err = errors.Join(os.Remove(partial), os.Link(filepath.Join(dir, name), partial))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := files.Tidy(dir, name); err != nil {
			t.Error(err)
		}
	}
	if err := files.Tidy(dir, "nothing"); err != nil {
		t.Error(err)
	}
	wantList(t, dir, ".unfinished.firn-partial=other", "crashed=crashed", "unfinished=unfinished")
}

// What appears while the file is written stays as well.
func TestCommitOverNewFile(t *testing.T) {
	dir := t.TempDir()
	target := place(t, dir, "a", "new", files.Placement{})
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := target.Commit(time.Time{}); kind(t, err) != files.Exists {
		t.Errorf("error %v", err)
	}
	wantList(t, dir, ".a.firn-partial=new", "a=old")
}

func TestCommitModes(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, modes := range map[string][2]fs.FileMode{
		"unknown":    {0, info.Mode()},
		"read only":  {0o444, 0o444},
		"set uid":    {0o755 | fs.ModeSetuid, 0o755},
		"everything": {0o777, 0o777},
	} {
		if err := place(t, dir, name, "", files.Placement{Mode: modes[0]}).Commit(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != modes[1] {
			t.Errorf("%s: %v, want %v", name, info.Mode(), modes[1])
		}
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, tt := range []struct {
		name string
		want files.Kind
	}{
		{"a", ""}, {"a/b.c", ""}, {"a b", ""}, {"ä", ""}, {"...", ""}, {"..a", ""}, {"a..", ""}, {"a:b", ""}, {"a/C:/b", ""}, {"1:/x", ""}, {"a\nb", ""}, {`a\b`, ""},
		{"~", ""}, {"-rf", ""}, {long, ""}, {strings.Repeat("x", 241), ""}, {strings.Repeat("x", 242), ""}, {"con", ""},
		{"", files.BadName}, {"/", files.BadName}, {"/a", files.BadName}, {"a/", files.BadName}, {"a//b", files.BadName},
		{".", files.BadName}, {"..", files.BadName}, {"./a", files.BadName}, {"../a", files.BadName}, {"a/../b", files.BadName}, {"a/..", files.BadName}, {"a/.", files.BadName},
		{"C:", files.BadName}, {"C:/a", files.BadName}, {`c:\a`, files.BadName}, {`\\host\share`, files.BadName},
		{"a\x00b", files.BadName}, {"a\xff", files.BadName}, {".a.firn-partial", files.BadName},
		{long + "x", files.TooLong}, {strings.Repeat("a/", 2100) + "b", files.TooLong},
	} {
		err := files.CheckName(tt.name)
		if kind(t, err) != tt.want {
			t.Errorf("%.40q: %v, want %q", tt.name, err, tt.want)
		}
		dir := t.TempDir()
		target, err := files.Place(dir, tt.name, files.Placement{})
		if kind(t, err) != tt.want {
			t.Errorf("place %.40q: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil {
			wantList(t, dir)
			continue
		}
		if err := target.Commit(time.Time{}); err != nil {
			t.Errorf("commit %.40q: %v", tt.name, err)
		}
		if !slices.Contains(list(t, dir), tt.name+"=") {
			t.Errorf("%.40q is not there", tt.name)
		}
	}
}

// Files may be placed at the same time, in folders that each would make.
func TestPlaceConcurrently(t *testing.T) {
	dir := t.TempDir()
	done := make(chan error)
	for i := range 20 {
		go func() {
			target, err := files.Place(dir, "a/b/c/"+string(rune('a'+i)), files.Placement{})
			if err == nil {
				err = target.Commit(time.Time{})
			}
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := list(t, dir); len(got) != 23 {
		t.Errorf("%q", got)
	}
}

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s, err := files.NewSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantList(t, dir) // it has no name
	for _, text := range []string{"one ", "two"} {
		if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	p := make([]byte, 7)
	if n, err := s.ReadAt(p, 0); string(p[:n]) != "one two" || err != nil || s.Size() != 7 {
		t.Errorf("%q, %v, size %d", p[:n], err, s.Size())
	}
	if err := s.Reset(); err != nil || s.Size() != 0 {
		t.Fatal(err, s.Size())
	}
	s.Write([]byte("x"))
	if n, _ := s.ReadAt(p, 0); string(p[:n]) != "x" {
		t.Errorf("%q after a reset", p[:n])
	}
	if _, err := files.NewSpool(filepath.Join(dir, "missing")); kind(t, err) == "" {
		t.Error("a spool in no folder")
	}
}

// TestTimesOfAllCenturies: a file gets its time, or the nearest that its file system has.
func TestTimesOfAllCenturies(t *testing.T) {
	first, last := time.Date(1901, 12, 13, 20, 45, 52, 0, time.UTC), time.Date(2446, 5, 10, 22, 38, 55, 0, time.UTC) // ext4's
	dir := t.TempDir()
	for _, want := range []time.Time{
		time.Date(1066, 10, 14, 9, 0, 0, 5, time.UTC), time.Date(1677, 9, 21, 0, 12, 43, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Unix(0, 0), time.Date(2262, 4, 11, 23, 47, 17, 0, time.UTC), time.Date(2400, 2, 29, 12, 0, 0, 123_456_789, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		if err := place(t, dir, "f", "data", files.Placement{Overwrite: true}).Commit(want); err != nil {
			t.Fatal(err)
		}
		f, err := files.Stat(filepath.Join(dir, "f"))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Modified; !got.Equal(want) && !(want.Before(first) && got.Equal(first)) && !(want.After(last) && got.Equal(last)) {
			t.Errorf("%v, want %v", got.UTC(), want)
		}
	}
}
