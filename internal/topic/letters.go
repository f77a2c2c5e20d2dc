package topic

import (
	"context"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A DeadLetter is a delivery that was given up.
type DeadLetter struct {
	Message      uint64 // by which it is listed
	MessageID    string
	Subscription glacier.ARN
	Protocol     string
	Endpoint     string // its secrets are hidden
	Subject      string
	Published    time.Time
	GivenUp      time.Time
	Tries        int64
	Reason       string // of the last failure
}

// DeadLetters lists a topic's dead letters by message, those of messages above
// after. A page ends with the last letter of a message, so it may have up to
// MaxSubscriptions more than limit; a shorter one is the last.
func (s *Service) DeadLetters(ctx context.Context, topicARN string, after uint64, limit int) (list []DeadLetter, err error) {
	n, err := s.parseTopicARN("TopicArn", topicARN)
	if err != nil || limit <= 0 {
		return nil, err
	}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		list = nil
		t, err := s.find(tx, n)
		if err != nil {
			return err
		}
		for from := after; len(list) < limit; {
			page, err := tx.DeadLetters(t.Number, from, limit+2*MaxSubscriptions)
			if err != nil || len(page) == 0 {
				return err
			}
			for i := range page {
				if i >= limit && page[i].Message != page[i-1].Message {
					break
				}
				from = page[i].Message
				if err := s.appendLetter(tx, &list, &t, &page[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return list, err
}

// appendLetter adds a dead letter to a list, unless it is one of a subscription
// that was deleted.
func (s *Service) appendLetter(tx *catalog.Tx, list *[]DeadLetter, t *record.Topic, d *record.Delivery) error {
	sub, ok, err := tx.SubscriptionByNumber(t.Number, d.Subscription)
	if err != nil || !ok {
		return err
	}
	m, ok, err := tx.Message(t.Number, d.Message)
	if err != nil || !ok {
		return err
	}
	*list = append(*list, DeadLetter{
		Message: m.Number, MessageID: m.Public,
		Subscription: subscriptionARN(TopicARN(s.region, t.Account, t.Name), sub.Public),
		Protocol:     sub.Protocol, Endpoint: Mask(sub.Endpoint),
		Subject: m.Subject, Published: time.UnixMilli(m.Published).UTC(),
		GivenUp: time.UnixMilli(d.Dead).UTC(), Tries: d.Tries, Reason: d.Reason,
	})
	return nil
}

// Replay tries a topic's dead letters anew, as if they had just been published:
// those of one subscription, or all if subscription is "". It returns how many.
// When it is broken off, some may have been done.
func (s *Service) Replay(ctx context.Context, topicARN, subscription string) (n int, err error) {
	name, err := s.parseTopicARN("TopicArn", topicARN)
	if err != nil {
		return 0, err
	}
	var of resource
	if subscription != "" {
		if of, err = s.parseSubscriptionARN(subscription); err != nil {
			return 0, err
		}
	}
	defer s.Wake()
	for after, more := uint64(0), true; more; {
		var replayed int
		from := after
		err := s.update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
			replayed, after, more, err = s.replay(tx, &r, name, of, from)
			return r, err
		})
		if err != nil {
			return n, err
		}
		n += replayed
	}
	return n, nil
}

// replay is Replay for a page of the letters of messages above after. It returns
// the last message of the page.
func (s *Service) replay(
	tx *catalog.Tx, r *record.Record, name, of resource, after uint64,
) (n int, last uint64, more bool, err error) {
	t, err := s.find(tx, name)
	if err != nil {
		return 0, 0, false, err
	}
	var only record.Subscription
	if of.public != "" {
		var ok bool
		if _, only, ok, err = s.look(tx, of); err != nil {
			return 0, 0, false, err
		}
		if !ok || only.Topic != t.Number {
			return 0, 0, false, noSubscription()
		}
	}
	// A page has all letters of its last message, or another page follows.
	const most = sweepKeys + 2*MaxSubscriptions
	page, err := tx.DeadLetters(t.Number, after, most)
	last = after
	for i := range page {
		d := &page[i]
		if i >= sweepKeys && d.Message != last {
			return n, last, true, nil
		}
		last = d.Message
		if of.public != "" && d.Subscription != only.Number {
			continue
		}
		d.Dead, d.Tries, d.Next, d.Reason = 0, 0, tx.Now().UnixMilli(), ""
		r.Put(d)
		s.expect(&record.Subscription{Number: d.Subscription, Topic: d.Topic}, tx.LSN())
		n++
	}
	return n, last, len(page) == most, err
}

// retire removes the oldest dead letters of a topic whose time is over, some at
// a time. It is called when new ones come. While the clock is in doubt it does
// nothing.
func (s *Service) retire(ctx context.Context, topic uint64) error {
	if !s.cfg.Steady() {
		return nil
	}
	return s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		page, err := tx.DeadLetters(topic, 0, 2*maxOutcomes)
		if err != nil {
			return r, err
		}
		last := uint64(0)
		for i := range page {
			d := &page[i]
			if d.Message == last || d.Dead > tx.Now().Add(-LetterLife).UnixMilli() {
				continue // a record ends at most one delivery of a message
			}
			last = d.Message
			if err := end(tx, &r, d); err != nil {
				return r, err
			}
		}
		return r, nil
	})
}
