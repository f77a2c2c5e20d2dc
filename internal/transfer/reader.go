package transfer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"firn/glacier"
	"firn/treehash"
)

// A Reader reads an output here and there: a few files of a bundle, or an archive that has to be decrypted on the way. It
// fetches blocks of some MiB, verified by their tree hash where the server says it, keeps the last few, and fetches ahead of
// who reads one after the other. It may be used concurrently; reads wait for each other.
type Reader struct {
	ctx context.Context
	f   *fetch

	mu   sync.Mutex // guards what follows
	kept []*kept    // the one that was used last at the end
	last int        // block that was read last
	runs int        // how many have been read one after the other
}

// A kept is a block in memory, or on its way.
type kept struct {
	index int
	ahead bool // it was not asked for when it was fetched
	piece
	err error // when done is closed
}

// Blocks of a Reader: their size, and how many there are at a time, with those that are fetched ahead.
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
	return &Reader{ctx: ctx, f: f, last: -2}, nil
}

// Fill reads what an output has from a multiple of 1 MiB on into p, verified by its tree hash where the server says it, and
// returns that. It takes no slot.
func (d *Downloader) Fill(ctx context.Context, o Output, offset int64, p []byte) (treehash.Hash, error) {
	f, err := d.newFetch(o)
	if err != nil {
		return treehash.Hash{}, err
	}
	return f.get(ctx, offset, int64(len(p)), &piece{bytes: p})
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
	switch {
	case index == r.last+1:
		r.runs++
	case index != r.last:
		r.runs = 0
	}
	r.last = index
	k := r.fetch(index, false)
	for ahead := index + 1; ahead <= index+min(r.runs, readerKeeps-1) && ahead < r.f.chunks(); ahead++ {
		r.fetch(ahead, true)
	}
	if <-k.done; k.err != nil && k.ahead {
		k = r.fetch(index, false)
		<-k.done
	}
	return k.bytes, k.err
}

// fetch returns a block that is there or on its way. What has failed is fetched anew.
func (r *Reader) fetch(index int, ahead bool) *kept {
	if i := slices.IndexFunc(r.kept, func(k *kept) bool { return k.index == index }); i >= 0 {
		k := r.kept[i]
		r.kept = slices.Delete(r.kept, i, i+1)
		if !k.failed() {
			r.kept = append(r.kept, k)
			return k
		}
	}
	offset, size := r.f.bounds(index)
	k := &kept{index: index, ahead: ahead, piece: piece{bytes: r.room()[:0], done: make(chan struct{})}}
	k.bytes = slices.Grow(k.bytes, int(size))[:size]
	r.kept = append(r.kept, k)
	go func() {
		defer close(k.done)
		if k.err = r.f.d.Slots.take(r.ctx); k.err == nil {
			defer r.f.d.Slots.release()
			k.tree, k.err = r.f.get(r.ctx, offset, size, k)
		}
	}()
	return k
}

// room forgets the block that was not used for longest, if there are enough, and returns its memory.
func (r *Reader) room() []byte {
	if len(r.kept) < readerKeeps {
		return nil
	}
	k := r.kept[0]
	r.kept = slices.Delete(r.kept, 0, 1)
	select {
	case <-k.done:
		return k.bytes
	default:
		return nil // still being written to
	}
}

// failed reports whether the block was on its way and did not come.
func (k *kept) failed() bool {
	select {
	case <-k.done:
		return k.err != nil
	default:
		return false
	}
}
