package cli

import (
	"context"
	"sync"
)

// Each calls do for each of a list, for some at a time, until the context ends or
// do fails. It waits for what was begun, and returns the first error, or the
// context's cause.
func Each[E any](ctx context.Context, parallel int, list []E, do func(context.Context, E) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := make(chan E)
	var crew sync.WaitGroup
	for range min(max(1, parallel), len(list)) {
		crew.Go(func() {
			for e := range work {
				if err := do(ctx, e); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, e := range list {
		select {
		case work <- e:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(work)
	crew.Wait()
	return context.Cause(ctx)
}
