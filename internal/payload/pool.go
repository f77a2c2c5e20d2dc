package payload

import (
	"context"
	"sync"
)

// A Pool is a bounded number of buffers of LeafSize bytes: the budget for payloads on their way through the process. Buffers are made
// when they are first needed and then kept. Its methods may be called concurrently.
//
// Whoever holds a buffer and could use another asks with TryGet. If holders waited for each other's buffers, they could all wait
// for ever.
type Pool struct {
	slots chan struct{} // one token for each buffer that is out

	mu   sync.Mutex
	idle [][]byte
}

// NewPool returns a Pool of n buffers, at least one.
func NewPool(n int) *Pool {
	return &Pool{slots: make(chan struct{}, max(n, 1))}
}

// Get returns a buffer, with whatever bytes its last user left in it. It waits until there is one, or ctx ends.
func (p *Pool) Get(ctx context.Context) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		return p.take(), nil
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return p.take(), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// TryGet returns a buffer as Get does, or nil if it would have to wait.
func (p *Pool) TryGet() []byte {
	select {
	case p.slots <- struct{}{}:
		return p.take()
	default:
		return nil
	}
}

// take returns a buffer to a caller that has a slot for it.
func (p *Pool) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		b := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return b
	}
	return make([]byte, LeafSize)
}

// Put gives back a buffer that came from Get or TryGet. Nobody may use it afterwards. Put of nil does nothing.
func (p *Pool) Put(b []byte) {
	if b == nil {
		return
	}
	if cap(b) < LeafSize {
		panic("payload: Put of a buffer that is not the pool's")
	}
	p.mu.Lock()
	p.idle = append(p.idle, b[:LeafSize])
	p.mu.Unlock()
	<-p.slots
}
