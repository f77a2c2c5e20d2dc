package retrieve

import (
	"context"
	"errors"
	"sync"
)

// mostLong is how many archives that come in pieces may wait for their turn, and
// mostCopies how many are copied at a time.
const mostLong, mostCopies = 1000, 4

// A lane brings archives back that come in pieces. Their jobs are begun one after
// the other, in the order of the archives; what is begun is copied meanwhile.
type lane struct {
	r      *Retriever
	ctx    context.Context // of what is copied
	done   func(...Outcome)
	stop   context.CancelCauseFunc
	slots  chan struct{}
	copies sync.WaitGroup
}

// errOver ends the beginning of jobs that nobody waits for any more.
var errOver = errors.New("nobody waits for the job any more")

// take begins the jobs of an order and has them copied. The error is one that ends
// all.
func (l *lane) take(ctx context.Context, o Order) error {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	t, err := l.r.open(ctx, o)
	if err != nil {
		<-l.slots
		return l.r.own(ctx, o, err, l.done)
	}
	beginning, over := context.WithCancelCause(ctx)
	l.copies.Go(func() {
		defer func() { <-l.slots }()
		err := l.r.finish(l.ctx, t, l.done, func() { over(errOver) })
		if err != nil {
			l.stop(err)
		}
	})
	err = l.r.beginPieces(beginning, t)
	if beginning.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}
