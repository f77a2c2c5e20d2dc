package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/internal/record"
	"firn/internal/sqlite"
)

// A Batch runs rules one after another, each seeing what the ones before it
// did, and makes their effects visible together. It belongs to one goroutine,
// which ends it with Commit or Rollback.
type Batch struct {
	c      *Catalog
	s      *session // nil once the batch has ended
	folder *folder
	next   record.LSN
	now    func() time.Time
	time   int64 // of the newest record, Unix milliseconds
	ran    bool  // a record was folded
	fault  error // the engine failed; nothing but Rollback is left
}

// Begin starts a batch whose first record will be number next. It waits for
// the batch before it; ctx ends that wait and nothing else.
func (c *Catalog) Begin(ctx context.Context, next record.LSN, now func() time.Time) (*Batch, error) {
	w, err := take(ctx, c.writer)
	if err != nil {
		return nil, fmt.Errorf("begin batch: %w", err)
	}
	b, err := c.begin(w, next, now)
	if err != nil {
		c.writer <- w
		return nil, fmt.Errorf("begin batch: %w", err)
	}
	return b, nil
}

func (c *Catalog) begin(w *session, next record.LSN, now func() time.Time) (*Batch, error) {
	c.mu.Lock()
	st, broken := c.state, c.broken
	c.mu.Unlock()
	switch {
	case broken != nil:
		return nil, broken
	case next <= st.LSN:
		return nil, fmt.Errorf("record %d would not be the newest: %d is folded", next, st.LSN)
	}
	if err := w.exec(sqlite.Update); err != nil {
		return nil, err
	}
	return &Batch{c: c, s: w, folder: newFolder(w, c.shapes), next: next, now: now, time: st.time}, nil
}

// Run runs a rule and folds the record it returns. entry is that record as
// the journal is to keep it; without images nothing happened, no number was
// used, and entry has none.
//
// An error that is an [EngineError] means that the batch is lost; it is
// returned even if the rule swallowed it. Any other error is the rule's own,
// or tells what is wrong with its record: the batch is as before and used no
// number.
func (b *Batch) Run(rule func(*Tx) (record.Record, error)) (entry record.Entry, rec record.Record, err error) {
	if b.fault != nil {
		return entry, rec, b.fault
	}
	now := max(b.now().UnixMilli(), b.time)
	tx := &Tx{s: b.s, ctx: context.Background(), lsn: b.next, now: time.UnixMilli(now).UTC(), lock: b.c.lockNow, folder: b.folder}
	rec, err = rule(tx)
	tx.s = nil // it is over, even if the rule kept it
	if err = b.failed(tx.fault, err); err != nil || len(rec.Images) == 0 {
		return entry, rec, err
	}
	if err := unique(rec.Images); err != nil {
		return entry, rec, err
	}
	// A rule cannot write, and fold understands a record before it changes
	// anything. So there is nothing to take back from a rule that refuses,
	// and no need for a savepoint: what fails later is the engine.
	if err := b.failed(nil, b.folder.fold(b.next, rec.Images)); err != nil {
		return entry, rec, err
	}
	entry = record.Entry{LSN: b.next, Time: tx.now, Images: rec.Images}
	if rec.Stores != nil {
		entry.Inline = rec.Stores.Inline()
	}
	b.next++
	b.time = now
	b.ran = true
	return entry, rec, nil
}

// failed remembers an error of the engine. fault is one that a Tx met.
func (b *Batch) failed(fault, err error) error {
	if isEngine(err) {
		b.fault = err
		return err
	}
	if fault != nil {
		b.fault = fault
		return fault
	}
	return err
}

// unique makes sure that a record has one image per key.
func unique(images []record.Image) error {
	if len(images) == 1 {
		return nil
	}
	seen := make(map[record.Key]struct{}, len(images))
	for _, im := range images {
		if _, twice := seen[im.Key]; twice {
			return fmt.Errorf("record has two images of %v", im.Key)
		}
		seen[im.Key] = struct{}{}
	}
	return nil
}

// Commit makes the batch visible and p the applied position. p is the end of
// the frame that holds the batch's records.
//
// An error means that nothing is visible, while the records are in the
// journal: the catalog takes no further batch. It is to be closed, opened
// again and folded forward.
func (b *Batch) Commit(p Position) error {
	if b.s == nil {
		return errors.New("commit: batch has ended")
	}
	st := state{Position: p, time: b.time}
	if err := b.commit(st); err != nil {
		b.c.mu.Lock()
		b.c.broken = fmt.Errorf("commit: %w", err)
		b.c.mu.Unlock()
		return errors.Join(b.c.fault(), b.Rollback())
	}
	b.c.setState(st)
	b.end()
	return nil
}

func (b *Batch) commit(st state) error {
	if b.fault != nil {
		return b.fault
	}
	if b.ran && st.LSN != b.next-1 {
		return fmt.Errorf("position is that of record %d, the batch ends with %d", st.LSN, b.next-1)
	}
	if err := b.folder.flush(); err != nil {
		return err
	}
	if err := b.s.writeState(st); err != nil {
		return err
	}
	return b.s.exec(sqlite.Commit)
}

// Rollback ends the batch as if it had never been. After Commit or Rollback it
// does nothing.
func (b *Batch) Rollback() error {
	if b.s == nil {
		return nil
	}
	err := b.s.rollback()
	b.end()
	return err
}

// end lets the next batch begin.
func (b *Batch) end() {
	s := b.s
	b.s = nil
	b.c.writer <- s
}
