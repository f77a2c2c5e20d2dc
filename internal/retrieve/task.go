package retrieve

import (
	"context"
	"sync"

	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/treehash"
)

// A task is an order, and the jobs that it takes.
type task struct {
	order Order
	jobs  []*job // in the archive's order; without those whose bytes are there
	// ends are jobs for the beginning and the end of a sealed archive that comes in
	// pieces, or whose end is all that is wanted: these are needed to read any of it.
	ends []*job

	target *files.Target           // of an archive that comes in pieces; nil if it is not yet opened
	have   map[int64]treehash.Hash // of the chunks that are in the target

	mu    sync.Mutex
	at    int           // of the jobs, the one that is being read
	moved chan struct{} // closed when at changes
}

// inPieces reports whether an order takes several jobs.
func (r *Retriever) inPieces(o *Order) bool {
	return r.Hourly > 0 && o.span().size > r.Hourly
}

// task plans an order, of whose only file some chunks are there.
func (r *Retriever) task(o Order, have map[int64]treehash.Hash) *task {
	t := &task{order: o, have: have, moved: make(chan struct{})}
	spans := o.span().spans(r.Hourly)
	var ends []span
	switch {
	case o.Archive.Sealed && len(spans) > 1:
		ends = o.ends()
	case o.apart():
		ends = o.ends()[:1]
	}
	need := o.missing(spans, ends, have)
	for i, s := range spans {
		if need[i] {
			t.jobs = append(t.jobs, newJob(s))
		}
	}
	if len(t.jobs) == 0 {
		return t
	}
	for _, s := range ends {
		t.ends = append(t.ends, newJob(s))
	}
	return t
}

// ends are the MiB at the beginning and at the end of a sealed archive.
func (o *Order) ends() []span {
	needed := seal.Needed(o.Archive.Size, 0, 0)
	first, last := needed[0], needed[len(needed)-1]
	begin := (first.Offset + first.Size + treehash.LeafSize - 1) / treehash.LeafSize * treehash.LeafSize
	end := last.Offset / treehash.LeafSize * treehash.LeafSize
	return []span{{0, min(begin, o.Archive.Size)}, {end, o.Archive.Size - end}}
}

// missing tells which of the spans have bytes that are not there.
func (o *Order) missing(spans, ends []span, have map[int64]treehash.Hash) []bool {
	need := make([]bool, len(spans))
	if len(have) == 0 {
		for i := range need {
			need[i] = true
		}
		return need
	}
	mark := func(s span) {
		for _, end := range ends {
			if s.first >= end.first && s.last() <= end.last() {
				return
			}
		}
		for i := (s.first - spans[0].first) / spans[0].size; i <= (s.last()-spans[0].first)/spans[0].size && i < int64(len(spans)); i++ {
			need[i] = true
		}
	}
	f := o.Wants[0].File
	for at := int64(0); at < f.Size; at += chunkSize {
		size := min(chunkSize, f.Size-at)
		if _, there := have[at]; there {
			continue
		}
		if !o.Archive.Sealed {
			mark(span{f.Offset + at, size})
			continue
		}
		for _, s := range seal.Needed(o.Archive.Size, f.Offset+at, size) {
			mark(span{s.Offset, s.Size})
		}
	}
	return need
}

// move says that the i-th job is being read, and returns those before it.
func (t *task) move(i int) (before []*job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i > t.at {
		before, t.at = t.jobs[t.at:i], i
		close(t.moved)
		t.moved = make(chan struct{})
	}
	return before
}

// near waits until the i-th job is one of the next n.
func (t *task) near(ctx context.Context, i, n int) error {
	for {
		t.mu.Lock()
		near, moved := i < t.at+n, t.moved
		t.mu.Unlock()
		if near {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// whole reports whether the content of an archive is a file as it is.
func (o *Order) whole() bool { return !o.Archive.Bundle && !o.Archive.Sealed && o.index == 0 }

// resumable reports whether the catalogue knows what was written of an order.
func (o *Order) resumable() bool {
	return o.index == 0 && len(o.Wants) == 1 && noted(o.Wants[0])
}

// noted reports whether the catalogue knows what of a file was written. A small
// one is written at once, or anew.
func noted(w Want) bool { return w.File.Size > chunkSize }

// planned is what an order would take, by what the catalogue knows of what was
// written. It changes nothing, and does not look into files.
func (r *Retriever) planned(ctx context.Context, o Order) (*task, error) {
	if !o.resumable() || r.Folder == "" || !r.inPieces(&o) {
		return r.task(o, nil), nil
	}
	w := o.Wants[0]
	key, size, found := files.Unfinished(r.Folder, w.Name)
	if !found {
		return r.task(o, nil), nil
	}
	chunks, err := r.chunks(ctx, key, w)
	if err != nil {
		return nil, err
	}
	have := make(map[int64]treehash.Hash)
	for _, k := range chunks {
		for at := k.Offset; at < k.Offset+k.Size && min(at+chunkSize, w.File.Size) <= size; at += chunkSize {
			have[at] = treehash.Hash{}
		}
	}
	return r.task(o, have), nil
}

// chunks are those of a file that the catalogue knows to be written.
func (r *Retriever) chunks(ctx context.Context, key string, w Want) ([]names.Chunk, error) {
	all, err := r.Names.Chunks(ctx, key)
	fit := all[:0]
	for _, k := range all {
		end := k.Offset + k.Size
		if k.Archive == w.File.Archive && k.Offset%chunkSize == 0 && (k.Size%chunkSize == 0 && end <= w.File.Size || end == w.File.Size) {
			fit = append(fit, k)
		}
	}
	return fit, err
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
	chunks, err := r.chunks(ctx, t.Key(), w)
	if err != nil {
		return nil, err
	}
	have := make(map[int64]treehash.Hash)
	for _, k := range chunks {
		var hashes []treehash.Hash
		for at := k.Offset; at < k.Offset+k.Size; at += chunkSize {
			c, err := remote.Measure(ctx, t, at, min(chunkSize, k.Offset+k.Size-at))
			if err != nil {
				break // it is shorter than it was
			}
			hashes = append(hashes, c.Tree)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if int64(len(hashes)) != (k.Size+chunkSize-1)/chunkSize || treehash.Root(hashes) != k.Hash {
			continue
		}
		for i, hash := range hashes {
			have[k.Offset+int64(i)*chunkSize] = hash
		}
	}
	return have, nil
}
