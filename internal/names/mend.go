package names

import (
	"database/sql"
	"time"

	"firn/glacier"
)

// createArrived makes the table for the inventory as it comes. path is NULL where no name can be read: in a bundle names are in its index.
// plain_size and plain_hash are of what was sealed.
const createArrived = `CREATE TEMP TABLE arrived (
	id TEXT NOT NULL, description TEXT NOT NULL, size INTEGER NOT NULL, hash BLOB NOT NULL, created INTEGER NOT NULL,
	bundle INTEGER NOT NULL, sealed INTEGER NOT NULL, path TEXT, modified INTEGER NOT NULL,
	plain_size INTEGER NOT NULL, plain_hash BLOB NOT NULL
)`

// sortArrived makes the table found of it, whose rows are in the order of their ids, as are those of a catalogue that was made from an
// inventory. So the two are read side by side, and no page is looked for twice.
var sortArrived = []string{
	"CREATE TEMP TABLE found AS SELECT * FROM temp.arrived ORDER BY id",
	"DROP TABLE temp.arrived",
	"CREATE INDEX temp.found_id ON found (id)",
}

// createTodo makes the table for what is to be done, and how: for an archive of the inventory (by row), of the catalogue (by n), or both.
const createTodo = `CREATE TEMP TABLE todo (kind INTEGER NOT NULL, found INTEGER, n INTEGER, name INTEGER NOT NULL)`

// What is to be done, beyond the kinds of differences. (Numbers that statements have in them.)
const (
	todoFresh  = 4 // nothing: the archive is newer than the inventory
	todoRename = 5 // the names are to be those of the description
	todoGone   = 6 // nothing: the archive was removed, and the inventory may be older
)

// otherwise says that the name in the inventory is not the one that is known. A time that is not known in the inventory proves nothing.
const otherwise = `(f.path IS NOT NULL AND (
	NOT EXISTS (SELECT 1 FROM files x WHERE x.archive = a.n AND x.path = f.path AND (f.modified = x.modified OR f.modified = ?1))
	OR (SELECT COUNT(*) FROM files x WHERE x.archive = a.n) > 1))`

// find finds out what is to be done.
func (b *bulk) find(l limits, rebuild bool, counts *Counts) error {
	if err := b.run(createTodo); err != nil {
		return err
	}
	unknown := time.Time{}.Unix()
	// Extra and changed. If the content has changed as well, what was known of the files in it is worth nothing.
	if _, err := b.exec(`INSERT INTO temp.todo
		SELECT CASE WHEN a.n IS NOT NULL THEN 2
				WHEN EXISTS (SELECT 1 FROM removed r WHERE r.id = f.id AND r.time >= ?2) THEN 6 ELSE 1 END, f.rowid, a.n,
			a.n IS NULL OR a.size <> f.size OR a.hash <> f.hash OR `+otherwise+`
		FROM temp.found f LEFT JOIN archives a ON a.id = f.id
		WHERE a.n IS NULL OR a.size <> f.size OR a.hash <> f.hash OR a.description <> f.description
		ORDER BY f.rowid`, unknown, l.gone); err != nil {
		return err
	}
	if _, err := b.exec(`INSERT INTO temp.todo
		SELECT CASE WHEN a.created < ? THEN 3 ELSE 4 END, NULL, a.n, 0
		FROM archives a WHERE NOT EXISTS (SELECT 1 FROM temp.found f WHERE f.id = a.id)
		ORDER BY a.id`, l.missing); err != nil {
		return err
	}
	if rebuild {
		if _, err := b.exec(`INSERT INTO temp.todo
			SELECT 5, f.rowid, a.n, 1 FROM temp.found f JOIN archives a ON a.id = f.id
			WHERE a.size = f.size AND a.hash = f.hash AND a.description = f.description AND `+otherwise, unknown); err != nil {
			return err
		}
	}
	return b.count(counts)
}

func (b *bulk) count(counts *Counts) error {
	rows, err := b.QueryContext(b.ctx, "SELECT kind, COUNT(*) FROM temp.todo GROUP BY kind")
	if err != nil {
		return err
	}
	defer rows.Close()
	by := map[int64]int64{}
	for rows.Next() {
		var kind, n int64
		if err := rows.Scan(&kind, &n); err != nil {
			return err
		}
		by[kind] = n
	}
	counts.Extra, counts.Changed, counts.Missing = by[int64(Extra)], by[int64(Changed)], by[int64(Missing)]
	counts.Fresh, counts.Renamed = by[todoFresh], by[todoRename]
	counts.Deleted = by[todoGone]
	counts.Same = counts.Inventory - counts.Extra - counts.Changed - counts.Deleted
	return rows.Err()
}

