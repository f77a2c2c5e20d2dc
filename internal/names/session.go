package names

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A session is a connection that writes, with its prepared statements. Changes never run under a caller's context: a change of several
// callers would end with the first who lost patience. It is for one goroutine at a time.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func connect(ctx context.Context, db *sql.DB) (*session, error) {
	var conn *sql.Conn
	err := patiently(ctx, func() (err error) {
		conn, err = db.Conn(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (s *session) close() error {
	var errs []error
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// stmt returns the prepared form of a statement. Statements are constants, so there is a bound on how many are kept.
func (s *session) stmt(q string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[q]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	s.stmts[q] = stmt
	return stmt, nil
}

func (s *session) exec(q string, args ...any) (rows int64, err error) {
	stmt, err := s.stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// script runs several statements, or one that is not worth keeping.
func (s *session) script(ctx context.Context, q string) error {
	_, err := s.conn.ExecContext(ctx, q)
	return err
}

// row scans the only row of a statement, if there is one.
func (s *session) row(q string, args []any, dest ...any) (ok bool, err error) {
	stmt, err := s.stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return false, err
	}
	err = stmt.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// within runs fn in a transaction of its own.
func (s *session) within(ctx context.Context, fn func() error) error {
	if err := s.script(ctx, beginUpdate); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = s.script(context.Background(), commit)
	}
	if err != nil {
		_ = s.script(context.Background(), rollback) // after some errors the engine has done so itself
	}
	return err
}

// statements are those of the readers, prepared once.
type statements struct {
	db *sql.DB
	mu sync.Mutex
	by map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements { return &statements{db: db, by: map[string]*sql.Stmt{}} }

func (l *statements) get(ctx context.Context, q string) (*sql.Stmt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if stmt, ok := l.by[q]; ok {
		return stmt, nil
	}
	stmt, err := l.db.PrepareContext(ctx, q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return nil, err
	}
	l.by[q] = stmt
	return stmt, nil
}

func (l *statements) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, stmt := range l.by {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}
