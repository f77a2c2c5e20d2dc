package sqlite

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrNewer means that a newer Firn made the file, and that this one would
	// misread it.
	ErrNewer = errors.New("a newer firn made it")
	// ErrDamaged means that the file is not what was once written.
	ErrDamaged = errors.New("it is damaged")
)

// A Format is what a database says that it is.
type Format struct {
	Application int64 // whose files it is
	Version     int64 // from 1
	Schema      string
	Foreign     error // what a file is that is none of these
}

// Settle gives an empty database the tables, and makes sure that any other is of
// the format. The error is ErrNewer, ErrDamaged, f.Foreign or the engine's.
func (f Format) Settle(ctx context.Context, c *Conn) error {
	whose, made, _, err := c.identity(ctx)
	if err == nil && (whose != f.Application || made != f.Version) {
		// Only in a transaction it is sure that nobody is making it at this moment.
		err = c.Within(ctx, Update, func() (err error) {
			var tables int64
			whose, made, tables, err = c.identity(ctx)
			if err != nil || tables > 0 || whose != 0 || made != 0 {
				return err
			}
			whose, made = f.Application, f.Version
			_, err = c.Script(ctx, fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", f.Schema, f.Application, f.Version))
			return err
		})
	}
	if err != nil {
		return err
	}
	return f.known(whose, made)
}

// Check makes sure that a database is of the format, and changes nothing. The errors
// are those of Settle.
func (f Format) Check(ctx context.Context, c *Conn) error {
	whose, made, _, err := c.identity(ctx)
	if err != nil {
		return err
	}
	return f.known(whose, made)
}

func (f Format) known(whose, made int64) error {
	switch {
	case whose != f.Application:
		return f.Foreign
	case made > f.Version:
		return ErrNewer
	case made < f.Version:
		return fmt.Errorf("%w: the version is %d", ErrDamaged, made)
	}
	return nil
}

func (c *Conn) identity(ctx context.Context) (whose, made, tables int64, err error) {
	for q, to := range map[string]*int64{
		"PRAGMA application_id":              &whose,
		"PRAGMA user_version":                &made,
		"SELECT COUNT(*) FROM sqlite_schema": &tables,
	} {
		if err := c.Conn.QueryRowContext(ctx, q).Scan(to); err != nil {
			return 0, 0, 0, err
		}
	}
	return whose, made, tables, nil
}
