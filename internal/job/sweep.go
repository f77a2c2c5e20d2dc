package job

import (
	"context"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/record"
)

const (
	// sweepKeys bounds a record of the sweep, so that nobody waits long
	// behind it. Only an archive of more pieces makes a longer one.
	sweepKeys = 1000
	// sweepJobs is how many jobs one record ends at most.
	sweepJobs = 250
)

// Sweep ends the jobs whose time is over: their outputs, their pins, and the
// archives that were deleted and that nothing pins any more. It is called at
// the start and from time to time, from one goroutine, and not while the
// clock is in doubt. It stops at the first failure of the store, and when ctx
// is done; nothing is lost by calling it again.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		var ended int
		err := s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
			ended = 0
			expired, err := tx.ExpiredJobs(tx.Now().UnixMilli(), sweepJobs)
			if err != nil {
				return record.Record{}, fmt.Errorf("list expired jobs: %w", err)
			}
			e := ending{tx: tx, unpinned: make(map[uint64]int64)}
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
	tx       *catalog.Tx
	record   record.Record
	unpinned map[uint64]int64 // by archive: how many of its pins the record ends
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
// that it is the last to pin, and its payloads.
func (e *ending) unpin(j *record.Job) ([]record.Key, error) {
	e.unpinned[j.Archive]++
	a, ok, err := e.tx.Archive(j.Vault, j.Archive)
	if err != nil {
		return nil, fmt.Errorf("look up archive: %w", err)
	}
	if !ok || !a.Deleted {
		return nil, nil
	}
	pins, err := e.tx.Pins(j.Vault, j.Archive)
	if err != nil {
		return nil, fmt.Errorf("count pins: %w", err)
	}
	if pins > e.unpinned[j.Archive] {
		return nil, nil
	}
	keys := []record.Key{a.Key()}
	for _, p := range a.Pieces {
		keys = append(keys, record.PayloadKey(p.Payload))
	}
	return keys, nil
}
