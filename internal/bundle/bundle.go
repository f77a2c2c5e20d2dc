// Package bundle packs many small files into one archive, from which each can be had by its range of bytes.
//
// A bundle is a tar that any tar reads and unpacks. Its last member is named .firn-index.jsonl, and says in one line of JSON for each file
// where its bytes are:
//
//	byte 0        header of the first file        512 bytes; more, if PAX has to say what does not fit
//	Offset        its bytes                       Size, and zeros to a multiple of 512
//	              header, bytes, …                of each file
//	Index         header of .firn-index.jsonl     512 bytes
//	Index+512     {"Path":"a/b.txt","Offset":512,"Size":3,"Modified":"2026-11-25T22:00:00Z","Mode":420,"TreeHash":"ba78…"}
//	              … a line for each file, in the order of the files
//	at the end    zeros                           1,024 bytes, after a multiple of 512
//
// Index is not in the bundle; it is kept with the archive's name. From there on the bundle is a tar, too: of the index alone. Modified is exact,
// where the tar's headers have whole seconds. Mode has the permission bits. TreeHash is of the file's bytes. A reader takes no offence at
// members of a line that it does not know. A file that is too large to be packed with others can have a bundle of its own: see [One].
//
// It promises: a file that changes, or cannot be read, while it is packed is not in the bundle, and the bundle is as good as if nobody had
// tried; the same files give the same bytes; memory for one file and for the index while packing, for one line while reading; and whatever an
// index says, no member of it lies outside of the files' bytes, or on another, or has a path that leads elsewhere. What a file holds is not
// looked at when an index is read: whoever reads the bytes compares their hash.
package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"firn/treehash"
)

// IndexName is the name of the last member of a bundle.
const IndexName = ".firn-index.jsonl"

// The limits of a bundle.
const (
	MaxMember  = 8 << 20 // bytes of a file among others: a larger one gains nothing here
	MaxMembers = 1 << 16 // files
	maxPath    = 4096    // bytes
	maxLine    = 32 << 10
	block      = 512
)

// A File is what is known of a file before its bytes are read. The path has slashes and is relative, as io/fs has it.
type File struct {
	Path     string
	Size     int64
	Modified time.Time
	Mode     uint32 // permission bits
}

// A Member is a file in a bundle: Size bytes from Offset.
type Member struct {
	File
	Offset int64
	Hash   treehash.Hash
}

// Why a file is not packed. The file as such may be well: it can be an archive of its own.
var (
	ErrChanged  = errors.New("it changed while it was read")
	ErrPath     = errors.New("its name cannot be in a bundle: it is not UTF-8, too long, not a relative path, or the index's own")
	ErrDate     = errors.New("its date cannot be in a bundle: the year has more than four digits, or is before Christ")
	ErrTooLarge = fmt.Errorf("it is too large for a bundle: at most %d MiB", MaxMember>>20)
)

// ErrFull says that a bundle has as many files as it can have.
var ErrFull = fmt.Errorf("the bundle is full: it has %d files", MaxMembers)

// Fits reports why a file cannot be in a bundle with others, nil if it can.
func (f File) Fits() error {
	if f.Size > MaxMember {
		return ErrTooLarge
	}
	return f.valid()
}

// valid reports why a file cannot be in any bundle.
func (f File) valid() error {
	switch {
	case !fs.ValidPath(f.Path), f.Path == ".", len(f.Path) > maxPath, !utf8.ValidString(f.Path), strings.ContainsRune(f.Path, 0), f.Path == IndexName:
		return ErrPath
	case f.Size < 0:
		return ErrTooLarge
	case f.Modified.UTC().Year() < 0 || f.Modified.UTC().Year() > 9999:
		return ErrDate
	default:
		return nil
	}
}