// report tells of the differences.
func (b *bulk) report(to func(Difference) error) error {
	rows, err := b.QueryContext(b.ctx, `
		SELECT t.kind,
			f.id, f.description, f.size, f.hash, f.created, f.bundle, f.sealed, f.path,
			a.id, a.description, a.size, a.hash, a.created, a.bundle, a.sealed,
			(SELECT x.path FROM files x WHERE x.archive = t.n ORDER BY x.offset LIMIT 1)
		FROM temp.todo t LEFT JOIN temp.found f ON f.rowid = t.found LEFT JOIN archives a ON a.n = t.n
		WHERE t.kind <= 3 ORDER BY t.rowid`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		d, err := scanDifference(rows)
		if err != nil {
			return err
		}
		if err := to(d); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanDifference(rows *sql.Rows) (d Difference, err error) {
	var found, known maybeArchive
	var foundPath, knownPath sql.NullString
	dest := append([]any{&d.Kind}, found.dest()...)
	dest = append(append(dest, &foundPath), known.dest()...)
	if err := rows.Scan(append(dest, &knownPath)...); err != nil {
		return Difference{}, err
	}
	d.Found, d.Known, d.Path = found.archive(), known.archive(), knownPath.String
	if d.Path == "" {
		d.Path = foundPath.String
	}
	return d, nil
}

// maybeArchive is an archive of an outer join.
type maybeArchive struct {
	id, description sql.NullString
	size, created   sql.NullInt64
	hash            []byte
	bundle, sealed  sql.NullBool
}

func (m *maybeArchive) dest() []any {
	return []any{&m.id, &m.description, &m.size, &m.hash, &m.created, &m.bundle, &m.sealed}
}

func (m *maybeArchive) archive() (a Archive) {
	if !m.id.Valid {
		return Archive{}
	}
	a = Archive{
		ID: glacier.ArchiveID(m.id.String), Description: m.description.String, Size: m.size.Int64,
		Created: glacier.At(m.created.Int64).Time, Bundle: m.bundle.Bool, Sealed: m.sealed.Bool,
	}
	copy(a.TreeHash[:], m.hash)
	return a
}

// manyExtra is from how many new archives on an index is made again rather than kept, unless there are far more old ones.
const manyExtra = 2_000

// mend does what is to be done. Everything is inserted in the order of its table, which is what keeps a vault of ten million archives from
// touching each page of the file a thousand times.
func (b *bulk) mend(l limits, counts Counts) error {
	var known int64
	if err := b.QueryRowContext(b.ctx, "SELECT archives FROM totals").Scan(&known); err != nil {
		return err
	}
	afresh := counts.Extra+counts.Renamed > max(manyExtra, known/4)
	if err := b.retire(); err != nil {
		return err
	}
	if afresh {
		if err := b.run("DROP INDEX files_archive"); err != nil {
			return err
		}
	}
	if err := b.fill(); err != nil {
		return err
	}
	if afresh {
		if err := b.run(indexFiles); err != nil {
			return err
		}
	}
	// What is to be deleted and is not listed stays so, however long: the inventory may not be whole.
	if _, err := b.exec(`DELETE FROM removed WHERE time < ? AND id NOT IN (SELECT id FROM archives)
		OR time < ? AND id IN (SELECT id FROM temp.found)`, l.forget, l.gone); err != nil {
		return err
	}
	return b.run(`UPDATE totals SET
		archives = (SELECT COUNT(*) FROM archives), files = (SELECT COUNT(*) FROM files), bytes = (SELECT COALESCE(SUM(size), 0) FROM archives)`)
}

// retire removes what is gone and what will be said anew, and corrects the rest.
func (b *bulk) retire() error {
	return b.run(
		"CREATE INDEX temp.todo_n ON todo (n)",
		"DELETE FROM files WHERE archive IN (SELECT n FROM temp.todo WHERE kind = 3 OR name AND kind IN (2, 5))",
		"DELETE FROM archives WHERE n IN (SELECT n FROM temp.todo WHERE kind = 3)",
		`UPDATE archives SET (description, size, hash, bundle, sealed) =
			(SELECT f.description, f.size, f.hash, f.bundle, f.sealed FROM temp.todo t JOIN temp.found f ON f.rowid = t.found WHERE t.n = archives.n)
			WHERE n IN (SELECT n FROM temp.todo WHERE kind = 2)`,
		// A key may have shown what could not be seen before.
		"UPDATE archives SET bundle = 1 WHERE NOT bundle AND id IN (SELECT f.id FROM temp.found f WHERE f.bundle)",
		// The service's clock is the one that counts. It is told in whole seconds.
		`CREATE TEMP TABLE retimed AS SELECT a.n AS n, f.created AS created FROM temp.found f JOIN archives a ON a.id = f.id
			WHERE a.created / 1000 <> f.created / 1000`,
		"CREATE INDEX temp.retimed_n ON retimed (n)",
		"UPDATE archives SET created = (SELECT r.created FROM temp.retimed r WHERE r.n = archives.n) WHERE n IN (SELECT n FROM temp.retimed)",
		"UPDATE files SET created = (SELECT r.created FROM temp.retimed r WHERE r.n = files.archive) WHERE archive IN (SELECT n FROM temp.retimed)",
	)
}

// fill adds what is extra, and the names that are to be set: each the whole content of its archive.
func (b *bulk) fill() error {
	return b.run(`INSERT INTO archives (id, description, size, hash, created, bundle, sealed)
		SELECT f.id, f.description, f.size, f.hash, f.created, f.bundle, f.sealed
		FROM temp.todo t JOIN temp.found f ON f.rowid = t.found WHERE t.kind = 1 ORDER BY t.rowid`,
		`INSERT INTO files (path, created, modified, nanos, archive, offset, size, hash, mode)
		SELECT f.path, a.created, f.modified, 0, a.n, 0,
			CASE WHEN f.sealed THEN f.plain_size ELSE f.size END, CASE WHEN f.sealed THEN f.plain_hash ELSE f.hash END, 0
		FROM temp.todo t JOIN temp.found f ON f.rowid = t.found JOIN archives a ON a.id = f.id
		WHERE t.name AND f.path IS NOT NULL
		ORDER BY 1, 2 DESC, 3 DESC, 4 DESC, 5, 6`)
}
