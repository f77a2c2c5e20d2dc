package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/internal/catalog"
	"firn/internal/journal"
	"firn/internal/record"
)

// A heldLock is a vault's lock as a catalog has it.
type heldLock struct {
	vault record.Vault
	lock  record.VaultLock
	lsn   record.LSN // of the record that made it what it is
}

// carryLocks puts locks back that the catalog knows and the journal has lost.
// It is called while records are missing from the journal, and before the
// catalog that has seen them is given up: whoever cuts the journal short is
// not to be rid of a lock by that. A lock is put back if its vault is still
// there and not locked; nothing else is. When it returns nil the locks are on
// the medium, and whatever catalog is made from the journal has them.
//
// Whoever calls it has the catalog to himself, so that nothing else appends.
func (s *Store) carryLocks() error {
	held, clock, err := s.heldLocks(s.ctx)
	if err != nil {
		s.log.Error("the old catalog cannot be read whole; vault locks that only it knew may be missing", "err", err)
	}
	if len(held) == 0 && clock == nil {
		return nil
	}
	left, err := s.guardsLeft(s.ctx)
	if err != nil {
		return fmt.Errorf("look for vault locks in the journal: %w", err)
	}
	if clock != nil && left[clock.Key()].image == nil {
		if err := s.appendEntity(clock); err != nil {
			return fmt.Errorf("put the lock clock back: %w", err)
		}
	}
	for _, h := range held {
		lacks, err := left.lacks(h)
		if err == nil && lacks {
			err = s.appendEntity(&h.lock)
		}
		if err != nil {
			return fmt.Errorf("put the lock of vault %s back: %w", h.vault.Name, err)
		}
		if lacks {
			s.log.Error("a vault lock was lost from the journal, and is put back", "account", h.vault.Account,
				"vault", h.vault.Name, "lock", h.lock.Public, "completed", h.lock.Locked, "record", s.journal.Head())
		}
	}
	return nil
}

// heldLocks lists the locks that the catalog knows, and its lock clock, nil if
// it has none. With an error it is what could be read.
func (s *Store) heldLocks(ctx context.Context) (held []heldLock, clock *record.Clock, err error) {
	var after uint64
	page := func(tx *catalog.Tx) (more bool, err error) {
		vaults, err := tx.AllVaults(after, sweepPage)
		for _, v := range vaults {
			after, more = v.ID, true
			l, ok, lerr := tx.VaultLock(v.ID)
			g, _, gerr := tx.Guards(v.Account, v.Name)
			err = errors.Join(err, lerr, gerr)
			if ok && gerr == nil {
				held = append(held, heldLock{v, l, g.Lock})
			}
		}
		return more, err
	}
	err = s.catalog.View(ctx, func(tx *catalog.Tx) error {
		im, ok, err := tx.Clock()
		if ok {
			clock = &im
		}
		for more := true; more; {
			var perr error
			more, perr = page(tx)
			err = errors.Join(err, perr)
		}
		return err
	})
	return held, clock, err
}

// guards are the newest images of vaults, locks and the lock clock, by key.
type guards map[record.Key]guard

type guard struct {
	lsn   record.LSN
	image []byte // nil is a tombstone
}

// guardsLeft reads them from the journal alone.
func (s *Store) guardsLeft(ctx context.Context) (guards, error) {
	left := guards{}
	err := s.journal.Replay(ctx, journal.Position{}, func(f journal.Frame) error {
		for _, e := range f.Entries {
			for _, im := range e.Images {
				switch im.Key.Kind {
				case record.KindVault, record.KindVaultLock, record.KindClock:
					if e.LSN > left[im.Key].lsn {
						left[im.Key] = guard{e.LSN, im.Body}
					}
				}
			}
		}
		return nil
	})
	return left, err
}

// lacks reports whether a lock has to be put back. A number that was handed out
// again after a loss does not make a vault the one that was locked.
func (g guards) lacks(h heldLock) (bool, error) {
	var v record.Vault
	var l record.VaultLock
	there := g[h.lock.Key()]
	if err := errors.Join(decode(g[h.vault.Key()].image, &v), decode(there.image, &l)); err != nil {
		return false, err
	}
	if v.ID == 0 || v.Account != h.vault.Account || v.Name != h.vault.Name || v.Created != h.vault.Created {
		return false, nil
	}
	return !l.Locked && (h.lock.Locked || there.lsn < h.lsn), nil
}

// decode is record.Decode, and of a tombstone the zero value.
func decode[E record.Entity](image []byte, e E) error {
	if image == nil {
		return nil
	}
	return record.Decode(image, e)
}

// appendEntity makes a record of one entity durable, without a batch. The
// catalog does not have it until it is replayed. Its time is that of the
// record before it, so that an absence is still seen.
func (s *Store) appendEntity(e record.Entity) error {
	var r record.Record
	r.Put(e)
	at := s.journal.LastTime()
	if at.IsZero() {
		at = time.UnixMilli(s.now().UnixMilli())
	}
	_, err := s.journal.Append([]record.Entry{{LSN: s.journal.Head() + 1, Time: at, Images: r.Images}})
	return err
}
