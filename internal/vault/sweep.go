package vault

import (
	"context"
	"errors"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

const (
	// sweepKeys bounds a record of the sweep after a deleted vault, so that
	// nobody waits long behind it.
	sweepKeys = 1000
	// sweepPage is how many uploads or vaults the sweep looks for at a time.
	sweepPage = 100
)

// Sweep clears away what nobody can see any more: what hung on deleted
// vaults, uploads that were idle for their whole life, and ended uploads whose
// outcome need not be kept longer. It is called at the start and from time to
// time, but not while the machine's clock is in doubt. It stops at the first
// failure of the store, and when ctx is done; it may be called again at any
// time.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.sweepDeleted(ctx); err != nil {
		return fmt.Errorf("sweep after deleted vaults: %w", err)
	}
	if err := s.expireUploads(ctx); err != nil {
		return fmt.Errorf("expire uploads: %w", err)
	}
	return nil
}

// expireUploads ends uploads whose time is over, each with one record.
func (s *Service) expireUploads(ctx context.Context) error {
	for {
		var stale []record.Upload
		err := s.store.View(ctx, func(tx *catalog.Tx) (err error) {
			stale, err = tx.StaleUploads(s.deadline(tx), sweepPage)
			return err
		})
		if err != nil {
			return err
		}
		ended := 0
		for _, u := range stale {
			did, err := s.expireUpload(ctx, u)
			if err != nil {
				return err
			}
			if did {
				ended++
			}
		}
		if ended > 0 {
			s.log.Info("expired uploads", "uploads", ended)
		}
		if len(stale) < sweepPage || ended == 0 {
			return nil
		}
	}
}

// deadline is the instant (Unix ms) before which the last activity of an
// upload lies when its time is over.
func (s *Service) deadline(tx *catalog.Tx) int64 {
	return tx.Now().Add(-s.uploadLife).UnixMilli()
}

// expireUpload ends the upload, unless something happened to it since it was
// listed, or is about to: a part of it is on its way.
func (s *Service) expireUpload(ctx context.Context, listed record.Upload) (did bool, err error) {
	err = s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		did = false
		var r record.Record
		u, ok, err := tx.Upload(listed.Vault, listed.ID)
		if err != nil || !ok || s.receiving.any(u.ID) {
			return r, err
		}
		parts, err := tx.Parts(u.ID, 0, glacier.MaxParts)
		if err != nil {
			return r, err
		}
		active := max(u.Created, u.Ended)
		for _, p := range parts {
			active = max(active, p.Received)
		}
		if active >= s.deadline(tx) {
			return r, nil
		}
		discard(&r, parts)
		r.Delete(u.Key())
		did = true
		return r, nil
	})
	return did, err
}

// sweepDeleted follows the deletion of vaults.
func (s *Service) sweepDeleted(ctx context.Context) error {
	for {
		var gone []uint64
		err := s.store.View(ctx, func(tx *catalog.Tx) (err error) {
			gone, err = tx.Orphans(sweepPage)
			return err
		})
		if err != nil || len(gone) == 0 {
			return err
		}
		for _, vault := range gone {
			if err := s.sweepVault(ctx, vault); err != nil {
				return fmt.Errorf("vault %d: %w", vault, err)
			}
		}
	}
}

// sweepVault clears away all that is left of a deleted vault.
func (s *Service) sweepVault(ctx context.Context, gone uint64) error {
	for n := 0; ; n++ {
		var keys int
		err := s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
			left, err := tx.Leftovers(gone, sweepKeys)
			if err != nil {
				return record.Record{}, err
			}
			b := broom{tx: tx, room: sweepKeys}
			for _, k := range left {
				if b.room == 0 {
					break
				}
				if err := b.sweep(k); err != nil {
					return record.Record{}, err
				}
			}
			keys = len(b.record.Images)
			return b.record, nil
		})
		switch {
		case err != nil:
			return err
		case keys > 0:
		case n == 0:
			return errors.New("it is said to have left something, and there is nothing")
		default:
			s.log.Info("swept after a deleted vault", "vault", gone, "records", n)
			return nil
		}
	}
}

// A broom gathers tombstones into one record, while there is room. What does
// not fit is found again by the next record.
type broom struct {
	tx     *catalog.Tx
	record record.Record
	room   int
}

// delete adds a tombstone if there is room.
func (b *broom) delete(k record.Key) bool {
	if b.room == 0 {
		return false
	}
	b.record.Delete(k)
	b.room--
	return true
}

// sweep deletes an entity and what only it refers to; itself last, because
// it is by the entity that the rest is found.
func (b *broom) sweep(k record.Key) error {
	var ready bool
	var err error
	switch k.Kind {
	case record.KindArchive:
		ready, err = b.archive(k)
	case record.KindUpload:
		ready, err = b.upload(k)
	case record.KindJob:
		ready, err = b.job(k)
	default:
		ready = true
	}
	if err == nil && ready {
		b.delete(k)
	}
	return err
}

// archive deletes an archive's payloads.
func (b *broom) archive(k record.Key) (done bool, err error) {
	a, _, err := b.tx.Archive(k.A, k.B)
	if err != nil {
		return false, err
	}
	for _, p := range a.Pieces {
		if done, err := b.payload(p.Payload); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// upload deletes an upload's parts and their payloads.
func (b *broom) upload(k record.Key) (done bool, err error) {
	most := b.room/2 + 1
	parts, err := b.tx.Parts(k.B, 0, most)
	if err != nil {
		return false, err
	}
	for i := range parts {
		done, err := b.payload(parts[i].Payload)
		if err != nil || !done || !b.delete(parts[i].Key()) {
			return false, err
		}
	}
	return len(parts) < most, nil
}

// job deletes the output made for a job. What a retrieval pins is an archive,
// and a leftover of its own.
func (b *broom) job(k record.Key) (done bool, err error) {
	j, _, err := b.tx.Job(k.A, k.B)
	if err != nil || j.Output == 0 {
		return err == nil, err
	}
	return b.payload(j.Output)
}

// payload deletes a payload that is still there. It returns false when there
// was no room.
func (b *broom) payload(id uint64) (done bool, err error) {
	_, ok, err := b.tx.Payload(id)
	if err != nil {
		return false, err
	}
	return !ok || b.delete(record.PayloadKey(id)), nil
}
