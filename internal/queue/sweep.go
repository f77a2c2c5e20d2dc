package queue

import (
	"context"
	"fmt"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
)

// The pause before the next try of a clearing that failed is firstPause, then
// twice as long each time, up to longestPause.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// tidyUp has the worker look for what is to be cleared away.
func (s *Service) tidyUp() {
	select {
	case s.untidy <- struct{}{}:
	default:
	}
}

// keepTidy clears away the messages of queues that were deleted or purged,
// whenever there may be some.
func (s *Service) keepTidy(ctx context.Context) {
	pause := firstPause
	for {
		var again <-chan time.Time
		switch err := s.clearAll(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.cfg.Log.Warn("deleted or purged queues are not cleared yet; will try again", "pause", pause, "err", err)
			again = time.After(pause)
			pause = min(2*pause, longestPause)
		default:
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return
		case <-s.untidy:
		case <-again:
		}
	}
}

// each calls do for every queue, gone ones too, with no transaction open.
func (s *Service) each(ctx context.Context, do func(q *record.Queue) error) error {
	for after := uint64(0); ; {
		var page []record.Queue
		err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
			page, err = tx.AllQueues(after, queuePage)
			return err
		})
		if err != nil {
			return fmt.Errorf("list queues: %w", err)
		}
		for i := range page {
			after = page[i].Number
			if err := do(&page[i]); err != nil {
				return fmt.Errorf("queue %d: %w", after, err)
			}
		}
		if len(page) < queuePage {
			return nil
		}
	}
}

// clearAll clears after all queues that were deleted or purged.
func (s *Service) clearAll(ctx context.Context) error {
	return s.each(ctx, func(q *record.Queue) error {
		if !gone(q) && settingOf(q).purged == 0 {
			return nil
		}
		for p := new(pager); ; {
			more, err := s.clear(ctx, q.Number, p)
			if err != nil || !more {
				return err
			}
		}
	})
}

// clear ends a page of what a deleted or purged queue has left behind, and the
// deleted queue itself when nothing is left.
func (s *Service) clear(ctx context.Context, number uint64, p *pager) (more bool, err error) {
	err = s.change(ctx, func(tx *catalog.Tx, r *record.Record) error {
		more = false
		q, ok, err := tx.QueueByNumber(number)
		if err != nil || !ok {
			return err
		}
		size := p.size(firstPage)
		page, err := tx.QueueMessages(number, 0, size)
		if err != nil {
			return err
		}
		bytes, through := 0, settingOf(&q).purged
		for i := range page {
			if !gone(&q) && page[i].Number >= through {
				return nil
			}
			bytes += len(page[i].Body)
			r.Delete(page[i].Key())
		}
		p.read(len(page), bytes)
		more = len(page) == size
		if gone(&q) && !more {
			r.Delete(q.Key())
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("clear after a queue: %w", err)
	}
	return more, nil
}

// Sweep ends the messages that are older than their queue keeps them, in
// bounded records. It is called from time to time, from one goroutine, and not
// while the clock is in doubt. It stops at the first failure of the store, and
// when ctx is done; nothing is lost by calling it again. Messages whose time is
// over are not delivered, whether they were swept or not.
func (s *Service) Sweep(ctx context.Context) error {
	ended := 0
	err := s.each(ctx, func(q *record.Queue) error {
		if gone(q) {
			s.forget(q.Number) // a receive that began before may have brought it back
			return nil
		}
		for p := new(pager); ; {
			n, more, err := s.expire(ctx, q.Number, p)
			if ended += n; err != nil || !more {
				return err
			}
		}
	})
	if ended > 0 {
		s.cfg.Log.Info("expired messages", "messages", ended)
	}
	if err != nil {
		return fmt.Errorf("expire messages: %w", err)
	}
	return nil
}

// expire ends a page of a queue's messages whose time is over.
func (s *Service) expire(ctx context.Context, number uint64, p *pager) (ended int, more bool, err error) {
	old := func(tx *catalog.Tx, limit int) ([]record.QueueMessage, error) {
		q, ok, err := tx.QueueByNumber(number)
		if err != nil || !ok || gone(&q) {
			return nil, err
		}
		return tx.OldQueueMessages(number, tx.Now().Add(-settingOf(&q).retention).UnixMilli()+1, limit)
	}
	var found []record.QueueMessage
	err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
		found, err = old(tx, 1)
		return err
	})
	if err != nil || len(found) == 0 {
		return 0, false, err
	}
	size := p.size(firstPage)
	var numbers []uint64
	err = s.change(ctx, func(tx *catalog.Tx, r *record.Record) error {
		numbers = nil
		page, err := old(tx, size)
		bytes := 0
		for i := range page {
			bytes += len(page[i].Body)
			numbers = append(numbers, page[i].Number)
			r.Delete(page[i].Key())
		}
		p.read(len(page), bytes)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	if st := s.known(number); st != nil {
		st.end(numbers)
	}
	return len(numbers), len(numbers) == size, nil
}
