package names

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"firn/internal/disk"
	"firn/internal/sqlite"
)

// A frozen says how far a catalogue can be changed.
type frozen uint8

const (
	thawed frozen = iota // it can
	moved                // others can, and have left a log
	solid                // nobody can
)

// OpenToRead is [Open] for who changes nothing. If the file is there and cannot be written, because it is on a medium that cannot, or is
// somebody else's, it is read as it is: as long as it is open nobody should change it, and what this process would change is refused
// with [ErrReadOnly].
func OpenToRead(ctx context.Context, file string) (*Catalogue, error) {
	c, err := Open(ctx, file)
	if err == nil || !sqlite.Unwritable(sqlite.Code(err)) {
		return c, err
	}
	file, absErr := filepath.Abs(file)
	if absErr != nil {
		return nil, err
	}
	c = &Catalogue{file: file, frozen: solid, changes: sqlite.NewShared(together)}
	if hasLog(file) {
		c.frozen = moved
	}
	switch frozenErr := c.openFrozen(ctx); {
	case frozenErr == nil:
		return c, nil
	case c.frozen == moved && sqlite.Unwritable(sqlite.Code(frozenErr)):
		return nil, errors.Join(fmt.Errorf("open the names in %s: %w, and its last changes are in the file %s-wal beside it, which cannot be read in this place: "+
			"copy both into a folder of your own, and give --names", file, ErrReadOnly, filepath.Base(file)), c.Close())
	default:
		return nil, errors.Join(err, c.Close())
	}
}

// hasLog reports whether changes are in a log beside the file.
func hasLog(file string) bool {
	f, err := disk.OS(filepath.Dir(file)).Open(filepath.Base(file) + "-wal")
	if err != nil {
		return false
	}
	defer f.Close()
	size, err := f.Size()
	return err != nil || size > 0
}

func (c *Catalogue) openFrozen(ctx context.Context) (err error) {
	if c.db, err = c.connectTo(readerPragmas()); err != nil {
		return err
	}
	c.reads = newStatements(c.db)
	s, err := sqlite.Connect(ctx, c.db)
	if err != nil {
		return err
	}
	return errors.Join(format().Check(ctx, s), s.Close())
}

// ofFrozen is Of for what cannot be changed.
func (c *Catalogue) ofFrozen(ctx context.Context, made time.Time) error {
	var noted, is int64
	if _, err := c.row(ctx, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'made'", nil, &noted); err != nil || noted == 0 {
		return err
	}
	var empty bool
	known, err := c.row(ctx, selectMade, nil, &is, &empty)
	if err != nil || !known || empty {
		return err
	}
	return earlier(is, made)
}
