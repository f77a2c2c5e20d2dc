package local

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/catalog"
	"firn/internal/journal"
	"firn/internal/record"
)

// foldEntries is how many records a replay folds in one transaction.
const foldEntries = 2000

// recover opens the catalog and the journal and makes them agree. The journal
// is the truth; a catalog that is missing, damaged or of another history is
// made anew from it.
func (s *Store) recover() error {
	if err := s.openCatalog(); err != nil {
		return err
	}
	if err := s.openJournal(); err != nil {
		return err
	}
	for _, d := range s.journal.Damage() {
		s.log.Error("damage in the journal", "damage", d)
	}
	err := s.replay()
	if errors.Is(err, journal.ErrHistory) || isDamaged(err) {
		s.log.Warn("the catalog does not fit the journal; rebuilding it", "err", err)
		err = s.rebuildCatalog()
	}
	return err
}

// openCatalog opens the catalog, or an empty one in the place of one that
// cannot be used.
func (s *Store) openCatalog() (err error) {
	s.catalog, err = catalog.Open(s.cfg.Catalog, s.ids.pool, catalog.Options{Now: s.now})
	if errors.Is(err, catalog.ErrForeign) || errors.Is(err, catalog.ErrDamaged) {
		s.log.Warn("the catalog cannot be used; rebuilding it", "err", err)
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
	s.catalog, err = catalog.Open(s.cfg.Catalog, s.ids.pool, catalog.Options{Now: s.now})
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
	if err := s.freshCatalog(); err != nil {
		return err
	}
	s.journal, err = journal.Open(cfg, journal.Position{})
	return err
}

// rebuildCatalog makes the catalog from the data alone.
func (s *Store) rebuildCatalog() error {
	if err := s.freshCatalog(); err != nil {
		return err
	}
	if err := s.replay(); err != nil {
		return err
	}
	if d := s.lost(); d != nil {
		// Among the lost records there may be deletes; to go on as if there
		// were none could bring back what was deleted.
		s.readOnly = fmt.Sprintf("the store is read-only: the catalog is lost, and so are records of the journal: %v", d)
		s.log.Error(s.readOnly)
	}
	return nil
}

// replay folds what the journal has and the catalog has not.
func (s *Store) replay() error { return replayInto(s.ctx, s.journal, s.catalog) }

// replayInto folds what the journal has and c has not into c.
func replayInto(ctx context.Context, j *journal.Journal, c *catalog.Catalog) error {
	var pending []record.Entry
	var at journal.Position
	flush := func() error {
		if at == (journal.Position{}) {
			return nil
		}
		err := c.Fold(ctx, pending, catalog.Position(at))
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
func (s *Store) reopenCatalog() error {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	s.version++
	s.catalog.Close() // it has failed already
	s.catalog = nil
	if err := s.openCatalog(); err != nil {
		return err
	}
	err := s.replay()
	if errors.Is(err, journal.ErrHistory) || isDamaged(err) {
		err = s.rebuildCatalog()
	}
	return err
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
	if s.version != version {
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
