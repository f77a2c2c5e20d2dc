package catalog

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"firn/internal/sqlite"
)

// Everything that only SQLite understands is in this file.

const (
	// busyPatience is how long a checkpoint waits for the views it cannot pass,
	// and with it the next batch. Nobody else ever waits.
	busyPatience = time.Second
	// logPages is the length of the log after which a commit carries it over
	// into the file by itself: 32 MiB.
	logPages = 8192
)

// version is that of the schema and of what the fold makes of a record. A
// catalog of another version is made again.
const version = 4

// schema makes the tables. Where keys are pairs, rows lie in the order of
// their keys in the only tree there is; where they are single, the key is
// SQLite's own row number. The indexes are on small tables, on few rows, or on
// numbers that grow with time; only those of imported archives and of upload
// tokens are on numbers without order, and nobody else has a row in them.
const schema = `
CREATE TABLE state (
	one INTEGER PRIMARY KEY, pool BLOB NOT NULL, version INTEGER NOT NULL,
	segment INTEGER NOT NULL, place INTEGER NOT NULL, lsn INTEGER NOT NULL, crc INTEGER NOT NULL, time INTEGER NOT NULL
) STRICT;
CREATE TABLE tomb (
	kind INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, lsn INTEGER NOT NULL,
	PRIMARY KEY (kind, a, b)
) STRICT, WITHOUT ROWID;
CREATE TABLE other (
	kind INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (kind, a, b)
) STRICT, WITHOUT ROWID;
CREATE TABLE figures (
	vault INTEGER PRIMARY KEY,
	archives INTEGER NOT NULL, bytes INTEGER NOT NULL, last_write INTEGER NOT NULL
) STRICT;

CREATE TABLE counters (id INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE accounts (id INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE clocks (id INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE access_keys (
	id INTEGER PRIMARY KEY, name TEXT NOT NULL, account INTEGER NOT NULL, owner INTEGER NOT NULL,
	lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX access_keys_name ON access_keys (name);
CREATE INDEX access_keys_owner ON access_keys (account, owner);
CREATE TABLE users (
	id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX users_name ON users (account, name);
CREATE TABLE vaults (
	id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX vaults_name ON vaults (account, name);
CREATE TABLE tags (vault INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE vault_policies (vault INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE vault_locks (vault INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE retrieval_policies (account INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE retrieval_usage (account INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE capacity (
	id INTEGER PRIMARY KEY, account INTEGER NOT NULL, expires INTEGER NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX capacity_account ON capacity (account, expires);
CREATE TABLE notifications (vault INTEGER PRIMARY KEY, lsn INTEGER NOT NULL, image BLOB NOT NULL) STRICT;
CREATE TABLE topics (
	id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX topics_name ON topics (account, name);
CREATE TABLE subscriptions (
	topic INTEGER NOT NULL, id INTEGER NOT NULL, account INTEGER NOT NULL, public TEXT NOT NULL,
	lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (topic, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_account ON subscriptions (account, id);
CREATE INDEX subscriptions_public ON subscriptions (public);
CREATE TABLE messages (
	topic INTEGER NOT NULL, id INTEGER NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (topic, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries (
	subscription INTEGER NOT NULL, message INTEGER NOT NULL, topic INTEGER NOT NULL, due INTEGER NOT NULL, dead INTEGER NOT NULL,
	lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (subscription, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (subscription, due) WHERE dead = 0;
CREATE INDEX deliveries_dead ON deliveries (topic, message) WHERE dead > 0;
CREATE INDEX deliveries_message ON deliveries (message);
CREATE TABLE queues (
	id INTEGER PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX queues_name ON queues (account, name);
CREATE TABLE queue_messages (
	queue INTEGER NOT NULL, id INTEGER NOT NULL, sent INTEGER NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (queue, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_messages_sent ON queue_messages (queue, sent);
CREATE TABLE archives (
	vault INTEGER NOT NULL, id INTEGER NOT NULL, size INTEGER NOT NULL, deleted INTEGER NOT NULL, imported INTEGER, token INTEGER,
	lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (vault, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX archives_imported ON archives (vault, imported) WHERE imported IS NOT NULL;
CREATE INDEX archives_token ON archives (vault, token) WHERE token IS NOT NULL;
CREATE TABLE uploads (
	vault INTEGER NOT NULL, id INTEGER NOT NULL, created INTEGER NOT NULL, ended INTEGER NOT NULL,
	lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (vault, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_age ON uploads (ended, created);
CREATE TABLE parts (
	upload INTEGER NOT NULL, place INTEGER NOT NULL, received INTEGER NOT NULL,
	lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (upload, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
	vault INTEGER NOT NULL, id INTEGER NOT NULL, status TEXT NOT NULL, done INTEGER NOT NULL,
	expires INTEGER NOT NULL, pinned INTEGER NOT NULL, standard INTEGER NOT NULL,
	lsn INTEGER NOT NULL, image BLOB NOT NULL,
	PRIMARY KEY (vault, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_open ON jobs (id) WHERE done = 0;
CREATE INDEX jobs_expiry ON jobs (expires) WHERE expires > 0;
CREATE INDEX jobs_pins ON jobs (vault, pinned) WHERE pinned > 0;
CREATE INDEX jobs_standard ON jobs (vault, standard) WHERE standard > 0;
CREATE TABLE payloads (
	id INTEGER PRIMARY KEY, stored INTEGER NOT NULL, size INTEGER NOT NULL, lsn INTEGER NOT NULL, image BLOB NOT NULL
) STRICT;
CREATE INDEX payloads_inline ON payloads (stored, size) WHERE stored > 0;
`

