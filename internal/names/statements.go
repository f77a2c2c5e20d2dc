package names

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

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
