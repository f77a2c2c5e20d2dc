package disk

import (
	"errors"

	"golang.org/x/sys/unix"
)

func (f osFile) Sync() error {
	return f.control("fdatasync", unix.Fdatasync)
}

func (f osFile) Allocate(off, n int64) error {
	err := f.control("fallocate", func(fd int) error { return unix.Fallocate(fd, 0, off, n) })
	if unsupported(err) {
		return nil
	}
	return err
}

func (f osFile) FlushAsync(off, n int64) error {
	err := f.control("sync_file_range", func(fd int) error {
		return unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE)
	})
	if unsupported(err) {
		return nil
	}
	return err
}

// unsupported reports whether the kernel or the file system lacks the call altogether.
func unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS)
}
