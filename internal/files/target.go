package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A Placement is how a file is placed.
type Placement struct {
	// Overwrite lets the file take the place of one that is there. Without it the one that is there stays.
	Overwrite bool
	// Mode is the permissions that the file gets; 0 are those that any new file would have.
	Mode fs.FileMode
}

// A Target is a file that is being written, under a name of its own beside the one that [Target.Commit] gives it. It survives
// the process, to be gone on with. ReadAt and WriteAt may be used concurrently. Errors are *[Problem]s.
type Target struct {
	folder  *os.Root
	f       *os.File
	name    string // as the caller has it
	base    string
	partial string
	key     string
	o       Placement
	resumed bool
}

// Place begins to write the file of that name in the folder dir, or goes on with it. The folder is made if it is missing, as
// are those in the name. The error is a *[Problem], of kind [Exists] if a file is there and is to stay. The caller ends it
// with Commit, Discard or Close.
func Place(dir, name string, o Placement) (*Target, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, writing(dir, err)
	}
	folder, base, err := openFolder(abs, name)
	if err != nil {
		return nil, err
	}
	t := &Target{
		folder: folder, name: name, base: base, partial: partialName(base), o: o,
		key: filepath.Join(abs, filepath.FromSlash(name)),
	}
	if err := t.begin(); err != nil {
		folder.Close()
		return nil, err
	}
	return t, nil
}

// begin opens the partial file.
func (t *Target) begin() error {
	if err := t.free(); err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if t.o.Mode == 0 {
		mode = 0o666 // less what the user masks; it stays so
	}
	f, err := t.folder.OpenFile(t.partial, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		t.resumed = true
		f, err = t.reopen()
	}
	if err != nil {
		return t.problem(err)
	}
	if err := lock(f); err != nil {
		f.Close()
		return &Problem{t.name, Busy, nil}
	}
	t.f = f
	return nil
}

// free looks at what has the file's name. A crash in the middle of Commit leaves the finished file with both names; then the
// partial one goes.
func (t *Target) free() error {
	there, err := t.folder.Lstat(t.base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return t.problem(err)
	case there.IsDir():
		return &Problem{t.name, Blocked, errFolder}
	}
	if left, err := t.folder.Lstat(t.partial); err == nil && os.SameFile(there, left) {
		if err := t.folder.Remove(t.partial); err != nil {
			return t.problem(err)
		}
	}
	if t.o.Overwrite {
		return nil
	}
	return &Problem{Name: t.name, Kind: Exists}
}

// reopen opens a partial file that is there, if it is one of ours: a regular file with no other name, reached by no link.
func (t *Target) reopen() (*os.File, error) {
	info, err := t.folder.Lstat(t.partial)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &Problem{t.name, Blocked, fmt.Errorf("%s: %w", t.partial, inTheWay(info))}
	}
	f, err := t.folder.OpenFile(t.partial, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	switch {
	case err == nil && !os.SameFile(now, info):
		err = &Problem{t.name, Blocked, fmt.Errorf("%s: %w", t.partial, errLink)}
	case err == nil && links(now) > 1:
		err = &Problem{t.name, Blocked, fmt.Errorf("%s: %w", t.partial, errLinked)}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// problem is an error as a *Problem with the target's name.
func (t *Target) problem(err error) error {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return writing(t.name, err)
}

// Unfinished looks for what is left of a file that [Place] would go on with, and changes nothing: its [Target.Key], and how many
// bytes it has.
func Unfinished(dir, name string) (key string, size int64, found bool) {
	if CheckName(name) != nil {
		return "", 0, false
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", 0, false
	}
	key = filepath.Join(abs, filepath.FromSlash(name))
	info, err := os.Lstat(filepath.Join(filepath.Dir(key), partialName(filepath.Base(key))))
	if err != nil || !info.Mode().IsRegular() {
		return key, 0, false
	}
	return key, info.Size(), true
}

// Tidy takes away the second name of a file that is there: a crash in the middle of Commit leaves it, and nobody places the file again.
func Tidy(dir, name string) error {
	key, _, found := Unfinished(dir, name)
	if !found {
		return nil
	}
	if there, err := os.Lstat(key); err != nil || links(there) < 2 {
		return nil
	}
	t, err := Place(dir, name, Placement{})
	if err == nil { // the file has gone meanwhile
		return t.Close()
	}
	if problem, ok := errors.AsType[*Problem](err); ok && problem.Kind == Exists {
		return nil // and was looked at
	}
	return err
}

// Name is the name that the caller gave.
func (t *Target) Name() string { return t.name }

// Key is the absolute path that the file will have. It is the same each time the file is placed.
func (t *Target) Key() string { return t.key }

// Resumed reports whether an unfinished file was there. What is in it is not to be believed without a look.
func (t *Target) Resumed() bool { return t.resumed }

// Size is how many bytes the unfinished file has; those between the ones that were written are zeros.
func (t *Target) Size() (int64, error) {
	info, err := t.f.Stat()
	if err != nil {
		return 0, t.problem(err)
	}
	return info.Size(), nil
}

// ReadAt implements io.ReaderAt.
func (t *Target) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.f.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = t.problem(err)
	}
	return n, err
}

