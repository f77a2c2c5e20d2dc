package local

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"firn/internal/catalog"
	"firn/internal/journal"
	"firn/internal/record"
	"firn/internal/store"
)

// A batch ends when it has this many operations, or more than this many
// bytes. The next operation may add a leaf and its images, so the byte limit
// stays well below the journal's own.
const (
	batchOps   = journal.MaxBatchOps
	batchBytes = journal.MaxBatchBytes - 2<<20
)

// idleMark is how long the committer waits without work before it proves the
// last batch with an empty frame.
const idleMark = time.Second

// An operation is one Update on its way through the committer. Whoever called
// Update waits on done; all else belongs to the committer.
type operation struct {
	rule   store.Rule
	done   chan error // buffered, one outcome
	entry  record.Entry
	err    error         // the rule's own
	stores record.Stored // what the rule attached, in this run or an earlier one
	takes  bool          // it did so in this run
	unsure bool          // an earlier run's record may be on the medium
}

// doubt notes that a failed write may have left the operation's record on the
// medium, although it is being refused. What it stores is then not removed: a
// crash could bring the record back.
func (op *operation) doubt(err error) {
	op.unsure = op.unsure || errors.Is(err, journal.ErrUncertain) && op.writes()
}

// settle ends an operation: what its record stores learns whether it is part
// of the store, then the caller gets the outcome.
func (op *operation) settle(err error, durable bool) {
	kept := durable && op.takes
	if op.stores != nil && (kept || !op.unsure) {
		op.stores.Settle(kept)
	}
	op.done <- err
}

// writes reports whether the operation has something for the journal.
func (op *operation) writes() bool { return op.err == nil && len(op.entry.Images) > 0 }

// Update implements [store.Store].
func (s *Store) Update(ctx context.Context, rule store.Rule) error {
	if err := s.writable(); err != nil {
		return err
	}
	op := &operation{rule: s.guarded(rule), done: make(chan error, 1)}
	select {
	case s.queue <- op:
		return <-op.done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		return store.ErrClosed
	}
}

// writable returns why nothing can be written, if so.
func (s *Store) writable() error {
	if why := s.readOnly.Load(); why != nil {
		return fmt.Errorf("%w: %s", store.ErrClosed, *why)
	}
	return nil
}

// guarded turns a panic of the rule into its error: the rules of many callers
// share the committer's goroutine.
func (s *Store) guarded(rule store.Rule) store.Rule {
	return func(tx *catalog.Tx) (rec record.Record, err error) {
		defer func() {
			if p := recover(); p != nil {
				s.log.Error("a rule panicked", "panic", p, "stack", string(debug.Stack()))
				rec, err = record.Record{}, fmt.Errorf("a rule panicked: %v", p)
			}
		}()
		return rule(tx)
	}
}

// commitLoop is the committer: the only goroutine that writes to the journal
// and the catalog. Batches form while the one before is being flushed.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	idle := time.NewTimer(idleMark)
	defer idle.Stop()
	for {
		select {
		case op := <-s.queue:
			s.commitFrom(op)
			idle.Reset(idleMark)
		case <-idle.C:
			s.markIdle()
		case <-s.closing:
			s.drain()
			return
		}
		if s.broken.Load() != nil {
			s.drain()
			return
		}
	}
}

// markIdle proves the last batch, so that a torn tail and rot in it can be
// told apart from then on.
func (s *Store) markIdle() {
	if err := s.journal.Mark(); err != nil {
		// Nothing that was acknowledged depends on it.
		s.log.Warn("the last batch could not be marked as proven", "err", err)
	}
}

// drain refuses what is still waiting. New operations see stopped.
func (s *Store) drain() {
	for {
		select {
		case op := <-s.queue:
			op.settle(store.ErrClosed, false)
		default:
			return
		}
	}
}

// commitFrom commits the operation and whatever else waits.
func (s *Store) commitFrom(first *operation) {
	ops := []*operation{first}
	for len(ops) < batchOps {
		select {
		case op := <-s.queue:
			ops = append(ops, op)
			continue
		default:
		}
		break
	}
	for len(ops) > 0 && s.broken.Load() == nil {
		version := s.catalogVersion()
		n, err := s.commit(ops)
		if err != nil {
			// The batch was withdrawn before anything was written. Perhaps one
			// operation is to blame: each gets one try alone.
			n = len(ops)
			if isDamaged(err) && s.heal(version, err) != nil {
				break
			}
			for _, op := range ops {
				op.doubt(err)
				s.commitAlone(op)
			}
		}
		ops = ops[n:]
	}
	for _, op := range ops {
		op.settle(store.ErrClosed, false)
	}
}

// commitAlone is an operation's second try. If it meets a full disk it is
// given the reserve, unless it stores a payload: the reserve is for those that
// give space back.
func (s *Store) commitAlone(op *operation) {
	if s.broken.Load() != nil {
		op.settle(store.ErrClosed, false)
		return
	}
	for tries := 0; ; tries++ {
		_, err := s.commit([]*operation{op})
		op.doubt(err)
		switch {
		case err == nil:
			return
		case !s.lacksSpace(err):
		case op.stores == nil && s.makeRoom(tries, s.emptyLogBetween):
			continue
		default:
			s.log.Warn("no space left", "err", err)
			err = store.ErrFull
		}
		op.settle(err, false)
		return
	}
}

