package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A Conn is a connection with its prepared statements. It is for one goroutine at
// a time.
//
// Prepared statements never run under a caller's context: a transaction of several callers
// would end with the first who lost patience, and the driver would give the
// connection up.
type Conn struct {
	*sql.Conn
	stmts map[string]*sql.Stmt
}

// Connect takes a connection, which the caller closes.
func Connect(ctx context.Context, db *sql.DB) (*Conn, error) {
	var conn *sql.Conn
	err := patiently(ctx, func() (err error) {
		conn, err = db.Conn(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// patience is how long a connection is tried for.
const patience = time.Minute

// patiently repeats what a busy file refused at once: when two processes make the
// same database, SQLite does not wait by itself.
func patiently(ctx context.Context, do func() error) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		err := do()
		if !Busy(Code(err)) {
			return err
		}
		select {
		case <-wait.Done():
			return err
		case <-pause.C:
		}
	}
}

// Close closes the statements and the connection.
func (c *Conn) Close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}

// Stmt returns the prepared form of a statement, which the Conn keeps: those that
// it is called with should be constants.
func (c *Conn) Stmt(q string) (*sql.Stmt, error) {
	if stmt, ok := c.stmts[q]; ok {
		return stmt, nil
	}
	stmt, err := c.Conn.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	c.stmts[q] = stmt
	return stmt, nil
}

// Exec runs a prepared statement, and returns how many rows it has changed.
func (c *Conn) Exec(q string, args ...any) (int64, error) {
	stmt, err := c.Stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Row scans the only row of a prepared statement, if there is one.
func (c *Conn) Row(q string, args []any, dest ...any) (ok bool, err error) {
	stmt, err := c.Stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return false, err
	}
	err = stmt.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Query runs a prepared statement with rows, which the caller closes.
func (c *Conn) Query(q string, args ...any) (*sql.Rows, error) {
	stmt, err := c.Stmt(q) //nolint:sqlclosecheck // it is kept for the next time
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.Background(), args...)
}

// Script runs several statements, or one that is not worth keeping or may take
// long: it ends with the context, and a transaction with it.
func (c *Conn) Script(ctx context.Context, q string, args ...any) (int64, error) {
	result, err := c.Conn.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Within runs fn in a transaction, and undoes what it did if it fails. The context
// is that of the wait for it.
func (c *Conn) Within(ctx context.Context, begin string, fn func() error) error {
	if _, err := c.Script(ctx, begin); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		_, err = c.Script(context.Background(), Commit)
	}
	if err != nil {
		_, _ = c.Script(context.Background(), Rollback) // after some errors the engine has done so itself
	}
	return err
}
