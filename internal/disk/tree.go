package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Exists reports whether there is a file or directory of this name. An error is not an answer: an unreadable name may be there.
func Exists(fsys Opener, name string) (bool, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

// MkdirAll makes the directory name and those above it that are missing. When it returns nil, all of them survive a power cut, but
// for those that had been made by other means.
//
// A level is synced into its parent before the next is made. So if a level is found, those above it are durable, but it may
// itself have been left by a process that was killed between the two calls: its parent is synced again.
func MkdirAll(fsys FS, name string) error {
	if name == "." {
		return nil
	}
	found, err := Exists(fsys, name)
	if err != nil {
		return fmt.Errorf("make directory %s: %w", name, err)
	}
	if !found {
		if err := MkdirAll(fsys, path.Dir(name)); err != nil {
			return err
		}
		if err := fsys.Mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make directory %s: %w", name, err)
		}
	}
	if err := fsys.SyncDir(path.Dir(name)); err != nil {
		return fmt.Errorf("make directory %s: %w", name, err)
	}
	return nil
}

// MakeRoot makes the directory dir of the real file system, as [MkdirAll] does, and returns it as an [FS].
func MakeRoot(dir string) (FS, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("make root %s: %w", dir, err)
	}
	name := strings.Trim(filepath.ToSlash(abs), "/")
	if name == "" {
		return OS(abs), nil
	}
	if err := MkdirAll(OS("/"), name); err != nil {
		// A directory found inside one that may not be read is nothing this process could have made.
		found, ferr := Exists(OS("/"), name)
		if !found || ferr != nil || !errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
	}
	return OS(abs), nil
}

// RemoveSync removes files so that they stay removed after a power cut: one Remove each, then one SyncDir for each directory. A name that
// is already gone is no error, and its directory is synced all the same, because whoever removed it may not have lived to do so. An
// error with one name does not keep the others from being removed; the result joins what went wrong.
func RemoveSync(fsys FS, names ...string) error {
	var errs []error
	var dirs []string
	for _, name := range names {
		if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		if dir := path.Dir(name); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if err := fsys.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
