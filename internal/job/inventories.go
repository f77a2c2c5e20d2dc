package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
)

const (
	// vaultPage is how many vaults one look at the store fetches.
	vaultPage = 200
	// looksPerInterval is how often within the interval it is looked whether
	// inventories are due. A vault's first one is taken at the first look
	// after its first upload.
	looksPerInterval = 24
	shortestPause    = 100 * time.Millisecond
)

// TakeInventories renews the inventory of every vault that was written to
// since its last one, if that is older than the interval, and takes the first
// one of every vault that has been written to at all. It is for services with
// an interval, and Start sees to it that it is called; without one it does
// nothing.
//
// An inventory is kept whole, as a snapshot: what jobs list does not change
// until the next one. If some of them cannot be taken, for lack of space or
// because a vault cannot be read, the others are taken nevertheless, and the
// error tells of the first few. It stops only when the store is closed, when
// the vaults cannot be listed, and when ctx is done.
func (s *Service) TakeInventories(ctx context.Context) error {
	if s.cfg.InventoryInterval == 0 {
		return nil
	}
	var missed failures
	for after, more := uint64(0), true; more; {
		var due []uint64
		err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
			vaults, err := tx.AllVaults(after, vaultPage)
			if err != nil {
				return err
			}
			more, due = len(vaults) == vaultPage, nil
			for i := range vaults {
				after = vaults[i].ID
				if _, ok, err := s.inventoryDue(tx, &vaults[i]); err != nil {
					missed.add(fmt.Errorf("look at vault %d: %w", after, err))
				} else if ok {
					due = append(due, after)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return missed.join(fmt.Errorf("look for inventories that are due: %w", err))
		}
		for _, vault := range due {
			err := s.takeInventory(ctx, vault)
			if err == nil {
				continue
			}
			err = fmt.Errorf("take inventory of vault %d: %w", vault, err)
			if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
				return missed.join(err)
			}
			missed.add(err)
		}
	}
	return missed.join(nil)
}

// failures are the errors of work that goes on after them. When the disk is
// full there is one for every vault, of which a few will do.
type failures struct {
	first []error // maxFailures at most
	more  int
}

const maxFailures = 10

func (f *failures) add(err error) {
	if len(f.first) < maxFailures {
		f.first = append(f.first, err)
	} else {
		f.more++
	}
}

// join makes them one error, with the one that ended the work, or nil.
func (f *failures) join(last error) error {
	err := errors.Join(append(f.first, last)...)
	if f.more > 0 {
		err = fmt.Errorf("%w\nand %d more", err, f.more)
	}
	return err
}

// inventoryDue reports whether a vault's inventory is to be taken now, and
// what the vault holds.
func (s *Service) inventoryDue(tx *catalog.Tx, v *record.Vault) (catalog.Figures, bool, error) {
	last := v.Inventory
	if last.Taken() && tx.Now().Sub(time.UnixMilli(last.Completed)) < s.cfg.InventoryInterval {
		return catalog.Figures{}, false, nil
	}
	f, err := tx.Figures(v.ID)
	// Without an inventory Head is 0, as LastWrite is without a write.
	return f, f.LastWrite > last.Head, err
}

// takeInventory takes a vault's inventory, if it is due: it keeps the rows up to
// the newest record there is, and with one record makes them the vault's
// inventory and ends the one before.
func (s *Service) takeInventory(ctx context.Context, vault uint64) error {
	var inv record.Inventory
	var live catalog.Figures
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		v, ok, err := tx.VaultByID(vault)
		if err != nil || !ok {
			return err
		}
		live, ok, err = s.inventoryDue(tx, &v)
		if ok {
			inv = record.Inventory{Snapshot: tx.Now().UnixMilli(), Head: tx.LSN()}
		}
		return err
	})
	if err != nil || inv.Head == 0 {
		return err
	}
	if live.Archives == 0 {
		// There is nothing to keep, so this needs no space: vaults can be
		// deleted also when the disk is full.
		return s.keepInventory(ctx, vault, inv, nil)
	}
	w, err := s.cfg.Store.NewPayload(ctx, payload.Header{Vault: vault, Size: -1})
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer w.Close()
	if err := s.writeSnapshot(ctx, w, vault, &inv); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	if inv.Archives == 0 { // all were deleted before their turn
		return s.keepInventory(ctx, vault, inv, nil)
	}
	return s.keepInventory(ctx, vault, inv, w)
}

// writeSnapshot writes the archives up to the inventory's head, and counts
// them.
func (s *Service) writeSnapshot(ctx context.Context, w payload.Writer, vault uint64, inv *record.Inventory) error {
	buf := s.buffer()
	defer s.buffers.Put(buf)
	out := newSnapshotWriter(w, vault, inv.Head, *buf)
	err := s.liveRows(vault, inv.Head)(ctx, 0, func(a *record.Archive) (bool, error) {
		inv.Archives++
		inv.Bytes += a.Size
		return true, out.add(a)
	})
	if err != nil {
		return err
	}
	if err := out.flush(); err != nil {
		return err
	}
	_, err = w.Finish()
	return err
}

// keepInventory makes an inventory the vault's, with the snapshot that was
// written of it, or nil if it is empty, unless the vault is gone or has a later
// one by now.
func (s *Service) keepInventory(ctx context.Context, vault uint64, inv record.Inventory, w payload.Writer) error {
	return s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		v, ok, err := tx.VaultByID(vault)
		if err != nil || !ok || v.Inventory.Head >= inv.Head {
			return record.Record{}, err
		}
		var r record.Record
		inv := inv // the rule may run again
		inv.Completed = tx.Now().UnixMilli()
		if w != nil {
			p := w.Attach(&r, tx.LSN())
			inv.Payload, inv.LSN, inv.PayloadSize = p.ID, p.LSN, p.Size
		}
		replaceInventory(&r, &v, inv)
		return r, nil
	})
}

// replaceInventory makes inv the vault's inventory. The snapshot of the one
// before ends; who has it open reads on.
func replaceInventory(r *record.Record, v *record.Vault, inv record.Inventory) {
	if before := v.Inventory.Payload; before != 0 {
		r.Delete(record.PayloadKey(before))
	}
	v.Inventory = inv
	r.Put(v)
}

// keepInventories takes inventories as they fall due, until ctx ends.
func (s *Service) keepInventories(ctx context.Context) {
	ticker := time.NewTicker(max(s.cfg.InventoryInterval/looksPerInterval, shortestPause))
	defer ticker.Stop()
	for {
		err := s.TakeInventories(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrClosed):
			s.cfg.Log.Error("no more inventories are taken: the state of the store is not known", "err", err)
			return
		case err != nil:
			s.cfg.Log.Error("inventories not taken; will try again", "err", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
