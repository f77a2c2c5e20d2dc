package retrieve

import (
	"context"
	"fmt"
	"io"

	"firn/internal/transfer"
	"firn/treehash"
)

// Write brings one file back and writes it to w, in order. What was written
// before an error was verified as far as the server says hashes of ranges.
func (r *Retriever) Write(ctx context.Context, o Order, w io.Writer) error {
	if err := r.recall(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t := r.task(o, nil)
	begun := make(chan struct{})
	go func() {
		defer close(begun)
		_ = r.beginPieces(ctx, t) // the jobs have the error
	}()
	defer func() {
		stop(errOver)
		<-begun // jobs that were begun are noted
	}()
	s := &stream{w: w, part: treehash.NewHasher()}
	size, err := r.stream(ctx, t, s)
	if err != nil {
		return err
	}
	want := o.Wants[0]
	if got := s.hash(); s.size != size || want.File.Hash != (treehash.Hash{}) && got != want.File.Hash {
		return &archiveError{fmt.Errorf("%s: what was written is not what was put away: %d bytes with the tree hash %s, and not %d with %s", want.Name, s.size, got, size, want.File.Hash)}
	}
	want.File.Size = size
	return r.learn(ctx, want.File, s.hash())
}

// stream writes the file of a task, and returns how long it should be.
func (r *Retriever) stream(ctx context.Context, t *task, s *stream) (int64, error) {
	o, f := t.order, t.order.Wants[0].File
	if o.whole() && len(t.jobs) == 1 {
		j := t.jobs[0]
		if <-j.begun; j.err != nil {
			return 0, j.err
		}
		return known(f.Size, o.Archive.Size), r.use(ctx, o, j, func(out transfer.Output) error {
			s.skip = s.size
			out.Progress = r.progress
			_, err := r.Downloader.Write(ctx, out, s)
			return err
		})
	}
	plain, size, err := r.content(ctx, t)
	if err != nil {
		return 0, err
	}
	size = known(f.Size, size)
	buf := make([]byte, min(chunkSize, size))
	for at := int64(0); at < size; at += chunkSize {
		b := buf[:min(chunkSize, size-at)]
		n, err := plain.ReadAt(b, f.Offset+at)
		if n < len(b) {
			return size, endsEarly(t.order.Wants[0], err)
		}
		if _, err := s.Write(b); err != nil {
			return size, err
		}
		r.progress(int64(n))
	}
	return size, nil
}

// A stream is a writer of content that counts and hashes it.
type stream struct {
	w    io.Writer
	size int64 // of what was written
	skip int64 // bytes that were written before

	part *treehash.Hasher // of the last chunk
	tree treehash.Builder // of those before
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	old := min(s.skip, int64(len(p)))
	s.skip -= old
	n, err := s.w.Write(p[old:])
	for written := p[old : old+int64(n)]; len(written) > 0; {
		k := min(int64(len(written)), chunkSize-s.part.Size())
		s.part.Write(written[:k])
		written = written[k:]
		if s.part.Size() == chunkSize {
			s.next()
		}
	}
	s.size += int64(n)
	return int(old) + n, err
}

func (s *stream) next() {
	tree, _ := s.part.Sum()
	s.tree.Add(tree)
	s.part.Reset()
}

// hash is the tree hash of all.
func (s *stream) hash() treehash.Hash {
	if s.part.Size() > 0 {
		s.next()
	}
	return s.tree.Root()
}