// WriteAt implements io.WriterAt. What was written is durable after Sync or Commit.
func (t *Target) WriteAt(p []byte, off int64) (int, error) {
	n, err := t.f.WriteAt(p, off)
	if err != nil {
		err = t.problem(err)
	}
	return n, err
}

// Truncate makes the unfinished file that long.
func (t *Target) Truncate(size int64) error {
	if err := t.f.Truncate(size); err != nil {
		return t.problem(err)
	}
	return nil
}

// Sync makes durable what was written. After an error the unfinished file is gone: nobody knows what of it is on the disk.
func (t *Target) Sync() error {
	if err := t.f.Sync(); err != nil {
		return errors.Join(t.problem(err), t.folder.Remove(t.partial))
	}
	return nil
}

// Commit gives the file its time, unless that is zero, its permissions and its name, all of it durably, and ends the Target.
// After an error it is as with Close.
func (t *Target) Commit(modified time.Time) error {
	defer t.Close()
	if t.o.Mode != 0 {
		if err := t.f.Chmod(t.o.Mode.Perm()); err != nil {
			return t.problem(err)
		}
	}
	if !modified.IsZero() {
		if err := t.setTime(modified); err != nil {
			return t.problem(err)
		}
	}
	if err := t.Sync(); err != nil {
		return err
	}
	if err := t.rename(); err != nil {
		return t.problem(err)
	}
	if err := syncFolder(t.folder); err != nil {
		return t.problem(err)
	}
	return nil
}

// setTime sets the file's time. The standard library would count it in nanoseconds, of which an int64 has room for the years
// 1678 to 2262.
func (t *Target) setTime(modified time.Time) error {
	times := make([]unix.Timespec, 2)
	for i, at := range []time.Time{time.Now(), modified} { // read, and changed
		var err error
		if times[i], err = unix.TimeToTimespec(at); err != nil {
			return err
		}
	}
	dir, err := t.folder.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.UtimesNanoAt(int(dir.Fd()), t.partial, times, unix.AT_SYMLINK_NOFOLLOW)
}

// rename gives the file its name. Where there are hard links, one that has appeared meanwhile is never replaced unasked.
func (t *Target) rename() error {
	if t.o.Overwrite {
		return t.folder.Rename(t.partial, t.base)
	}
	err := t.folder.Link(t.partial, t.base)
	switch {
	case err == nil:
		return t.folder.Remove(t.partial)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if _, err := t.folder.Lstat(t.base); !errors.Is(err, fs.ErrNotExist) {
		return &Problem{t.name, Exists, err}
	}
	return t.folder.Rename(t.partial, t.base)
}

// Discard removes the unfinished file and ends the Target.
func (t *Target) Discard() error {
	defer t.Close()
	if err := t.folder.Remove(t.partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t.problem(err)
	}
	return nil
}

// Close ends the Target. The unfinished file stays, to be gone on with. More than once is once.
func (t *Target) Close() error {
	t.folder.Close() // it was opened to be looked at
	if err := t.f.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return t.problem(err)
	}
	return nil
}

// lock keeps other processes from writing the same file, until it is closed.
func lock(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := conn.Control(func(fd uintptr) { locked = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return err
	}
	if errors.Is(locked, unix.EWOULDBLOCK) {
		return locked
	}
	return nil // a file system without locks
}
