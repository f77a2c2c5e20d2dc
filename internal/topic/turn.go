package topic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

// A visit is to a subscription that may have something to be delivered.
type visit struct {
	sub, topic uint64
	fails      int // of its endpoint, in a row
	rank       rank
}

// A turn serves one subscription for a while. It belongs to one goroutine.
type turn struct {
	s *Service
	visit
	began   time.Time
	sent    time.Time // the last time something was sent
	tried   bool
	slow    bool // the last try took long
	gone    bool
	rest    time.Duration // how long the endpoint is to be left alone
	next    int64         // when the next delivery is due, Unix ms
	of      record.Topic
	to      record.Subscription
	policy  effectivePolicy
	loaded  time.Time // when the page was read, by the store's clock
	page    []parcel
	settled settlement
}

// A parcel is a delivery and its message.
type parcel struct {
	delivery record.Delivery
	message  record.Message
	lost     bool // there is no such message
}

// turn serves a subscription until nothing is due, its time is over, or its
// endpoint is to be left alone.
func (s *Service) turn(ctx context.Context, v visit) result {
	t := &turn{s: s, visit: v, began: s.cfg.Now(), next: never}
	err := t.run(ctx)
	r := result{sub: v.sub, rank: v.rank, next: t.next, fails: t.fails, tried: t.tried, slow: t.slow, gone: t.gone}
	switch {
	case errors.Is(err, store.ErrClosed):
		r.fatal = err
	case err != nil && ctx.Err() == nil:
		// Nothing is known to have been recorded: what was sent is sent again.
		s.log.Warn("cannot deliver; will try again", "subscription", v.sub, "err", err)
		r.fails, r.next = v.fails+1, s.cfg.Now().UnixMilli()
		t.rest = restFor(max(r.fails, restAfter))
	}
	t.rest = max(t.rest, t.throttle())
	if t.rest > 0 {
		r.rest = s.cfg.Now().Add(t.rest).UnixMilli()
	}
	return r
}

func (t *turn) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := t.load(ctx); err != nil || len(t.page) == 0 {
			return err
		}
		var goOn bool
		var err error
		if t.to.Protocol == protocolSQS {
			goOn, err = t.fill(ctx)
		} else {
			goOn, err = t.deliver(ctx)
		}
		// What was sent is recorded even if this process is told to end.
		if err := errors.Join(err, t.flush(context.WithoutCancel(ctx))); err != nil {
			return err
		}
		if !goOn || t.s.cfg.Now().Sub(t.began) >= turnTime {
			t.next = t.s.cfg.Now().UnixMilli()
			return nil
		}
	}
	return nil
}

// load reads the next page of what is due, or when something will be.
func (t *turn) load(ctx context.Context) error {
	return t.s.store.View(ctx, func(tx *catalog.Tx) error {
		t.loaded = tx.Now()
		clear(t.page)
		t.page, t.next, t.gone = t.page[:0], never, false
		var ok, there bool
		var err error
		if t.of, ok, err = tx.TopicByNumber(t.topic); err != nil {
			return err
		}
		if t.to, there, err = tx.SubscriptionByNumber(t.topic, t.sub); err != nil {
			return err
		}
		if t.gone = !ok || !there; t.gone {
			return nil
		}
		t.policy = effective(&t.of, &t.to)
		due, err := tx.DueDeliveries(t.sub, tx.Now().UnixMilli(), pageSize)
		if err != nil {
			return err
		}
		if len(due) > 0 {
			return t.fetch(tx, due)
		}
		first, err := tx.DueDeliveries(t.sub, math.MaxInt64, 1)
		if len(first) > 0 {
			t.next = first[0].Next
		}
		return err
	})
}

// fetch makes the page of deliveries and their messages.
func (t *turn) fetch(tx *catalog.Tx, due []record.Delivery) error {
	for size, i := 0, 0; i < len(due) && size < pageBytes; i++ {
		m, ok, err := tx.Message(due[i].Topic, due[i].Message)
		if err != nil {
			return fmt.Errorf("look up message: %w", err)
		}
		t.page = append(t.page, parcel{delivery: due[i], message: m, lost: !ok})
		size += len(m.Body) + attributesBytes(m.Attributes)
	}
	return nil
}

// attributesBytes is about how much room a message's attributes take.
func attributesBytes(attributes map[string]record.Attribute) (n int) {
	for name, a := range attributes {
		n += len(name) + len(a.Type) + len(a.Value)
	}
	return n
}

