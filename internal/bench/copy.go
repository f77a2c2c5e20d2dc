package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// flushEvery is how many bytes a file has grown by when its writeback is
// begun, so that fdatasync finds little left to do.
const flushEvery = 8 * mib

// beginWriteback is SYNC_FILE_RANGE_WRITE.
const beginWriteback = 2

// writeCopy writes a content to a new file and syncs it: the least that
// keeping it can cost. If early, writeback goes along with the writing.
func writeCopy(m *material, path string, size int64, early bool) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	begun, written := int64(0), int64(0)
	err = m.each(0, size, func(p []byte) error {
		n, err := f.Write(p)
		written += int64(n)
		if err == nil && early && written-begun >= flushEvery {
			err = syscall.SyncFileRange(int(f.Fd()), begun, written-begun, beginWriteback)
			begun = written
		}
		return err
	})
	if err != nil {
		return err
	}
	return syscall.Fdatasync(int(f.Fd()))
}

// readCopy reads a file to its end.
func readCopy(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for buf := make([]byte, mib); ; {
		if _, err := f.Read(buf); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// dontNeed is POSIX_FADV_DONTNEED.
const dontNeed = 4

// evict takes what is on the medium out of the page cache, of all files of a
// directory.
func evict(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		defer f.Close()
		if _, _, e := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); e != 0 {
			return fmt.Errorf("fadvise %s: %w", path, e)
		}
		return nil
	})
}
