package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// tempSuffix marks a file that WriteFile has not finished.
const tempSuffix = ".tmp"

// WriteFile replaces the small file name, or makes it, so that at every moment, and after a power cut at any moment, it has either
// its old content or data, whole; once WriteFile has returned nil, it is data for good. After an error it is one of the two, and if
// the error came from the last step, a power cut may still choose. On Linux:
//
//	openat(AT_FDCWD, "/data/STORE.tmp", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 5
//	pwrite64(5, "..."..., 84, 0)            = 84
//	fdatasync(5)                            = 0
//	close(5)                                = 0
//	newfstatat(AT_FDCWD, "/data/STORE", ..., AT_SYMLINK_NOFOLLOW) = 0   (os.Rename: is it a directory?)
//	renameat(AT_FDCWD, "/data/STORE.tmp", AT_FDCWD, "/data/STORE") = 0
//	openat(AT_FDCWD, "/data", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 5
//	fsync(5)                                = 0
//	close(5)                                = 0
//
// The first sync puts the bytes on the medium before the name can point to them, the second the name. A crash may leave
// name.tmp behind; the next WriteFile of that name removes it. Two concurrent calls for the same name disturb each other.
func WriteFile(fsys FS, name string, data []byte) error {
	temp := name + tempSuffix
	if err := writeTemp(fsys, temp, data); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fsys.Rename(temp, name); err != nil {
		_ = fsys.Remove(temp) // Only tidiness: what is left is removed by the next call.
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fsys.SyncDir(path.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// writeTemp makes the file temp with data, durable but for its name.
func writeTemp(fsys FS, temp string, data []byte) error {
	f, err := fsys.Create(temp)
	if errors.Is(err, fs.ErrExist) {
		if err := fsys.Remove(temp); err != nil {
			return err
		}
		f, err = fsys.Create(temp)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = fsys.Remove(temp)
	}
	return err
}

// ReadFile returns the whole content of a file. It is meant for small ones: nothing limits its size.
func ReadFile(fsys Opener, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	end := err == io.EOF //nolint:errorlint // the end of a file is this very value; in another's words it is a fault
	if n == len(data) && (err == nil || end) {
		return data, nil
	}
	if err == nil || end {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("read %s: %w", name, err)
}
