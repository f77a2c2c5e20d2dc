package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"

	"firn/glacier"
	"firn/internal/files"
	"firn/internal/remote"
	"firn/treehash"
)

// maxBuffer is the largest block that is kept in memory; a larger one is kept in a file.
const maxBuffer = 128 * glacier.MiB

// blocks cut a stream into blocks of one size, but for the last, which is shorter, and may be empty. They exist in a fixed
// number: a block that was used is given back to free.
type blocks struct {
	from  io.Reader
	size  int64
	spool string
	total int64
	free  chan *block // to be filled
	full  chan *block // filled, in order
}

// A block is bytes of the stream.
type block struct {
	memory []byte
	spool  *files.Spool
	size   int64
	err    error // that ended the stream; nil at its regular end
}

func newBlocks(from io.Reader, size int64, n int, spool string) *blocks {
	b := &blocks{from: from, size: size, spool: spool, free: make(chan *block, n), full: make(chan *block)}
	for range n {
		b.free <- &block{}
	}
	return b
}

// read fills blocks until the stream ends or the context does.
func (b *blocks) read(ctx context.Context) {
	for {
		select {
		case next := <-b.free:
			b.fill(next)
			select {
			case b.full <- next:
			case <-ctx.Done():
				return
			}
			if next.err != nil || next.size < b.size {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// next waits for a block. It must not be called after the last. The error is an *[InputError], or the context's.
func (b *blocks) next(ctx context.Context) (*block, error) {
	select {
	case next := <-b.full:
		if next.err != nil {
			return nil, &InputError{Read: b.total, Err: next.err}
		}
		return next, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// fill reads a block. What a file of it takes is given back when the block is collected.
func (b *blocks) fill(next *block) {
	var to io.Writer
	if b.size > maxBuffer {
		if next.spool == nil {
			next.spool, next.err = files.NewSpool(b.spool)
		}
		if next.err == nil {
			next.err = next.spool.Reset()
		}
		to = next.spool
	} else {
		if next.memory == nil {
			next.memory = make([]byte, b.size)
		}
		to = &memory{next.memory[:0]}
	}
	if next.err == nil {
		next.size, next.err = io.Copy(to, io.LimitReader(b.from, b.size))
		b.total += next.size
	}
}

// memory appends to memory that is there. It also reads, so that no other memory is needed.
type memory struct{ bytes []byte }

func (m *memory) Write(p []byte) (int, error) {
	m.bytes = append(m.bytes, p...)
	return len(p), nil
}

// ReadFrom implements io.ReaderFrom, up to what there is room for.
func (m *memory) ReadFrom(r io.Reader) (n int64, err error) {
	for err == nil && len(m.bytes) < cap(m.bytes) {
		var k int
		k, err = r.Read(m.bytes[len(m.bytes):cap(m.bytes)])
		m.bytes = m.bytes[:len(m.bytes)+k]
		n += int64(k)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// measure hashes the block.
func (b *block) measure(ctx context.Context) (remote.Content, error) {
	if b.spool != nil {
		return remote.Measure(ctx, b.at(), 0, b.size)
	}
	h := treehash.NewHasher()
	for rest := b.memory[:b.size]; len(rest) > 0; {
		leaf := rest[:min(len(rest), treehash.LeafSize)]
		h.Write(leaf)
		rest = rest[len(leaf):]
	}
	c := remote.Content{At: b.at(), Size: b.size}
	c.Tree, c.Linear = h.Sum()
	return c, nil
}

// at is what the block keeps.
func (b *block) at() io.ReaderAt {
	if b.spool != nil {
		return io.NewSectionReader(b.spool, 0, b.size)
	}
	return bytes.NewReader(b.memory[:b.size])
}
