package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/journal"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// A Report is what Check found.
type Report struct {
	Archives int64     `json:"archives"` // looked at
	Payloads int64     `json:"payloads"`
	Bytes    int64     `json:"bytes"`    // of payloads
	Damaged  []Damaged `json:"damaged"`  // archives that cannot be read back whole
	Problems []string  `json:"problems"` // everything else that is not as it should be

	LockClock LockClock `json:"lock_clock"`
	Locks     []Locked  `json:"locks"`
}

// A LockClock says where the lock clock stands, as a start would make it now.
// A machine's clock that was moved shows here; that is no damage.
type LockClock struct {
	Skew    int64     `json:"skew_seconds"`            // the machine's clock is ahead by that; behind, if negative
	Absence int64     `json:"absence_counted_seconds"` // since Born
	Born    time.Time `json:"born"`                    // the store's first start with a lock clock, by that clock
}

// Damaged names an archive that cannot be read back whole.
type Damaged struct {
	Account glacier.AccountID `json:"account"`
	Vault   glacier.VaultName `json:"vault"`
	Archive glacier.ArchiveID `json:"archive"`
	Size    int64             `json:"size"`
	Why     string            `json:"why"`
}

// Clean reports whether nothing was found.
func (r *Report) Clean() bool { return len(r.Damaged) == 0 && len(r.Problems) == 0 }

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// CheckOptions say how hard to look.
type CheckOptions struct {
	// Deep reads every payload and compares each leaf's SHA-256 and each tree
	// hash with the records. Without it the records, the journal's and the
	// payload files' own structure are checked.
	Deep bool
	// Progress, if not nil, is told what has been looked at so far.
	Progress func(payloads, bytes int64)
}

// Check verifies the store in a directory that no server has open, after the
// same recovery that a start makes. It repairs nothing. Its error means that
// the check could not be made; what it found is in the report.
func Check(ctx context.Context, cfg Config, opt CheckOptions) (*Report, error) {
	s, err := openIdle(cfg)
	if err != nil {
		return nil, err
	}
	defer s.cancel()
	c := &checker{s: s, opt: opt, bad: make(map[uint64]error), report: &Report{Damaged: []Damaged{}, Problems: []string{}, Locks: []Locked{}}}
	c.report.LockClock = s.lockClock.stands()
	err = c.run(ctx)
	return c.report, errors.Join(err, s.closeFiles())
}

// A checker is one run of Check.
type checker struct {
	s      *Store
	opt    CheckOptions
	report *Report
	bad    map[uint64]error // payloads that something is wrong with, until an archive claims them
}

func (c *checker) run(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"catalog", c.catalog},
		{"journal", c.journal},
		{"records", c.records},
		{"figures", c.figures},
		{"payloads", c.payloads},
		{"archives", c.archives},
		{"locks", c.locks},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("check %s: %w", step.name, err)
		}
	}
	return nil
}

// catalog has SQLite look at its own file.
func (c *checker) catalog(ctx context.Context) error {
	if err := c.s.catalog.Integrity(ctx); err != nil {
		c.report.problem("catalog: %v (firn rebuild makes it anew)", err)
	}
	return nil
}

// journal re-reads every frame.
func (c *checker) journal(ctx context.Context) error {
	if why := c.s.readOnly.Load(); why != nil {
		c.report.problem("journal: %s", *why)
	}
	return c.s.journal.Verify(ctx, func(d journal.Damage) { c.report.problem("journal: %v", d) })
}

// records compares the catalog with one made from the journal alone: the
// newest image of every key is the catalog's row, and no row is without one.
func (c *checker) records(ctx context.Context) error {
	path := c.s.cfg.Catalog + ".check"
	if err := catalog.Remove(path); err != nil { // of a check that was killed
		return err
	}
	fresh, err := catalog.Open(path, c.s.ids.pool, catalog.Options{Now: c.s.now, LockNow: c.s.LockNow})
	if err != nil {
		return err
	}
	err = replayInto(ctx, c.s.journal, fresh, func(p journal.Position) catalog.Position { return catalog.Position(p) })
	if err == nil {
		err = catalog.Compare(ctx, c.s.catalog, fresh, func(k record.Key, what string) {
			c.report.problem("catalog: %v %s", k, what)
		})
	}
	return errors.Join(err, fresh.Close(), catalog.Remove(path))
}

// figures recounts.
func (c *checker) figures(ctx context.Context) error {
	wrong, err := c.s.catalog.Miscounts(ctx)
	for _, w := range wrong {
		c.report.problem("catalog: vault %d counts %d archives of %d bytes; there are %d of %d",
			w.Vault, w.Have.Archives, w.Have.Bytes, w.Want.Archives, w.Want.Bytes)
	}
	return err
}

