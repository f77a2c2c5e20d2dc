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
func (r *room) take(ctx context.Context, n int64) error {
	n = min(n, r.size)
	for {
		r.mu.Lock()
		if r.taken+n <= r.size {
			r.taken += n
			r.mu.Unlock()
			return nil
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= min(n, r.size)
	close(r.freed)
	r.freed = make(chan struct{})
}

// A shelf keeps buffers that are not in use, one size at a time: parts mostly
// have the same.
type shelf struct {
	mu   sync.Mutex
	free [][]byte
}

func (s *shelf) get(size int64) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.free) > 0 {
		last := len(s.free) - 1
		buf := s.free[last]
		s.free = s.free[:last]
		if int64(cap(buf)) >= size {
			return buf[:size]
		}
	}
	return make([]byte, size)
}

func (s *shelf) put(buf []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, buf)
}
