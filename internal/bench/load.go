package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A pace is how fast a load went.
type pace struct {
	took      time.Duration // all of it
	latencies []time.Duration
}

// rate is the number of operations in a second.
func (p pace) rate() float64 { return float64(len(p.latencies)) / p.took.Seconds() }

// quantile is the latency, in milliseconds, that a share of the operations
// did not exceed.
func (p pace) quantile(q float64) float64 {
	if len(p.latencies) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(p.latencies))
	return s[int(q*float64(len(s)-1))].Seconds() * 1000
}

// load does an operation n times, with a number of clients that each have a
// session. The first error ends it.
func load(ctx context.Context, e *endpoint, clients, n int, op func(s *session, i int) error) (pace, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := pace{latencies: make([]time.Duration, n)}
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Go(func() {
			s := e.open(ctx)
			defer s.close()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				start := time.Now()
				if err := op(s, i); err != nil {
					cancel(err)
					return
				}
				p.latencies[i] = time.Since(start)
			}
		})
	}
	all.Wait()
	p.took = time.Since(began)
	return p, context.Cause(ctx)
}
