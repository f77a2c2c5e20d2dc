// Package retrieve brings files back: it finds or begins the jobs that retrieve
// what they are in, waits for them, and has the files written and verified.
//
// It promises that no job is begun for what a job of an earlier process has
// retrieved or is retrieving, as long as the server keeps that; that no more is
// begun in an hour than was allowed; and that a file is there only with the bytes
// that were put away under its name. Interrupted at any moment, the same again
// goes on. Memory does not grow with archives, and with their number only by the
// jobs that are under way: some bytes for each file in a bundle.
package retrieve

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"firn/internal/files"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/seal"
	"firn/internal/transfer"
)

// A Retriever brings files back from one vault.
type Retriever struct {
	Vault      *remote.Vault
	Names      *names.Catalogue
	Downloader *transfer.Downloader
	Tier       string
	Identities seal.Identities // that open what is sealed
	// Hourly is how many bytes may be begun in an hour; 0 does not limit. Larger
	// archives are retrieved in pieces of at most that.
	Hourly int64
	// Ahead is how many orders may be begun before the first has to be complete, if
	// they can be copied before the server forgets them; Parallel is how many are
	// begun, or written, at a time.
	Ahead, Parallel int

	Folder    string // where files are put; empty if none are
	Overwrite bool   // what is there and differs

	// Progress hears of bytes of archives, as in [transfer.Events]. Done hears of
	// each file, of one at a time. Waiting hears of a file whose job takes a
	// while, and Warn, once each, of what makes everything take longer.
	Progress func(n int64)
	Done     func(Outcome)
	Waiting  func(name string)
	Warn     func(text string)
	// Spend is asked before a job for so many bytes is begun, also one in place of
	// another whose output has expired; its error ends it all. nil does not mind.
	// It may be called concurrently.
	Spend func(bytes int64) error
	// Sleep waits, and Now is the clock; nil are the real ones.
	Sleep func(context.Context, time.Duration) error
	Now   func() time.Time

	pace    hourly
	flow    flow
	flights flights
	readers readers
	warned  sync.Map     // what Warn has heard of
	started atomic.Int64 // jobs
}

// readers bound how many archives are read here and there at a time, because
// each of them keeps some MiB in memory. The zero value is ready.
type readers struct {
	once  sync.Once
	slots chan struct{}
}

const maxReaders = 3

func (r *readers) take(ctx context.Context) error {
	r.once.Do(func() { r.slots = make(chan struct{}, maxReaders) })
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *readers) release() { <-r.slots }

// outputLife is longer than a server keeps a job and its output.
const outputLife = 48 * time.Hour

