package topic

import (
	"context"
	"errors"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

// fill puts what is on the page into a queue: the messages there and the ends
// of their deliveries here are one record. What would make that too long stays
// for the next page.
func (t *turn) fill(ctx context.Context) (goOn bool, err error) {
	letters, err := t.letters()
	if err != nil {
		return false, err
	}
	t.tried = true
	if t.s.queues == nil {
		return t.refused(0, errors.New("this server has no queues")), nil
	}
	at, refused, err := t.put(ctx, 0, letters)
	switch {
	case refused != nil:
		return t.refused(at, refused), nil
	case err != nil && hopeless(ctx, err):
		return false, err
	case err != nil:
		return t.fillSingly(ctx, letters, err)
	}
	t.fails = 0
	return true, nil
}

// letters makes a letter of each parcel on the page that has a message, and
// shortens the page to what fits in a record.
func (t *turn) letters() ([]*letter, error) {
	letters := make([]*letter, 0, len(t.page))
	for size := 0; len(letters) < len(t.page) && size < recordBytes; {
		p := &t.page[len(letters)]
		var l *letter
		if !p.lost {
			var err error
			if l, err = t.s.letterFor(&t.of, &t.to, &p.message); err != nil {
				return nil, err
			}
		}
		size += l.size()
		letters = append(letters, l)
	}
	t.page = t.page[:len(letters)]
	return letters, nil
}

// put makes a record of the letters of parcels on the page, the first of which
// is the from-th. refused is why the queue does not take one of them, the at-th
// of the page; nothing is recorded then.
func (t *turn) put(ctx context.Context, from int, letters []*letter) (at int, refused, err error) {
	err = t.s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		refused = nil
		for i, l := range letters {
			d, ok, err := tx.Delivery(t.sub, t.page[from+i].delivery.Message)
			if err != nil {
				return r, err
			}
			if !ok || d.Dead != 0 {
				continue
			}
			if l != nil {
				if err := t.s.queues.Put(tx, &r, t.to.Endpoint, l.body, l.attributes); err != nil {
					refused, at = err, from+i
					return record.Record{}, err
				}
			}
			if err := end(tx, &r, &d); err != nil {
				return r, err
			}
		}
		return r, nil
	})
	if err == nil {
		t.s.queues.Wake(t.to.Endpoint)
		return 0, nil, nil
	}
	if !errors.Is(err, refused) {
		refused = nil
	}
	return at, refused, err
}

// fillSingly puts what is on the page into the queue, each parcel in a record of
// its own, after one for all of them has failed: one that cannot be recorded
// must not hold the others. It is noted as a failure like any other; if the
// store takes nothing at all, not that either.
func (t *turn) fillSingly(ctx context.Context, letters []*letter, cause error) (goOn bool, err error) {
	for i := range letters {
		var at int
		var refused error
		err := cause
		if len(letters) > 1 {
			at, refused, err = t.put(ctx, i, letters[i:i+1])
		}
		switch {
		case err == nil:
			t.fails = 0
			continue
		case refused != nil:
			return t.refused(at, refused), nil
		case hopeless(ctx, err):
			return false, err
		}
		t.s.log.Warn("cannot put a message into a queue", "subscription", t.sub, "err", err)
		if !t.refused(i, errors.New("the message could not be put into the queue")) {
			return false, nil
		}
	}
	return true, nil
}

// hopeless reports whether a failure of the store has nothing to do with what
// was to be recorded.
func hopeless(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrFull)
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
