package payload

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strconv"
	"strings"

	"firn/internal/disk"
)

const (
	root   = "payload"
	suffix = ".pay"
)

// Name is the name of a payload's file.
func Name(id uint64) string { return fmt.Sprintf("%s/%016x%s", folder(id), id, suffix) }

// folder is the directory of a payload's file: one of 256, so that none grows too long.
func folder(id uint64) string { return fmt.Sprintf("%s/%02x", root, byte(id)) }

// parseName is the inverse of Name.
func parseName(name string) (id uint64, ok bool) {
	digits, _ := strings.CutSuffix(path.Base(name), suffix)
	id, err := strconv.ParseUint(digits, 16, 64)
	return id, err == nil && name == Name(id)
}

// A File is a payload's file as its directory shows it. It may be unfinished.
type File struct {
	ID   uint64
	Name string
	Size int64 // of the file, not of the payload
}

// List yields the payload files that there are, folder by folder, in no useful order. Files that come and go meanwhile may be
// yielded or not; names that are not those of payload files are passed over. A folder that cannot be read is yielded as an error, and the
// list goes on with the next.
func List(fsys disk.Tree) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for i := range uint64(256) {
			dir := folder(i)
			entries, err := fsys.ReadDir(dir)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				if !yield(File{}, fmt.Errorf("list %s: %w", dir, err)) {
					return
				}
				continue
			}
			for _, e := range entries {
				f := File{Name: dir + "/" + e.Name, Size: e.Size}
				var ok bool
				if f.ID, ok = parseName(f.Name); !ok || e.Dir {
					continue
				}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// Remove unlinks a payload's file. When it returns nil, the file stays away after a power cut. One that is already gone is no
// error.
func Remove(fsys disk.FS, id uint64) error {
	return disk.RemoveSync(fsys, Name(id))
}
