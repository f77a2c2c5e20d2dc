package queue

import (
	"context"
	"fmt"
	"maps"

	"firn/internal/catalog"
	"firn/internal/record"
)

// redrive moves messages that were received too often to the queue that is
// meant for them, with one record. It is not done if there is no such queue.
// What is moved keeps its id and the instant of its sending.
func (s *Service) redrive(ctx context.Context, from *state, target string, spent []*flight) (done bool, err error) {
	err = s.change(ctx, func(tx *catalog.Tx, r *record.Record) error {
		done = false
		q, ok, err := s.byARN(tx, target)
		if err != nil || !ok {
			return err
		}
		for _, f := range spent {
			m, ok, err := tx.QueueMessage(from.number, f.number)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			r.Delete(m.Key())
			m.Queue, m.Visible = q.Number, 0
			m.Attributes = maps.Clone(m.Attributes)
			if m.Attributes == nil {
				m.Attributes = map[string]record.Attribute{}
			}
			m.Attributes[keptSource] = record.Attribute{Type: typeString, Value: from.arn}
			if err := put(tx, r, &m); err != nil {
				return err
			}
		}
		done = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("move messages to %s: %w", target, err)
	}
	if done {
		numbers := make([]uint64, len(spent))
		for i, f := range spent {
			numbers[i] = f.number
		}
		from.end(numbers)
		s.Wake(target)
	}
	return done, nil
}
