package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"firn/internal/disk"
)

// A Directory is a [Bucket] of files: the object a/b is the file b in the directory a, both named as [CheckKey] has it.
//
// A file has the object's bytes and nothing else. Because a name cannot be a file and a directory at once, there cannot be
// objects a and a/b; what comes second is refused. The file system must tell upper from lower case and keep names as they are
// given. While an object is written it is a file in the same directory, whose name begins with %tmp-; a crash can leave such a
// file behind, which is no object, and which RemoveAll takes away.
type Directory struct {
	fs   disk.FS
	root string

	// Floor is how many bytes must stay free on the file system: writing below it fails with [ErrFull]. It is looked at for every
	// object and every 8 MiB of one, so that several writers can together go below it by 8 MiB each. It is set before use.
	Floor int64

	// Remake, if it is set, makes the file system's own root, which somebody has removed with all that was in it. It is called when
	// an object is created, and set before use.
	Remake func() error
}

// An Entry is an object in a listing.
type Entry struct {
	Name string // what its key has after the prefix
	Size int64  // bytes
}

// tempPrefix begins the names of files that are not yet objects. No escaped segment has a % before a t.
const tempPrefix = "%tmp-"

// NewDirectory returns the bucket below the directory root, which is made when it is needed.
func NewDirectory(fsys disk.FS, root string) *Directory {
	return &Directory{fs: fsys, root: path.Clean(root)}
}

func (d *Directory) String() string { return "directory " + d.root }

// path returns the path of the file of a key.
func (d *Directory) path(key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	return path.Join(d.root, keyPath(key)), nil
}

// folder returns the path of the directory of a prefix: "" or what ends in a slash.
func (d *Directory) folder(prefix string) (string, error) {
	if prefix == "" {
		return d.root, nil
	}
	key, ok := strings.CutSuffix(prefix, "/")
	if !ok {
		return "", refusef("the folder %q does not end in a slash", prefix)
	}
	if key != "" { // else it is the folder of keys that begin with a slash
		if err := checkLength(key); err != nil {
			return "", err
		}
	}
	return path.Join(d.root, folderPath(key)), nil
}

// Create implements [Bucket].
func (d *Directory) Create(ctx context.Context, key string, _ Options) (Object, error) {
	name, err := d.path(key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o, err := d.create(ctx, key, name)
	if err != nil {
		return nil, fmt.Errorf("create object %s: %w", key, d.explain(name, err))
	}
	return o, nil
}

func (d *Directory) create(ctx context.Context, key, name string) (*fileObject, error) {
	if d.isDir(name) {
		return nil, errFolder
	}
	err := d.prepare(path.Dir(name))
	if errors.Is(err, fs.ErrNotExist) && d.Remake != nil {
		if err := d.Remake(); err != nil {
			return nil, err
		}
		err = d.prepare(path.Dir(name))
	}
	if err != nil {
		return nil, err
	}
	temp := path.Join(path.Dir(name), tempName())
	file, err := d.fs.Create(temp)
	if err != nil {
		return nil, err
	}
	return &fileObject{ctx: ctx, dir: d, key: key, name: name, temp: temp, file: file}, nil
}

// prepare makes the directory of an object, if there is room.
func (d *Directory) prepare(dir string) error {
	if err := d.room(0); err != nil {
		return err
	}
	return disk.MkdirAll(d.fs, dir)
}

// room reports whether n bytes more can be had above the floor.
func (d *Directory) room(n int64) error {
	if d.Floor <= 0 {
		return nil
	}
	free, err := d.fs.Free()
	if err != nil {
		return err
	}
	if free-n < d.Floor {
		return fmt.Errorf("%w: %d bytes are free, of which %d must stay so", ErrFull, free, d.Floor)
	}
	return nil
}

// Open opens the object of a key for reading, and returns its size in bytes. If there is none, the error satisfies
// [fs.ErrNotExist]. The caller closes the file. It stays readable when the object is replaced or removed.
func (d *Directory) Open(key string) (disk.File, int64, error) {
	name, err := d.path(key)
	if err != nil {
		return nil, 0, err
	}
	file, err := d.fs.Open(name)
	if err == nil && d.isDir(name) {
		file.Close()
		err = fs.ErrNotExist
	}
	if err != nil && d.blocked(path.Dir(name)) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open object %s: %w", key, err)
	}
	size, err := file.Size()
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("open object %s: %w", key, err)
	}
	return file, size, nil
}

