package topic

import (
	"context"
	"errors"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
)

// A fate is what has become of a delivery.
type fate int

const (
	delivered fate = iota
	postponed      // it failed, and is tried again
	dead           // it failed, and is given up
	overdue        // it was due for too long, and is given up
	parked         // a request to confirm was sent, or cannot be; its delivery waits for the time to be over
	lapsed         // a request to confirm whose time is over, or that needs no answer any more
)

// An outcome is the fate of one delivery.
type outcome struct {
	message uint64
	fate    fate
	pause   time.Duration // before a postponed one is tried again
	reason  string        // of a failure
	letter  *letter       // of one that is given up, if it goes into a queue
}

// A letter is a message as a queue takes it.
type letter struct {
	queue      string
	body       string
	attributes map[string]record.Attribute
}

// size is about how many bytes of a record a letter takes; none are nil's.
func (l *letter) size() int {
	if l == nil {
		return 0
	}
	return len(l.body) + attributesBytes(l.attributes)
}

// letterFor makes a message ready for a queue. It signs.
func (s *Service) letterFor(t *record.Topic, sub *record.Subscription, m *record.Message) (*letter, error) {
	out, err := s.outgoing(t, sub, m)
	if err != nil {
		return nil, err
	}
	if out.Raw {
		return &letter{body: out.Message, attributes: out.Attributes}, nil
	}
	return &letter{body: string(out.Envelope)}, nil
}

// A settlement gathers outcomes until they are recorded.
type settlement struct {
	outcomes []outcome
	since    time.Time // of the first
	bytes    int       // of letters
	overdue  bool      // the endpoint keeps failing: give up what was due for too long
}

func (s *settlement) add(o outcome, now time.Time) {
	if len(s.outcomes) == 0 {
		s.since = now
	}
	s.outcomes = append(s.outcomes, o)
	s.bytes += o.letter.size()
}

func (s *settlement) reset() {
	clear(s.outcomes)
	*s = settlement{outcomes: s.outcomes[:0]}
}

// full reports whether it is time to record the outcomes.
func (s *settlement) full(now time.Time) bool {
	return len(s.outcomes) >= maxOutcomes || s.bytes >= recordBytes ||
		len(s.outcomes) > 0 && now.Sub(s.since) >= maxUnsettled
}

// flush records the outcomes that were gathered, and gives up what was due for
// too long.
func (t *turn) flush(ctx context.Context) error {
	if len(t.settled.outcomes) == 0 && !t.settled.overdue {
		return nil
	}
	defer t.settled.reset()
	var sum givenUp
	err := t.settle(ctx, t.settled.outcomes, &sum)
	if err == nil && t.settled.overdue {
		err = t.giveUpOverdue(ctx, &sum)
	}
	if sum.dead == 0 {
		return err
	}
	t.s.log.Warn("deliveries were given up", "topic", TopicARN(t.s.region, t.of.Account, t.of.Name),
		"subscription", t.to.Public, "deliveries", sum.dead, "reason", sum.reason)
	if err != nil {
		return err
	}
	return t.s.retire(ctx, t.topic)
}

// givenUp counts deliveries that were given up.
type givenUp struct {
	dead   int
	reason string // of the last
}

// settle makes records of outcomes, none of which is too long.
func (t *turn) settle(ctx context.Context, outcomes []outcome, sum *givenUp) error {
	for len(outcomes) > 0 {
		n := 0
		for size := 0; n < len(outcomes) && size < recordBytes; n++ {
			size += outcomes[n].letter.size()
		}
		err := t.record(ctx, outcomes[:n], sum)
		if err != nil && !hopeless(ctx, err) {
			err = t.settleSingly(ctx, outcomes[:n], sum, err)
		}
		if err != nil {
			return err
		}
		outcomes = outcomes[n:]
	}
	return nil
}

