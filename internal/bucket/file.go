package bucket

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"firn/internal/disk"
)

// stride is after how many bytes of an object the kernel is told to begin writing them, and the floor is looked at.
const stride = 8 << 20

// A fileObject is an object of a Directory that is being written.
type fileObject struct {
	ctx  context.Context
	dir  *Directory
	key  string
	name string // of the file it will be
	temp string // of the file it is
	file disk.File
	size int64 // bytes written
	err  error // why it can only be closed
	kept bool  // the temporary name is gone
}

// tempName returns a name for a file that is not yet an object.
func tempName() string {
	var b [8]byte
	rand.Read(b[:]) // It never fails.
	return tempPrefix + hex.EncodeToString(b[:])
}

// Write implements [Object]. Each call is one of the file system, so that small pieces are better collected first.
func (o *fileObject) Write(p []byte) (n int, err error) {
	for n < len(p) && o.err == nil {
		piece := p[n:min(len(p), n+int(stride-o.size%stride))]
		if o.err = o.write(piece); o.err == nil {
			n += len(piece)
		}
	}
	if o.err != nil {
		return n, fmt.Errorf("write object %s: %w", o.key, o.dir.explain(o.name, o.err))
	}
	return n, nil
}

// write writes a piece that does not reach over the end of a stride.
func (o *fileObject) write(piece []byte) error {
	if err := o.ctx.Err(); err != nil {
		return err
	}
	if o.size%stride == 0 {
		if err := o.dir.room(int64(len(piece))); err != nil {
			return err
		}
	}
	if _, err := o.file.WriteAt(piece, o.size); err != nil {
		return err
	}
	o.size += int64(len(piece))
	if o.size%stride == 0 {
		return o.file.FlushAsync(o.size-stride, stride)
	}
	return nil
}

// Commit implements [Object]. The order is that of [disk.WriteFile].
func (o *fileObject) Commit() error {
	if o.err == nil {
		o.err = o.commit()
	}
	if o.err != nil {
		return fmt.Errorf("commit object %s: %w", o.key, o.dir.explain(o.name, o.err))
	}
	o.err = errFinished
	return nil
}

func (o *fileObject) commit() error {
	if err := o.ctx.Err(); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	if err := o.dir.fs.Rename(o.temp, o.name); err != nil {
		return err
	}
	o.kept = true
	return o.dir.fs.SyncDir(path.Dir(o.name))
}

// Close implements [Object].
func (o *fileObject) Close() error {
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	o.err = errFinished
	if o.kept {
		return nil // What has been synced is safe, whatever closing says.
	}
	if rerr := o.dir.fs.Remove(o.temp); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = rerr
	}
	return err
}
