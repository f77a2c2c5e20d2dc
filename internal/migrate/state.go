package migrate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/disk"
	"firn/internal/price"
	"firn/internal/sqlite"
	"firn/treehash"
)

var (
	// ErrNewer means that a newer Firn made the state, and that this one would
	// misread it.
	ErrNewer = sqlite.ErrNewer
	// ErrForeign means that the file is no state of a migration.
	ErrForeign = errors.New("it is not a migration of firn's")
	// ErrOther means that the state is that of another migration.
	ErrOther = errors.New("it is another migration")
	// ErrBusy means that another process is at work on the migration.
	ErrBusy = errors.New("another firn is at work on this migration: wait for its end, or stop it")
	// ErrDamaged means that the file is not what was once written.
	ErrDamaged = errors.New("it is damaged; move it away to begin anew: archives that have arrived with their old ids are not copied again")
)

// A Stage is how far an archive is. The numbers are part of the format.
type Stage int

// The stages.
const (
	Waiting Stage = iota // for its turn
	Asking               // a retrieval is being begun, or was when the program ended
	Asked                // its job is under way
	Ready                // its job is done, and it is, or will be, copied
	Copied               // it has arrived
	Failed               // and will be tried again by the next run
	stages
)

// An Archive is one that is to move.
type Archive struct {
	N           int64 // place in the inventory, from 1
	ID          glacier.ArchiveID
	Description string
	Created     string // as the inventory has it
	Size        int64
	Tree        treehash.Hash

	Stage Stage
	Asks  int64 // retrievals that were begun
	Job   glacier.JobID

	Upload  glacier.UploadID // into the target, if one was begun
	Part    int64            // its part size
	Imports bool             // it keeps the id, or tries to
	Begun   bool             // a request was begun that may have brought all of it

	NewID   glacier.ArchiveID // in the target; "" if it is the old one, or not there yet
	Failure string
}

// A State is what is known of a migration: a file of SQLite. Its methods may be
// called concurrently; a change that was reported as made survives a power cut.
type State struct {
	file  string
	db    *sql.DB // writes
	reads *sql.DB

	changes *sqlite.Shared[*sql.DB, *sql.Tx]
}

// OpenState opens the state in a file, and makes the file and its folder if
// there is none.
func OpenState(ctx context.Context, file string) (*State, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("open the migration in %s: %w", file, err)
	}
	s := &State{file: file, changes: sqlite.NewShared(within)}
	if err := sqlite.Make(file); err != nil {
		return nil, s.explain("open", err)
	}
	if s.db, err = sqlite.Open(file, pragmas()); err != nil {
		return nil, s.explain("open", err)
	}
	s.db.SetMaxOpenConns(1)
	if s.reads, err = sqlite.Open(file, pragmas()); err != nil {
		return nil, s.explain("open", errors.Join(err, s.db.Close()))
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	if err := settle(ctx, s.db); err != nil {
		return nil, errors.Join(s.explain("open", err), s.Close())
	}
	s.changes.Turn <- s.db
	return s, nil
}

// readers is how many reads there are at a time. They wait for nobody.
const readers = 2

// Exists reports whether there is a state in a file.
func Exists(file string) (bool, error) {
	there, err := disk.Exists(disk.OS(filepath.Dir(file)), filepath.Base(file))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return there, err
}

// Close closes the state.
func (s *State) Close() error { return errors.Join(s.reads.Close(), s.db.Close()) }

// File is the name of its file.
func (s *State) File() string { return s.file }

// Lock keeps others from running the migration until it is closed.
func (s *State) Lock() (io.Closer, error) {
	held, err := disk.OS(filepath.Dir(s.file)).Lock(filepath.Base(s.file) + ".lock")
	if errors.Is(err, disk.ErrLocked) {
		return nil, ErrBusy
	}
	return held, err
}

// A Bond is the two vaults that a migration is between, as they can be told
// apart from all others.
type Bond struct{ Source, Target string }

// Bind makes the state that of a migration, the first time, and makes sure of it
// later.
func (s *State) Bind(b Bond) error {
	return s.update("bind", func(tx *sql.Tx) error {
		var is Bond
		err := tx.QueryRow("SELECT source, target FROM migration").Scan(&is.Source, &is.Target)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.Exec("INSERT INTO migration VALUES (1, ?, ?, ?, ?, '', 0, 0, '', 0, 0, 0, 0)",
				b.Source, b.Target, strings.ToLower(rand.Text()[:16]), time.Now().UnixMilli())
			return err
		case err == nil && is != b:
			return fmt.Errorf("%w, from %s to %s", ErrOther, is.Source, is.Target)
		}
		return err
	})
}

// About is what is known of a migration as a whole.
type About struct {
	Bond
	Token         string // begins the descriptions of its jobs
	InventoryJob  glacier.JobID
	InventoryAsks int64       // inventories that were asked for
	Listed        bool        // the inventory was read to its end
	InventoryDate string      // of the inventory
	Renews        bool        // the target is known not to keep ids
	Spent         price.Money // on retrievals, as far as they were begun
	Asks          int64       // retrievals that were begun
	NextAsk       int64       // Unix ms, not before which the pace allows another
	Totals        [stages]Total
}

// A Total is how many archives are at a stage.
type Total struct{ Archives, Bytes int64 }

// All is the total of all archives.
func (a *About) All() (t Total) {
	for _, x := range a.Totals {
		t.Archives += x.Archives
		t.Bytes += x.Bytes
	}
	return t
}

// About returns what is known of the migration.
func (s *State) About() (a About, err error) {
	err = s.look(func(tx *sql.Tx) error {
		err := tx.QueryRow("SELECT source, target, token, inventory_job, inventory_asks, listed, inventory_date, renews, spent, asks, next_ask FROM migration").
			Scan(&a.Source, &a.Target, &a.Token, &a.InventoryJob, &a.InventoryAsks, &a.Listed, &a.InventoryDate, &a.Renews, &a.Spent, &a.Asks, &a.NextAsk)
		if err != nil {
			return err
		}
		a.Totals, err = totals(tx.Query("SELECT stage, archives, bytes FROM totals"))
		return err
	})
	return a, err
}

// update runs fn in a transaction, as [sqlite.Shared] does: it may run more than
// once.
func (s *State) update(doing string, fn func(tx *sql.Tx) error) error {
	return s.explain(doing, s.changes.Do(context.Background(), fn))
}

// look runs fn on what the State is at one moment.
func (s *State) look(fn func(tx *sql.Tx) error) error {
	tx, err := s.reads.Begin()
	if err == nil {
		err = errors.Join(fn(tx), tx.Rollback())
	}
	return s.explain("read", err)
}

// within makes changes in one transaction.
func within(db *sql.DB, all []func(*sql.Tx) error) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	for _, fn := range all {
		if err := fn(tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (s *State) explain(doing string, err error) error {
	if errors.Is(err, sqlite.ErrDamaged) || sqlite.Damaged(sqlite.Code(err)) {
		err = fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	if err != nil {
		err = fmt.Errorf("%s the migration in %s: %w", doing, s.file, err)
	}
	return err
}

// hashOf is what an id is found by.
func hashOf(id glacier.ArchiveID) int64 {
	sum := sha256.Sum256([]byte(id))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}
