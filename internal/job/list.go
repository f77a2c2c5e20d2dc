package job

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/inventory"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
)

// list does an inventory job: it writes the inventory to a payload and
// completes the job with it.
func (s *Service) list(ctx context.Context, j *record.Job) error {
	l, err := s.beginList(ctx, j)
	if err != nil {
		return err
	}
	if l.vault.ID == 0 {
		return nil // it was deleted, and the job with it
	}
	if l.snapshot == nil {
		return s.listRows(ctx, j, l, s.liveRows(l.vault.ID, l.of.Head))
	}
	defer l.snapshot.Close()
	err = s.listRows(ctx, j, l, s.snapshotRows(l.vault.ID, l.of, l.snapshot))
	if !unreadable(err) {
		return err
	}
	s.lament(l, err)
	l.archives, l.bytes, l.next = 0, 0, 0
	return s.listRows(ctx, j, l, s.liveRows(l.vault.ID, l.of.Head))
}

// listRows writes the inventory that consists of some of the rows.
func (s *Service) listRows(ctx context.Context, j *record.Job, l *listing, each rows) error {
	w, err := s.cfg.Store.NewPayload(ctx, payload.Header{Vault: l.vault.ID, Size: -1})
	if err != nil {
		return fmt.Errorf("begin inventory: %w", err)
	}
	defer w.Close()
	out := inventory.NewWriter(w, j.Format, s.arn(&l.vault), glacier.At(l.of.Snapshot))
	err = each(ctx, l.after, func(a *record.Archive) (bool, error) { return l.add(a, out) })
	if err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	if _, err := w.Finish(); err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	_, err = s.finish(ctx, j, func(tx *catalog.Tx, r *record.Record, v *record.Vault, j *record.Job) error {
		p := w.Attach(r, tx.LSN())
		j.Output, j.OutputLSN, j.OutputSize = p.ID, p.LSN, p.Size
		if l.more {
			j.NextMarker = s.cfg.IDs.Seal(token.ID{Kind: token.InventoryMarker, Vault: v.ID, Number: l.next, Random: tx.Random()})
		}
		// What was asked for is then the vault's inventory too, unless it was
		// before, or has a later one by now.
		if s.cfg.InventoryInterval == 0 && !l.ranged && l.of.Head > v.Inventory.Head {
			replaceInventory(r, v, record.Inventory{
				Snapshot: l.of.Snapshot, Completed: tx.Now().UnixMilli(), Head: l.of.Head, Archives: l.archives, Bytes: l.bytes,
			})
		}
		succeed(j)
		return nil
	})
	return err
}

// A listing is what an inventory job asks for, and, once written, what it came
// to.
type listing struct {
	start, end int64  // created at or after, and before (Unix ms)
	most       int64  // rows
	after      uint64 // the last archive of the page before
	ranged     bool   // one of the above narrows

	vault    record.Vault     // the zero value if it is gone
	of       record.Inventory // what is listed: the vault's last inventory, or only Head and Snapshot
	snapshot payload.Reader   // of that inventory's rows; nil if they are those that are still there

	archives int64 // that were listed
	bytes    int64
	next     uint64 // the last of them
	more     bool   // there are others behind it
}

// beginList looks up the vault and decides which inventory of it is listed. The
// caller closes the snapshot.
func (s *Service) beginList(ctx context.Context, j *record.Job) (*listing, error) {
	l, err := s.newListing(j)
	if err != nil {
		return nil, err
	}
	for gone := uint64(0); ; gone = l.of.Payload {
		err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
			v, ok, err := tx.VaultByID(j.Vault)
			if err != nil || !ok {
				l.vault = record.Vault{}
				return err
			}
			l.vault = v
			l.of, err = s.inventoryNow(tx, &v)
			return err
		})
		if err != nil || l.vault.ID == 0 || l.of.Payload == 0 {
			return l, err
		}
		r, err := s.cfg.Store.OpenPayload(ctx, payload.Ref{ID: l.of.Payload, LSN: l.of.LSN, Size: l.of.PayloadSize})
		switch {
		case err == nil:
			l.snapshot = r
			return l, nil
		case errors.Is(err, store.ErrGone) && l.of.Payload != gone:
			continue // there is a new inventory since the vault was looked up
		case unreadable(err):
			s.lament(l, err)
			return l, nil
		}
		return l, fmt.Errorf("open snapshot of inventory: %w", err)
	}
}

// inventoryNow decides as of when a vault is listed: with an interval as of its
// last inventory; without one as of now, unless nothing was written since the
// last inventory, which then still holds.
func (s *Service) inventoryNow(tx *catalog.Tx, v *record.Vault) (record.Inventory, error) {
	now := record.Inventory{Head: tx.LSN(), Snapshot: tx.Now().UnixMilli()}
	if !v.Inventory.Taken() {
		return now, nil
	}
	if s.cfg.InventoryInterval > 0 {
		return v.Inventory, nil
	}
	f, err := tx.Figures(v.ID)
	if err != nil || f.LastWrite > v.Inventory.Head {
		return now, err
	}
	return v.Inventory, nil
}

// unreadable reports whether an error of a snapshot will stay. The archives are
// still there, so one need not go without an inventory.
func unreadable(err error) bool {
	var damage *payload.DamageError
	return errors.Is(err, errSnapshot) || errors.As(err, &damage) || errors.Is(err, store.ErrGone)
}

// lament tells the operator of a snapshot that cannot be read.
func (s *Service) lament(l *listing, err error) {
	s.cfg.Log.Error("the snapshot of an inventory cannot be read; listing the archives up to it that are still there",
		"vault", l.vault.ID, "payload", l.of.Payload, "err", err)
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
		n, ok := parseOffset(j.Limit)
		if !ok {
			return nil, fmt.Errorf("limit of inventory: %q is not one", j.Limit)
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

// add writes an archive if it belongs to the listing. more is false once a
// further row is known not to fit.
func (l *listing) add(a *record.Archive, out *inventory.Writer) (more bool, err error) {
	if a.Created < l.start || a.Created >= l.end {
		return true, nil
	}
	if l.archives == l.most {
		l.more = true
		return false, nil
	}
	l.next = a.ID
	l.archives++
	l.bytes += a.Size
	return true, out.Add(a)
}
