package retrieve

import (
	"context"
	"sync"

	"firn/glacier"
)

// flights let one at a time begin a job for a range of an archive, so that the
// next finds it. The zero value is ready.
type flights struct {
	mu   sync.Mutex
	held map[flight]chan struct{} // closed when it is let go
}

type flight struct {
	archive glacier.ArchiveID
	span    span
}

// hold waits until nobody else holds a range. The caller lets it go.
func (f *flights) hold(ctx context.Context, id glacier.ArchiveID, s span) (letGo func(), err error) {
	key := flight{id, s}
	for {
		f.mu.Lock()
		before, held := f.held[key]
		if !held {
			break
		}
		f.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	defer f.mu.Unlock()
	if f.held == nil {
		f.held = make(map[flight]chan struct{})
	}
	mine := make(chan struct{})
	f.held[key] = mine
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.held, key)
		close(mine)
	}, nil
}
