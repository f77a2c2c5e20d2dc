package retrieve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"firn/glacier"
	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/transfer"
	"firn/treehash"
)

// finish waits for the jobs of a task and writes its files. The error is one
// that ends all.
func (r *Retriever) finish(ctx context.Context, t task, done func(...Outcome)) error {
	left := t.order
	for again := 0; ; again++ {
		var outcomes []Outcome
		outcomes, err := r.write(ctx, task{left, t.jobs})
		done(outcomes...)
		left.Wants = left.Wants[len(outcomes):]
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case remote.IsNotFound(err) && again < maxAgain: // the output has expired meanwhile
			continue
		case isArchives(err):
			done(left.failed(err)...)
			return nil
		}
		return err
	}
}

// maxAgain is how often outputs may expire before a file is given up.
const maxAgain = 3

// write writes the files of an order, in their order, until one fails for
// another reason than its own.
func (r *Retriever) write(ctx context.Context, t task) ([]Outcome, error) {
	for _, j := range t.jobs {
		if err := r.wait(ctx, t.order, j); err != nil {
			return nil, err
		}
	}
	a := t.order.Archive
	if t.order.index > 0 {
		return nil, r.readIndex(ctx, t)
	}
	if !a.Bundle && !a.Sealed && len(t.jobs) == 1 {
		w := t.order.Wants[0]
		err := r.save(ctx, a, t.jobs[0], w)
		if err != nil && !isFiles(err) {
			return nil, err
		}
		return []Outcome{{Want: w, Err: err}}, nil
	}
	if err := r.readers.take(ctx); err != nil {
		return nil, err
	}
	defer r.readers.release()
	plain, size, err := r.content(ctx, a, t.jobs)
	if err != nil {
		return nil, err
	}
	var outcomes []Outcome
	for _, w := range t.order.Wants {
		w.File.Size = known(w.File.Size, size)
		err := r.copy(ctx, w, plain)
		if err != nil && !isFiles(err) {
			return outcomes, err
		}
		outcomes = append(outcomes, Outcome{Want: w, Err: err})
	}
	return outcomes, nil
}

// known is the size of a file. The catalogue does not know that of a sealed
// archive if all it knows is from an inventory.
func known(size, plain int64) int64 {
	if size < 0 {
		return plain
	}
	return size
}

func isFiles(err error) bool {
	_, ok := errors.AsType[*files.Problem](err)
	return ok
}

// output is what is fetched of a job.
func (r *Retriever) output(a names.Archive, j *job) transfer.Output {
	o := transfer.Output{Job: j.known.Job, Archive: a.ID, First: j.span.first, Size: j.span.size}
	if j.span == (span{0, a.Size}) {
		o.Tree, o.Hashed = a.TreeHash, a.TreeHash != treehash.Hash{}
	}
	return o
}

// place opens the file that is wanted.
func (r *Retriever) place(w Want) (*files.Target, error) {
	return files.Place(r.Folder, w.Name, files.Placement{Overwrite: r.Overwrite, Mode: fs.FileMode(w.File.Mode)})
}

// save writes a file that is an archive.
func (r *Retriever) save(ctx context.Context, a names.Archive, j *job, w Want) error {
	t, err := r.place(w)
	if err != nil {
		return err
	}
	o := r.output(a, j)
	o.Progress = r.progress
	_, err = r.Downloader.Save(ctx, o, t, w.File.Modified)
	return err
}

// content is the plain text of an archive of which some ranges were retrieved,
// and how many bytes it has.
func (r *Retriever) content(ctx context.Context, a names.Archive, jobs []*job) (io.ReaderAt, int64, error) {
	p := make(pieces, len(jobs))
	for i, j := range jobs {
		reader, err := r.Downloader.Read(ctx, r.output(a, j))
		if err != nil {
			return nil, 0, err
		}
		p[i] = piece{j.span, reader}
	}
	if !a.Sealed {
		return p, a.Size, nil
	}
	return seal.OpenAt(p, a.Size, r.Identities)
}

// pieces are ranges of an archive, in order, that can be read where they are.
type pieces []piece

