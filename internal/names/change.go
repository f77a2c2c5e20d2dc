package names

import (
	"context"

	"firn/internal/sqlite"
)

// A transaction is several changes on their way to the disk.
type transaction struct {
	*sqlite.Conn
	added Totals // what they add to the totals
}

// update makes a change, as [sqlite.Shared] does: make may be called twice.
func (c *Catalogue) update(ctx context.Context, doing string, make func(*transaction) error) error {
	if c.frozen != thawed && ctx.Err() == nil {
		return c.explain(doing, ErrReadOnly)
	}
	err := c.changes.Do(ctx, make)
	if err == ctx.Err() { //nolint:errorlint // it is told as it is that nothing was begun
		return err
	}
	return c.explain(doing, err)
}

func together(s *sqlite.Conn, all []func(*transaction) error) error {
	return s.Within(context.Background(), sqlite.Update, func() error {
		tx := &transaction{Conn: s}
		for _, make := range all {
			if err := make(tx); err != nil {
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
