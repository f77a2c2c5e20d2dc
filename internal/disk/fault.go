package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Fault says how an operation goes wrong. A hook of [Inject] returns it as its error.
//
//	Fault{Err: syscall.EIO}                 fails, and nothing was done
//	Fault{Err: syscall.EIO, After: true}    fails, but was done
//	Fault{Err: syscall.ENOSPC, Short: 10}   a write or read fails after 10 bytes
//	Fault{Flip: true}                       a read succeeds with one bit wrong
//	Fault{Shift: 4096}                      a read succeeds with the bytes from 4096 further on
//
// The zero Fault is no fault.
type Fault struct {
	Err   error // what the caller gets
	After bool  // the operation is performed first; only its success is hidden
	Short int   // so many bytes of a write or read are transferred; without Err the error is io.ErrShortWrite or io.ErrUnexpectedEOF
	Flip  bool  // a read inverts the lowest bit of its middle byte
	Shift int64 // a read takes place this much further on (a misdirected read); choose it so that it stays within the file

	// Sticky is for NthOp: all later matching operations go wrong too.
	Sticky bool
}

func (f Fault) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("silent fault %+v", struct {
			Short int
			Flip  bool
			Shift int64
		}{f.Short, f.Flip, f.Shift})
	}
	return f.Err.Error()
}

// Unwrap returns Err.
func (f Fault) Unwrap() error { return f.Err }

// Inject returns fsys, with hook called before each operation, from the goroutine that performs it. If hook returns nil, the operation goes
// on. If it returns a [Fault], that decides; any other error is a Fault with this Err. The caller gets the error in an *[fs.PathError]
// with the operation and the name, unless it is one already.
//
// A Sync or SyncDir that fails and was not performed marks what it should have written as clean, if fsys is a [Mem]: no later one will
// write it. (Not so with [ErrCrashed], which means that nobody will ever know.)
//
// The result implements [Pather] if fsys does. Inject may be nested: the outer hook is asked first.
func Inject(fsys FS, hook func(Op) error) FS {
	w := &faultyFS{inner: fsys, hook: hook}
	if p, ok := fsys.(Pather); ok {
		return struct {
			*faultyFS
			Pather
		}{w, p}
	}
	return w
}

// syncFailer is a file on which a sync can fail as on a real kernel, which then believes that there is nothing left to write.
type syncFailer interface{ failSync() }

// syncDirFailer is the same for directories.
type syncDirFailer interface{ failSyncDir(name string) }

type faultyFS struct {
	inner FS
	hook  func(Op) error
}

// ask asks the hook what happens to an operation.
func (w *faultyFS) ask(op Op) Fault {
	err := w.hook(op)
	if err == nil {
		return Fault{}
	}
	var f Fault
	if !errors.As(err, &f) {
		f = Fault{Err: err}
	}
	var located *fs.PathError
	if f.Err != nil && !errors.As(f.Err, &located) {
		f.Err = &fs.PathError{Op: string(op.Kind), Path: op.Name, Err: f.Err}
	}
	return f
}

// do performs an operation as the hook wants it.
func (w *faultyFS) do(op Op, call func() error) error {
	f := w.ask(op)
	if f.Err != nil && !f.After {
		return f.Err
	}
	if err := call(); err != nil {
		return err
	}
	return f.Err
}

// doSync is do for a sync, where failed must be called if it is not performed.
func (w *faultyFS) doSync(op Op, call func() error, failed func()) error {
	performed := false
	err := w.do(op, func() error { performed = true; return call() })
	if err != nil && !performed && !errors.Is(err, ErrCrashed) {
		failed()
	}
	return err
}

// open performs an operation that opens a file.
func (w *faultyFS) open(op Op, call func(string) (File, error)) (File, error) {
	var f File
	err := w.do(op, func() (err error) {
		f, err = call(op.Name)
		return err
	})
	if err == nil {
		return &faultyFile{File: f, fs: w, name: op.Name}, nil
	}
	if f != nil {
		_ = f.Close()
	}
	return nil, err
}

func (w *faultyFS) Create(name string) (File, error) {
	return w.open(Op{Kind: OpCreate, Name: name}, w.inner.Create)
}

func (w *faultyFS) Open(name string) (File, error) {
	return w.open(Op{Kind: OpOpen, Name: name}, w.inner.Open)
}

func (w *faultyFS) OpenWrite(name string) (File, error) {
	return w.open(Op{Kind: OpOpen, Name: name}, w.inner.OpenWrite)
}

