package job

import (
	"context"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/vault"
)

const (
	// sweepKeys bounds a record of the sweep, so that nobody waits long
	// behind it. Only an archive of more pieces makes a longer one.
	sweepKeys = 1000
	// sweepJobs is how many jobs one record ends at most. They are in memory
	// together, and the largest have some 220 KiB.
	sweepJobs = 100
)

// Sweep ends the jobs whose time is over: their outputs, their pins, and the
// archives that were deleted and that nothing pins any more. The results of
// select jobs stay: they are the customer's, as any object in a bucket. It is
// called at the start and from time to time, from one goroutine, and not while
// the clock is in doubt. It stops at the first failure of the store, and when
// ctx is done; nothing is lost by calling it again.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		var ended int
		err := s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
			ended = 0
			expired, err := tx.ExpiredJobs(tx.Now().UnixMilli(), sweepJobs)
			if err != nil {
				return record.Record{}, fmt.Errorf("list expired jobs: %w", err)
			}
			e := ending{tx: tx, pinned: make(map[uint64]pinned)}
			for i := range expired {
				fits, err := e.add(&expired[i])
				if err != nil {
					return record.Record{}, err
				}
				if !fits {
					break
				}
				ended++
			}
			return e.record, nil
		})
		if err != nil {
			return fmt.Errorf("expire jobs: %w", err)
		}
		if ended == 0 {
			return nil
		}
		s.cfg.Log.Info("expired jobs", "jobs", ended)
	}
}

// An ending gathers the tombstones of jobs and of what ends with them.
type ending struct {
	tx     *catalog.Tx
	record record.Record
	pinned map[uint64]pinned // by archive
}

// pinned is what is known of an archive that one of the jobs pins. Its pieces
// are not: there may be 10,000, and there may be many such archives.
type pinned struct {
	deleted bool
	pins    int64 // that are left after the record; only of one that is deleted
}

// add ends a job, unless the record is full and not empty.
func (e *ending) add(j *record.Job) (fits bool, err error) {
	keys := []record.Key{j.Key()}
	if j.Output != 0 {
		keys = append(keys, record.PayloadKey(j.Output))
	}
	if j.Archive != 0 {
		more, err := e.unpin(j)
		if err != nil {
			return false, err
		}
		keys = append(keys, more...)
	}
	if len(e.record.Images) > 0 && len(e.record.Images)+len(keys) > sweepKeys {
		return false, nil
	}
	for _, k := range keys {
		e.record.Delete(k)
	}
	return true, nil
}

// unpin returns the keys of what was kept for the job alone: a deleted archive
// that it is the last to pin, and its payloads. An archive is decoded for the
// first of its jobs and for the last, and not for those between.
func (e *ending) unpin(j *record.Job) ([]record.Key, error) {
	var a record.Archive
	p, known := e.pinned[j.Archive]
	if !known {
		var err error
		if a, p, err = e.look(j); err != nil {
			return nil, err
		}
	}
	p.pins--
	e.pinned[j.Archive] = p
	if !p.deleted || p.pins > 0 {
		return nil, nil
	}
	if known {
		var err error
		if a, _, err = e.tx.Archive(j.Vault, j.Archive); err != nil {
			return nil, fmt.Errorf("look up archive: %w", err)
		}
	}
	return vault.ArchiveKeys(&a), nil
}

// look looks up the archive that a job pins, and how many jobs do.
func (e *ending) look(j *record.Job) (a record.Archive, p pinned, err error) {
	a, ok, err := e.tx.Archive(j.Vault, j.Archive)
	if err != nil {
		return a, p, fmt.Errorf("look up archive: %w", err)
	}
	if !ok || !a.Deleted {
		return a, p, nil
	}
	p.deleted = true
	if p.pins, err = e.tx.Pins(j.Vault, j.Archive); err != nil {
		return a, p, fmt.Errorf("count pins: %w", err)
	}
	return a, p, nil
}
