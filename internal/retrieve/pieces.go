package retrieve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"firn/glacier"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/transfer"
)

// piecesAhead is how many jobs of one archive may be begun and not yet read. At
// one an hour, that is longer than any job takes.
const piecesAhead = 16

// beginPieces begins the jobs of a task one after the other, the next ones while
// the first are read. That an archive is not as it should be is left to who reads.
func (r *Retriever) beginPieces(ctx context.Context, t *task) error {
	var failed error
	begin := func(j *job, open bool) {
		if failed == nil && open {
			failed = r.flow.take(ctx, j, r)
		}
		if failed == nil && ctx.Err() != nil { // who reads has given up, and has given back what was taken before
			r.flow.give(j)
			failed = context.Cause(ctx)
		}
		if failed == nil {
			failed = r.begin(ctx, t.order.Archive, j)
		}
		_ = j.settle(failed)
	}
	for _, j := range t.ends {
		begin(j, false)
	}
	for i, j := range t.jobs {
		if failed == nil {
			failed = t.near(ctx, i, piecesAhead)
		}
		begin(j, true)
	}
	if isArchives(failed) {
		return nil
	}
	return failed
}

// open plans an order that takes several jobs, by what is on the disk.
func (r *Retriever) open(ctx context.Context, o Order) (*task, error) {
	if !o.resumable() {
		return r.task(o, nil), nil
	}
	target, err := r.place(o.Wants[0])
	if err != nil {
		return nil, err
	}
	have, err := r.written(ctx, target, o.Wants[0])
	if err != nil {
		return nil, errors.Join(err, target.Close())
	}
	t := r.task(o, have)
	t.target = target
	return t, nil
}

// content is the plain text of an archive of which some ranges are retrieved, and
// how many bytes it has.
func (r *Retriever) content(ctx context.Context, t *task) (io.ReaderAt, int64, error) {
	a := t.order.Archive
	p := &pieces{ctx: ctx, r: r, t: t}
	if !a.Sealed || len(t.jobs) == 0 {
		return p, a.Size, nil
	}
	plain, size, err := seal.OpenAt(p, a.Size, r.Identities)
	if err != nil || a.Bundle {
		return plain, size, err
	}
	for _, w := range t.order.Wants {
		if said := known(w.File.Size, size); said != size {
			return nil, 0, &archiveError{fmt.Errorf("%s: what is sealed has %d bytes, and not the %d that its name says", w.Name, size, w.File.Size)}
		}
	}
	return plain, size, nil
}

// pieces are the ranges of an archive that are retrieved, in order, that can be
// read where they are. Each is waited for when it is read.
type pieces struct {
	ctx       context.Context
	r         *Retriever
	t         *task
	main, end opened
}

// An opened is the output of a job that was read last, with some of it in memory.
type opened struct {
	id   glacier.JobID
	from *transfer.Reader
}

// ReadAt implements io.ReaderAt.
func (p *pieces) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		j, i := p.t.holding(off)
		if j == nil {
			return n, io.EOF
		}
		part := b[n:min(int64(len(b)), int64(n)+j.span.last()+1-off)]
		k, err := p.read(j, i, part, off-j.span.first)
		n, off = n+k, off+int64(k)
		if k < len(part) {
			return n, err
		}
	}
	return n, nil
}

// holding finds the job that retrieves a byte of the archive. It is the i-th of
// the task's, or one of the ends if i is negative.
func (t *task) holding(off int64) (j *job, i int) {
	i = sort.Search(len(t.jobs), func(i int) bool { return t.jobs[i].span.last() >= off })
	if i < len(t.jobs) && t.jobs[i].span.first <= off {
		j = t.jobs[i]
	}
	if j != nil && j.isBegun() {
		return j, i
	}
	for _, end := range t.ends {
		if end.span.first <= off && off <= end.span.last() {
			return end, -1
		}
	}
	return j, i
}

func (p *pieces) read(j *job, i int, part []byte, at int64) (n int, err error) {
	last := &p.end
	if i >= 0 {
		last = &p.main
		p.r.flow.give(p.t.move(i)...)
	}
	select {
	case <-j.begun:
	case <-p.ctx.Done():
		return 0, context.Cause(p.ctx)
	}
	if j.err != nil {
		return 0, j.err
	}
	err = p.r.use(p.ctx, p.t.order, j, func(out transfer.Output) error {
		if last.id != out.Job {
			from, err := p.r.Downloader.Read(p.ctx, out)
			if err != nil {
				return err
			}
			*last = opened{out.Job, from}
		}
		n, err = last.from.ReadAt(part, at)
		return err
	})
	return n, err
}

// use has read use the output of a job as soon as it is there, and that of another
// job if it has expired meanwhile.
func (r *Retriever) use(ctx context.Context, o Order, j *job, read func(transfer.Output) error) error {
	for {
		if err := r.wait(ctx, o, j); err != nil {
			return err
		}
		err := r.flow.while(r, func() error { return read(r.output(o.Archive, j)) })
		if !remote.IsNotFound(err) || ctx.Err() != nil {
			return err
		}
		if err := r.anew(ctx, o, j); err != nil {
			return err
		}
	}
}
