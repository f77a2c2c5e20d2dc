package job

import (
	"context"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
)

// An archive row carries its pieces, up to 10,000 of them. So a page of rows
// grows to maxRows only as long as it holds no more than maxPieces.
const (
	minRows   = 16
	maxRows   = 1000
	maxPieces = 16_000
)

// rows hands the archives of an inventory whose id is above after to add, by
// id, until add wants no more. add does not keep the archive.
type rows func(ctx context.Context, after uint64, add func(*record.Archive) (more bool, err error)) error

// liveRows are the archives of a vault up to head, page by page, each page as
// it stands when it is read.
func (s *Service) liveRows(vault uint64, head record.LSN) rows {
	return func(ctx context.Context, after uint64, add func(*record.Archive) (bool, error)) error {
		for limit := minRows; ; {
			var page []record.Archive
			err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
				page, err = tx.Archives(vault, after, uint64(head), limit)
				return err
			})
			if err != nil {
				return fmt.Errorf("list archives: %w", err)
			}
			pieces := 0
			for i := range page {
				after = page[i].ID
				pieces += len(page[i].Pieces)
				if more, err := add(&page[i]); err != nil || !more {
					return err
				}
			}
			if len(page) < limit {
				return nil
			}
			limit = nextPage(limit, pieces)
		}
	}
}

// nextPage decides how many rows to read after a page of rows and pieces.
func nextPage(rows, pieces int) int {
	if pieces > maxPieces {
		return max(rows/2, minRows)
	}
	if pieces < maxPieces/2 {
		return min(rows*2, maxRows)
	}
	return rows
}

// snapshotRows are the rows that were kept of a vault's inventory. r is open
// for as long as they are read.
func (s *Service) snapshotRows(vault uint64, inv record.Inventory, r payload.Reader) rows {
	return func(ctx context.Context, after uint64, add func(*record.Archive) (bool, error)) error {
		buf := s.buffer()
		defer s.buffers.Put(buf)
		c := snapshotReader{vault: vault, inv: inv, r: r, buf: *buf}
		if err := c.seek(ctx, after); err != nil {
			return fmt.Errorf("find row in snapshot %d: %w", inv.Payload, err)
		}
		for {
			a, ok, err := c.next(ctx)
			if err != nil {
				return fmt.Errorf("read snapshot %d: %w", inv.Payload, err)
			}
			if !ok {
				return nil
			}
			if a.ID <= after {
				continue
			}
			if more, err := add(&a); err != nil || !more {
				return err
			}
		}
	}
}

// A snapshotReader reads a snapshot, a leaf at a time. It is for one goroutine.
type snapshotReader struct {
	vault uint64
	inv   record.Inventory
	r     payload.Reader
	buf   []byte // a leaf

	leaf  int64    // the one to be loaded next
	head  leafHead // of the one before it
	rest  []byte   // its rows that were not read yet
	taken int64    // rows that were read of it
	last  uint64   // the archive in the newest row
}

// load reads the next leaf.
func (c *snapshotReader) load(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := c.r.Leaf(c.leaf, c.buf)
	if err != nil {
		return err
	}
	if c.head, c.rest, err = decodeLeaf(b); err != nil {
		return err
	}
	if c.head.vault != c.vault || c.head.head != c.inv.Head || c.head.rows == 0 {
		return fmt.Errorf("%w: leaf %d has %d rows of vault %d up to %d", errSnapshot, c.leaf, c.head.rows, c.head.vault, c.head.head)
	}
	c.leaf++
	c.taken = 0
	return nil
}

// seek loads the leaf that has, or would have, the first row behind an archive.
func (c *snapshotReader) seek(ctx context.Context, after uint64) error {
	// That is the leaf low or a later one, but none from high on.
	for low, high := int64(0), payload.Leaves(c.r.Size()); ; {
		if high-low <= 1 || after == 0 {
			c.leaf = low
			return c.load(ctx)
		}
		middle := low + (high-low)/2
		c.leaf = middle
		if err := c.load(ctx); err != nil {
			return err
		}
		first, _, err := decodeRow(c.rest)
		if err != nil {
			return err
		}
		if first.ID <= after {
			low = middle
		} else {
			high = middle
		}
	}
}

// next returns the next row; ok is false behind the last one. That is where the
// inventory says it is, or the snapshot is not the inventory's.
func (c *snapshotReader) next(ctx context.Context) (a record.Archive, ok bool, err error) {
	if c.taken == int64(c.head.rows) {
		done := c.head.before + c.taken
		if c.leaf == payload.Leaves(c.r.Size()) {
			if done != c.inv.Archives || len(c.rest) != 0 {
				err = fmt.Errorf("%w: it has %d rows and %d bytes, not %d rows", errSnapshot, done, len(c.rest), c.inv.Archives)
			}
			return a, false, err
		}
		if err := c.load(ctx); err != nil {
			return a, false, err
		}
		if c.head.before != done {
			return a, false, fmt.Errorf("%w: leaf %d comes after %d rows, not %d", errSnapshot, c.leaf-1, c.head.before, done)
		}
	}
	if a, c.rest, err = decodeRow(c.rest); err != nil {
		return a, false, err
	}
	if a.ID <= c.last {
		return a, false, fmt.Errorf("%w: archive %d comes after %d", errSnapshot, a.ID, c.last)
	}
	c.last = a.ID
	c.taken++
	return a, true, nil
}
