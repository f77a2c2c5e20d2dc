package names

import (
	"database/sql"
	"fmt"
	"time"

	"firn/internal/sqlite"
)

// Everything that only SQLite understands is in this file.

const (
	busyPatience = time.Minute // how long one process waits for another's change
	logPages     = 4096        // the length of the log after which a commit carries it over into the file: 16 MiB
	idleReaders  = 4           // connections that are kept
)

// format is that of a catalogue's file.
func format() sqlite.Format {
	return sqlite.Format{Application: 0x4669726E, Version: 1, Schema: schema, Foreign: ErrForeign}
}

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

// connectTo opens the database file, with what is to be set on every connection to it.
func (c *Catalogue) connectTo(pragmas []string) (*sql.DB, error) {
	if c.memory {
		return sqlite.OpenMemory(c.file, pragmas)
	}
	if c.frozen != thawed {
		return sqlite.OpenFrozen(c.file, c.frozen == solid, pragmas)
	}
	return sqlite.Open(c.file, pragmas)
}

func writerPragmas() []string {
	return append(sqlite.Pragmas(8<<10, busyPatience),
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit has been flushed
		fmt.Sprintf("wal_autocheckpoint(%d)", logPages),
	)
}

// bulkPragmas are those of a connection that changes everything at once: what it sorts and keeps for itself goes to files.
func bulkPragmas() []string {
	return append(sqlite.Pragmas(16<<10, busyPatience), "synchronous(FULL)", "temp_store(FILE)", "wal_autocheckpoint(0)")
}

func readerPragmas() []string { return append(sqlite.Pragmas(4<<10, busyPatience), "query_only(1)") }
