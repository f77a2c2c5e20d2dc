package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	// recordSize is about what a record takes without its payload.
	recordSize = 512
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
	hurry chan struct{} // has one element if space is wanted now
	dirty bool          // something was tombstoned since the last look at segments

	unlinking sync.Mutex // held while files are removed

	compacting sync.Mutex // one Compact at a time; it guards what follows
	// tried has the live bytes of segments when they were last looked at
	// closely, so that one which is all small records is not copied for ever.
	tried map[uint64]int64
	// barred are segments that were part of a run with damage in it. They are
	// left alone until the next start.
	barred map[uint64]bool
}

func newReclaimer(s *Store) *reclaimer {
	return &reclaimer{
		s: s, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), dirty: true,
		tried: make(map[uint64]int64), barred: make(map[uint64]bool),
	}
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

// mark says whether there may be something to compact, and returns what was
// said before.
func (r *reclaimer) mark(dirty bool) (before bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.dirty = r.dirty, dirty
	return before
}

// urge has the store look for something to compact at once.
func (r *reclaimer) urge() {
	select {
	case r.hurry <- struct{}{}:
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
			r.flush()
		}
	}
}

// flush removes the files of all payloads that were doomed before it was
// called, and returns when they are gone.
func (r *reclaimer) flush() {
	r.unlinking.Lock()
	defer r.unlinking.Unlock()
	r.unlink(r.take())
	r.s.space.refill()
}

// unlink removes the files of payloads. Most have none, because their bytes
// are in the journal; for those no directory is synced.
func (r *reclaimer) unlink(dead []uint64) {
	var names []string
	for _, id := range dead {
		name := payload.Name(id)
		if found, err := disk.Exists(r.s.fs, name); found || err != nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	if err := disk.RemoveSync(r.s.fs, names...); err != nil {
		r.s.log.Warn("payload files could not be removed; the next start tries again", "err", err)
	}
}

// maintain is the store's housekeeping: the orphan sweep once, then
// compaction, every minute if something has been deleted, and when space is
// wanted.
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
		case <-s.reclaim.hurry:
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
// start are looked at; later ones have a writer, which sees to its own.
func (s *Store) sweepOrphans(ctx context.Context) error {
	if s.writable() != nil || s.lostAfter(0) != nil {
		return nil // with records missing, nothing is unexplained for sure
	}
	for f, err := range payload.List(s.fs) {
		if err != nil {
			return fmt.Errorf("list payload files: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.ID >= s.numbers.start {
			continue
		}
		if err := s.sweepOrphan(ctx, f); err != nil {
			s.log.Warn("payload file could not be judged", "file", f.Name, "err", err)
		}
	}
	entries, err := s.quarantined()
	if len(entries) > 0 {
		var size int64
		for _, e := range entries {
			size += e.Size
		}
		s.log.Warn("there are files in quarantine; nothing deletes them", "directory", quarantineDir, "files", len(entries), "bytes", size)
	}
	return err
}

// quarantined lists what is in quarantine.
func (s *Store) quarantined() ([]disk.Entry, error) {
	entries, err := s.fs.ReadDir(quarantineDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look into quarantine: %w", err)
	}
	return entries, nil
}

func (s *Store) sweepOrphan(ctx context.Context, f payload.File) error {
	known, err := s.known(ctx, f.ID)
	if err != nil || known {
		return err
	}
	dead, err := s.buried(ctx, f.ID)
	if err != nil {
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

// Compact rewrites what is worth rewriting: sealed segments with little alive,
// and neighbours that are small. It may be called at any time. An error means
// that some of it was not done; nothing is lost by that.
func (s *Store) Compact(ctx context.Context) error {
	if s.cfg.CompactBelow < 0 || s.writable() != nil {
		return nil
	}
	s.reclaim.compacting.Lock()
	defer s.reclaim.compacting.Unlock()
	if !s.reclaim.mark(false) {
		return nil
	}
	runs, err := s.nominate(ctx)
	if err != nil {
		s.reclaim.mark(true)
		return fmt.Errorf("look for segments to compact: %w", err)
	}
	var errs []error
	for _, run := range runs {
		if err := s.compactRun(ctx, run); err != nil {
			s.reclaim.mark(true)
			errs = append(errs, fmt.Errorf("compact segments %x: %w", run.ids, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// A run is neighbouring segments to be made one.
type run struct {
	ids         []uint64
	bytes       int64
	first, last record.LSN
}

func (r *run) add(seg journal.Segment) {
	if len(r.ids) == 0 {
		r.first = seg.First
	}
	r.ids, r.bytes, r.last = append(r.ids, seg.ID), r.bytes+seg.Bytes, seg.Last
}

func (s *Store) compactRun(ctx context.Context, r run) error {
	compact := func() (res journal.Result, err error) {
		return s.journal.Compact(ctx, r.ids, s.superseded(ctx), func() error { return s.checkpoint(ctx) })
	}
	res, err := compact()
	for isFull(err) && s.space.lend(r.bytes) {
		res, err = compact()
	}
	if errors.Is(err, journal.ErrDamaged) {
		for _, id := range r.ids {
			s.reclaim.barred[id] = true
		}
	}
	if err != nil {
		return err
	}
	for _, id := range r.ids {
		delete(s.reclaim.tried, id)
	}
	// All that is in the output was alive just now; it is worth another look
	// when enough of that has died.
	if s.reclaim.tried[res.Segment], err = s.inlineBytes(ctx, r.first, r.last); err != nil {
		return err
	}
	s.log.Info("compacted", "segments", len(r.ids), "result", res)
	return nil
}

// nominate chooses runs of neighbouring sealed segments. The catalog only
// nominates: what is dropped is decided by what the journal itself says.
func (s *Store) nominate(ctx context.Context) (runs []run, err error) {
	var small run       // neighbours that are small
	var worthwhile bool // the last of them would be compacted alone too
	endSmall := func() {
		if (len(small.ids) > 1 || worthwhile) && small.last >= small.first {
			runs = append(runs, small)
		}
		small, worthwhile = run{}, false
	}
	for _, seg := range s.journal.Segments() {
		if !seg.Sealed || s.reclaim.barred[seg.ID] {
			endSmall()
			continue
		}
		live, err := s.inlineBytes(ctx, seg.First, seg.Last)
		if err != nil {
			return nil, err
		}
		if seg.Bytes >= s.smallSegment() || len(small.ids) == maxRun {
			endSmall()
		}
		worthwhile = s.worthwhile(seg, live)
		switch {
		case seg.Bytes < s.smallSegment():
			small.add(seg)
		case worthwhile:
			small.add(seg)
			endSmall()
		}
	}
	endSmall()
	return runs, nil
}

// worthwhile reports whether so little of a segment is alive that it should
// be rewritten.
func (s *Store) worthwhile(seg journal.Segment, live int64) bool {
	before, tried := s.reclaim.tried[seg.ID]
	if tried && live >= before-seg.Bytes/4 {
		return false
	}
	if seg.Compacted && !tried {
		// An earlier process made it. Its records themselves may well be all
		// there is in it, and then nothing is to be gained.
		live += recordSize * int64(seg.Last-seg.First+1)
	}
	return float64(live) < s.cfg.CompactBelow*float64(seg.Bytes)
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
