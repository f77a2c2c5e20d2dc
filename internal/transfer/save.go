package transfer

import (
	"context"
	"errors"
	"time"

	"firn/internal/files"
	"firn/internal/names"
	"firn/treehash"
)

// Save writes an output to a file and commits it, or goes on with it where another process has stopped, and returns the
// output's tree hash. It ends the target. If it fails, what is written stays for the next time; but if the whole is not what
// it should be, although every chunk was as the server said, nothing stays.
func (d *Downloader) Save(ctx context.Context, o Output, t *files.Target, modified time.Time) (treehash.Hash, error) {
	defer t.Close()
	f, err := d.newFetch(o)
	if err != nil {
		return treehash.Hash{}, err
	}
	s := &save{fetch: f, t: t, trees: make([]treehash.Hash, f.chunks())}
	tree, err := s.run(ctx)
	switch {
	case s.wrong:
		return tree, errors.Join(err, s.forget(ctx), t.Discard())
	case err != nil:
		return tree, err
	}
	if err := t.Commit(modified); err != nil {
		return tree, err
	}
	return tree, s.forget(ctx)
}

// A save is a file that is being written.
type save struct {
	*fetch
	t     *files.Target
	trees []treehash.Hash // of the chunks
	have  map[int64]names.Chunk
	wrong bool // all chunks are there, and are not what they should be together
}

// noted reports whether the catalogue knows of chunks. One alone is all or nothing.
func (s *save) noted() bool { return s.d.Work != nil && len(s.trees) > 1 }

// forget makes the catalogue know no chunks of the file.
func (s *save) forget(ctx context.Context) error {
	if !s.noted() {
		return nil
	}
	return s.d.Work.DropChunks(context.WithoutCancel(ctx), s.t.Key())
}

func (s *save) run(ctx context.Context) (treehash.Hash, error) {
	if err := s.begin(ctx); err != nil {
		return treehash.Hash{}, err
	}
	crew := newCrew(ctx, s.d.Slots)
	for i := range s.trees {
		if !crew.do(func(ctx context.Context) error { return s.one(ctx, i) }) {
			break
		}
	}
	err := crew.end()
	if errors.Is(err, errWhole) {
		err = s.whole(ctx)
	}
	if err != nil {
		return treehash.Hash{}, err
	}
	tree, err := s.finish(s.trees)
	s.wrong = err != nil
	return tree, err
}

// begin looks at what is there. What was left of a file of another length is cut or filled up.
func (s *save) begin(ctx context.Context) error {
	size, err := s.t.Size()
	if err == nil && size != s.o.Size {
		err = s.t.Truncate(s.o.Size)
	}
	if err != nil || !s.noted() {
		return err
	}
	if !s.t.Resumed() {
		return s.forget(ctx)
	}
	rows, err := s.d.Work.Chunks(ctx, s.t.Key())
	if err != nil {
		return err
	}
	s.have = make(map[int64]names.Chunk)
	for _, row := range rows {
		if row.Archive == s.o.Archive {
			s.have[row.Offset-s.o.First] = row
		}
	}
	return nil
}

// one gets the i-th chunk, unless it is there.
func (s *save) one(ctx context.Context, i int) (err error) {
	offset, size := s.bounds(i)
	if row, ok := s.have[offset]; ok && row.Size == size {
		tree, err := hashAt(ctx, s.t, offset, size)
		if err != nil {
			return err
		}
		if tree == row.Hash {
			s.trees[i] = tree
			s.progress(size)
			return nil
		}
	}
	if s.trees[i], err = s.get(ctx, offset, size, window{s.t, offset}); err != nil || !s.noted() {
		return err
	}
	return s.d.Work.AddChunk(ctx, names.Chunk{
		Target: s.t.Key(), Archive: s.o.Archive, Offset: s.o.First + offset, Size: size, Hash: s.trees[i],
	})
}

// whole gets the output from a server that knows no ranges: from the beginning to the end, as often as it takes.
func (s *save) whole(ctx context.Context) error {
	tree, err := s.fetch.whole(ctx, s.t)
	s.trees = []treehash.Hash{tree}
	return err
}
