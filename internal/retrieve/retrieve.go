// Package retrieve brings files back: it finds or begins the jobs that retrieve
// what they are in, waits for them, and has the files written and verified.
//
// It promises that no job is begun for what a job of an earlier process has
// retrieved or is retrieving, as long as the server keeps that; that no more is
// begun in an hour than was allowed; and that a file is there only with the bytes
// that were put away under its name. Interrupted at any moment, the same again
// goes on. Memory does not grow with archives, and with their number only by the
// jobs that are under way.
package retrieve

import (
	"context"
	"errors"
	"iter"
	"sync"
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
	// Ahead is how many orders may be begun before the first has to be complete;
	// Parallel is how many are begun, or written, at a time.
	Ahead, Parallel int

	Folder    string // where files are put
	Overwrite bool   // what is there and differs

	// Progress hears of bytes of archives, as in [transfer.Events]. Done hears of
	// each file, of one at a time. Waiting hears of a job that takes a while.
	Progress func(n int64)
	Done     func(Outcome)
	Waiting  func(Order)
	// Sleep waits, and Now is the clock; nil are the real ones.
	Sleep func(context.Context, time.Duration) error
	Now   func() time.Time

	pace    hourly
	readers readers
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
// more is forgotten, what was begun in the last hour counts.
func (r *Retriever) recall(ctx context.Context) error {
	var old []string
	for k, err := range r.Names.AllRetrievals(ctx) {
		if err != nil {
			return err
		}
		switch age := r.now().Sub(k.Begun); {
		case age > outputLife:
			old = append(old, k.Token)
		case age < time.Hour && r.Hourly > 0:
			r.pace.window = append(r.pace.window, begun{k.Begun, k.Last - k.First + 1})
		}
	}
	for _, token := range old {
		if err := r.Names.DropRetrieval(ctx, token); err != nil {
			return err
		}
	}
	return nil
}

// An Outcome is what became of a wanted file.
type Outcome struct {
	Want
	There bool // it was there already
	Err   error
}

// A task is an order whose jobs have been begun.
type task struct {
	order Order
	jobs  []*job
}

// Retrieve brings back what is ordered. What goes wrong with one archive or file
// is told to Done; an error ends it all.
func (r *Retriever) Retrieve(ctx context.Context, orders iter.Seq2[Order, error]) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	tasks := make(chan task, max(1, r.Ahead))
	var told sync.Mutex
	done := func(outcomes ...Outcome) {
		told.Lock()
		defer told.Unlock()
		for _, o := range outcomes {
			r.Done(o)
		}
	}
	var writers sync.WaitGroup
	for range max(1, r.Parallel) {
		writers.Go(func() {
			for t := range tasks {
				if err := r.finish(ctx, t, done); err != nil {
					stop(err)
				}
			}
		})
	}
	err := r.beginAll(ctx, orders, func(t task) error {
		select {
		case tasks <- t:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}, done)
	if err != nil {
		stop(err)
	}
	close(tasks)
	writers.Wait()
	return context.Cause(ctx)
}

// Begin begins the jobs of what is ordered, and waits for none.
func (r *Retriever) Begin(ctx context.Context, orders iter.Seq2[Order, error]) error {
	var told sync.Mutex
	return r.beginAll(ctx, orders, func(task) error { return nil }, func(outcomes ...Outcome) {
		told.Lock()
		defer told.Unlock()
		for _, o := range outcomes {
			r.Done(o)
		}
	})
}

// beginAll begins jobs, several at a time, and hands them on.
func (r *Retriever) beginAll(ctx context.Context, orders iter.Seq2[Order, error], hand func(task) error, done func(...Outcome)) error {
	if err := r.recall(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan Order)
	var crew sync.WaitGroup
	for range max(1, r.Parallel) {
		crew.Go(func() {
			for o := range queue {
				t, err := r.begin(ctx, o)
				switch {
				case err == nil:
					err = hand(t)
				case isArchives(err):
					done(o.failed(err)...)
					err = nil
				}
				if err != nil {
					stop(err)
				}
			}
		})
	}
	err := feed(ctx, orders, queue)
	close(queue)
	crew.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func feed(ctx context.Context, orders iter.Seq2[Order, error], queue chan<- Order) error {
	for o, err := range orders {
		if err != nil {
			return err
		}
		select {
		case queue <- o:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// failed is the outcome of an order of which nothing comes.
func (o *Order) failed(err error) []Outcome {
	if o.index > 0 {
		return []Outcome{{Want: Want{Name: string(o.Archive.ID), File: names.File{Path: string(o.Archive.ID), Archive: o.Archive.ID}}, Err: err}}
	}
	outcomes := make([]Outcome, len(o.Wants))
	for i, w := range o.Wants {
		outcomes[i] = Outcome{Want: w, Err: err}
	}
	return outcomes
}

// Estimate counts what Retrieve would do.
func (r *Retriever) Estimate(ctx context.Context, orders iter.Seq2[Order, error]) (e Estimate, err error) {
	for o, err := range orders {
		if err != nil {
			return e, err
		}
		e.Files += int64(len(o.Wants))
		e.Bytes += o.Bytes()
		for _, s := range o.span().spans(r.Hourly) {
			_, begun, err := r.known(ctx, o.Archive.ID, s)
			switch {
			case err != nil:
				return e, err
			case begun:
				e.Begun++
			default:
				e.Jobs++
				e.Retrieved += s.size
			}
		}
	}
	return e, nil
}

// isArchives reports whether an error is one archive's, or one file's.
func isArchives(err error) bool {
	if _, ok := errors.AsType[*files.Problem](err); ok {
		return true
	}
	if _, ok := errors.AsType[*archiveError](err); ok {
		return true
	}
	for _, own := range []error{seal.ErrNoKey, seal.ErrWrongKey, seal.ErrDamaged, seal.ErrNotSealed} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// An archiveError is trouble with one archive only.
type archiveError struct{ error }

func (e *archiveError) Unwrap() error { return e.error }
