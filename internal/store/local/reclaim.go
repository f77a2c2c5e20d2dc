package local

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	"firn/internal/disk"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/record"
)

const (
	// maintainEvery is the pause between two looks for something to compact.
	maintainEvery = time.Minute
	// smallSegment is the size below which neighbouring sealed segments are
	// gathered into one.
	smallSegment = 64 << 20
	// sweepPage is how many catalog rows a background task reads at a time.
	sweepPage = 1000
)

// A reclaimer gives back the space of payload files whose last use has ended.
// It acts only on payload tombstones that are durable in the journal.
type reclaimer struct {
	s *Store

	mu    sync.Mutex
	dead  []uint64      // payload ids to unlink
	wake  chan struct{} // has one element if dead grew
	dirty bool          // something was tombstoned since the last look at segments

	// tried has the live bytes of segments when they were last nominated, so
	// that one which is all small records is not copied for ever. It belongs
	// to the one goroutine that compacts.
	tried map[uint64]int64
}

func newReclaimer(s *Store) *reclaimer {
	return &reclaimer{s: s, wake: make(chan struct{}, 1), dirty: true}
}

// doomed notes a payload whose tombstone is durable.
func (r *reclaimer) doomed(id uint64) {
	r.mu.Lock()
	r.dead = append(r.dead, id)
	r.dirty = true
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take returns what has been noted since the last call.
func (r *reclaimer) take() []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	dead := r.dead
	r.dead = nil
	return dead
}

// loop unlinks until ctx ends. Readers that have a file open keep it until
// they close it. What a crash leaves undone the orphan sweep of the next
// start finds.
func (r *reclaimer) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			r.unlink(r.take())
		}
	}
}

func (r *reclaimer) unlink(dead []uint64) {
	if len(dead) == 0 {
		return
	}
	names := make([]string, len(dead))
	for i, id := range dead {
		names[i] = payload.Name(id)
	}
	if err := disk.RemoveSync(r.s.fs, names...); err != nil {
		r.s.log.Warn("payload files could not be removed; the next start tries again", "err", err)
	}
	r.s.space.refill()
}

// maintain is the store's housekeeping: the orphan sweep once, then
// compaction whenever something has been deleted.
func (s *Store) maintain(ctx context.Context) {
	if err := s.sweepOrphans(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("orphan sweep ended early", "err", err)
	}
	tick := time.NewTicker(maintainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.space.refill()
		if ok, why := s.clock.steady(); !ok {
			s.log.Warn("not reclaiming space while the clock is in doubt", "why", why)
			continue
		}
		if err := s.Compact(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("compaction failed; nothing was lost", "err", err)
		}
	}
}

// sweepOrphans removes payload files that a crash has left: unfinished ones,
// and ones whose tombstone is in the journal. A whole file that nothing
// explains is moved to quarantine, never deleted. Only ids from before this
// start are looked at; later ones have a writer.
func (s *Store) sweepOrphans(ctx context.Context) error {
	if s.readOnly != "" || s.lost() != nil {
		return nil // with records missing, nothing is unexplained for sure
	}
	limit, err := s.numberLimit(ctx)
	if err != nil {
		return err
	}
	for f, err := range payload.List(s.fs) {
		if err != nil {
			return fmt.Errorf("list payload files: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.ID >= limit {
			continue
		}
		if err := s.sweepOrphan(ctx, f); err != nil {
			s.log.Warn("payload file could not be judged", "file", f.Name, "err", err)
		}
	}
	return nil
}

func (s *Store) sweepOrphan(ctx context.Context, f payload.File) error {
	known, dead, err := s.payloadFate(ctx, f.ID)
	if err != nil || known {
		return err
	}
	if !dead {
		info, err := payload.Inspect(s.fs, f.Name)
		var damage *payload.DamageError
		if err != nil && !errors.As(err, &damage) {
			return err
		}
		if info.Whole {
			return s.quarantine(f.Name)
		}
	}
	s.log.Info("removing a payload file that was left over", "file", f.Name, "deleted", dead)
	return disk.RemoveSync(s.fs, f.Name)
}

// quarantine moves a file to where nothing deletes it.
func (s *Store) quarantine(name string) error {
	s.log.Error("a whole payload file that no record explains; moving it to quarantine", "file", name)
	if err := disk.MkdirAll(s.fs, quarantineDir); err != nil {
		return err
	}
	if err := s.fs.Rename(name, path.Join(quarantineDir, path.Base(name))); err != nil {
		return err
	}
	return errors.Join(s.fs.SyncDir(quarantineDir), s.fs.SyncDir(path.Dir(name)))
}

// lost returns the first damage to the journal because of which deletes may be
// missing, nil if there is none.
func (s *Store) lost() *journal.Damage {
	for _, d := range s.journal.Damage() {
		if d.Hole || d.Lost {
			return &d
		}
	}
	return nil
}

// Compact rewrites what is worth rewriting: sealed segments with little alive,
// and neighbours that are small. It may be called at any time.
func (s *Store) Compact(ctx context.Context) error {
	s.reclaim.mu.Lock()
	dirty := s.reclaim.dirty
	s.reclaim.dirty = false
	s.reclaim.mu.Unlock()
	if !dirty {
		return nil
	}
	runs, err := s.nominate(ctx)
	if err != nil {
		return fmt.Errorf("look for segments to compact: %w", err)
	}
	for _, run := range runs {
		res, err := s.journal.Compact(ctx, run, s.superseded(ctx), func() error { return s.checkpoint(ctx) })
		if err != nil {
			return fmt.Errorf("compact segments %x: %w", run, err)
		}
		s.log.Info("compacted", "segments", len(run), "result", res)
	}
	return nil
}

// nominate chooses runs of neighbouring sealed segments. The catalog only
// nominates: what is dropped is decided by what the journal itself says.
func (s *Store) nominate(ctx context.Context) (runs [][]uint64, err error) {
	if s.reclaim.tried == nil {
		s.reclaim.tried = make(map[uint64]int64)
	}
	var small []uint64
	endSmall := func() {
		if len(small) > 1 {
			runs = append(runs, small)
		}
		small = nil
	}
	for _, seg := range s.journal.Segments() {
		if !seg.Sealed {
			continue
		}
		live, err := s.inlineBytes(ctx, seg)
		if err != nil {
			return nil, err
		}
		switch {
		case seg.Bytes < s.smallSegment():
			small = append(small, seg.ID)
			if len(small) == maxRun {
				endSmall()
			}
		case float64(live) < s.cfg.CompactBelow*float64(seg.Bytes):
			endSmall()
			if before, tried := s.reclaim.tried[seg.ID]; !tried || live < before-seg.Bytes/4 {
				s.reclaim.tried[seg.ID] = live
				runs = append(runs, []uint64{seg.ID})
			}
		default:
			endSmall()
		}
	}
	endSmall()
	return runs, nil
}

// maxRun bounds how many segments one compaction gathers.
const maxRun = 32

// smallSegment scales with the segment size, which tests choose tiny.
func (s *Store) smallSegment() int64 { return min(smallSegment, s.cfg.SegmentSize/4) }

// superseded tells the compactor, image by image, which later record ended a
// record's images. The compactor reads that record itself.
func (s *Store) superseded(ctx context.Context) func(record.Entry) ([]record.LSN, error) {
	return func(e record.Entry) ([]record.LSN, error) {
		reasons := make([]record.LSN, len(e.Images))
		for i, im := range e.Images {
			reason, ok, err := s.supersededBy(ctx, e.LSN, im.Key)
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, nil
			}
			reasons[i] = reason
		}
		return reasons, nil
	}
}
