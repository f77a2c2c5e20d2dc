package job

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/inventory"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/token"
)

// An archive row carries its pieces, up to 10,000 of them. So a page of rows
// grows to maxRows only as long as it holds no more than maxPieces.
const (
	minRows   = 16
	maxRows   = 1000
	maxPieces = 16_000
)

// list does an inventory job: it writes the inventory to a payload and
// completes the job with it.
func (s *Service) list(ctx context.Context, j *record.Job) error {
	v, l, err := s.beginList(ctx, j)
	if err != nil {
		return err
	}
	if v.ID == 0 {
		return nil // it was deleted, and the job with it
	}
	w, err := s.cfg.Store.NewPayload(ctx, payload.Header{Vault: v.ID, Size: -1})
	if err != nil {
		return fmt.Errorf("begin inventory: %w", err)
	}
	defer w.Close()
	out := inventory.NewWriter(w, j.Format, s.arn(&v), glacier.At(l.found.Snapshot))
	if err := s.writeRows(ctx, j.Vault, l, out); err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	if _, err := w.Finish(); err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	return s.finish(ctx, j, func(tx *catalog.Tx, r *record.Record, v *record.Vault, j *record.Job) error {
		p := w.Attach(r, tx.LSN())
		j.Output, j.OutputLSN, j.OutputSize = p.ID, p.LSN, p.Size
		if l.next != 0 {
			j.NextMarker = s.cfg.IDs.Seal(token.ID{Kind: token.InventoryMarker, Vault: v.ID, Number: l.next, Random: tx.Random()})
		}
		// What was asked for is then the vault's inventory too, unless it has
		// a later one by now.
		if s.cfg.InventoryInterval == 0 && !l.ranged && l.found.Head >= v.Inventory.Head {
			v.Inventory = l.found
			v.Inventory.Completed = tx.Now().UnixMilli()
			r.Put(v)
		}
		succeed(j)
		return nil
	})
}

// A listing is the rows that an inventory job asks for, and, once written,
// what they came to.
type listing struct {
	start, end int64  // created at or after, and before (Unix ms)
	most       int64  // rows
	after      uint64 // the last archive of the page before
	ranged     bool   // one of the above narrows

	found record.Inventory // Head and Snapshot from the start; the rows' figures
	next  uint64           // the last archive of this page, if there are more; else 0
}

// beginList looks up the vault, the zero value if it is gone, and decides as of
// when it is listed.
func (s *Service) beginList(ctx context.Context, j *record.Job) (v record.Vault, l *listing, err error) {
	if l, err = s.newListing(j); err != nil {
		return v, nil, err
	}
	err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		var ok bool
		var err error
		if v, ok, err = tx.VaultByID(j.Vault); err != nil || !ok {
			return err
		}
		l.found.Head, l.found.Snapshot = tx.LSN(), tx.Now().UnixMilli()
		if s.cfg.InventoryInterval > 0 && v.Inventory.Taken() {
			l.found.Head, l.found.Snapshot = v.Inventory.Head, v.Inventory.Snapshot
		}
		return nil
	})
	return v, l, err
}

// newListing reads the job's parameters, which InitiateJob has checked.
func (s *Service) newListing(j *record.Job) (*listing, error) {
	l := &listing{start: math.MinInt64, end: math.MaxInt64, most: math.MaxInt64}
	for _, d := range []struct {
		text string
		to   *int64
	}{{j.StartDate, &l.start}, {j.EndDate, &l.end}} {
		if d.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, d.text)
		if err != nil {
			return nil, fmt.Errorf("date of inventory: %w", err)
		}
		*d.to, l.ranged = t.UnixMilli(), true
	}
	if j.Limit != "" {
		n, err := strconv.ParseInt(j.Limit, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("limit of inventory: %w", err)
		}
		l.most, l.ranged = n, true
	}
	if j.Marker != "" {
		last, ok := s.openMarker(j.Vault, j.Marker)
		if !ok {
			return nil, fmt.Errorf("marker of inventory: %q is not one", j.Marker)
		}
		l.after, l.ranged = last, true
	}
	return l, nil
}

// writeRows adds the rows to the inventory, page by page, each as it stands
// when it is read.
func (s *Service) writeRows(ctx context.Context, vault uint64, l *listing, out *inventory.Writer) error {
	after, rows := l.after, minRows
	for {
		var page []record.Archive
		err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
			page, err = tx.Archives(vault, after, uint64(l.found.Head), rows)
			return err
		})
		if err != nil {
			return fmt.Errorf("list archives: %w", err)
		}
		pieces := 0
		for i := range page {
			a := &page[i]
			after = a.ID
			pieces += len(a.Pieces)
			more, err := l.add(a, out)
			if err != nil || !more {
				return err
			}
		}
		if len(page) < rows {
			l.next = 0
			return nil
		}
		rows = nextPage(rows, pieces)
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

// add writes an archive if it belongs to the listing. more is false once a
// further row is known not to fit.
func (l *listing) add(a *record.Archive, out *inventory.Writer) (more bool, err error) {
	if a.Created < l.start || a.Created >= l.end {
		return true, nil
	}
	if l.found.Archives == l.most {
		return false, nil
	}
	l.next = a.ID
	l.found.Archives++
	l.found.Bytes += a.Size
	return true, out.Add(a)
}
