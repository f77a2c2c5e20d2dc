package local

import (
	"context"
	"errors"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
)

// The housekeeping's questions to the catalog. Each holds the catalog only
// for its own length.

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