// settleSingly makes a record of each outcome, after one of all of them has
// failed: one that cannot be recorded must not hold the others. It may be the
// letter; then it stays here.
func (t *turn) settleSingly(ctx context.Context, outcomes []outcome, sum *givenUp, cause error) error {
	for i := range outcomes {
		err := cause
		if len(outcomes) > 1 {
			err = t.record(ctx, outcomes[i:i+1], sum)
		}
		if err != nil && !hopeless(ctx, err) && outcomes[i].letter != nil {
			t.s.log.Warn("cannot put a dead letter into a queue", "subscription", t.sub, "err", err)
			outcomes[i].letter = nil
			err = t.record(ctx, outcomes[i:i+1], sum)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// record makes one record of outcomes.
func (t *turn) record(ctx context.Context, outcomes []outcome, sum *givenUp) error {
	var a account
	steady := t.s.cfg.Steady()
	err := t.s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		a = account{s: t.s, tx: tx, sub: t.sub, topic: t.topic, steady: steady, done: map[uint64]bool{}}
		err := a.settle(outcomes)
		return a.r, err
	})
	if err != nil {
		return err
	}
	for queue := range a.queues {
		t.s.queues.Wake(queue)
	}
	if a.buried {
		nudge(t.s.sweep)
	}
	if a.dead > 0 {
		sum.dead += a.dead
		sum.reason = a.reason
	}
	return nil
}

// giveUpOverdue gives up some of what was due for too long. It does so only
// after a failure, so an endpoint that works again gets all of it, and never
// while the clock is in doubt.
func (t *turn) giveUpOverdue(ctx context.Context, sum *givenUp) error {
	for left := overdueKeys; left > 0 && t.s.cfg.Steady(); {
		late, err := t.late(ctx, left)
		if err != nil || len(late) == 0 {
			return err
		}
		outcomes := make([]outcome, len(late))
		for i := range late {
			outcomes[i] = outcome{message: late[i].delivery.Message, fate: overdue, reason: "the endpoint has failed for too long"}
			if !late[i].lost {
				outcomes[i].letter = t.letter(&late[i].message)
			}
		}
		if err := t.settle(ctx, outcomes, sum); err != nil {
			return err
		}
		left -= len(late)
	}
	return nil
}

// late returns some deliveries that were due for too long. Their messages come
// along, and the bytes of these are bounded, if dead letters go into a queue.
func (t *turn) late(ctx context.Context, limit int) (late []parcel, err error) {
	err = t.s.store.View(ctx, func(tx *catalog.Tx) error {
		late = nil
		due, err := tx.DueDeliveries(t.sub, overdueBefore(tx), limit)
		if err != nil {
			return err
		}
		for size, i := 0, 0; i < len(due) && size < pageBytes; i++ {
			p := parcel{delivery: due[i], lost: true}
			if t.to.Attributes[attrRedrive] != "" {
				m, ok, err := tx.Message(due[i].Topic, due[i].Message)
				if err != nil {
					return err
				}
				p.message, p.lost = m, !ok
				size += len(m.Body) + attributesBytes(m.Attributes)
			}
			late = append(late, p)
		}
		return nil
	})
	return late, err
}

// overdueBefore is the instant such that what was due by then was due for too
// long, in Unix ms.
func overdueBefore(tx *catalog.Tx) int64 { return tx.Now().Add(-MaxOverdue).UnixMilli() }

// An account is a record of outcomes in the making.
type account struct {
	s          *Service
	tx         *catalog.Tx
	sub, topic uint64
	steady     bool // the clock can be trusted to end things
	r          record.Record
	done       map[uint64]bool     // messages whose deliveries are in the record
	queues     map[string]struct{} // that got dead letters
	dead       int                 // deliveries that were given up
	reason     string              // of the last
	buried     bool                // the subscription has ended
}

func (a *account) settle(outcomes []outcome) error {
	for i := range outcomes {
		o := &outcomes[i]
		d, ok, err := a.tx.Delivery(a.sub, o.message)
		if err != nil {
			return err
		}
		if !ok || d.Dead != 0 || a.done[o.message] || a.buried {
			continue
		}
		a.done[o.message] = true
		if err := a.record(&d, o); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) record(d *record.Delivery, o *outcome) error {
	switch o.fate {
	case postponed:
		d.Tries++
		d.Next, d.Reason = a.tx.Now().Add(o.pause).UnixMilli(), o.reason
		a.r.Put(d)
		return nil
	case dead:
		d.Tries++
		return a.giveUp(d, o)
	case overdue:
		if !a.steady || d.Next > overdueBefore(a.tx) {
			return nil
		}
		return a.giveUp(d, o)
	case parked, lapsed:
		return a.ask(d, o)
	default:
		return end(a.tx, &a.r, d)
	}
}

// ask is for requests to confirm.
func (a *account) ask(d *record.Delivery, o *outcome) error {
	sub, ok, err := a.tx.SubscriptionByNumber(a.topic, a.sub)
	switch {
	case err != nil:
		return err
	case !ok || sub.Confirmed:
		return end(a.tx, &a.r, d)
	case !a.steady, !expired(&sub, a.tx.Now()):
		d.Next, d.Tries, d.Reason = confirmBy(&sub), 0, o.reason
		a.r.Put(d)
		return nil
	}
	a.buried = true
	if err := end(a.tx, &a.r, d); err != nil {
		return err
	}
	return bury(a.tx, &a.r, &sub)
}

// giveUp makes a delivery a dead letter, in the queue for those if there is
// one.
func (a *account) giveUp(d *record.Delivery, o *outcome) error {
	a.dead++
	a.reason = o.reason
	if l := o.letter; l != nil {
		err := a.s.queues.Put(a.tx, &a.r, l.queue, l.body, l.attributes)
		var permanent *PermanentError
		switch {
		case err == nil:
			if a.queues == nil {
				a.queues = map[string]struct{}{}
			}
			a.queues[l.queue] = struct{}{}
			return end(a.tx, &a.r, d)
		case !errors.Is(err, ErrNoQueue) && !errors.As(err, &permanent):
			return err
		}
	}
	d.Dead, d.Reason = a.tx.Now().UnixMilli(), o.reason
	a.r.Put(d)
	return nil
}