// writerPragmas: with synchronous=NORMAL a commit waits for no flush, only a
// checkpoint does; a power cut may take the last commits, in order, and the
// journal still has them.
func writerPragmas(cache int64) []string {
	return append(commonPragmas(cache),
		"journal_mode(WAL)",
		"synchronous(NORMAL)",
		fmt.Sprintf("wal_autocheckpoint(%d)", logPages),
	)
}

func readerPragmas(cache int64) []string {
	return append(commonPragmas(cache), "query_only(1)")
}

func commonPragmas(cache int64) []string {
	return append(sqlite.Pragmas(cache>>10, busyPatience), "temp_store(MEMORY)")
}

// By itself SQLite takes the whole vault, which lies in one piece, for quicker to
// read than the index of a few of its archives.
const (
	selectImported = "SELECT image FROM archives INDEXED BY archives_imported WHERE vault = $1 AND imported = $2 AND deleted = 0 ORDER BY id DESC LIMIT $3"
	selectSent     = "SELECT image FROM archives INDEXED BY archives_token WHERE vault = $1 AND token = $2 ORDER BY id DESC LIMIT $3"
)

// empty reports whether nothing has ever been put into the file.
func (s *session) empty() (bool, error) {
	var tables, ours int64
	_, err := s.row("SELECT COUNT(*), COUNT(CASE name WHEN 'state' THEN 1 END) FROM sqlite_schema", nil, &tables, &ours)
	switch {
	case err != nil:
		return false, err
	case tables > 0 && ours == 0:
		return false, ErrForeign
	default:
		return tables == 0, nil
	}
}

// create makes the tables of an empty catalog, all or none.
func (s *session) create(pool [16]byte) error {
	return s.within(sqlite.Update, func() error {
		if err := s.script(schema); err != nil {
			return err
		}
		return s.exec(insertState, pool[:], version)
	})
}

// checkpoint carries the whole log over into the file, flushes it, and empties
// the log. A view that is up to date only keeps it from the last; one that is
// older keeps it from carrying over what is newer than the view.
func (s *session) checkpoint() error {
	const q = "PRAGMA wal_checkpoint(TRUNCATE)"
	var busy, logged, moved int64
	if _, err := s.row(q, nil, &busy, &logged, &moved); err != nil {
		return err
	}
	if busy != 0 && moved < logged {
		return &EngineError{Statement: q, Code: sqlite.CodeBusy, Err: errors.New("a view lasts too long")}
	}
	return nil
}

// integrity has SQLite compare every page, row and index entry.
func (s *session) integrity() error {
	const q = "PRAGMA integrity_check(20)"
	rows, err := s.query(q)
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return undecodable(q, err)
		}
		found = append(found, line)
	}
	if err := rows.Err(); err != nil {
		return engine(q, err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return undecodable(q, errors.New(strings.Join(found, "; ")))
	}
	return nil
}
