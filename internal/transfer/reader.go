package transfer

import (
	"context"
	"fmt"
	"io"
	"sync"

	"firn/glacier"
)

// A Reader reads an output here and there: a few files of a bundle, or an archive that has to be decrypted on the way. It
// fetches blocks of some MiB, verified by their tree hash where the server says it, and keeps the last few. It may be used
// concurrently; reads wait for each other.
type Reader struct {
	ctx context.Context
	f   *fetch

	mu   sync.Mutex // guards what follows
	kept []*kept    // the one used last at the end
}

// A kept is a block in memory.
type kept struct {
	index int
	piece
}

// Blocks of a Reader.
const (
	readerBlock = 4 * glacier.MiB
	readerKeeps = 4
)

// Read returns a Reader of an output. What it reads is not held against [Output.Tree], for which all of it would be needed.
// The context is that of all its reads.
func (d *Downloader) Read(ctx context.Context, o Output) (*Reader, error) {
	f, err := d.newFetch(o)
	if err != nil {
		return nil, err
	}
	f.chunk = readerBlock
	return &Reader{ctx: ctx, f: f}, nil
}

// Size is how many bytes there are.
func (r *Reader) Size() int64 { return r.f.o.Size }

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at %d", off)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= r.f.o.Size {
			return n, io.EOF
		}
		b, err := r.block(int(at / r.f.chunk))
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b[at%r.f.chunk:])
	}
	return n, nil
}

// block returns a block, valid until the next call.
func (r *Reader) block(index int) ([]byte, error) {
	for i, k := range r.kept {
		if k.index == index {
			r.kept = append(append(r.kept[:i], r.kept[i+1:]...), k)
			return k.bytes, nil
		}
	}
	k := &kept{index: index}
	if len(r.kept) == readerKeeps {
		k.bytes, r.kept = r.kept[0].bytes, r.kept[1:]
	}
	offset, size := r.f.bounds(index)
	if int64(cap(k.bytes)) < size {
		k.bytes = make([]byte, size)
	}
	k.bytes = k.bytes[:size]
	if err := r.f.d.Slots.take(r.ctx); err != nil {
		return nil, err
	}
	defer r.f.d.Slots.release()
	if _, err := r.f.get(r.ctx, offset, size, k); err != nil {
		return nil, err
	}
	r.kept = append(r.kept, k)
	return k.bytes, nil
}
