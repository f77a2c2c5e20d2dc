// Package names keeps the catalogue of one vault: which archives are in it, which files are in the archives, and what work is
// unfinished. An archive has no name of its own, so without a catalogue it is one of many ids.
//
// # The file
//
// The catalogue is one SQLite file, by default where [DefaultFile] says, with two more beside it while it is open (-wal and -shm) and
// an empty one by which [Catalogue.Lock] keeps others out (.lock). Folders are made for the user alone, and so is the file. Two
// programs may have it open at once: who wants to write waits for the other. The file system has to be a local one: programs on two
// machines cannot share the file.
//
// # What is promised
//
// A change that was reported as done survives the end of the process and of the power (WAL, synchronous=FULL); a change is there whole
// or not at all. Changes of several goroutines at a time share one flush of the disk. Memory does not grow with the catalogue: lists are
// streamed, and a vault of ten million archives is read, written and compared in some 100 MiB.
//
// # What is not
//
// The catalogue is not the truth: the vault is. It is made anew from an inventory ([Catalogue.Rebuild]) and compared with one
// ([Catalogue.Reconcile]), because the names are in the archives' descriptions, too. Damage is noticed where SQLite notices it.
package names

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"firn/internal/sqlite"
)

// A Catalogue is the open catalogue of a vault. Its methods may be called concurrently. What a list tells may be changed while it is being
// read: a change may then be seen or not; what is not changed is seen once, and nothing twice, unless a file's time is set to an earlier one.
type Catalogue struct {
	file    string // absolute
	memory  bool   // it is none, and has a name like one
	frozen  frozen // whether it can be changed
	db      *sql.DB
	reads   *statements
	writers *sql.DB
	changes *sqlite.Shared[*sqlite.Conn, *transaction]
}

// Open opens the catalogue in a file, and makes the file and its folder if there is none. An empty catalogue belongs to no vault until
// [Catalogue.Bind].
//
// The errors are [ErrNewer], [ErrForeign], [ErrDamaged] (see [SetAside]), [ErrBusy], and whatever keeps a file from being opened.
func Open(ctx context.Context, file string) (*Catalogue, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("open the names in %s: %w", file, err)
	}
	if err := sqlite.Make(file); err != nil {
		return nil, fmt.Errorf("make the file of names: %w", err)
	}
	c := &Catalogue{file: file, changes: sqlite.NewShared(together)}
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(c.explain("open the names", err), c.Close())
	}
	return c, nil
}

// OpenEmpty opens a catalogue of nothing, that is in memory and gone when it is closed: for who only tells what he would do, where [Open] would
// make a file.
func OpenEmpty(ctx context.Context) (*Catalogue, error) {
	c := &Catalogue{changes: sqlite.NewShared(together)}
	c.file = fmt.Sprintf("/empty-%p", c)
	c.memory = true
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(c.explain("open the names", err), c.Close())
	}
	return c, nil
}

// OpenSound opens the catalogue in a file after a look at every page of it, as is due before it is made anew. A damaged one is set aside, and
// a new one made in its place; moved is then where the old one is. What only the old one knew, such as unfinished work and the files in
// bundles, is not in the new one.
func OpenSound(ctx context.Context, file string) (c *Catalogue, moved string, err error) {
	c, err = Open(ctx, file)
	if err == nil {
		if err = c.sound(ctx); err == nil {
			return c, "", nil
		}
		err = errors.Join(err, c.Close())
	}
	if !errors.Is(err, ErrDamaged) {
		return nil, "", err
	}
	if moved, err = SetAside(file, "damaged"); err != nil {
		return nil, "", err
	}
	c, err = Open(ctx, file)
	return c, moved, err
}

// sound has SQLite look at every page.
func (c *Catalogue) sound(ctx context.Context) error {
	var verdict string
	_, err := c.row(ctx, "PRAGMA quick_check(1)", nil, &verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return c.explain("look for damage", err)
}

func (c *Catalogue) open(ctx context.Context) error {
	writers, err := c.connectTo(writerPragmas())
	if err != nil {
		return err
	}
	writers.SetMaxOpenConns(1)
	c.writers = writers
	s, err := sqlite.Connect(ctx, writers)
	if err != nil {
		return err
	}
	c.changes.Turn <- s
	if err := format().Settle(ctx, s); err != nil {
		return err
	}
	if c.db, err = c.connectTo(readerPragmas()); err != nil {
		return err
	}
	c.db.SetMaxIdleConns(idleReaders)
	c.reads = newStatements(c.db)
	return nil
}

// Close closes the catalogue, once nobody uses it any more.
func (c *Catalogue) Close() error {
	var errs []error
	if c.db != nil {
		errs = append(errs, c.reads.close(), c.db.Close())
	}
	select {
	case s := <-c.changes.Turn:
		errs = append(errs, s.Close())
	default:
	}
	if c.writers != nil {
		errs = append(errs, c.writers.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the names in %s: %w", c.file, err)
	}
	return nil
}

// File is the name of the catalogue's file.
func (c *Catalogue) File() string { return c.file }
