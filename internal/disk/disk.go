// Package disk is the only door to the file system: everything that can fail for physical reasons passes through it, so
// that a test may break it.
//
// It has one interface, [FS], and three implementations. [OS] is the real thing. [Mem] lives in memory and can suffer a
// power cut: it forgets what was not synced, in the ways in which real file systems forget. [Inject] wraps either and
// makes single calls fail, or lie. Above the interface stand the few sequences of calls that are easy to get wrong and are
// therefore written once: [WriteFile], [MkdirAll], [RemoveSync].
//
// What it promises is what a POSIX file system promises to a pessimist:
//
//   - Bytes written, and the size of a file, survive a power cut once [File.Sync] has returned nil. Until then each 4 KiB
//     block may be old, new, or a mixture of 512-byte sectors.
//   - A name that was created, renamed, removed or made survives once [FS.SyncDir] of its parent has returned nil. Until
//     then it may be there or not, whatever was synced in the file. A rename between two directories needs both synced, the new
//     parent first; a rename within one directory is atomic.
//   - A kill of the process alone loses nothing that a call has returned for; but what the next process then reads is not
//     therefore on the medium.
//   - After a failed Sync nobody knows what the medium holds, and a second Sync may return nil without having written
//     anything, because the kernel has marked the pages clean. So nothing here ever repeats a failed sync, and no caller
//     may. (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020; Pillai et al., "All File
//     Systems Are Not Created Equal", OSDI 2014.)
//
// It does not promise that a device which acknowledges a flush has flushed, nor that what is read is what was written:
// checksums are the business of those who own the bytes. It has no temporary directories, permissions, links or times.
package disk

import (
	"errors"
	"io"
	"syscall"
)

// FS is a directory tree. Names are slash-separated and relative to its root, as [io/fs.ValidPath] has them; "." is the
// root. Anything else is refused with [io/fs.ErrInvalid].
//
// All methods may be called concurrently. Errors are *[io/fs.PathError] (or *[os.LinkError]) around a [syscall.Errno], so that
// errors.Is knows them as [io/fs.ErrNotExist], [io/fs.ErrExist] and so on. No change is durable when its call returns: SyncDir
// makes it so.
type FS interface {
	Opener
	Tree
	Volume
}

// Opener gives access to files. Who gets a [File] closes it.
type Opener interface {
	// Create makes an empty file and opens it for reading and writing. It never opens a file that is there: [io/fs.ErrExist].
	Create(name string) (File, error)

	// Open opens a file for reading. A directory can be opened too, but has no bytes: reading it fails with [syscall.EISDIR].
	Open(name string) (File, error)

	// OpenWrite opens an existing file for reading and writing.
	OpenWrite(name string) (File, error)
}

// Tree changes and lists names.
type Tree interface {
	// Remove removes a file, or an empty directory. An open file can be used until it is closed.
	Remove(name string) error

	// Rename gives the file oldname the name newname, and replaces a file that had it. It does not move directories.
	Rename(oldname, newname string) error

	// Mkdir makes one directory; [io/fs.ErrExist] if the name is taken.
	Mkdir(name string) error

	// ReadDir lists a directory, sorted by name. Names that come and go meanwhile may be in the list or not.
	ReadDir(name string) ([]Entry, error)

	// SyncDir makes all earlier changes of names in this directory durable (not those in directories below it). A failed
	// SyncDir is never repeated.
	SyncDir(name string) error
}

// Volume is what belongs to the file system as a whole.
type Volume interface {
	// Free returns how many bytes an ordinary writer can still allocate.
	Free() (int64, error)

	// Total returns how many bytes the file system has.
	Total() (int64, error)

	// Lock takes the exclusive lock of a file (flock), which it creates if need be, and does not wait: [ErrLocked] if it is
	// taken, by another process or by this one. Closing the result gives the lock back, as does the end of the process. The
	// lock belongs to the file, not to its name: do not lock a file that [WriteFile] or Rename replaces.
	Lock(name string) (io.Closer, error)
}

// File is an open file. Its methods may be called concurrently, except Close. ReadAt and WriteAt transfer everything or
// return an error; a failed WriteAt may have written any part.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer

	// Size returns the size in bytes.
	Size() (int64, error)

	// Truncate cuts the file or lengthens it with zeros.
	Truncate(size int64) error

	// Sync makes the bytes and the size durable (fdatasync), not the name. A failed Sync is never repeated, and the file never
	// written again.
	Sync() error

	// Allocate reserves space for the n bytes at off, so that writing them cannot meet a full disk, and lengthens the file
	// with zeros up to off+n. Where the file system cannot do that, nothing happens, not even to the size. If space is lacking, the
	// error satisfies [IsFull], and a part of the range may have been reserved, with the size grown to its end.
	Allocate(off, n int64) error

	// FlushAsync is a hint: the system may begin to write the n > 0 bytes at off to the medium, so that a later Sync has less to do.
	// It makes nothing durable.
	FlushAsync(off, n int64) error
}

// Entry is one name in a directory. Size is in bytes, and without meaning for a directory.
type Entry struct {
	Name string
	Size int64
	Dir  bool
}

// Pather is implemented by file systems whose files have a path that other software can open: [OS], and an [Inject] around it.
type Pather interface {
	// Path returns the absolute path of a valid name.
	Path(name string) string
}

// ErrLocked is what [Volume.Lock] reports if the lock is taken.
var ErrLocked = errors.New("already locked, probably by another process")

// ErrCrashed is what every call reports after a simulated power cut.
var ErrCrashed = errors.New("the machine has crashed")

// IsFull reports whether an error means that there is no space left, on the device or in the owner's quota.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
