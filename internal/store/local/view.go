package local

import (
	"context"

	"firn/internal/catalog"
	"firn/internal/journal"
	"firn/internal/record"
)

// The housekeeping's questions to the catalog. Each holds the catalog only
// for its own length.

// numberLimit is the end of the block of payload ids that is in use: every
// file below it was made by this process or an earlier one.
func (s *Store) numberLimit(ctx context.Context) (limit uint64, err error) {
	err = s.View(ctx, func(tx *catalog.Tx) (err error) {
		limit, err = tx.Counter(record.PayloadCounter)
		return err
	})
	s.numbers.mu.Lock()
	defer s.numbers.mu.Unlock()
	if s.numbers.limit != 0 {
		limit = s.numbers.limit - numberBlock // this process has a block already
	}
	return limit, err
}

// payloadFate reports whether the catalog knows a payload, or its tombstone.
func (s *Store) payloadFate(ctx context.Context, id uint64) (known, dead bool, err error) {
	err = s.View(ctx, func(tx *catalog.Tx) (err error) {
		_, known, err = tx.Payload(id)
		return err
	})
	if err != nil || known {
		return known, false, err
	}
	err = s.ask(func(c *catalog.Catalog) (err error) {
		dead, err = c.Tombstoned(ctx, record.PayloadKey(id))
		return err
	})
	return false, dead, err
}

func (s *Store) inlineBytes(ctx context.Context, seg journal.Segment) (n int64, err error) {
	err = s.ask(func(c *catalog.Catalog) (err error) {
		n, err = c.InlineBytes(ctx, seg.First, seg.Last)
		return err
	})
	return n, err
}

func (s *Store) supersededBy(ctx context.Context, lsn record.LSN, k record.Key) (reason record.LSN, ok bool, err error) {
	err = s.ask(func(c *catalog.Catalog) (err error) {
		reason, ok, err = c.Superseded(ctx, lsn, k)
		return err
	})
	return reason, ok, err
}

// checkpoint puts the catalog's state on the medium, so that no later start
// has to replay what comes before it.
func (s *Store) checkpoint(ctx context.Context) error {
	return s.ask(func(c *catalog.Catalog) error {
		_, err := c.Checkpoint(ctx)
		return err
	})
}
