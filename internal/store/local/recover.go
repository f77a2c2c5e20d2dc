package local

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/store"
)

// foldEntries is how many records a replay folds in one transaction.
const foldEntries = 2000

// recover opens the catalog and the journal and makes them agree. The journal
// is the truth; a catalog that is missing, damaged or of another history is
// made anew from it.
func (s *Store) recover() error {
	if err := s.withReserve(s.openCatalog); err != nil {
		return err
	}
	if err := s.withReserve(s.openJournal); err != nil {
		return err
	}
	for _, d := range s.journal.Damage() {
		s.log.Error("damage in the journal", "damage", d)
	}
	if err := s.mustHaveJournal(); err != nil {
		return err
	}
	return s.catchUp()
}

// mustHaveJournal refuses a journal without records beside payload files: an
// id is handed out only after a record, so there were some.
func (s *Store) mustHaveJournal() error {
	if s.journal.Head() != 0 || s.cfg.AcceptLoss {
		return nil
	}
	for f, err := range payload.List(s.fs) {
		if err != nil {
			return fmt.Errorf("list payload files: %w", err)
		}
		return fmt.Errorf("the journal is empty, but there is %s: all records are missing; bring the directory %s back, or start with --accept-loss", f.Name, journalDir)
	}
	return nil
}

// catchUp folds what the journal has and the catalog has not, into a new
// catalog if this one cannot be one of the journal's.
func (s *Store) catchUp() error {
	err := s.withReserve(s.replay)
	if errors.Is(err, journal.ErrHistory) || isDamaged(err) {
		s.log.Warn("the catalog does not fit the journal; rebuilding it", "err", err)
		err = s.rebuildCatalog()
	}
	if err == nil && s.lostAfter(0) != nil {
		// The catalog is now the only one that knows; it must not fall back
		// behind the loss.
		err = s.emptyLog()
	}
	return err
}

// openCatalog opens the catalog, or an empty one in the place of one that
// cannot be used.
func (s *Store) openCatalog() (err error) {
	s.catalog, err = catalog.Open(s.cfg.Catalog, s.ids.pool, catalog.Options{Now: s.now, LockNow: s.LockNow})
	if errors.Is(err, catalog.ErrForeign) || errors.Is(err, catalog.ErrDamaged) {
		s.log.Warn("the catalog cannot be used; rebuilding it", "err", err)
		if s.cfg.AcceptLoss {
			s.log.Error("if records are lost, so are the vault locks that only this catalog knew")
		}
		err = s.freshCatalog()
	}
	if err != nil {
		return fmt.Errorf("open catalog: %w", err)
	}
	return nil
}

// freshCatalog replaces the catalog with an empty one.
func (s *Store) freshCatalog() (err error) {
	if s.catalog != nil {
		s.catalog.Close() // what it may still want to say is of no use
		s.catalog = nil
	}
	if err := catalog.Remove(s.cfg.Catalog); err != nil {
		return fmt.Errorf("remove catalog: %w", err)
	}
	s.catalog, err = catalog.Open(s.cfg.Catalog, s.ids.pool, catalog.Options{Now: s.now, LockNow: s.LockNow})
	return err
}

// openJournal opens the journal. If the catalog has seen records that the
// journal lacks, acknowledged data is missing: the catalog is then the only
// witness of what was lost, and is not touched unless the operator says so.
func (s *Store) openJournal() (err error) {
	cfg := journal.Config{
		FS: s.fs, Pool: s.ids.pool, Drive: s.ids.drive, SegmentSize: s.cfg.SegmentSize, Log: s.log,
	}
	s.journal, err = journal.Open(cfg, journal.Position(s.catalog.Applied()))
	var ahead *journal.AheadError
	if !errors.As(err, &ahead) {
		return err
	}
	if !s.cfg.AcceptLoss {
		return fmt.Errorf("acknowledged records are missing from the journal: %w; bring the missing segments back, or start with --accept-loss", err)
	}
	s.log.Error("starting without acknowledged records, as told", "err", err)
	if err := s.reportLoss(ahead); err != nil {
		s.log.Error("the old catalog does not say what they were", "err", err)
	}
	if s.journal, err = journal.Open(cfg, journal.Position{}); err != nil {
		return err
	}
	if err = s.withReserve(s.carryLocks); err == nil {
		err = s.freshCatalog()
	}
	if err != nil {
		err = errors.Join(err, s.journal.Close())
		s.journal = nil // it may be tried again
	}
	return err
}

// maxReported bounds how many lost keys are logged.
const maxReported = 10_000

