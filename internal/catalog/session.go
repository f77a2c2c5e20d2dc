package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A session is one connection with its prepared statements. It belongs to
// whoever took it from the catalog's channel, until it is put back.
//
// Statements never run under a caller's context: cancelling one would roll
// back the work of everybody in the same transaction, and the driver would
// give the connection up. They are short instead.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// connect opens a connection and sees to its end in closeAll.
func (c *Catalog) connect(path string, pragmas []string) (*session, error) {
	dsn := dsn(path, pragmas)
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, engine("connect", err)
	}
	c.close = append(c.close, db.Close)
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, engine("connect", err)
	}
	s := &session{conn: conn, stmts: map[string]*sql.Stmt{}}
	c.close = append(c.close, s.close)
	return s, nil
}

func (s *session) close() error {
	var err error
	for _, stmt := range s.stmts {
		err = errors.Join(err, stmt.Close())
	}
	return errors.Join(err, s.conn.Close())
}

// stmt returns the prepared form of a statement. The statements are constants
// and those of the shapes, so there is a bound on how many are kept.
func (s *session) stmt(q string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[q]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, engine(q, err)
	}
	s.stmts[q] = stmt
	return stmt, nil
}

// exec runs a statement without rows.
func (s *session) exec(q string, args ...any) error {
	stmt, err := s.stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(context.Background(), args...)
	return engine(q, err)
}

// script runs several statements, or one that is not worth keeping.
func (s *session) script(q string) error {
	_, err := s.conn.ExecContext(context.Background(), q)
	return engine(q, err)
}

// query runs a statement with rows, which the caller closes.
func (s *session) query(q string, args ...any) (*sql.Rows, error) {
	stmt, err := s.stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, engine(q, err)
	}
	return rows, nil
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
	if err := s.exec(commit); err != nil {
		return err
	}
	done = true
	return nil
}

// rollback ends a transaction, if there still is one: after some errors the
// engine has rolled back by itself and knows of none, which is as good.
func (s *session) rollback() error {
	err := s.exec(rollback)
	if err != nil && !noTransaction(err) {
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