// emptyLogBetween is emptyLog for the committer between two batches.
func (s *Store) emptyLogBetween() error {
	s.catalogMu.RLock()
	defer s.catalogMu.RUnlock()
	return s.emptyLog()
}

// commit runs operations from the front of ops as one batch and reports how
// many it took. All of those have then been answered. An error means that the
// batch was withdrawn whole: nothing was written, nobody was answered.
func (s *Store) commit(ops []*operation) (int, error) {
	taken, entries, err := s.write(ops)
	var lag *lagError
	switch {
	case errors.As(err, &lag):
		// The records are on the medium; only the view of them is not there.
		s.log.Error("the catalog lags behind the journal; replaying", "err", err)
		if err := s.reopenCatalog(lag.err); err != nil {
			s.fail(fmt.Errorf("replay after a failed commit: %w", err))
		}
	case errors.Is(err, errUnknown):
		s.fail(err)
		s.abandon(ops[:taken])
		return taken, nil
	case err != nil:
		return 0, err
	}
	s.answer(ops[:taken])
	s.afterCommit(entries)
	return taken, nil
}

// A lagError means that a batch is durable, and that the catalog failed to
// commit it.
type lagError struct{ err error }

func (e *lagError) Error() string { return e.err.Error() }
func (e *lagError) Unwrap() error { return e.err }

// errUnknown means that a batch may or may not be on the medium.
var errUnknown = errors.New("the outcome of a write is not known")

// write is commit without the answers. An error other than a lagError and
// errUnknown means that nothing was written.
func (s *Store) write(ops []*operation) (taken int, entries []record.Entry, err error) {
	s.catalogMu.RLock()
	defer s.catalogMu.RUnlock()
	if s.catalog == nil {
		return 0, nil, store.ErrClosed
	}
	if err := s.writable(); err != nil { // since the operations were queued
		return 0, nil, err
	}
	batch, err := s.catalog.Begin(s.ctx, s.journal.Head()+1, s.now)
	if err != nil {
		return 0, nil, fmt.Errorf("begin batch: %w", err)
	}
	taken, entries, err = s.runRules(batch, ops)
	if err != nil || len(entries) == 0 {
		return taken, nil, errors.Join(err, batch.Rollback())
	}
	pos, err := s.journal.Append(entries)
	if err != nil {
		err = errors.Join(fmt.Errorf("append batch: %w", err), batch.Rollback())
		if errors.Is(err, journal.ErrBroken) {
			err = fmt.Errorf("%w: %w", errUnknown, err)
		}
		return taken, nil, err
	}
	if err := batch.Commit(catalog.Position(pos)); err != nil {
		return taken, entries, &lagError{err}
	}
	return taken, entries, nil
}

// runRules runs rules until the batch is full. A rule's refusal is kept with
// its operation: it may rest on an earlier rule of the batch and is told only
// when that is durable.
func (s *Store) runRules(batch *catalog.Batch, ops []*operation) (taken int, entries []record.Entry, err error) {
	var size int64
	for _, op := range ops {
		var rec record.Record
		op.entry, rec, op.err = batch.Run(op.rule)
		if op.takes = rec.Stores != nil; op.takes {
			op.stores = rec.Stores
		}
		var engine *catalog.EngineError
		if errors.As(op.err, &engine) {
			return 0, nil, op.err
		}
		taken++
		if op.writes() {
			entries = append(entries, op.entry)
			size += journal.EntrySize(op.entry)
		}
		if size > batchBytes {
			break
		}
	}
	return taken, entries, nil
}

// answer tells a durable batch's callers.
func (s *Store) answer(ops []*operation) {
	for _, op := range ops {
		op.settle(op.err, op.writes())
	}
}

// abandon answers callers whose records may or may not be on the medium, and
// those whose refusal may rest on such a record. Payloads that may have been
// recorded are left as they are: the next start decides.
func (s *Store) abandon(ops []*operation) {
	for _, op := range ops {
		if op.writes() {
			op.done <- store.ErrClosed
			continue
		}
		op.settle(store.ErrClosed, false)
	}
}

// afterCommit hands what a batch has ended to the reclaimer.
func (s *Store) afterCommit(entries []record.Entry) {
	for _, e := range entries {
		for _, im := range e.Images {
			if im.Key.Kind == record.KindPayload && im.Tombstone() {
				s.reclaim.doomed(im.Key.A)
			}
		}
	}
}

// fail stops the store: the state on the medium is not known, and nothing may
// be promised on top of it.
func (s *Store) fail(err error) {
	if s.broken.CompareAndSwap(nil, &err) {
		s.log.Error("the store stops", "err", err)
	}
}

// isFull reports whether an error means that some part of the store found no
// space.
func isFull(err error) bool {
	return errors.Is(err, journal.ErrFull) || errors.Is(err, catalog.ErrFull) || errors.Is(err, store.ErrFull)
}

// lacksSpace reports whether an error means, or under these circumstances
// must mean, that there is no space.
func (s *Store) lacksSpace(err error) bool {
	var engine *catalog.EngineError
	return isFull(err) || errors.As(err, &engine) && !isDamaged(err) && s.space.exhausted()
}
