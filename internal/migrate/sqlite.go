package migrate

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"firn/internal/sqlite"
)

// Everything that only SQLite understands is in this file.

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

// pragmas are what is to be set on every connection.
func pragmas() []string {
	return append(sqlite.Pragmas(32<<10, time.Minute), // the index of ids is in no order
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit has been flushed
		"wal_autocheckpoint(8192)",
	)
}

// settle makes an empty file a state, and makes sure that any other is one.
func settle(ctx context.Context, db *sql.DB) error {
	c, err := sqlite.Connect(ctx, db)
	if err != nil {
		return err
	}
	f := sqlite.Format{Application: 0x4669726D, Version: 1, Schema: schema, Foreign: ErrForeign}
	return errors.Join(f.Settle(ctx, c), c.Close())
}
