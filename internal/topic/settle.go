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
	parked         // a request to confirm was sent, or cannot be; its delivery waits for the time to be over
	lapsed         // a request to confirm whose time is over, or that needs no answer any more
)

// An outcome is the fate of one delivery.
type outcome struct {
	message uint64
	fate    fate
	pause   time.Duration // before a postponed one is tried again
	reason  string        // of a failure
	letter  *letter       // of a dead one, if it goes into a queue
}

// A letter is a message as a queue takes it.
type letter struct {
	queue      string
	body       string
	attributes map[string]record.Attribute
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
	overdue  bool      // the endpoint keeps failing: give up what was due for too long
}

func (s *settlement) add(o outcome, now time.Time) {
	if len(s.outcomes) == 0 {
		s.since = now
	}
	s.outcomes = append(s.outcomes, o)
}

// full reports whether it is time to record the outcomes.
func (s *settlement) full(now time.Time) bool {
	return len(s.outcomes) >= maxOutcomes || len(s.outcomes) > 0 && now.Sub(s.since) >= maxUnsettled
}

// flush records the outcomes that were gathered.
func (t *turn) flush(ctx context.Context) error {
	if len(t.settled.outcomes) == 0 && !t.settled.overdue {
		return nil
	}
	var a account
	err := t.s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		a = account{s: t.s, tx: tx, sub: t.sub, topic: t.topic, done: map[uint64]bool{}}
		err := a.settle(&t.settled)
		return a.r, err
	})
	clear(t.settled.outcomes)
	t.settled.outcomes, t.settled.overdue = t.settled.outcomes[:0], false
	if err != nil {
		return err
	}
	for queue := range a.queues {
		t.s.queues.Wake(queue)
	}
	if a.buried {
		nudge(t.s.sweep)
	}
	if a.dead == 0 {
		return nil
	}
	t.s.log.Warn("deliveries were given up", "topic", TopicARN(t.s.region, t.of.Account, t.of.Name),
		"subscription", t.to.Public, "deliveries", a.dead, "reason", a.reason)
	return t.s.retire(ctx, t.topic)
}

// An account is a record of outcomes in the making.
type account struct {
	s          *Service
	tx         *catalog.Tx
	sub, topic uint64
	r          record.Record
	done       map[uint64]bool     // messages whose deliveries are in the record
	queues     map[string]struct{} // that got dead letters
	dead       int                 // deliveries that were given up
	reason     string              // of the last
	buried     bool                // the subscription has ended
}

func (a *account) settle(s *settlement) error {
	for i := range s.outcomes {
		o := &s.outcomes[i]
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
	if s.overdue {
		return a.giveUpOverdue()
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
	case !expired(&sub, a.tx.Now()):
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

// giveUpOverdue gives up some of what was due for too long. It does so only
// after a failure, so an endpoint that works again gets all of it.
func (a *account) giveUpOverdue() error {
	late, err := a.tx.DueDeliveries(a.sub, a.tx.Now().Add(-MaxOverdue).UnixMilli(), overdueKeys)
	if err != nil {
		return err
	}
	for i := range late {
		d := &late[i]
		if a.done[d.Message] || a.buried {
			continue
		}
		if err := a.giveUp(d, &outcome{reason: "the endpoint has failed for too long"}); err != nil {
			return err
		}
	}
	return nil
}