// payloads opens every payload there is a row for, and reads it if the check
// is deep. What is wrong with one is told with the archive it belongs to.
func (c *checker) payloads(ctx context.Context) error {
	for after := uint64(0); ; {
		page, err := c.s.catalog.Payloads(ctx, after, sweepPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			if err := c.payload(ctx, p); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				c.bad[p.ID] = err
			}
			c.report.Payloads++
			c.report.Bytes += p.Size
			if c.opt.Progress != nil {
				c.opt.Progress(c.report.Payloads, c.report.Bytes)
			}
			after = p.ID
		}
	}
}

// payload returns what is wrong with a payload.
func (c *checker) payload(ctx context.Context, p record.Payload) error {
	r, err := c.s.OpenPayload(ctx, payload.Ref{ID: p.ID, LSN: p.LSN, Size: p.Size})
	if err != nil {
		return err
	}
	defer r.Close()
	in, inline := r.(*inlineReader)
	switch {
	case !c.opt.Deep:
		return nil
	case !inline:
		return payload.Check(ctx, r, p.TreeHash)
	}
	hashes, err := in.Hashes(0, 1) // computed, not stored
	if err == nil && hashes[0] != p.TreeHash {
		err = &payload.DamageError{Payload: p.ID, What: "its bytes are not those that its record names"}
	}
	return err
}

// archives looks at what every archive is made of, and names the damaged.
func (c *checker) archives(ctx context.Context) error {
	err := c.s.eachVault(ctx, func(v record.Vault) error {
		return c.s.eachArchive(ctx, v.ID, func(a record.Archive) error {
			why, err := c.archive(ctx, a)
			if why != nil {
				c.report.Damaged = append(c.report.Damaged, Damaged{
					Account: v.Account, Vault: v.Name, Archive: a.Public, Size: a.Size, Why: why.Error(),
				})
			}
			c.report.Archives++
			return err
		})
	})
	for id, why := range c.bad {
		c.report.problem("payload %d, which belongs to no archive: %v", id, why)
	}
	slices.Sort(c.report.Problems)
	return err
}

// archive returns what is wrong with an archive.
func (c *checker) archive(ctx context.Context, a record.Archive) (why, err error) {
	var size int64
	nodes := make([]treehash.Hash, len(a.Pieces))
	for i, p := range a.Pieces {
		size += p.Size
		nodes[i] = p.TreeHash
		bad, err := c.piece(ctx, p)
		if err != nil {
			return nil, err
		}
		if bad != nil && why == nil {
			why = fmt.Errorf("piece %d of %d: %w", i+1, len(a.Pieces), bad)
		}
	}
	switch {
	case why != nil:
		return why, nil
	case size != a.Size:
		return fmt.Errorf("its pieces have %d bytes, not %d", size, a.Size), nil
	case treehash.Root(nodes) != a.TreeHash:
		return errors.New("the hashes of its pieces do not make its tree hash"), nil
	}
	return nil, nil
}

// piece returns what is wrong with a piece of an archive.
func (c *checker) piece(ctx context.Context, p record.Piece) (why, err error) {
	if why, bad := c.bad[p.Payload]; bad {
		delete(c.bad, p.Payload)
		return why, nil
	}
	var row record.Payload
	var ok bool
	err = c.s.View(ctx, func(tx *catalog.Tx) (err error) {
		row, ok, err = tx.Payload(p.Payload)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return fmt.Errorf("payload %d is not in the catalog", p.Payload), nil
	case row.Size != p.Size || row.LSN != p.LSN || row.TreeHash != p.TreeHash:
		return fmt.Errorf("payload %d is another than the archive's", p.Payload), nil
	}
	return nil, nil
}

// eachVault calls do for every vault.
func (s *Store) eachVault(ctx context.Context, do func(record.Vault) error) error {
	for after := uint64(0); ; {
		var page []record.Vault
		err := s.View(ctx, func(tx *catalog.Tx) (err error) {
			page, err = tx.AllVaults(after, sweepPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, v := range page {
			if err := do(v); err != nil {
				return err
			}
			after = v.ID
		}
	}
}

// eachArchive calls do for every archive of a vault.
func (s *Store) eachArchive(ctx context.Context, vault uint64, do func(record.Archive) error) error {
	for after := uint64(0); ; {
		var page []record.Archive
		err := s.View(ctx, func(tx *catalog.Tx) (err error) {
			page, err = tx.Archives(vault, after, uint64(tx.LSN()), sweepPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, a := range page {
			if err := do(a); err != nil {
				return err
			}
			after = a.ID
		}
	}
}

// Rebuild makes the catalog of a store that no server has open from the data
// alone. It refuses if the old catalog knows what the data does not say any
// more, unless cfg says AcceptLoss.
func Rebuild(cfg Config) error {
	s, err := openIdle(cfg)
	if err != nil {
		return err
	}
	defer s.cancel()
	if lost := s.lostAfter(0); lost != nil && s.readOnly.Load() == nil && !cfg.AcceptLoss {
		err = fmt.Errorf("records are lost that only the catalog remembers, so it is kept: %v", lost)
	} else {
		err = s.rebuildCatalog()
	}
	return errors.Join(err, s.closeFiles())
}
