package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
)

// The housekeeping's questions to the catalog. Each holds the catalog only
// for its own length.

// known reports whether the catalog has a payload.
func (s *Store) known(ctx context.Context, id uint64) (known bool, err error) {
	err = s.View(ctx, func(tx *catalog.Tx) (err error) {
		_, known, err = tx.Payload(id)
		return err
	})
	return known, err
}

// buried reports whether a payload has ended. The catalog says which record
// ended it, and the journal whether that is true.
func (s *Store) buried(ctx context.Context, id uint64) (bool, error) {
	k := record.PayloadKey(id)
	reason, ok, err := s.supersededBy(ctx, 0, k)
	if err != nil || !ok {
		return false, err
	}
	e, err := s.journal.Entry(reason)
	if err != nil {
		return false, fmt.Errorf("read record %d, which is to have ended payload %d: %w", reason, id, err)
	}
	return slices.ContainsFunc(e.Images, func(im record.Image) bool { return im.Key == k && im.Tombstone() }), nil
}

// inlineBytes sums the payloads that are alive in the records from first to
// last.
func (s *Store) inlineBytes(ctx context.Context, first, last record.LSN) (n int64, err error) {
	err = s.ask(func(c *catalog.Catalog) (err error) {
		n, err = c.InlineBytes(ctx, first, last)
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
// has to replay what comes before it. A view that is in the way ends within
// maxView.
func (s *Store) checkpoint(ctx context.Context) error {
	deadline := time.Now().Add(maxView + time.Second)
	for {
		err := s.ask(func(c *catalog.Catalog) error {
			_, err := c.Checkpoint(ctx)
			return err
		})
		var engine *catalog.EngineError
		if !errors.As(err, &engine) || isFull(err) || time.Now().After(deadline) {
			return err
		}
		select { // let commits through, for which a checkpoint is in the way
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
