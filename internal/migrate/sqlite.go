package migrate

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Everything that only SQLite understands is in this file.

const (
	driverName  = "sqlite"
	application = 0x4669726D
	version     = 1 // of the schema
)

// schema makes the tables. An archive's number is its place in the inventory;
// an id is found by 63 bits of its hash. Totals are kept because counting ten
// million rows takes a while.
const schema = `
CREATE TABLE migration (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	source TEXT NOT NULL, target TEXT NOT NULL, token TEXT NOT NULL, begun INTEGER NOT NULL,
	inventory_job TEXT NOT NULL, inventory_asks INTEGER NOT NULL, listed INTEGER NOT NULL, inventory_date TEXT NOT NULL,
	renews INTEGER NOT NULL, spent INTEGER NOT NULL, asks INTEGER NOT NULL, next_ask INTEGER NOT NULL
) STRICT;
CREATE TABLE archives (
	n INTEGER PRIMARY KEY, hash INTEGER NOT NULL, id TEXT NOT NULL, description TEXT NOT NULL,
	created TEXT NOT NULL, size INTEGER NOT NULL, tree BLOB NOT NULL,
	stage INTEGER NOT NULL, asks INTEGER NOT NULL, job TEXT NOT NULL,
	upload TEXT NOT NULL, part INTEGER NOT NULL, imports INTEGER NOT NULL, begun INTEGER NOT NULL,
	new_id TEXT NOT NULL, failure TEXT NOT NULL
) STRICT;
CREATE INDEX archives_hash ON archives (hash);
CREATE INDEX archives_stage ON archives (stage, n);
CREATE INDEX archives_new ON archives (n) WHERE new_id <> '';
CREATE TABLE totals (
	stage INTEGER PRIMARY KEY, archives INTEGER NOT NULL, bytes INTEGER NOT NULL
) STRICT;
`

// dsn names a database file and what is to be set on every connection to it.
func dsn(file string) string {
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{"_pragma": {
		"busy_timeout(60000)",
		"cache_size(-32768)", // the index of ids is in no order
		"cell_size_check(1)",
		"foreign_keys(0)",
		"mmap_size(0)",
		"trusted_schema(0)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit has been flushed
		"wal_autocheckpoint(8192)",
	}}.Encode()}
	return u.String()
}

// settle makes an empty file a state, and makes sure that any other is one.
func settle(db *sql.DB) error {
	var whose, made, tables int64
	for q, to := range map[string]*int64{
		"PRAGMA application_id":              &whose,
		"PRAGMA user_version":                &made,
		"SELECT COUNT(*) FROM sqlite_schema": &tables,
	} {
		if err := db.QueryRow(q).Scan(to); err != nil {
			return err
		}
	}
	switch {
	case whose == 0 && made == 0 && tables == 0:
		_, err := db.Exec(fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", schema, application, version))
		return err
	case whose != application:
		return ErrForeign
	case made > version:
		return ErrNewer
	}
	return nil
}

func codeOf(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func isDamaged(err error) bool {
	switch code := codeOf(err); code & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	default:
		return code == sqlite3.SQLITE_IOERR_SHORT_READ
	}
}
