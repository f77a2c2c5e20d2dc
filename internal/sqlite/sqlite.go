// Package sqlite is the engine of the databases that Firn keeps in files: how one
// is opened, whose it is, and what the engine's errors mean. It knows of no table.
package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"firn/internal/disk"
)

// Statements that begin and end a transaction. One that changes takes the write
// lock at once, so that it cannot fail for it later.
const (
	Update   = "BEGIN IMMEDIATE"
	View     = "BEGIN"
	Commit   = "COMMIT"
	Rollback = "ROLLBACK"
)

// Open opens the database in a file. Every connection to it has the pragmas.
// Nothing is asked of the file yet.
func Open(file string, pragmas []string) (*sql.DB, error) {
	return open(file, url.Values{"_pragma": pragmas})
}

// OpenMemory is Open for a database in memory, which has a name like a file. It is
// there as long as anybody has a connection to it.
func OpenMemory(name string, pragmas []string) (*sql.DB, error) {
	return open(name, url.Values{"_pragma": pragmas, "vfs": {"memdb"}})
}

// OpenFrozen is Open for a database that is only read. If nobody changes it as long as it
// is open, nor has left a log beside it, immutable saves it locks, and files of its own, so
// that it can be in a place where nothing can be made.
func OpenFrozen(file string, immutable bool, pragmas []string) (*sql.DB, error) {
	query := url.Values{"_pragma": pragmas, "mode": {"ro"}}
	if immutable {
		query.Set("immutable", "1")
	}
	return open(file, query)
}

func open(file string, query url.Values) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: file, RawQuery: query.Encode()}
	return sql.Open("sqlite", u.String())
}

// Pragmas are those that every connection should have. busy is how long one waits
// for another's change.
func Pragmas(cacheKiB int64, busy time.Duration) []string {
	return []string{
		fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()),
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
		"cell_size_check(1)", // finds damage before it is followed
		"foreign_keys(0)",
		"mmap_size(0)", // an I/O error is an error, not a signal
		"trusted_schema(0)",
	}
}

// Make makes an empty file for a database, and its folder, if there is none. Only
// its owner may read it: SQLite would let everybody.
func Make(file string) error {
	dir, err := disk.MakeRoot(filepath.Dir(file))
	if err != nil {
		return err
	}
	name := filepath.Base(file)
	if there, err := disk.Exists(dir, name); there || err != nil {
		return err
	}
	f, err := dir.Create(name)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), dir.SyncDir("."))
}

// Code is the engine's extended code of an error, 0 if it is not the engine's.
func Code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// Damaged reports whether a code says that a file is not what was once written.
func Damaged(code int) bool {
	switch code & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return code == sqlite3.SQLITE_IOERR_SHORT_READ
}

// Full reports whether there was no space left.
func Full(code int) bool { return code&0xff == sqlite3.SQLITE_FULL }

// CodeBusy is the code of a file that somebody else does not let go of.
const CodeBusy = sqlite3.SQLITE_BUSY

// Busy reports whether another has what was wanted.
func Busy(code int) bool {
	return code&0xff == CodeBusy || code&0xff == sqlite3.SQLITE_LOCKED
}

// Unwritable reports whether a file, or its folder, cannot be written.
func Unwritable(code int) bool {
	return code&0xff == sqlite3.SQLITE_READONLY || code&0xff == sqlite3.SQLITE_CANTOPEN
}

// Interrupted reports whether a context has ended a statement.
func Interrupted(code int) bool { return code&0xff == sqlite3.SQLITE_INTERRUPT }

// Senseless reports whether a statement did not fit the tables that there are.
func Senseless(code int) bool { return code == sqlite3.SQLITE_ERROR }

// NoTransaction knows the answer to a Rollback outside of a transaction, which has
// no code of its own.
func NoTransaction(err error) bool {
	return Senseless(Code(err)) && strings.Contains(err.Error(), "no transaction is active")
}