type piece struct {
	span span
	from io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (p pieces) ReadAt(b []byte, off int64) (n int, err error) {
	for _, piece := range p {
		if off < piece.span.first || off > piece.span.last() || n == len(b) {
			continue
		}
		part := b[n:min(int64(len(b)), int64(n)+piece.span.last()+1-off)]
		k, err := piece.from.ReadAt(part, off-piece.span.first)
		n, off = n+k, off+int64(k)
		if k < len(part) {
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// chunkSize is how much of a file is copied at a time: a power of two MiB.
const chunkSize = 8 * glacier.MiB

// copy writes a file that is a part of an archive, or was sealed. What an earlier
// process has written is looked at and left.
func (r *Retriever) copy(ctx context.Context, w Want, plain io.ReaderAt) error {
	t, err := r.place(w)
	if err != nil {
		return err
	}
	defer t.Close()
	have, err := r.written(ctx, t, w)
	if err != nil {
		return err
	}
	var tree treehash.Builder
	buf := make([]byte, min(chunkSize, w.File.Size))
	for at := int64(0); at < w.File.Size; at += chunkSize {
		b := buf[:min(chunkSize, w.File.Size-at)]
		hash, there := have[at]
		if !there {
			if hash, err = r.copyChunk(ctx, t, w, plain, at, b); err != nil {
				return err
			}
		}
		tree.Add(hash)
		r.progress(int64(len(b)))
	}
	if known := w.File.Hash; known != (treehash.Hash{}) && tree.Root() != known {
		err := &archiveError{fmt.Errorf("%s: what was retrieved is not what was put away: its tree hash is %s, not %s", w.Name, tree.Root(), known)}
		return errors.Join(err, t.Discard(), r.Names.DropChunks(ctx, t.Key()))
	}
	if err := t.Truncate(w.File.Size); err != nil {
		return err
	}
	key := t.Key()
	if err := t.Commit(w.File.Modified); err != nil || !noted(w) {
		return err
	}
	return r.Names.DropChunks(ctx, key)
}

// noted reports whether the catalogue knows what of a file was written. A small
// one is written at once, or anew.
func noted(w Want) bool { return w.File.Size > chunkSize }

// copyChunk copies what begins at a place of the file.
func (r *Retriever) copyChunk(ctx context.Context, t *files.Target, w Want, plain io.ReaderAt, at int64, b []byte) (treehash.Hash, error) {
	if ctx.Err() != nil {
		return treehash.Hash{}, context.Cause(ctx)
	}
	if n, err := plain.ReadAt(b, w.File.Offset+at); n < len(b) {
		if errors.Is(err, io.EOF) {
			err = &archiveError{fmt.Errorf("%s: the archive ends before the file does", w.Name)}
		}
		return treehash.Hash{}, err
	}
	if _, err := t.WriteAt(b, at); err != nil {
		return treehash.Hash{}, err
	}
	hash := treehash.Sum(b)
	if !noted(w) {
		return hash, nil
	}
	return hash, r.Names.AddChunk(ctx, names.Chunk{Target: t.Key(), Archive: w.File.Archive, Offset: at, Size: int64(len(b)), Hash: hash})
}

// written are the hashes of the chunks that an earlier process has written, as
// far as they are on the disk as they should be.
func (r *Retriever) written(ctx context.Context, t *files.Target, w Want) (map[int64]treehash.Hash, error) {
	switch {
	case !noted(w):
		return nil, nil
	case !t.Resumed():
		return nil, r.Names.DropChunks(ctx, t.Key())
	}
	chunks, err := r.Names.Chunks(ctx, t.Key())
	if err != nil {
		return nil, err
	}
	have := make(map[int64]treehash.Hash)
	for _, k := range chunks {
		if k.Archive != w.File.Archive || k.Offset%chunkSize != 0 || k.Size != min(chunkSize, w.File.Size-k.Offset) {
			continue
		}
		c, err := remote.Measure(ctx, t, k.Offset, k.Size)
		if err == nil && c.Tree == k.Hash {
			have[k.Offset] = k.Hash
		}
	}
	return have, nil
}

func (r *Retriever) progress(n int64) {
	if r.Progress != nil {
		r.Progress(n)
	}
}

// Write brings one file back and writes it to w, in order. What was written
// before an error was verified as far as the server says hashes of ranges.
func (r *Retriever) Write(ctx context.Context, o Order, w io.Writer) error {
	t, err := r.begin(ctx, o)
	if err != nil {
		return err
	}
	for _, j := range t.jobs {
		if err := r.wait(ctx, o, j); err != nil {
			return err
		}
	}
	if !o.Archive.Bundle && !o.Archive.Sealed && len(t.jobs) == 1 {
		out := r.output(o.Archive, t.jobs[0])
		out.Progress = r.progress
		_, err := r.Downloader.Write(ctx, out, w)
		return err
	}
	plain, size, err := r.content(ctx, o.Archive, t.jobs)
	if err != nil {
		return err
	}
	for _, want := range o.Wants {
		if _, err := io.Copy(w, io.NewSectionReader(plain, want.File.Offset, known(want.File.Size, size))); err != nil {
			return err
		}
	}
	return nil
}

// There reports whether a wanted file is there, by its size and time, or by its
// content if its time is not known.
func (r *Retriever) There(ctx context.Context, w Want) bool {
	f, err := files.Stat(r.Folder + "/" + w.Name)
	if err != nil || !w.File.Matches(f.Size, f.Modified) {
		return false
	}
	if !w.File.Modified.IsZero() {
		return true
	}
	src, err := files.Open(f)
	if err != nil {
		return false
	}
	defer src.Close()
	c, err := remote.Measure(ctx, src, 0, src.Size())
	return err == nil && c.Tree == w.File.Hash
}
