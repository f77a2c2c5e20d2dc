package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firn/internal/files"
)

// kind is the kind of problem that an error is.
func kind(t *testing.T, err error) files.Kind {
	t.Helper()
	if err == nil {
		return ""
	}
	p, ok := errors.AsType[*files.Problem](err)
	if !ok {
		t.Fatalf("error %v is no problem", err)
	}
	return p.Kind
}

func TestSourceThatIsChanged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(path string) error
		open   files.Kind // if the change comes before the file is opened
		after  files.Kind // if it comes after it was read
	}{
		{"not", func(string) error { return nil }, "", ""},
		{"longer", func(p string) error { return os.WriteFile(p, []byte("data and more"), 0o644) }, files.Changed, files.Changed},
		{"shorter", func(p string) error { return os.Truncate(p, 2) }, files.Changed, files.Changed},
		{"other bytes", func(p string) error { return os.WriteFile(p, []byte("DATA"), 0o644) }, files.Changed, files.Changed},
		{"another time", func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1, 0)) }, files.Changed, files.Changed},
		{"another file, of the same size and time", func(p string) error {
			info, err := os.Stat(p)
			return errors.Join(err, os.WriteFile(p+"2", []byte("DATA"), 0o644), os.Chtimes(p+"2", time.Time{}, info.ModTime()), os.Rename(p+"2", p))
		}, files.Changed, files.Changed}, // the old one's status changed: it lost its name
		{"gone", os.Remove, files.Vanished, files.Changed},
		{"a pipe", func(p string) error { return errors.Join(os.Remove(p), unix.Mkfifo(p, 0o644)) }, files.Changed, files.Changed},
		{"a folder", func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o755)) }, files.Changed, files.Changed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, early := range []bool{true, false} {
				path := filepath.Join(t.TempDir(), "f")
				if err := os.WriteFile(path, []byte("data"), 0o644); err != nil {
					t.Fatal(err)
				}
				file, err := files.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				wait(t, path)
				if early {
					if err := tt.change(path); err != nil {
						t.Fatal(err)
					}
				}
				s, err := files.Open(file)
				if early {
					if got := kind(t, err); got != tt.open {
						t.Errorf("opened after the change: %q, want %q", got, tt.open)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				got, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size()))
				if string(got) != "data" || err != nil || s.Changed() != nil {
					t.Fatalf("%q, %v, changed: %v", got, err, s.Changed())
				}
				if err := tt.change(path); err != nil {
					t.Fatal(err)
				}
				if got := kind(t, s.Changed()); got != tt.after {
					t.Errorf("changed after it was read: %q, want %q", got, tt.after)
				}
			}
		})
	}
}

// wait waits until the file system's clock has moved past the file's status: only then does a change show in it.
func wait(t *testing.T, path string) {
	t.Helper()
	stamp := func(name string) time.Time {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	for was := stamp(path); ; {
		probe := filepath.Join(filepath.Dir(path), "probe")
		if err := os.WriteFile(probe, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		now := stamp(probe)
		os.Remove(probe)
		if now.After(was) {
			return
		}
	}
}

func TestSourceReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := files.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := files.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, tt := range []struct {
		off  int64
		size int
		want string
		err  error
	}{{0, 10, "0123456789", nil}, {8, 2, "89", nil}, {8, 4, "89", io.EOF}, {10, 1, "", io.EOF}, {20, 1, "", io.EOF}} {
		p := make([]byte, tt.size)
		n, err := s.ReadAt(p, tt.off)
		if string(p[:n]) != tt.want || err != tt.err {
			t.Errorf("%d bytes at %d: %q, %v", tt.size, tt.off, p[:n], err)
		}
	}
	if err := os.Truncate(path, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReadAt(make([]byte, 4), 3); kind(t, err) != files.Changed {
		t.Errorf("cut short: %v", err)
	}
	if err := os.WriteFile(path, []byte("0123456789abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := s.ReadAt(make([]byte, 5), 0); n != 0 || kind(t, err) != files.Changed {
		t.Errorf("grown: %d, %v", n, err)
	}
}
