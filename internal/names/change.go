package names

import (
	"context"
	"slices"

	"firn/internal/sqlite"
)

// A change is one durable change of the catalogue, that may share a transaction with others.
type change struct {
	make func(*transaction) error
	done chan error // has room for the result
}

// A transaction is several changes on their way to the disk.
type transaction struct {
	*sqlite.Conn
	added Totals // what they add to the totals
}

// maxShared bounds the changes in one transaction.
const maxShared = 512

// update makes a change, alone or together with those of others who wait: whoever finds the writer free commits for all. So the flush of
// the disk, which is what takes time, is shared. make may be called twice.
//
// Once update has begun the change, ctx no longer ends it: the result is then known.
func (c *Catalogue) update(ctx context.Context, doing string, make func(*transaction) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.frozen != thawed {
		return c.explain(doing, ErrReadOnly)
	}
	mine := &change{make: make, done: newResult()}
	c.mu.Lock()
	c.waiting = append(c.waiting, mine)
	c.mu.Unlock()
	select {
	case s := <-c.writer:
		defer func() { c.writer <- s }()
		return c.explain(doing, c.commitUntil(s, mine))
	case err := <-mine.done:
		return c.explain(doing, err)
	case <-ctx.Done():
		if c.withdraw(mine) {
			return ctx.Err()
		}
		return c.explain(doing, <-mine.done)
	}
}

func newResult() chan error { return make(chan error, 1) }

// commitUntil commits what waits, until mine has been.
func (c *Catalogue) commitUntil(s *sqlite.Conn, mine *change) error {
	for {
		select {
		case err := <-mine.done:
			return err
		default:
			commit(s, c.take())
		}
	}
}

func (c *Catalogue) take() []*change {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), maxShared)
	taken := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	return taken
}

// withdraw takes back a change that nobody has begun.
func (c *Catalogue) withdraw(mine *change) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, mine)
	if i < 0 {
		return false
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	return true
}

// commit makes several changes in one transaction. If that fails, each is tried alone, so that nobody fails for another's reason.
func commit(s *sqlite.Conn, all []*change) {
	err := together(s, all)
	for _, one := range all {
		if err != nil && len(all) > 1 {
			one.done <- together(s, []*change{one})
			continue
		}
		one.done <- err
	}
}

func together(s *sqlite.Conn, all []*change) error {
	return s.Within(context.Background(), sqlite.Update, func() error {
		tx := &transaction{Conn: s}
		for _, one := range all {
			if err := one.make(tx); err != nil {
				return err
			}
		}
		return tx.total()
	})
}

// total adds up.
func (tx *transaction) total() error {
	if tx.added == (Totals{}) {
		return nil
	}
	_, err := tx.Exec("UPDATE totals SET archives = archives + ?, files = files + ?, bytes = bytes + ?",
		tx.added.Archives, tx.added.Files, tx.added.Bytes)
	return err
}
