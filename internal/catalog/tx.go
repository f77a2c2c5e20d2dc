package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"fmt"
	"time"

	"firn/internal/record"
	"firn/internal/sqlite"
)

// A Tx is one consistent look at the catalog. Inside an update it sees what
// the rules before it in the same batch have done. It is good for the call it
// was handed to, on that goroutine only.
//
// Lookups that find nothing return ok false and no error. Lists return at
// most limit rows in the order they name.
type Tx struct {
	s      *session
	ctx    context.Context // a view ends between statements when it does
	lsn    record.LSN
	now    time.Time
	lock   func() time.Time // the lock clock
	folder *folder          // of the batch, nil in a view
	fault  error            // the first failure of the engine
}

// LSN is the number that the record of an update will have, and so the id of
// what it creates. In a view it is the newest record the view can see.
func (tx *Tx) LSN() record.LSN { return tx.lsn }

// Now is the instant of an update's record: whole milliseconds, never before
// the record before it. In a view it is the present, never before the newest
// record.
func (tx *Tx) Now() time.Time { return tx.now }

// Updating reports whether the look is a rule's, whose batch may still come to
// nothing.
func (tx *Tx) Updating() bool { return tx.folder != nil }

// LockNow is the present by the lock clock, in whole milliseconds. Nobody can
// set that clock: what is to be kept for a time is kept by it.
func (tx *Tx) LockNow() time.Time { return time.UnixMilli(tx.lock().UnixMilli()).UTC() }

// Random returns 64 unpredictable bits.
func (tx *Tx) Random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// View runs look on everything committed so far, for as long as look runs.
// look's error is handed through. ctx ends the wait for a free reader, and the
// view between two lookups. A view that lasts keeps the log from being emptied.
func (c *Catalog) View(ctx context.Context, look func(*Tx) error) error {
	return c.read(ctx, func(s *session) error {
		return s.within(sqlite.View, func() error {
			// The first statement fixes what the view sees.
			st, err := s.readState()
			if err != nil {
				return err
			}
			now := max(c.now().UnixMilli(), st.time)
			tx := &Tx{s: s, ctx: ctx, lsn: st.LSN, now: time.UnixMilli(now).UTC(), lock: c.lockNow}
			err = look(tx)
			tx.s = nil
			if tx.fault != nil && !isEngine(err) {
				return tx.fault
			}
			return err
		})
	})
}

// read hands fn a free reader.
func (c *Catalog) read(ctx context.Context, fn func(*session) error) error {
	s, err := take(ctx, c.readers)
	if err != nil {
		return err
	}
	defer func() { c.readers <- s }()
	return fn(s)
}

// each, row: as the session's, and the engine's failures are remembered.

func (tx *Tx) each(q string, args []any, fn func(*sql.Rows) error) error {
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	return tx.note(tx.s.each(q, args, fn))
}

func (tx *Tx) row(q string, args []any, dest ...any) (bool, error) {
	if err := tx.ctx.Err(); err != nil {
		return false, err
	}
	ok, err := tx.s.row(q, args, dest...)
	return ok, tx.note(err)
}

func (tx *Tx) note(err error) error {
	if err != nil && tx.fault == nil && isEngine(err) {
		tx.fault = err
	}
	return err
}

// one returns the entity in the first row of a statement that selects images.
func one[E any, P entity[E]](tx *Tx, q string, args ...any) (e E, ok bool, err error) {
	var body []byte
	ok, err = tx.row(q, args, &body)
	if err != nil || !ok {
		return e, false, err
	}
	if err := record.Decode(body, P(&e)); err != nil {
		return e, false, tx.note(undecodable(q, err))
	}
	return e, true, nil
}

// list returns the entities in the rows of a statement that selects images.
// The limit is the statement's last argument.
func list[E any, P entity[E]](tx *Tx, limit int, q string, args ...any) ([]E, error) {
	if limit <= 0 {
		return nil, nil
	}
	var out []E
	err := tx.each(q, append(args, int64(limit)), func(rows *sql.Rows) error {
		var body sql.RawBytes // Decode keeps none of it
		if err := rows.Scan(&body); err != nil {
			return undecodable(q, err)
		}
		var e E
		if err := record.Decode(body, P(&e)); err != nil {
			return undecodable(q, err)
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// number returns the one number that a statement yields.
func (tx *Tx) number(q string, args ...any) (int64, error) {
	var n int64
	ok, err := tx.row(q, args, &n)
	if err == nil && !ok {
		err = tx.note(undecodable(q, fmt.Errorf("no row")))
	}
	return n, err
}
