package files

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Write has fill write the file that a user has named. A regular file, or one that is not there yet, gets its content at once and
// durably, when all of it is there; a link is followed. A device or a pipe is written to as it is.
func Write(file string, fill func(io.Writer) error) error {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		w, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return &Problem{file, Unwritable, err}
		}
		return errors.Join(fill(w), w.Close())
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	t, err := Place(filepath.Dir(file), filepath.Base(file), Placement{Overwrite: true})
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Truncate(0); err != nil { // what another run has left
		return err
	}
	if err := fill(io.NewOffsetWriter(t, 0)); err != nil {
		return errors.Join(err, t.Discard())
	}
	return t.Commit(time.Time{})
}
