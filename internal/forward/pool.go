package forward

import (
	"container/list"
	"context"
	"sync"

	"firn/internal/topic"
)

// A link is a connection to a broker. Its methods may be called concurrently, close once and after all else.
type link interface {
	// send returns when the broker has the message, or when ctx ends. healthy tells whether the link can be used again.
	send(ctx context.Context, m *topic.Outgoing) (healthy bool, err error)
	close()
}

// A pool keeps links, by endpoint.
type pool struct {
	max  int
	busy sync.WaitGroup // conns that somebody has, and links that are being closed

	mu     sync.Mutex
	closed bool
	conns  map[string]*conn
	recent *list.List // of *conn, the one last used first
}

// A conn is a link in a pool, or one that is about to be made.
type conn struct {
	endpoint string
	ready    chan struct{} // closed when link or err is there, which do not change afterwards
	link     link
	err      error

	// mu of the pool guards these.
	users int
	at    *list.Element // nil if the pool no longer has it; the last user closes it then
}

func newPool(limit int) *pool {
	return &pool{max: limit, conns: make(map[string]*conn), recent: list.New()}
}

// get returns the endpoint's conn, and makes it if need be. Whoever got it must put it back.
func (p *pool) get(ctx context.Context, endpoint string, dial func(context.Context) (link, error)) (*conn, error) {
	c, made, err := p.hold(endpoint)
	if err != nil {
		return nil, err
	}
	if made {
		c.link, c.err = dial(ctx)
		close(c.ready)
	}
	select {
	case <-c.ready:
		err = c.err
	case <-ctx.Done():
		p.put(c, true)
		return nil, context.Cause(ctx)
	}
	if err != nil {
		p.put(c, false)
		return nil, err
	}
	return c, nil
}

// hold counts another user of the endpoint's conn. made tells that the conn is new, and the caller has to make its link.
func (p *pool) hold(endpoint string) (c *conn, made bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, errClosed
	}
	p.busy.Add(1)
	if c = p.conns[endpoint]; c != nil {
		c.users++
		p.recent.MoveToFront(c.at)
		return c, false, nil
	}
	c = &conn{endpoint: endpoint, ready: make(chan struct{}), users: 1}
	p.conns[endpoint] = c
	c.at = p.recent.PushFront(c)
	for p.recent.Len() > p.max {
		p.drop(p.recent.Back().Value.(*conn))
	}
	return c, true, nil
}

// put ends a use.
func (p *pool) put(c *conn, healthy bool) {
	defer p.busy.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !healthy && c.at != nil {
		p.remove(c)
	}
	c.users--
	p.finish(c)
}

// drop takes a conn out of the pool. The caller has the mutex.
func (p *pool) drop(c *conn) {
	p.remove(c)
	p.finish(c)
}

func (p *pool) remove(c *conn) {
	delete(p.conns, c.endpoint)
	p.recent.Remove(c.at)
	c.at = nil
}

// finish closes a conn that is neither in the pool nor in use.
func (p *pool) finish(c *conn) {
	if c.at == nil && c.users == 0 && c.link != nil {
		p.busy.Go(c.link.close)
	}
}

// close closes all links. It waits for those who use them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for p.recent.Len() > 0 {
		p.drop(p.recent.Back().Value.(*conn))
	}
	p.mu.Unlock()
	p.busy.Wait()
}