// List returns the objects whose keys are the prefix dir and one segment more, sorted by name. dir is "" or ends in a slash. What
// is not an object is left out: directories, files that are being written, names that no key has.
func (d *Directory) List(dir string) ([]Entry, error) {
	name, err := d.folder(dir)
	if err != nil {
		return nil, err
	}
	found, err := d.fs.ReadDir(name)
	if err != nil && (errors.Is(err, fs.ErrNotExist) || d.blocked(name)) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list objects in %s: %w", dir, err)
	}
	var list []Entry
	for _, f := range found {
		if segment, ok := unescape(f.Name); ok && !f.Dir {
			list = append(list, Entry{Name: segment, Size: f.Size})
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Remove implements [Bucket]. The directories of the key stay.
func (d *Directory) Remove(ctx context.Context, key string) error {
	name, err := d.path(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.isDir(name) {
		return nil
	}
	if err := disk.RemoveSync(d.fs, name); err != nil && !d.blocked(path.Dir(name)) {
		return fmt.Errorf("remove object %s: %w", key, err)
	}
	return nil
}

// RemoveAll removes the folder dir, a prefix that ends in a slash, with all that is in it, objects or not, for good. That there is
// none is no error. If it fails, or the power is cut before it has returned, any part may be left. Nobody writes there meanwhile.
func (d *Directory) RemoveAll(dir string) error {
	if dir == "" {
		return refusef("the whole of a bucket is not removed")
	}
	name, err := d.folder(dir)
	if err != nil {
		return err
	}
	err = d.empty(name)
	if err == nil {
		err = disk.RemoveSync(d.fs, name)
	}
	if err != nil && !d.blocked(name) { // asked last: it lists all folders above
		return fmt.Errorf("remove objects in %s: %w", dir, err)
	}
	return nil
}

// RemoveUnfinished removes what crashes have left of objects that were being written, with keys of the prefix dir and one segment
// more. Nobody writes there meanwhile.
func (d *Directory) RemoveUnfinished(dir string) error {
	name, err := d.folder(dir)
	if err != nil {
		return err
	}
	list, err := d.fs.ReadDir(name)
	if err != nil && (errors.Is(err, fs.ErrNotExist) || d.blocked(name)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list objects in %s: %w", dir, err)
	}
	for _, e := range list {
		if e.Dir || !strings.HasPrefix(e.Name, tempPrefix) {
			continue
		}
		if err := disk.RemoveSync(d.fs, path.Join(name, e.Name)); err != nil {
			return fmt.Errorf("remove what was being written in %s: %w", dir, err)
		}
	}
	return nil
}

// empty removes what is in a directory, but does not make it durable: with its own name, all of it goes.
func (d *Directory) empty(name string) error {
	list, err := d.fs.ReadDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		below := path.Join(name, e.Name)
		if e.Dir {
			if err := d.empty(below); err != nil {
				return err
			}
		}
		if err := d.fs.Remove(below); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

var (
	errFolder  = refusef("the key is a folder of other objects")
	errBlocked = refusef("a folder of the key is an object")
)

// explain turns an error in making the file name into what the caller can understand.
func (d *Directory) explain(name string, err error) error {
	switch {
	case errors.Is(err, ErrDenied), errors.Is(err, ErrFull):
		return err
	case disk.IsFull(err):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case d.isDir(name):
		return errFolder
	case d.blocked(path.Dir(name)):
		return errBlocked
	}
	return err
}

// isDir reports whether there is a directory of this name.
func (d *Directory) isDir(name string) bool {
	_, err := d.fs.ReadDir(name)
	return err == nil
}

// blocked reports whether name, or what is above it as far as the root, is a file, so that there can be nothing below it.
func (d *Directory) blocked(name string) bool {
	for name != d.root && name != "." {
		above := path.Dir(name)
		list, _ := d.fs.ReadDir(above) // What cannot be read settles nothing.
		for _, e := range list {
			if e.Name == path.Base(name) {
				return !e.Dir
			}
		}
		name = above
	}
	return false
}
