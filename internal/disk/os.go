package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// New files and directories belong to the server's user alone.
const (
	fileMode = 0o600
	dirMode  = 0o700
)

// OS returns the directory root of the real file system, which must exist ([MakeRoot] makes it). It implements [Pather].
//
// Calls that a signal interrupts are repeated. That includes a sync which ends with EINTR: it has not failed, because the kernel
// reports an error of the medium in its place if there was one; it has only not finished.
func OS(root string) FS {
	abs, err := filepath.Abs(root)
	if err != nil {
		abs = root // The working directory is gone; the first call will say so.
	}
	return osFS{root: abs}
}

type osFS struct{ root string }

// Path implements [Pather].
func (o osFS) Path(name string) string {
	return filepath.Join(o.root, filepath.FromSlash(name))
}

// path returns the path of a name that may also be the root.
func (o osFS) path(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return o.Path(name), nil
}

// below returns the path of a name that is not the root.
func (o osFS) below(op, name string) (string, error) {
	if name == "." {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return o.path(op, name)
}

func (o osFS) open(name string, flags int) (File, error) {
	p, err := o.path("open", name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p, flags, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (o osFS) Create(name string) (File, error) {
	return o.open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (o osFS) Open(name string) (File, error) { return o.open(name, os.O_RDONLY) }

func (o osFS) OpenWrite(name string) (File, error) { return o.open(name, os.O_RDWR) }

func (o osFS) Remove(name string) error {
	p, err := o.below("remove", name)
	if err != nil {
		return err
	}
	return os.Remove(p)
}

func (o osFS) Rename(oldname, newname string) error {
	from, err := o.below("rename", oldname)
	if err != nil {
		return err
	}
	to, err := o.below("rename", newname)
	if err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (o osFS) Mkdir(name string) error {
	p, err := o.path("mkdir", name)
	if err != nil {
		return err
	}
	return os.Mkdir(p, dirMode)
}

func (o osFS) ReadDir(name string) ([]Entry, error) {
	p, err := o.path("readdir", name)
	if err != nil {
		return nil, err
	}
	list, err := os.ReadDir(p)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(list))
	for _, d := range list {
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // Removed since the directory was read.
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Name: d.Name(), Size: info.Size(), Dir: info.IsDir()})
	}
	return entries, nil
}

func (o osFS) SyncDir(name string) error {
	p, err := o.path("syncdir", name)
	if err != nil {
		return err
	}
	d, err := os.OpenFile(p, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

func (o osFS) Free() (int64, error) {
	st, err := o.statfs()
	return int64(st.Bavail) * int64(st.Bsize), err //nolint:unconvert // Bsize has 32 bits elsewhere
}

func (o osFS) Total() (int64, error) {
	st, err := o.statfs()
	return int64(st.Blocks) * int64(st.Bsize), err //nolint:unconvert // Bsize has 32 bits elsewhere
}

func (o osFS) statfs() (st unix.Statfs_t, err error) {
	if err := retry(func() error { return unix.Statfs(o.root, &st) }); err != nil {
		return unix.Statfs_t{}, &fs.PathError{Op: "statfs", Path: o.root, Err: err}
	}
	return st, nil
}

func (o osFS) Lock(name string) (io.Closer, error) {
	p, err := o.path("lock", name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	err = osFile{f}.control("lock", func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("lock %s: %w", p, ErrLocked)
	}
	return nil, err
}

// osFile is an open file. [os.File] repeats interrupted calls and completes short ones.
type osFile struct{ f *os.File }

func (f osFile) ReadAt(p []byte, off int64) (int, error)  { return f.f.ReadAt(p, off) }
func (f osFile) WriteAt(p []byte, off int64) (int, error) { return f.f.WriteAt(p, off) }
func (f osFile) Close() error                             { return f.f.Close() }
func (f osFile) Truncate(size int64) error                { return f.f.Truncate(size) }

func (f osFile) Size() (int64, error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// control runs a system call on the descriptor, which stays open meanwhile, until no signal interrupts it.
func (f osFile) control(op string, call func(fd int) error) error {
	conn, err := f.f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = retry(func() error { return call(int(fd)) })
	})
	if err != nil {
		failed = fs.ErrClosed // The only reason not to make the call, under a name of its own.
	}
	if err = failed; err != nil {
		return &fs.PathError{Op: op, Path: f.f.Name(), Err: err}
	}
	return nil
}

// retry repeats a system call while signals interrupt it.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
