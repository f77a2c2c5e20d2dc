package forward

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"firn/internal/topic"
)

// A fakeLink counts what is open.
type fakeLink struct {
	open, closed *atomic.Int32
	once         atomic.Bool
}

func (l *fakeLink) send(context.Context, *topic.Outgoing) (bool, error) { return true, nil }

func (l *fakeLink) close() {
	if l.once.Swap(true) {
		panic("closed twice")
	}
	l.open.Add(-1)
	l.closed.Add(1)
}

type fakeBroker struct{ open, made, closed atomic.Int32 }

func (b *fakeBroker) dial(context.Context) (link, error) {
	b.open.Add(1)
	b.made.Add(1)
	return &fakeLink{open: &b.open, closed: &b.closed}, nil
}

func (b *fakeBroker) use(t *testing.T, p *pool, endpoint string, healthy bool) {
	t.Helper()
	c, err := p.get(t.Context(), endpoint, b.dial)
	if err != nil {
		t.Fatal(err)
	}
	p.put(c, healthy)
	p.busy.Wait()
}

func (b *fakeBroker) want(t *testing.T, made, open int32) {
	t.Helper()
	if b.made.Load() != made || b.open.Load() != open {
		t.Errorf("%d made, %d open; want %d and %d", b.made.Load(), b.open.Load(), made, open)
	}
}

func TestPoolKeepsTheMostRecent(t *testing.T) {
	p, b := newPool(2), &fakeBroker{}
	b.use(t, p, "a", true)
	b.use(t, p, "b", true)
	b.use(t, p, "a", true)
	b.want(t, 2, 2)
	b.use(t, p, "c", true) // closes b
	b.want(t, 3, 2)
	b.use(t, p, "a", true)
	b.want(t, 3, 2)
	b.use(t, p, "b", true)
	b.want(t, 4, 2)
	b.use(t, p, "b", false)
	b.want(t, 4, 1)
	p.close()
	b.want(t, 4, 0)
	if _, err := p.get(t.Context(), "a", b.dial); !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

func TestPoolClosesAfterTheLastUse(t *testing.T) {
	p, b := newPool(1), &fakeBroker{}
	first, _ := p.get(t.Context(), "a", b.dial)
	again, _ := p.get(t.Context(), "a", b.dial)
	if first != again {
		t.Error("two links for one endpoint")
	}
	other, _ := p.get(t.Context(), "b", b.dial) // drops a, which is in use
	b.want(t, 2, 2)
	p.put(first, true)
	b.want(t, 2, 2)
	p.put(again, false)
	p.put(other, true)
	p.busy.Wait()
	b.want(t, 2, 1)
	p.close()
}

func TestPoolDialFails(t *testing.T) {
	p, b := newPool(1), &fakeBroker{}
	broken := errors.New("broken")
	if _, err := p.get(t.Context(), "a", func(context.Context) (link, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	b.use(t, p, "a", true)
	b.want(t, 1, 1)
	// Whoever waits for another's dialling waits no longer than it wants to.
	dialling, done := make(chan struct{}), make(chan struct{})
	go func() {
		c, err := p.get(context.Background(), "slow", func(ctx context.Context) (link, error) {
			close(dialling)
			<-done
			return b.dial(ctx)
		})
		if err == nil {
			p.put(c, true)
		}
	}()
	<-dialling
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.get(ctx, "slow", b.dial); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(done)
	p.close()
	if b.open.Load() != 0 {
		t.Errorf("%d open", b.open.Load())
	}
}

func TestPoolCrowd(t *testing.T) {
	p, b := newPool(4), &fakeBroker{}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 200 {
				c, err := p.get(context.Background(), fmt.Sprint((i*7+j)%9), b.dial)
				if err != nil {
					t.Error(err)
					return
				}
				p.put(c, j%5 != 0)
			}
		})
	}
	all.Wait()
	p.close()
	if b.open.Load() != 0 || b.made.Load() != b.closed.Load() {
		t.Errorf("%d made, %d closed", b.made.Load(), b.closed.Load())
	}
}
