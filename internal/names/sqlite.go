package names

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Everything that only SQLite understands is in this file.

const (
	driverName = "sqlite"

	beginUpdate = "BEGIN IMMEDIATE" // takes the write lock at once, so that it cannot fail for it later
	commit      = "COMMIT"
	rollback    = "ROLLBACK"

	busyMillis  = 60_000 // how long one process waits for another's change
	logPages    = 4096   // the length of the log after which a commit carries it over into the file: 16 MiB
	idleReaders = 4      // connections that are kept
	application = 0x4669726E
	version     = 1 // of the schema
)

// schema makes the tables. A file's versions lie beside each other, the newest first, in the only order in which they are read; an
// archive's id, which is long, is kept once, with its index. Of archives that were removed is kept when; one that is there as well is being
// deleted. Totals are kept because counting ten million rows takes a while.
const schema = `
CREATE TABLE owner (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	endpoint TEXT NOT NULL, region TEXT NOT NULL, account TEXT NOT NULL, vault TEXT NOT NULL
) STRICT;
CREATE TABLE totals (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	archives INTEGER NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0);
` + createMade + `;
CREATE TABLE archives (
	n INTEGER PRIMARY KEY, id TEXT NOT NULL, description TEXT NOT NULL,
	size INTEGER NOT NULL, hash BLOB NOT NULL, created INTEGER NOT NULL,
	bundle INTEGER NOT NULL, sealed INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX archives_id ON archives (id);
CREATE TABLE files (
	path TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, nanos INTEGER NOT NULL,
	archive INTEGER NOT NULL, offset INTEGER NOT NULL,
	size INTEGER NOT NULL, hash BLOB NOT NULL, mode INTEGER NOT NULL,
	PRIMARY KEY (path, created DESC, modified DESC, nanos DESC, archive, offset)
) STRICT, WITHOUT ROWID;
CREATE TABLE removed (id TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;
` + indexFiles + `;
CREATE TABLE uploads (
	key TEXT PRIMARY KEY, id TEXT NOT NULL, part_size INTEGER NOT NULL, size INTEGER NOT NULL,
	modified INTEGER NOT NULL, nanos INTEGER NOT NULL, node TEXT NOT NULL, description TEXT NOT NULL, begun INTEGER NOT NULL,
	seal BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE retrievals (
	token TEXT PRIMARY KEY, job TEXT NOT NULL, archive TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
	tier TEXT NOT NULL, begun INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX retrievals_archive ON retrievals (archive, first);
CREATE TABLE chunks (
	target TEXT NOT NULL, archive TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL, hash BLOB NOT NULL,
	PRIMARY KEY (target, offset, archive)
) STRICT, WITHOUT ROWID;
`

// createMade makes the table of when the vault was made. Catalogues that are older than it get it when it is asked for.
const createMade = "CREATE TABLE IF NOT EXISTS made (one INTEGER PRIMARY KEY CHECK (one = 1), time INTEGER NOT NULL) STRICT"

const indexFiles = `CREATE INDEX files_archive ON files (archive, offset)`

// dsn names the database file and what is to be set on every connection to it.
func (c *Catalogue) dsn(pragmas []string) string {
	query := url.Values{"_pragma": pragmas}
	if c.memory {
		query.Set("vfs", "memdb") // which keeps it as long as a connection is open
	}
	u := url.URL{Scheme: "file", Path: c.file, RawQuery: query.Encode()}
	return u.String()
}

func writerPragmas() []string {
	return append(commonPragmas(8<<10),
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit has been flushed
		fmt.Sprintf("wal_autocheckpoint(%d)", logPages),
	)
}

// bulkPragmas are those of a connection that changes everything at once: what it sorts and keeps for itself goes to files.
func bulkPragmas() []string {
	return append(commonPragmas(16<<10), "synchronous(FULL)", "temp_store(FILE)", "wal_autocheckpoint(0)")
}

func readerPragmas() []string { return append(commonPragmas(4<<10), "query_only(1)") }

func commonPragmas(cacheKiB int) []string {
	return []string{
		fmt.Sprintf("busy_timeout(%d)", busyMillis),
		fmt.Sprintf("cache_size(-%d)", cacheKiB),
		"cell_size_check(1)", // finds damage before it is followed
		"foreign_keys(0)",
		"mmap_size(0)", // an I/O error is an error, not a signal
		"trusted_schema(0)",
	}
}

// settle makes an empty file a catalogue, and makes sure that any other is one.
func (s *session) settle(ctx context.Context) error {
	whose, made, _, err := s.identity(ctx)
	if err == nil && (whose != application || made != version) {
		// Only in a transaction it is sure that nobody is making it at this moment.
		err = s.within(ctx, func() (err error) {
			var tables int64
			whose, made, tables, err = s.identity(ctx)
			if err != nil || tables > 0 || whose != 0 || made != 0 {
				return err
			}
			whose, made = application, version
			return s.script(ctx, fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", schema, application, version))
		})
	}
	switch {
	case err != nil:
		return err
	case whose != application:
		return ErrForeign
	case made > version:
		return ErrNewer
	case made < version:
		return fmt.Errorf("%w: the version is %d", ErrDamaged, made)
	}
	return nil
}

func (s *session) identity(ctx context.Context) (whose, made, tables int64, err error) {
	for q, to := range map[string]*int64{
		"PRAGMA application_id":              &whose,
		"PRAGMA user_version":                &made,
		"SELECT COUNT(*) FROM sqlite_schema": &tables,
	} {
		if err := s.conn.QueryRowContext(ctx, q).Scan(to); err != nil {
			return 0, 0, 0, err
		}
	}
	return whose, made, tables, nil
}

// patiently repeats what a busy file refused at once: when two processes make the same file a catalogue, SQLite does not wait by itself.
func patiently(ctx context.Context, do func() error) error {
	wait, cancel := context.WithTimeout(ctx, busyMillis*time.Millisecond)
	defer cancel()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		err := do()
		if !busy(codeOf(err)) {
			return err
		}
		select {
		case <-wait.Done():
			return err
		case <-pause.C:
		}
	}
}

func codeOf(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func damaged(code int) bool {
	switch code & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return code == sqlite3.SQLITE_IOERR_SHORT_READ
}

func full(code int) bool { return code&0xff == sqlite3.SQLITE_FULL }

func busy(code int) bool {
	return code&0xff == sqlite3.SQLITE_BUSY || code&0xff == sqlite3.SQLITE_LOCKED
}

func unwritable(code int) bool {
	return code&0xff == sqlite3.SQLITE_READONLY || code&0xff == sqlite3.SQLITE_CANTOPEN
}

func interrupted(code int) bool { return code&0xff == sqlite3.SQLITE_INTERRUPT }