func (w *faultyFS) Remove(name string) error {
	return w.do(Op{Kind: OpRemove, Name: name}, func() error { return w.inner.Remove(name) })
}

func (w *faultyFS) Rename(oldname, newname string) error {
	op := Op{Kind: OpRename, Name: oldname, New: newname}
	return w.do(op, func() error { return w.inner.Rename(oldname, newname) })
}

func (w *faultyFS) Mkdir(name string) error {
	return w.do(Op{Kind: OpMkdir, Name: name}, func() error { return w.inner.Mkdir(name) })
}

func (w *faultyFS) ReadDir(name string) (list []Entry, err error) {
	err = w.do(Op{Kind: OpReadDir, Name: name}, func() (err error) {
		list, err = w.inner.ReadDir(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (w *faultyFS) SyncDir(name string) error {
	op := Op{Kind: OpSyncDir, Name: name}
	return w.doSync(op, func() error { return w.inner.SyncDir(name) }, func() { w.failSyncDir(name) })
}

func (w *faultyFS) failSyncDir(name string) {
	if f, ok := w.inner.(syncDirFailer); ok {
		f.failSyncDir(name)
	}
}

func (w *faultyFS) Free() (n int64, err error) {
	err = w.do(Op{Kind: OpFree, Name: "."}, func() (err error) {
		n, err = w.inner.Free()
		return err
	})
	return n, err
}

func (w *faultyFS) Total() (n int64, err error) {
	err = w.do(Op{Kind: OpFree, Name: "."}, func() (err error) {
		n, err = w.inner.Total()
		return err
	})
	return n, err
}

func (w *faultyFS) Lock(name string) (io.Closer, error) {
	var lock io.Closer
	err := w.do(Op{Kind: OpLock, Name: name}, func() (err error) {
		lock, err = w.inner.Lock(name)
		return err
	})
	if err == nil {
		return lock, nil
	}
	if lock != nil {
		_ = lock.Close()
	}
	return nil, err
}

// faultyFile is an open file under the hook. Close goes to the File itself.
type faultyFile struct {
	File
	fs   *faultyFS
	name string
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	fault := f.fs.ask(Op{Kind: OpRead, Name: f.name, Off: off, Len: len(p)})
	if fault.Short > 0 && fault.Err == nil {
		fault.Err = io.ErrUnexpectedEOF
	}
	if fault.Err != nil {
		if fault.Short == 0 {
			return 0, fault.Err
		}
		n, _ := f.File.ReadAt(p[:min(fault.Short, len(p))], off)
		return n, fault.Err
	}
	n, err := f.File.ReadAt(p, off+fault.Shift)
	if fault.Flip && n > 0 {
		p[n/2] ^= 1
	}
	return n, err
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	fault := f.fs.ask(Op{Kind: OpWrite, Name: f.name, Off: off, Len: len(p)})
	if fault.Short > 0 {
		if fault.Err == nil {
			fault.Err = io.ErrShortWrite
		}
		n, err := f.File.WriteAt(p[:min(fault.Short, len(p))], off)
		if err == nil {
			err = fault.Err
		}
		return n, err
	}
	if fault.Err != nil && !fault.After {
		return 0, fault.Err
	}
	n, err := f.File.WriteAt(p, off)
	if err == nil && fault.Err != nil {
		return 0, fault.Err
	}
	return n, err
}

func (f *faultyFile) Size() (n int64, err error) {
	err = f.fs.do(Op{Kind: OpSize, Name: f.name}, func() (err error) {
		n, err = f.File.Size()
		return err
	})
	return n, err
}

func (f *faultyFile) Truncate(size int64) error {
	op := Op{Kind: OpTruncate, Name: f.name, Off: size}
	return f.fs.do(op, func() error { return f.File.Truncate(size) })
}

func (f *faultyFile) Sync() error {
	return f.fs.doSync(Op{Kind: OpSync, Name: f.name}, f.File.Sync, f.failSync)
}

func (f *faultyFile) failSync() {
	if inner, ok := f.File.(syncFailer); ok {
		inner.failSync()
	}
}

func (f *faultyFile) Allocate(off, n int64) error {
	op := Op{Kind: OpAllocate, Name: f.name, Off: off, Len: int(n)}
	return f.fs.do(op, func() error { return f.File.Allocate(off, n) })
}

func (f *faultyFile) FlushAsync(off, n int64) error {
	op := Op{Kind: OpFlush, Name: f.name, Off: off, Len: int(n)}
	return f.fs.do(op, func() error { return f.File.FlushAsync(off, n) })
}
