package catalog

import (
	"database/sql"

	"firn/internal/record"
)

const (
	// Tables are taken one after another; a vault without leftovers costs one
	// search in each.
	selectLeftovers = "SELECT kind, b FROM (" +
		"SELECT 5 AS kind, 0 AS b FROM tags WHERE vault = $1" +
		" UNION ALL SELECT 6, id FROM archives WHERE vault = $1" +
		" UNION ALL SELECT 7, id FROM uploads WHERE vault = $1" +
		" UNION ALL SELECT 9, id FROM jobs WHERE vault = $1) AS leftovers" +
		" WHERE NOT EXISTS (SELECT 1 FROM vaults WHERE id = $1) LIMIT $2"
	// A vault that is gone has a tombstone, and those are far fewer than
	// archives.
	selectOrphans = "SELECT a FROM tomb WHERE kind = 4 AND (" +
		"EXISTS (SELECT 1 FROM tags WHERE vault = tomb.a)" +
		" OR EXISTS (SELECT 1 FROM archives WHERE vault = tomb.a)" +
		" OR EXISTS (SELECT 1 FROM uploads WHERE vault = tomb.a)" +
		" OR EXISTS (SELECT 1 FROM jobs WHERE vault = tomb.a)) ORDER BY a LIMIT $1"
)

// Leftovers lists keys of entities of a vault that no longer exists: archives,
// uploads, jobs, tags; for the sweep that follows a vault's deletion. gone is
// the vault's id. Of a vault that exists it lists nothing.
func (tx *Tx) Leftovers(gone uint64, limit int) ([]record.Key, error) {
	if limit <= 0 {
		return nil, nil
	}
	var keys []record.Key
	err := tx.each(selectLeftovers, []any{num(gone), int64(limit)}, func(rows *sql.Rows) error {
		var kind, b int64
		if err := rows.Scan(&kind, &b); err != nil {
			return undecodable(selectLeftovers, err)
		}
		keys = append(keys, record.Key{Kind: record.Kind(kind), A: gone, B: uint64(b)})
		return nil
	})
	return keys, err
}

// Orphans lists, by id, the ids of vaults that are gone and still have
// leftovers.
func (tx *Tx) Orphans(limit int) ([]uint64, error) {
	if limit <= 0 {
		return nil, nil
	}
	var vaults []uint64
	err := tx.each(selectOrphans, []any{int64(limit)}, func(rows *sql.Rows) error {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return undecodable(selectOrphans, err)
		}
		vaults = append(vaults, uint64(v))
		return nil
	})
	return vaults, err
}
