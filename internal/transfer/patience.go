package transfer

import (
	"context"
	"sync/atomic"
	"time"
)

// grace is how long a reply is waited for when everything else ends.
const grace = 10 * time.Second

// A patience is the context of an upload by one request. It ends with another, but not while only the reply is missing: the
// server is about to keep the archive, and without the reply nobody knows its id.
type patience struct {
	of     context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   func() bool
	size   int64
	sent   atomic.Int64
}

func newPatience(ctx context.Context, size int64) *patience {
	p := &patience{of: ctx, size: size}
	p.ctx, p.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	p.stop = context.AfterFunc(ctx, func() {
		if p.sent.Load() >= p.size {
			timer := time.NewTimer(grace)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-p.ctx.Done():
			}
		}
		p.cancel(context.Cause(ctx))
	})
	return p
}

// moved counts bytes that were sent, or that have to be sent again: not when all else has ended.
func (p *patience) moved(n int64) {
	p.sent.Add(n)
	if n < 0 && p.of.Err() != nil {
		p.cancel(context.Cause(p.of))
	}
}

func (p *patience) end() {
	p.stop()
	p.cancel(nil)
}
