package topic

import (
	"context"
	"errors"

	"firn/internal/catalog"
	"firn/internal/record"
)

// fill puts what is on the page into a queue: the messages there and the ends
// of their deliveries here are one record.
func (t *turn) fill(ctx context.Context) (goOn bool, err error) {
	letters := make([]*letter, len(t.page))
	for i := range t.page {
		p := &t.page[i]
		if p.lost {
			continue
		}
		if letters[i], err = t.s.letterFor(&t.of, &t.to, &p.message); err != nil {
			return false, err
		}
	}
	t.tried = true
	var refused error // by the queue
	var at int        // the parcel that it refused
	if t.s.queues == nil {
		return t.refused(0, errors.New("this server has no queues")), nil
	}
	err = t.s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		refused = nil
		for i := range t.page {
			d, ok, err := tx.Delivery(t.sub, t.page[i].delivery.Message)
			if err != nil {
				return r, err
			}
			if !ok || d.Dead != 0 {
				continue
			}
			if l := letters[i]; l != nil {
				if err := t.s.queues.Put(tx, &r, t.to.Endpoint, l.body, l.attributes); err != nil {
					refused, at = err, i
					return record.Record{}, err
				}
			}
			if err := end(tx, &r, &d); err != nil {
				return r, err
			}
		}
		return r, nil
	})
	switch {
	case err == nil:
		t.fails = 0
		t.s.queues.Wake(t.to.Endpoint)
		return true, nil
	case refused == nil || !errors.Is(err, refused):
		return false, err
	}
	return t.refused(at, refused), nil
}

// refused notes that the queue has refused a parcel. Those before it, which it
// would have taken, are tried again at once.
func (t *turn) refused(at int, err error) (goOn bool) {
	if errors.Is(err, ErrNoQueue) {
		err = &PermanentError{errors.New("the queue does not exist")}
		for i := range t.page {
			t.note(&t.page[i], err)
		}
		return true
	}
	t.note(&t.page[at], err)
	var permanent *PermanentError
	if errors.As(err, &permanent) {
		return true
	}
	if t.fails >= restAfter {
		t.rest = restFor(t.fails)
		return false
	}
	return true
}
