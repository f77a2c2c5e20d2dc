package disk

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// memFile is an open file of a Mem.
type memFile struct {
	mem    *Mem
	inode  *inode
	name   string
	write  bool
	closed bool // guarded by mem.mu
}

// check returns why a call cannot go on, if so.
func (f *memFile) check() error {
	switch {
	case f.mem.dead:
		return ErrCrashed
	case f.closed:
		return fs.ErrClosed
	}
	return nil
}

// checkWrite is check for calls that change the file.
func (f *memFile) checkWrite() error {
	if err := f.check(); err != nil {
		return err
	}
	if !f.write {
		return syscall.EBADF
	}
	return nil
}

func (f *memFile) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

var errNegative = errors.New("negative offset")

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	defer f.mem.enter()()
	err := f.check()
	switch {
	case err != nil:
	case off < 0:
		err = errNegative
	case f.inode.dir:
		err = syscall.EISDIR
	}
	if err != nil {
		return 0, f.fail("read", err)
	}
	n := min(int64(len(p)), max(0, f.inode.now.size-off))
	f.inode.now.read(p[:n], off)
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	defer f.mem.enter()()
	err := f.checkWrite()
	if err == nil && off < 0 {
		err = errNegative
	}
	if err != nil {
		return 0, f.fail("write", err)
	}
	i, done := f.inode, 0
	for done < len(p) {
		at := off + int64(done)
		n := int(min(int64(len(p)-done), blockSize-at%blockSize))
		if !f.mem.reserve(i, at/blockSize) {
			return done, f.fail("write", syscall.ENOSPC)
		}
		i.now.patch(p[done:done+n], at)
		done += n
		if end := at + int64(n); end > i.now.size {
			i.resize(end)
		}
	}
	return done, nil
}

// reserve makes a block of a file writable and dirty. It reports false if that needs space and there is none.
func (m *Mem) reserve(i *inode, b int64) bool {
	if _, ok := i.now.blocks[b]; !ok {
		if m.capacity > 0 && m.used+blockSize > m.capacity {
			return false
		}
		m.used += blockSize
		i.now.blocks[b] = nil
	}
	i.dirty[b] = true
	return true
}

func (f *memFile) Allocate(off, n int64) error {
	defer f.mem.enter()()
	err := f.checkWrite()
	if err == nil && (off < 0 || n <= 0) {
		err = syscall.EINVAL
	}
	if err != nil {
		return f.fail("fallocate", err)
	}
	i, end := f.inode, off+n
	for b := off / blockSize; b*blockSize < end; b++ {
		if _, ok := i.now.blocks[b]; ok {
			continue
		}
		if !f.mem.reserve(i, b) {
			return f.fail("fallocate", syscall.ENOSPC)
		}
		if got := min(end, (b+1)*blockSize); got > i.now.size {
			i.resize(got)
		}
	}
	if end > i.now.size {
		i.resize(end)
	}
	return nil
}

func (f *memFile) Truncate(size int64) error {
	defer f.mem.enter()()
	err := f.check()
	if err == nil && (size < 0 || !f.write) {
		err = syscall.EINVAL
	}
	if err != nil {
		return f.fail("truncate", err)
	}
	i := f.inode
	before := len(i.now.blocks)
	if size < i.now.size {
		for _, b := range i.now.cut(size) {
			i.dirty[b] = true
		}
	}
	f.mem.used -= blockSize * int64(before-len(i.now.blocks))
	i.resize(size)
	return nil
}

func (f *memFile) Size() (int64, error) {
	defer f.mem.enter()()
	if err := f.check(); err != nil {
		return 0, f.fail("stat", err)
	}
	return f.inode.now.size, nil
}

func (f *memFile) Sync() error {
	defer f.mem.enter()()
	if err := f.check(); err != nil {
		return f.fail("fdatasync", err)
	}
	f.inode.sync()
	return nil
}

// failSync implements syncFailer.
func (f *memFile) failSync() {
	defer f.mem.enter()()
	if f.check() == nil {
		f.inode.clean()
	}
}

func (f *memFile) FlushAsync(off, n int64) error {
	defer f.mem.enter()()
	if err := f.checkWrite(); err != nil {
		return f.fail("sync_file_range", err)
	}
	return nil
}

func (f *memFile) Close() error {
	defer f.mem.enter()()
	if f.closed {
		return f.fail("close", fs.ErrClosed)
	}
	f.closed = true
	f.inode.opens--
	f.mem.release(f.inode)
	if f.mem.dead {
		return f.fail("close", ErrCrashed)
	}
	return nil
}
