package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/internal/catalog"
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
// An inventory is a point in the order of records and the figures there. The
// rows are written when a job asks for them.
func (s *Service) TakeInventories(ctx context.Context) error {
	if s.cfg.InventoryInterval == 0 {
		return nil
	}
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
					return err
				} else if ok {
					due = append(due, after)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("look for inventories that are due: %w", err)
		}
		for _, vault := range due {
			if err := s.takeInventory(ctx, vault); err != nil {
				return fmt.Errorf("take inventory of vault %d: %w", vault, err)
			}
		}
	}
	return nil
}

// inventoryDue reports whether a vault's inventory is to be taken now, and
// what the vault then holds.
func (s *Service) inventoryDue(tx *catalog.Tx, v *record.Vault) (catalog.Figures, bool, error) {
	last := v.Inventory
	if last.Taken() && tx.Now().Sub(time.UnixMilli(last.Completed)) < s.cfg.InventoryInterval {
		return catalog.Figures{}, false, nil
	}
	f, err := tx.Figures(v.ID)
	// Without an inventory Head is 0, as LastWrite is without a write.
	return f, f.LastWrite > last.Head, err
}

// takeInventory records where the vault stands. The live figures are exactly
// those of the archives up to this record, so nothing has to be counted.
func (s *Service) takeInventory(ctx context.Context, vault uint64) error {
	return s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		v, ok, err := tx.VaultByID(vault)
		if err != nil || !ok {
			return record.Record{}, err
		}
		f, due, err := s.inventoryDue(tx, &v)
		if err != nil || !due {
			return record.Record{}, err
		}
		now := tx.Now().UnixMilli()
		v.Inventory = record.Inventory{Snapshot: now, Completed: now, Head: tx.LSN(), Archives: f.Archives, Bytes: f.Bytes}
		var r record.Record
		r.Put(&v)
		return r, nil
	})
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
