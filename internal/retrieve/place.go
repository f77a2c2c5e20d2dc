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
	"firn/internal/transfer"
	"firn/treehash"
)

// finish waits for the jobs of a task and writes its files. The error is one that
// ends all. Nothing more has to be begun once over is called.
func (r *Retriever) finish(ctx context.Context, t *task, done func(...Outcome), over func()) error {
	wants, err := r.write(ctx, t, done)
	over()
	r.flow.give(t.jobs...)
	left := t.order
	left.Wants = wants
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return r.own(ctx, left, err, done)
}

// own tells of an order of which nothing comes. The error is returned if it is
// not one archive's.
func (r *Retriever) own(ctx context.Context, o Order, err error, done func(...Outcome)) error {
	if !isArchives(err) {
		return err
	}
	if lost := r.unfold(ctx, &o); lost != nil && !isArchives(lost) {
		return lost
	}
	done(o.failed(err)...)
	return nil
}

// write writes the files of an order, until one fails for another reason than its
// own: then some are left.
func (r *Retriever) write(ctx context.Context, t *task, done func(...Outcome)) (left []Want, err error) {
	if t.target != nil {
		defer t.target.Close()
	}
	if t.order.whole() && t.target == nil && len(t.jobs) == 1 {
		w := t.order.Wants[0]
		err := r.save(ctx, t.order, t.jobs[0], w)
		if err != nil && !isFiles(err) {
			return t.order.Wants, err
		}
		done(Outcome{Want: w, Err: err})
		return nil, nil
	}
	if !r.inPieces(&t.order) { // those are few
		if err := r.wait(ctx, t.order, t.jobs[0]); err != nil {
			return t.order.Wants, err
		}
		if err := r.readers.take(ctx); err != nil {
			return t.order.Wants, err
		}
		defer r.readers.release()
	}
	if t.order.index > 0 {
		return t.order.Wants, r.readIndex(ctx, t)
	}
	if err := r.unfold(ctx, &t.order); err != nil {
		return nil, err
	}
	plain, size, err := r.content(ctx, t)
	if err != nil {
		return t.order.Wants, err
	}
	return r.copyAll(ctx, t, plain, size, done)
}

// known is the size of a file. The catalogue does not know that of a sealed
// archive if all it knows is from an inventory.
func known(size, plain int64) int64 {
	if size < 0 {
		return plain
	}
	return size
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
func (r *Retriever) save(ctx context.Context, o Order, j *job, w Want) error {
	return r.use(ctx, o, j, func(out transfer.Output) error {
		t, err := r.place(w)
		if err != nil {
			return err
		}
		out.Progress = r.progress
		_, err = r.Downloader.Save(ctx, out, t, w.File.Modified)
		return err
	})
}

// chunkSize is how much of a file is copied at a time: a power of two MiB.
const chunkSize = 8 * glacier.MiB

// copy writes a file that is a part of an archive, or was sealed. What an earlier
// process has written is looked at and left.
func (r *Retriever) copy(ctx context.Context, of *task, w Want, plain io.ReaderAt) (err error) {
	t, have := of.target, of.have
	if t == nil {
		if t, err = r.place(w); err != nil {
			return err
		}
		defer t.Close()
		if have, err = r.written(ctx, t, w); err != nil {
			return err
		}
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
		why := fmt.Sprintf("%s: what was retrieved is not what was put away: its tree hash is %s, not %s", w.Name, tree.Root(), known)
		err := &fileError{&transfer.CorruptError{Why: why}}
		return errors.Join(err, t.Discard(), r.Names.DropChunks(ctx, t.Key()))
	}
	if err := t.Truncate(w.File.Size); err != nil {
		return err
	}
	key := t.Key()
	if err := t.Commit(w.File.Modified); err != nil {
		return err
	}
	if err := r.learn(ctx, w.File, tree.Root()); err != nil || !noted(w) {
		return err
	}
	return r.Names.DropChunks(ctx, key)
}

// learn has the catalogue know what is in a file, if only its retrieval could tell:
// one that was sealed, whose name does not say it.
func (r *Retriever) learn(ctx context.Context, f names.File, tree treehash.Hash) error {
	if f.Hash != (treehash.Hash{}) {
		return nil
	}
	return r.Names.SetContent(ctx, f.Path, f.Archive, f.Size, tree)
}

// copyChunk copies what begins at a place of the file.
func (r *Retriever) copyChunk(ctx context.Context, t *files.Target, w Want, plain io.ReaderAt, at int64, b []byte) (treehash.Hash, error) {
	if ctx.Err() != nil {
		return treehash.Hash{}, context.Cause(ctx)
	}
	if n, err := plain.ReadAt(b, w.File.Offset+at); n < len(b) {
		return treehash.Hash{}, endsEarly(w, err)
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

// endsEarly is why too little of a file could be read.
func endsEarly(w Want, err error) error {
	if errors.Is(err, io.EOF) {
		return &fileError{fmt.Errorf("%s: the archive ends before the file does", w.Name)}
	}
	return err
}

func (r *Retriever) progress(n int64) {
	if r.Progress != nil {
		r.Progress(n)
	}
}

// There reports whether a wanted file is there, by its size and time, or by its
// content if its time is not known.
func (r *Retriever) There(ctx context.Context, w Want) bool {
	if files.CheckName(w.Name) != nil { // it may lead out of the folder
		return false
	}
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
