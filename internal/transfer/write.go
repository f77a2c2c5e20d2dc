package transfer

import (
	"context"
	"errors"
	"io"

	"firn/treehash"
)

// Write writes an output to w in order, and returns its tree hash. A chunk is verified before it is passed on, where the
// server says its hash; where it does not, and in any case for the whole, a mismatch is told at the end. Some chunks are
// fetched ahead and kept in memory: their size is [Downloader.ChunkSize], 16 MiB if that is 0.
func (d *Downloader) Write(ctx context.Context, o Output, w io.Writer) (treehash.Hash, error) {
	f, err := d.newFetch(o)
	if err != nil {
		return treehash.Hash{}, err
	}
	if d.ChunkSize == 0 {
		f.chunk = smallestPart // however many there are: they have to fit into memory
	}
	trees, err := f.inOrder(ctx, w)
	if errors.Is(err, errWhole) {
		var tree treehash.Hash
		tree, err = f.whole(ctx, &straight{w: w})
		trees = []treehash.Hash{tree}
	}
	if err != nil {
		return treehash.Hash{}, err
	}
	return f.finish(trees)
}

// A piece is a chunk in memory.
type piece struct {
	bytes []byte
	tree  treehash.Hash
	done  chan struct{} // closed when it is there
}

// WriteAt implements io.WriterAt, within the chunk.
func (p *piece) WriteAt(b []byte, off int64) (int, error) { return copy(p.bytes[off:], b), nil }

// inOrder writes the chunks as they come, each in its turn. If the server knows no ranges nothing has been written.
func (f *fetch) inOrder(ctx context.Context, w io.Writer) (trees []treehash.Hash, err error) {
	free := make(chan []byte, min(f.d.buffers(), f.chunks()))
	for range cap(free) {
		free <- nil
	}
	crew := newCrew(ctx, f.d.Slots)
	queue := make(chan *piece, cap(free))
	go f.ahead(crew, free, queue)
	for p := range queue {
		select {
		case <-p.done:
		case <-crew.ctx.Done():
		}
		if crew.ctx.Err() != nil {
			continue // the queue ends soon; and nothing is written behind a hole
		}
		if _, err := w.Write(p.bytes); err != nil {
			crew.cancel(err)
			continue
		}
		trees = append(trees, p.tree)
		free <- p.bytes[:0]
	}
	return trees, crew.end()
}

// ahead queues all chunks, and has each fetched as soon as there is room for it.
func (f *fetch) ahead(crew *crew, free chan []byte, queue chan<- *piece) {
	defer close(queue)
	for i := range f.chunks() {
		var room []byte
		select {
		case room = <-free:
		case <-crew.ctx.Done():
			return
		}
		offset, size := f.bounds(i)
		if int64(cap(room)) < size {
			room = make([]byte, size)
		}
		p := &piece{bytes: room[:size], done: make(chan struct{})}
		if !crew.do(func(ctx context.Context) (err error) {
			if p.tree, err = f.get(ctx, offset, size, p); err == nil {
				close(p.done)
			}
			return err
		}) {
			return
		}
		queue <- p
	}
}

// straight is a writer at whose bytes come in order. What comes again, because it was broken off, is passed on once.
type straight struct {
	w    io.Writer
	done int64
}

func (s *straight) WriteAt(p []byte, off int64) (int, error) {
	skip := min(max(s.done-off, 0), int64(len(p)))
	n, err := s.w.Write(p[skip:])
	s.done += int64(n)
	return int(skip) + n, err
}
