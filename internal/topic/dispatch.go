package topic

import (
	"container/heap"
	"context"
	"errors"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

// A dispatcher gives subscriptions that have something to be delivered their
// turns. All of it belongs to the goroutine in run.
type dispatcher struct {
	s     *Service
	done  chan result // from the turns
	lines map[uint64]*line
	heap  lineHeap
	ready [ranks][]*line
	busy  [ranks]int
	idle  int   // lines in that state
	scan  int64 // when to look at all that waits, Unix ms
}

// A result is how a turn has ended.
type result struct {
	sub   uint64
	rank  rank
	next  int64 // when the next delivery is due, Unix ms; never if there is none
	rest  int64 // not before this instant, Unix ms
	fails int   // in a row
	tried bool  // something was sent, or should have been
	slow  bool  // the last try took long
	gone  bool  // there is no such subscription
	fatal error // nothing may go on
}

// never is when nothing is due.
const never = int64(1)<<62 - 1

func newDispatcher(s *Service) *dispatcher {
	return &dispatcher{s: s, done: make(chan result), lines: map[uint64]*line{}}
}

func (d *dispatcher) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	hinted := true
	for ctx.Err() == nil {
		if hinted && !d.takeHints(ctx) {
			return
		}
		if d.now() >= d.scan && !d.scanAll(ctx) {
			return
		}
		d.launch(ctx)
		timer.Reset(d.pause())
		hinted = false
		select {
		case <-d.s.wake:
			hinted = true
		case r := <-d.done:
			if !d.ended(r) {
				return
			}
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

func (d *dispatcher) now() int64 { return d.s.cfg.Now().UnixMilli() }

// pause is how long there is nothing to do unless something happens. It is
// bounded, for the clock may be set.
func (d *dispatcher) pause() time.Duration {
	next := d.scan
	if len(d.heap) > 0 {
		next = min(next, d.heap[0].at)
	}
	return min(max(time.Duration(next-d.now())*time.Millisecond, 0), longestRest)
}

// fatal ends the work for good: the state of the store is not known.
func (d *dispatcher) fatal(err error) bool {
	d.s.log.Error("deliveries have stopped: the store is closed", "err", err)
	d.s.stop()
	return false
}

// unread decides what follows from a look at the store that failed.
func (d *dispatcher) unread(ctx context.Context, err error) (goOn bool) {
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, store.ErrClosed):
		return d.fatal(err)
	}
	d.s.log.Warn("cannot read what is to be delivered; will try again", "err", err)
	d.scan = d.now() + firstRest.Milliseconds()
	return true
}

// takeHints makes lines of the hints. Those of records that are not durable yet
// stay; their turn comes with the Wake that follows.
func (d *dispatcher) takeHints(ctx context.Context) (goOn bool) {
	var seen record.LSN
	err := d.s.store.View(ctx, func(tx *catalog.Tx) error {
		seen = tx.LSN()
		return nil
	})
	if err != nil {
		return d.unread(ctx, err)
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	now := d.now()
	for sub, h := range d.s.hints {
		d.due(sub, h.topic, now)
		if h.lsn <= seen {
			delete(d.s.hints, sub)
		}
	}
	return true
}

// scanAll makes lines of all that waits: at the start, and from time to time
// to be sure.
func (d *dispatcher) scanAll(ctx context.Context) (goOn bool) {
	d.scan = d.now() + scanEvery.Milliseconds()
	for after, more := uint64(0), true; more; {
		var page []catalog.Waiting
		err := d.s.store.View(ctx, func(tx *catalog.Tx) (err error) {
			page, err = tx.WaitingSubscriptions(after, scanPage)
			return err
		})
		if err != nil {
			return d.unread(ctx, err)
		}
		for _, w := range page {
			after = w.Subscription
			d.due(w.Subscription, w.Topic, w.Due)
		}
		more = len(page) == scanPage
	}
	return true
}

// due says that a subscription has something to be delivered at an instant.
func (d *dispatcher) due(sub, topic uint64, at int64) {
	l := d.lines[sub]
	if l == nil {
		l = &line{sub: sub, topic: topic, rank: unknown, state: idle}
		d.lines[sub] = l
		d.idle++
	}
	switch l.state {
	case busy:
		l.again = true
	case idle:
		d.place(l, at)
	case waiting:
		if at = max(at, l.rest); at < l.at {
			l.at = at
			heap.Fix(&d.heap, l.index)
		}
	}
}

// place lets an idle line wait for an instant, or for its rest to end.
func (d *dispatcher) place(l *line, at int64) {
	d.idle--
	l.state, l.at = waiting, max(at, l.rest)
	heap.Push(&d.heap, l)
}

// launch begins the turns that are due, as far as there is room.
func (d *dispatcher) launch(ctx context.Context) {
	now := d.now()
	for len(d.heap) > 0 && d.heap[0].at <= now {
		l := heap.Pop(&d.heap).(*line)
		l.state = ready
		d.ready[l.rank] = append(d.ready[l.rank], l)
	}
	for r := range ranks {
		for len(d.ready[r]) > 0 && d.room(r) {
			l := d.ready[r][0]
			d.ready[r] = d.ready[r][1:]
			l.state = busy
			d.busy[r]++
			v := visit{sub: l.sub, topic: l.topic, fails: l.fails, rank: r}
			d.s.running.Go(func() {
				result := d.s.turn(ctx, v)
				select {
				case d.done <- result:
				case <-ctx.Done():
				}
			})
		}
	}
}

// room reports whether a line of the rank may have a turn now. Of the workers,
// an eighth is kept from those that do well, so that others are looked after;
// half is kept from all others, and a quarter of the rest from those that do
// badly. One that is slow does not do well: it may take what it gets, but not
// the places of those that are quick.
func (d *dispatcher) room(r rank) bool {
	workers := d.s.cfg.Workers
	others := d.busy[unknown] + d.busy[ailing]
	if d.busy[healthy]+others >= workers {
		return false
	}
	switch r {
	case healthy:
		return d.busy[healthy] < workers-workers/8
	case unknown:
		return others < workers/2
	default:
		return others < workers/2 && d.busy[ailing] < workers*3/8
	}
}

// ended takes a line back from its turn.
func (d *dispatcher) ended(r result) (goOn bool) {
	d.busy[r.rank]--
	l := d.lines[r.sub]
	l.state = idle
	d.idle++
	again := l.again
	l.again = false
	switch {
	case r.fatal != nil:
		return d.fatal(r.fatal)
	case r.gone:
		delete(d.lines, r.sub)
		d.idle--
		nudge(d.s.sweep)
		return true
	}
	l.fails, l.rest = r.fails, r.rest
	if r.tried {
		switch {
		case r.fails > 0:
			l.rank = ailing
		case r.slow:
			l.rank = unknown
		default:
			l.rank = healthy
		}
	}
	next := r.next
	if again {
		next = d.now()
	}
	if next < never {
		d.place(l, next)
	} else if d.idle > maxIdle {
		d.forget()
	}
	return true
}

// forget drops the lines that have nothing to do, and what is known of their
// endpoints.
func (d *dispatcher) forget() {
	for sub, l := range d.lines {
		if l.state == idle {
			delete(d.lines, sub)
		}
	}
	d.idle = 0
}