// reportLoss logs what the catalog knows from records that the journal lacks:
// it is the last chance to learn it.
func (s *Store) reportLoss(ahead *journal.AheadError) error {
	n := 0
	err := s.catalog.Each(s.ctx, func(k record.Key, lsn record.LSN, image []byte) error {
		if lsn < ahead.First {
			return nil
		}
		if n++; n > maxReported {
			return nil
		}
		var a record.Archive
		if k.Kind == record.KindArchive && image != nil && record.Decode(image, &a) == nil {
			s.log.Error("lost", "record", lsn, "archive", a.Public, "bytes", a.Size, "description", a.Description)
			return nil
		}
		s.log.Error("lost", "record", lsn, "key", k, "deletion", image == nil)
		return nil
	})
	s.log.Error("lost", "keys", n, "first record", ahead.First, "last record", ahead.Last)
	return err
}

// rebuildCatalog makes the catalog from the data alone. The data are given what
// only the old catalog knows of locks.
func (s *Store) rebuildCatalog() error {
	if s.catalog != nil && s.lostAfter(0) != nil {
		if err := s.withReserve(s.carryLocks); err != nil {
			return err
		}
	}
	if err := s.withReserve(s.freshCatalog); err != nil {
		return err
	}
	return s.withReserve(s.replay)
}

// replay folds what the journal has and the catalog has not. If records are
// lost that the catalog has not seen either, there may be deletions among
// them. To go on as if there were none could bring back what was deleted, so
// the store is read-only then; and the catalog gets a position that is none
// of the journal's, so that the next start does not take it for a whole one.
func (s *Store) replay() error {
	had := s.catalog.Applied()
	if lost := s.lostAfter(had.LSN); lost != nil && !s.cfg.AcceptLoss {
		s.forbid(lost)
		if had.Segment == 0 && had.LSN != 0 {
			return fmt.Errorf("%w: the catalog was made without lost records", journal.ErrHistory)
		}
	}
	// Segments with an index are read here for the first time, so loss may come to light meanwhile.
	err := replayInto(s.ctx, s.journal, s.catalog, func(p journal.Position) catalog.Position {
		if s.cfg.AcceptLoss || s.lostAfter(had.LSN) == nil {
			return catalog.Position(p)
		}
		return catalog.Position{LSN: p.LSN}
	})
	if lost := s.lostAfter(had.LSN); err == nil && lost != nil && !s.cfg.AcceptLoss {
		s.forbid(lost)
	}
	return err
}

// forbid makes the store read-only.
func (s *Store) forbid(lost *journal.Damage) {
	why := fmt.Sprintf("the store is read-only, because deletions may be lost: %v; bring the missing bytes back, or start with --accept-loss", lost)
	s.readOnly.Store(&why)
	s.log.Error(why)
}

// lostAfter returns the first damage because of which records above lsn are
// missing, nil if there is none.
func (s *Store) lostAfter(lsn record.LSN) *journal.Damage {
	for _, d := range s.journal.Damage() {
		if (d.Hole || d.Lost) && d.Last > lsn {
			return &d
		}
	}
	return nil
}

// replayInto folds what the journal has and c has not into c. place says which
// position c is to remember.
func replayInto(ctx context.Context, j *journal.Journal, c *catalog.Catalog, place func(journal.Position) catalog.Position) error {
	var pending []record.Entry
	var at journal.Position
	flush := func() error {
		if at == (journal.Position{}) {
			return nil
		}
		err := c.Fold(ctx, pending, place(at))
		pending = pending[:0]
		return err
	}
	err := j.Replay(ctx, journal.Position(c.Applied()), func(f journal.Frame) error {
		pending = append(pending, f.Entries...)
		at = f.Position
		if len(pending) < foldEntries {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// reopenCatalog is the way back from a commit that failed after its batch was
// durable: the catalog is opened again and replayed.
func (s *Store) reopenCatalog(cause error) error {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	s.version++
	if s.catalog != nil {
		s.catalog.Close() // it has failed already
		s.catalog = nil
	}
	lacking := s.lacksSpace(cause)
	if lacking {
		s.space.giveUp()
	}
	if err := s.withReserve(s.openCatalog); err != nil {
		return err
	}
	if lacking {
		if err := s.emptyLog(); err != nil {
			s.log.Warn("the catalog's log cannot be emptied", "err", err)
		}
		s.reclaim.urge()
	}
	return s.catchUp()
}

func (s *Store) catalogVersion() int {
	s.catalogMu.RLock()
	defer s.catalogMu.RUnlock()
	return s.version
}

// heal makes a catalog anew that was found damaged while it was in use, unless
// somebody has done so since version.
func (s *Store) heal(version int, cause error) error {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	switch {
	case s.catalog == nil:
		return store.ErrClosed
	case s.version != version:
		return nil
	}
	s.version++
	s.log.Error("the catalog is damaged; rebuilding it from the journal", "err", cause)
	if err := s.rebuildCatalog(); err != nil {
		err = fmt.Errorf("rebuild the catalog: %w", err)
		s.fail(err)
		return err
	}
	return nil
}

// isDamaged reports whether SQLite found its file malformed.
func isDamaged(err error) bool {
	return errors.Is(err, catalog.ErrDamaged)
}
