package migrate

import (
	"context"
	"errors"
	"io"
	"slices"

	"firn/glacier"
	"firn/internal/remote"
	"firn/internal/transfer"
	"firn/treehash"
)

// errExpired means that a job is no longer there, and its output neither.
var errExpired = errors.New("the job's output is no longer there")

// fill reads what an archive has from an offset on into p, and returns its tree
// hash. It is what the source says that it is.
func (m *Migration) fill(ctx context.Context, a *Archive, offset int64, p []byte) (treehash.Hash, error) {
	tree, err := m.source.Fill(ctx, transfer.Output{Job: a.Job, Archive: a.ID, Size: a.Size}, offset, p)
	if remote.IsNotFound(err) {
		err = errExpired
	}
	return tree, err
}

// window is how much of a view is in memory.
const window = 4 * glacier.MiB

// A view reads a part of an archive that is too large to be held. It is for one
// goroutine.
type view struct {
	m    *Migration
	ctx  context.Context
	a    *Archive
	end  int64  // of the part
	from int64  // of held
	held []byte // a window
}

// ReadAt implements io.ReaderAt; offsets are those of the archive.
func (v *view) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= v.end {
			return n, io.EOF
		}
		if at < v.from || at >= v.from+int64(len(v.held)) {
			if err := v.move(at - at%window); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], v.held[at-v.from:])
	}
	return n, nil
}

func (v *view) move(from int64) error {
	size := int(min(window, v.end-from))
	held := slices.Grow(v.held[:0], size)[:size]
	v.from, v.held = from, held[:0]
	_, err := v.m.fill(v.ctx, v.a, from, held)
	if err == nil {
		v.held = held
	}
	return err
}
