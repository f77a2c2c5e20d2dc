package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"firn/internal/sqlite"
)

// A session is one connection with its prepared statements. It belongs to
// whoever took it from the catalog's channel, until it is put back. Its errors are
// those of an engine.
type session struct{ *sqlite.Conn }

// connect opens a connection and sees to its end in closeAll.
func (c *Catalog) connect(path string, pragmas []string) (*session, error) {
	db, err := sqlite.Open(path, pragmas)
	if err != nil {
		return nil, engine("connect", err)
	}
	c.close = append(c.close, db.Close)
	db.SetMaxOpenConns(1)
	conn, err := sqlite.Connect(context.Background(), db)
	if err != nil {
		return nil, engine("connect", err)
	}
	c.close = append(c.close, conn.Close)
	return &session{conn}, nil
}

// exec runs a statement without rows.
func (s *session) exec(q string, args ...any) error {
	_, err := s.Exec(q, args...)
	return engine(q, err)
}

// script runs several statements, or one that is not worth keeping.
func (s *session) script(q string) error {
	_, err := s.Script(context.Background(), q)
	return engine(q, err)
}

// query runs a statement with rows, which the caller closes.
func (s *session) query(q string, args ...any) (*sql.Rows, error) {
	rows, err := s.Query(q, args...)
	return rows, engine(q, err)
}

// each runs a statement and calls fn for each of its rows. fn's error ends it
// and is returned as it is.
func (s *session) each(q string, args []any, fn func(rows *sql.Rows) error) error {
	rows, err := s.query(q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return engine(q, errors.Join(rows.Err(), rows.Close()))
}

// row scans the first row of a statement, if there is one.
func (s *session) row(q string, args []any, dest ...any) (ok bool, err error) {
	rows, err := s.query(q, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return false, undecodable(q, err)
		}
		ok = true
	}
	return ok, engine(q, errors.Join(rows.Err(), rows.Close()))
}

// within runs fn in a transaction of its own. fn's error is handed through as
// it is.
func (s *session) within(begin string, fn func() error) (err error) {
	if err := s.exec(begin); err != nil {
		return err
	}
	done := false
	defer func() { // also when fn panics: a server may survive that
		if done {
			return
		}
		if failed := s.rollback(); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	if err := s.exec(sqlite.Commit); err != nil {
		return err
	}
	done = true
	return nil
}

// rollback ends a transaction, if there still is one: after some errors the
// engine has rolled back by itself and knows of none, which is as good.
func (s *session) rollback() error {
	err := s.exec(sqlite.Rollback)
	if err != nil && !sqlite.NoTransaction(err) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// take waits for a free session.
func take(ctx context.Context, free chan *session) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s := <-free:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
