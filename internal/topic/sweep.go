package topic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

// graveyard stands for the topic of subscriptions that were deleted while there
// was something to be delivered to them. No topic has that number.
const graveyard = 0

// bury adds the end of a subscription to a record. What is still to be delivered
// to it is for the sweep to remove.
func bury(tx *catalog.Tx, r *record.Record, sub *record.Subscription) error {
	r.Delete(sub.Key())
	left, err := tx.Deliveries(sub.Number, 0, 1)
	if err != nil {
		return fmt.Errorf("list deliveries: %w", err)
	}
	if len(left) > 0 {
		r.Put(&record.Subscription{Topic: graveyard, Number: sub.Number, Account: sub.Account, Created: tx.Now().UnixMilli()})
	}
	return nil
}

// end adds the end of a delivery to a record, and of its message if it was the
// last. A record ends at most one delivery of a message.
func end(tx *catalog.Tx, r *record.Record, d *record.Delivery) error {
	r.Delete(d.Key())
	n, err := tx.CountDeliveries(d.Message)
	if err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	if n <= 1 {
		r.Delete(record.Key{Kind: record.KindMessage, A: d.Topic, B: d.Message})
	}
	return nil
}

// Sweep removes what hangs on deleted subscriptions, in bounded records. Start
// calls it when there is something to do. It stops at the first failure of the
// store, and when ctx is done; nothing is lost by calling it again.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		done := false
		err := s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
			var r record.Record
			graves, err := tx.Subscriptions(graveyard, 0, 1)
			if err != nil {
				return r, fmt.Errorf("list deleted subscriptions: %w", err)
			}
			if done = len(graves) == 0; done {
				return r, nil
			}
			deliveries, err := tx.Deliveries(graves[0].Number, 0, sweepKeys)
			if err != nil {
				return r, fmt.Errorf("list deliveries: %w", err)
			}
			for i := range deliveries {
				if err := end(tx, &r, &deliveries[i]); err != nil {
					return r, err
				}
			}
			if len(deliveries) < sweepKeys {
				r.Delete(graves[0].Key())
			}
			return r, nil
		})
		if err != nil {
			return fmt.Errorf("sweep topics: %w", err)
		}
		if done {
			return nil
		}
	}
}

// keepSwept sweeps at the start and whenever a subscription was deleted.
func (s *Service) keepSwept(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	pause := firstRest
	for {
		select {
		case <-s.sweep:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		err := s.Sweep(ctx)
		switch {
		case err == nil:
			pause = firstRest
		case ctx.Err() != nil, errors.Is(err, store.ErrClosed):
			return
		default:
			s.log.Warn("cannot remove what hangs on deleted subscriptions; will try again", "pause", pause, "err", err)
			timer.Reset(pause)
			pause = min(2*pause, longestRest)
		}
	}
}
