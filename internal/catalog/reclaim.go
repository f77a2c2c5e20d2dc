package catalog

import (
	"context"
	"fmt"

	"firn/internal/record"
)

const (
	sumInline = "SELECT COALESCE(SUM(size), 0) FROM payloads WHERE stored > 0 AND stored >= $1 AND stored <= $2"
	// Payloads are kind 10.
	lastPayload    = "SELECT id FROM payloads ORDER BY id DESC LIMIT 1"
	lastTombstone  = "SELECT a FROM tomb WHERE kind = 10 ORDER BY a DESC LIMIT 1"
	selectPayloads = "SELECT image FROM payloads WHERE id > $1 ORDER BY id LIMIT $2"
)

// newest returns what there is under a key.
func (c *Catalog) newest(ctx context.Context, k record.Key) (w was, err error) {
	sh := c.shapes.of(k.Kind)
	key, err := sh.key(k)
	if err != nil {
		return w, err
	}
	err = c.read(ctx, func(s *session) error {
		w, err = s.look(sh, k, key)
		return err
	})
	return w, err
}

// Superseded reports whether the catalog knows a newer image of the key than
// the one in record lsn, and in which record that is. It nominates for
// compaction, no more: whoever drops an image on that ground first reads the
// reason in the journal. ok is false both for an image that is the newest and
// for one that the catalog does not know at all.
func (c *Catalog) Superseded(ctx context.Context, lsn record.LSN, k record.Key) (reason record.LSN, ok bool, err error) {
	w, err := c.newest(ctx, k)
	if err != nil {
		return 0, false, fmt.Errorf("look for a successor of %v: %w", k, err)
	}
	if w.newest() <= lsn {
		return 0, false, nil
	}
	return w.newest(), true, nil
}

// InlineBytes sums the payloads that exist and whose bytes lie in the frames
// of the records from first to last.
func (c *Catalog) InlineBytes(ctx context.Context, first, last record.LSN) (int64, error) {
	var n int64
	err := c.read(ctx, func(s *session) error {
		_, err := s.row(sumInline, []any{bound(uint64(first)), bound(uint64(last))}, &n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sum inline payloads: %w", err)
	}
	return n, nil
}

// LastPayload returns the highest id of a payload that exists or has ended, 0
// if there never was one.
func (tx *Tx) LastPayload() (uint64, error) {
	var alive, ended int64
	if _, err := tx.row(lastPayload, nil, &alive); err != nil {
		return 0, err
	}
	if _, err := tx.row(lastTombstone, nil, &ended); err != nil {
		return 0, err
	}
	return uint64(max(alive, ended)), nil
}

// Payloads lists the payloads that exist by id, those with ids above after.
func (c *Catalog) Payloads(ctx context.Context, after uint64, limit int) (page []record.Payload, err error) {
	err = c.read(ctx, func(s *session) error {
		page, err = list[record.Payload](&Tx{s: s, ctx: ctx}, limit, selectPayloads, bound(after))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list payloads: %w", err)
	}
	return page, nil
}
