package migrate

import (
	"context"
	"sync"
)

// A room has space for a number of bytes. Those who want more wait; who wants
// more than there is gets all of it.
type room struct {
	size int64

	mu    sync.Mutex
	taken int64
	freed chan struct{} // closed when something was given back
}

func newRoom(size int64) *room { return &room{size: size, freed: make(chan struct{})} }

// take waits for space, which give gives back.
func (r *room) take(ctx context.Context, n int64) (give func(), err error) {
	n = min(n, r.size)
	for {
		r.mu.Lock()
		if r.taken+n <= r.size {
			r.taken += n
			r.mu.Unlock()
			return sync.OnceFunc(func() { r.give(n) }), nil
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
	close(r.freed)
	r.freed = make(chan struct{})
}
