package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"

	"firn/internal/files"
)

// TestWrite: what is written to a file of which kind.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	holds := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("holds %q, %v; want %q", got, err, want)
		}
	}
	from := func(r io.Reader) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		}
	}
	for _, text := range []string{"first, and longer", "second"} {
		if err := files.Write(file, from(strings.NewReader(text))); err != nil {
			t.Fatal(err)
		}
		holds(text)
	}
	broken := errors.New("broken")
	if err := files.Write(file, from(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	holds("second")
	if err := errors.Join(os.Symlink(file, link), files.Write(link, from(strings.NewReader("through a link")))); err != nil {
		t.Fatal(err)
	}
	holds("through a link")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		got, _ := os.ReadFile(pipe)
		read <- string(got)
	}()
	if err := files.Write(pipe, from(strings.NewReader("through a pipe"))); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "through a pipe" {
		t.Errorf("the pipe's reader has %q", got)
	}
	if err := files.Write(dir, from(strings.NewReader("x"))); err == nil {
		t.Error("a folder was written")
	}
}