// deliver sends what is on the page, one after another.
func (t *turn) deliver(ctx context.Context) (goOn bool, err error) {
	for i := range t.page {
		p := &t.page[i]
		if wait := t.throttle(); ctx.Err() != nil || wait > 0 && !t.pause(ctx, wait) {
			return false, nil
		}
		if t.overtime(p) && !t.s.cfg.Steady() {
			t.rest = longestRest // whether its time is over remains to be seen
			return false, nil
		}
		err := t.try(ctx, p)
		if err != nil && ctx.Err() != nil {
			return false, nil // it was broken off
		}
		t.note(p, err)
		if err != nil && t.fails >= restAfter {
			t.rest = restFor(t.fails)
			t.settled.overdue = true
			return false, nil
		}
		if t.settled.full(t.s.cfg.Now()) {
			if err := t.flush(context.WithoutCancel(ctx)); err != nil {
				return false, err
			}
			if t.s.cfg.Now().Sub(t.began) >= turnTime {
				return false, nil
			}
		}
	}
	return true, nil
}

// restFor is how long an endpoint is left alone after failures in a row.
func restFor(fails int) time.Duration {
	return min(firstRest<<min(fails-restAfter, 16), longestRest)
}

// throttle is how long the subscription wants nothing more.
func (t *turn) throttle() time.Duration {
	if t.policy.perSecond == 0 || t.sent.IsZero() {
		return 0
	}
	return t.sent.Add(time.Second / time.Duration(t.policy.perSecond)).Sub(t.s.cfg.Now())
}

// pause waits if that is not long. Otherwise the turn is to end, and another
// subscription to be served meanwhile.
func (t *turn) pause(ctx context.Context, d time.Duration) (waited bool) {
	const most = 50 * time.Millisecond
	if d > most {
		t.rest = d
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// try makes one try to send a parcel.
func (t *turn) try(ctx context.Context, p *parcel) error {
	if p.lost || t.needless(p) {
		return nil
	}
	t.tried = true
	t.sent = t.s.cfg.Now()
	sender := t.s.senders[t.to.Protocol]
	if sender == nil {
		return fmt.Errorf("this server does not know protocol %s", t.to.Protocol)
	}
	out, err := t.s.outgoing(&t.of, &t.to, &p.message)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err = sender.Send(ctx, t.to.Endpoint, out)
	t.slow = t.s.cfg.Now().Sub(t.sent) > slowSend
	return err
}

// needless reports whether a parcel is the request to confirm a subscription
// that is confirmed, or whose time is over.
func (t *turn) needless(p *parcel) bool {
	return p.message.Type == keptConfirmation && t.to.Confirmed || t.overtime(p)
}

// overtime reports whether a parcel is the request to confirm a subscription
// that was not confirmed in time. The store's clock never goes back; while the
// machine's is behind it, what is due by the one is not to be sent by the other.
func (t *turn) overtime(p *parcel) bool {
	return p.message.Type == keptConfirmation && (expired(&t.to, t.s.cfg.Now()) || expired(&t.to, t.loaded))
}

// note keeps what has become of a parcel until it is recorded.
func (t *turn) note(p *parcel, err error) {
	o := outcome{message: p.delivery.Message, fate: delivered}
	ask := p.message.Type == keptConfirmation
	switch {
	case p.lost:
	case t.needless(p):
		o.fate = lapsed
	case err == nil:
		t.fails = 0
		if ask {
			o.fate = parked
		}
	default:
		t.fails++
		o.reason = scrub(err.Error(), t.to.Endpoint)
		var permanent *PermanentError
		pause, more := t.policy.retry.delay(int(p.delivery.Tries) + 1)
		switch {
		case !errors.As(err, &permanent) && more:
			o.fate, o.pause = postponed, pause
		case ask:
			o.fate = parked
		default:
			o.fate = dead
			o.letter = t.letter(&p.message)
		}
	}
	t.settled.add(o, t.s.cfg.Now())
}

// letter is what goes into the queue that a subscription has for its dead
// letters; nil if it has none.
func (t *turn) letter(m *record.Message) *letter {
	queue, err := redriveTarget(t.to.Attributes[attrRedrive])
	if err != nil || queue == "" || t.s.queues == nil {
		return nil
	}
	l, err := t.s.letterFor(&t.of, &t.to, m)
	if err != nil {
		return nil
	}
	l.queue = queue
	return l
}
