package local

import "errors"

// A Condition is what a store takes, and what it has noticed.
type Condition struct {
	Segments     int   // of the journal
	SegmentBytes int64 // of their frames
	Damage       int   // places in the journal that are not as they were written
	Catalog      int64 // bytes of the catalog's files
	Reserve      int64 // bytes to be held back
	Held         int64 // bytes that are
	Quarantined  int   // files
}

// Condition says how the store stands, beside Ready and ClockSteady. It lists
// two directories, and reads nothing. After an error the rest is still right.
func (s *Store) Condition() (Condition, error) {
	var c Condition
	for _, seg := range s.journal.Segments() {
		c.Segments++
		c.SegmentBytes += seg.Bytes
	}
	c.Damage = len(s.journal.Damage())
	s.space.mu.Lock()
	c.Reserve, c.Held = s.space.reserve, s.space.held
	s.space.mu.Unlock()
	files, err := s.fs.ReadDir(catalogDir)
	for _, f := range files {
		if !f.Dir {
			c.Catalog += f.Size
		}
	}
	apart, qerr := s.quarantined()
	c.Quarantined = len(apart)
	return c, errors.Join(err, qerr)
}
