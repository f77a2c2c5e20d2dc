package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"firn/treehash"
)

// leaves write bytes leaf by leaf and hash them on the way.
type leaves struct {
	dst  io.WriterAt
	off  int64 // of buf, in dst
	buf  []byte
	fill int
	tree treehash.Builder
}

// newLeaves returns leaves of size bytes, with memory that has served before.
func (f *fetch) newLeaves(dst io.WriterAt, size int64) *leaves {
	if size < treehash.LeafSize {
		return &leaves{dst: dst, buf: make([]byte, size)}
	}
	memory, ok := f.spare.Get().(*[treehash.LeafSize]byte)
	if !ok {
		memory = new([treehash.LeafSize]byte)
	}
	return &leaves{dst: dst, buf: memory[:]}
}

// put takes the memory back. The hash can still be asked for.
func (f *fetch) put(l *leaves) {
	if len(l.buf) == treehash.LeafSize {
		f.spare.Put((*[treehash.LeafSize]byte)(l.buf))
	}
	l.buf = nil
}

// readFrom reads at most n bytes. The error is io.EOF if there are fewer; that of dst as it is, and any other a
// *[brokenError].
func (l *leaves) readFrom(r io.Reader, n int64, progress func(int64)) (done int64, err error) {
	for done < n {
		k, err := r.Read(l.buf[l.fill:min(int64(len(l.buf)), int64(l.fill)+n-done)])
		l.fill += k
		done += int64(k)
		progress(int64(k))
		if l.fill == len(l.buf) {
			if err := l.flush(); err != nil {
				return done, err
			}
		}
		switch {
		case done == n:
			return done, nil
		case errors.Is(err, io.EOF):
			return done, io.EOF
		case err != nil:
			return done, &brokenError{err}
		}
	}
	return done, nil
}

// flush writes the leaf, also one that is not full: then it must be the last.
func (l *leaves) flush() error {
	if l.fill == 0 {
		return nil
	}
	leaf := l.buf[:l.fill]
	l.tree.Add(sha256.Sum256(leaf))
	_, err := l.dst.WriteAt(leaf, l.off)
	l.off += int64(l.fill)
	l.fill = 0
	return err
}

func (l *leaves) root() treehash.Hash { return l.tree.Root() }

// hashAt is the tree hash of a section of what is there.
func hashAt(ctx context.Context, at io.ReaderAt, offset, size int64) (treehash.Hash, error) {
	var tree treehash.Builder
	buf := make([]byte, min(treehash.LeafSize, size))
	for done := int64(0); done < size; {
		if ctx.Err() != nil {
			return treehash.Hash{}, context.Cause(ctx)
		}
		leaf := buf[:min(int64(len(buf)), size-done)]
		n, err := at.ReadAt(leaf, offset+done)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if n < len(leaf) {
			return treehash.Hash{}, err
		}
		tree.Add(sha256.Sum256(leaf))
		done += int64(len(leaf))
	}
	return tree.Root(), nil
}

// A window is the part of a writer that begins at base.
type window struct {
	w    io.WriterAt
	base int64
}

func (w window) WriteAt(p []byte, off int64) (int, error) { return w.w.WriteAt(p, w.base+off) }