// recall prepares for what earlier processes have begun: what no server has any
// more is forgotten, what was begun in the last hour counts. What was begun in
// the future was begun now, by a clock that was wrong.
func (r *Retriever) recall(ctx context.Context) error {
	var old, ahead []names.Retrieval
	now := r.now()
	window := []begun{}
	for k, err := range r.Names.AllRetrievals(ctx) {
		if err != nil {
			return err
		}
		age := now.Sub(k.Begun)
		if age > outputLife {
			old = append(old, k)
			continue
		}
		if age < 0 {
			k.Begun, age = now, 0
			ahead = append(ahead, k)
		}
		if age < time.Hour && r.Hourly > 0 {
			window = append(window, begun{k.Begun, k.Last - k.First + 1})
		}
	}
	r.pace.window = window
	for _, k := range old {
		if err := r.Names.DropRetrieval(ctx, k.Token); err != nil {
			return err
		}
	}
	for _, k := range ahead {
		if err := r.Names.SetRetrieval(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// An Outcome is what became of a wanted file.
type Outcome struct {
	Want
	Err error
}

// Retrieve brings back what is ordered. What goes wrong with one archive or file
// is told to Done; an error ends it all.
func (r *Retriever) Retrieve(ctx context.Context, orders iter.Seq2[Order, error]) error {
	if err := r.recall(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := r.teller()
	tasks := make(chan *task, max(1, r.Ahead))
	var writers sync.WaitGroup
	for range max(1, r.Parallel) {
		writers.Go(func() {
			for t := range tasks {
				if err := r.finish(ctx, t, done, func() {}); err != nil {
					stop(err)
				}
			}
		})
	}
	l := &lane{r: r, ctx: ctx, done: done, stop: stop, slots: make(chan struct{}, mostCopies)}
	err := r.each(ctx, orders, func(ctx context.Context, o Order) error {
		t := r.task(o, nil)
		if err := r.flow.take(ctx, t.jobs[0], r); err != nil {
			return err
		}
		for _, j := range append(t.ends, t.jobs...) { // one, but of a bundle's index
			if err := j.settle(r.begin(ctx, o.Archive, j)); err != nil {
				r.flow.give(t.jobs...)
				return r.own(ctx, o, err, done)
			}
		}
		select {
		case tasks <- t:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}, l.take)
	if err != nil {
		stop(err)
	}
	close(tasks)
	writers.Wait()
	l.copies.Wait()
	return context.Cause(ctx)
}

// Begin begins jobs of what is ordered, waits for none, and returns how many. Of
// an archive that comes in pieces it begins the first that are missing: the
// others would be gone before somebody comes for them.
func (r *Retriever) Begin(ctx context.Context, orders iter.Seq2[Order, error]) (int64, error) {
	if err := r.recall(ctx); err != nil {
		return 0, err
	}
	done := r.teller()
	before := r.started.Load()
	begin := func(ctx context.Context, o Order) error {
		t, err := r.planned(ctx, o)
		if err != nil {
			return err
		}
		for _, j := range append(t.ends, t.jobs[:min(len(t.jobs), piecesAhead)]...) {
			if err := r.begin(ctx, o.Archive, j); err != nil {
				return r.own(ctx, o, err, done)
			}
		}
		return nil
	}
	err := r.each(ctx, orders, begin, begin)
	return r.started.Load() - before, err
}

// teller returns what tells Done, of one at a time.
func (r *Retriever) teller() func(...Outcome) {
	var told sync.Mutex
	return func(outcomes ...Outcome) {
		told.Lock()
		defer told.Unlock()
		for _, o := range outcomes {
			r.Done(o)
		}
	}
}

// each has short take orders for which one job is enough, several at a time, and
// long the others, one after the other: it may be that they take days.
func (r *Retriever) each(ctx context.Context, orders iter.Seq2[Order, error], short, long func(context.Context, Order) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	shorts, longs := make(chan Order), make(chan Order, mostLong)
	var crew sync.WaitGroup
	work := func(from <-chan Order, take func(context.Context, Order) error) {
		crew.Go(func() {
			for o := range from {
				if err := take(ctx, o); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	for range max(1, r.Parallel) {
		work(shorts, short)
	}
	work(longs, long)
	err := r.feed(ctx, orders, shorts, longs)
	if err != nil {
		stop(err)
	}
	close(shorts)
	close(longs)
	crew.Wait()
	return context.Cause(ctx)
}

func (r *Retriever) feed(ctx context.Context, orders iter.Seq2[Order, error], shorts, longs chan<- Order) error {
	for o, err := range orders {
		if err != nil {
			return err
		}
		to := shorts
		if r.inPieces(&o) {
			to = longs
		}
		select {
		case to <- o.folded():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// failed is the outcome of an order of which nothing comes.
func (o *Order) failed(err error) []Outcome {
	if o.index > 0 || o.fold != nil {
		return []Outcome{{Want: Want{Name: string(o.Archive.ID), File: names.File{Path: string(o.Archive.ID), Archive: o.Archive.ID}}, Err: err}}
	}
	outcomes := make([]Outcome, len(o.Wants))
	for i, w := range o.Wants {
		outcomes[i] = Outcome{Want: w, Err: err}
	}
	return outcomes
}

// An Estimate is how much would have to be done.
type Estimate struct {
	Files     int64 // that are wanted, and are not there
	Bytes     int64 // in these files
	Jobs      int64 // that would have to be begun
	Retrieved int64 // bytes that these jobs retrieve
	Begun     int64 // jobs that are under way or complete already
	Slower    int64 // of these, jobs with a slower tier than is wanted now
}

// Estimate counts what Retrieve would do.
func (r *Retriever) Estimate(ctx context.Context, orders iter.Seq2[Order, error]) (e Estimate, err error) {
	if err := r.recall(ctx); err != nil { // jobs that are gone are begun anew, and cost
		return e, err
	}
	for o, err := range orders {
		if err != nil {
			return e, err
		}
		e.Files += int64(len(o.Wants))
		e.Bytes += o.Bytes()
		if o.Archive.Sealed && r.Identities.Len() == 0 {
			continue // nothing will be begun for it
		}
		t, err := r.planned(ctx, o)
		if err != nil {
			return e, err
		}
		for _, j := range append(t.ends, t.jobs...) {
			k, begun, err := r.known(ctx, o.Archive.ID, j.span)
			switch {
			case err != nil:
				return e, err
			case begun:
				e.Begun++
				if r.isSlower(k.Tier) {
					e.Slower++
				}
			default:
				e.Jobs++
				e.Retrieved += j.span.size
			}
		}
	}
	return e, nil
}

// isArchives reports whether an error is one archive's, or one file's.
func isArchives(err error) bool {
	if _, ok := errors.AsType[*archiveError](err); ok {
		return true
	}
	return isFiles(err) || errors.Is(err, seal.ErrNoKey) || errors.Is(err, seal.ErrWrongKey) || errors.Is(err, seal.ErrNotSealed)
}

// isFiles reports whether an error is one file's, and the next one in the same
// archive may fare better.
func isFiles(err error) bool {
	if p, ok := errors.AsType[*files.Problem](err); ok {
		return p.Kind != files.Full // which the next would find, too
	}
	if _, ok := errors.AsType[*transfer.CorruptError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*fileError](err); ok {
		return true
	}
	return errors.Is(err, seal.ErrDamaged)
}

// An archiveError is trouble with one archive only.
type archiveError struct{ error }

func (e *archiveError) Unwrap() error { return e.error }

// A fileError is trouble with one file only.
type fileError struct{ error }

func (e *fileError) Unwrap() error { return e.error }
