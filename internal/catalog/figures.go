package catalog

import (
	"context"
	"database/sql"
	"fmt"

	"firn/internal/record"
	"firn/internal/sqlite"
)

// Figures are a vault's live counters. They are a function of the newest
// image or tombstone of each of the vault's archives, so a rebuild, which sees
// no others, arrives at the same.
type Figures struct {
	Archives int64
	Bytes    int64 // without the overhead per archive
	// LastWrite is the newest record that touched an archive of the vault, 0
	// if none ever did: that made it, marked it deleted, or ended it. A pinned
	// archive's deletion so counts twice, when it is marked and when its last
	// pin ends; what came before an image is not known after compaction.
	LastWrite record.LSN
}

func (f Figures) plus(g Figures) Figures {
	return Figures{f.Archives + g.Archives, f.Bytes + g.Bytes, max(f.LastWrite, g.LastWrite)}
}

const (
	selectFigures = "SELECT archives, bytes, last_write FROM figures WHERE vault = $1"
	addFigures    = "INSERT INTO figures (vault, archives, bytes, last_write) VALUES ($1, $2, $3, $4) ON CONFLICT (vault) DO UPDATE SET" +
		" archives = figures.archives + excluded.archives, bytes = figures.bytes + excluded.bytes," +
		" last_write = CASE WHEN excluded.last_write > figures.last_write THEN excluded.last_write ELSE figures.last_write END"
	clearFigures = "DELETE FROM figures"
	recount      = "SELECT vault, SUM(archives) AS archives, SUM(bytes) AS bytes, MAX(lsn) AS last_write FROM (" +
		"SELECT vault, SUM(1 - deleted) AS archives, SUM(size * (1 - deleted)) AS bytes, MAX(lsn) AS lsn FROM archives GROUP BY vault" +
		" UNION ALL SELECT a, 0, 0, MAX(lsn) FROM tomb WHERE kind = 6 GROUP BY a) AS touched GROUP BY vault"
	fillFigures = "INSERT INTO figures (vault, archives, bytes, last_write) " + recount
	// The rows of either that the other lacks.
	miscounted = "SELECT vault, archives, bytes, last_write, 0 FROM (SELECT * FROM figures EXCEPT " + recount + ") AS have" +
		" UNION ALL SELECT vault, archives, bytes, last_write, 1 FROM (" + recount + " EXCEPT SELECT * FROM figures) AS want ORDER BY 1, 5"
)

// Figures returns a vault's live counters. Deleted archives do not count.
func (tx *Tx) Figures(vault uint64) (Figures, error) {
	var archives, bytes, last int64
	if _, err := tx.row(selectFigures, []any{num(vault)}, &archives, &bytes, &last); err != nil {
		return Figures{}, err
	}
	f := Figures{archives, bytes, record.LSN(last)}
	if tx.folder != nil {
		f = f.plus(tx.folder.pending[vault])
	}
	return f, nil
}

// count notes a difference in a vault's figures.
func (f *folder) count(vault uint64, diff Figures) {
	f.pending[vault] = f.pending[vault].plus(diff)
}

// flush writes the differences noted.
func (f *folder) flush() error {
	for vault, d := range f.pending {
		if err := f.s.exec(addFigures, num(vault), d.Archives, d.Bytes, num(uint64(d.LastWrite))); err != nil {
			return fmt.Errorf("count archives of vault %d: %w", vault, err)
		}
	}
	clear(f.pending)
	return nil
}

// Recount counts every vault's figures anew.
func (c *Catalog) Recount(ctx context.Context) error {
	w, err := take(ctx, c.writer)
	if err != nil {
		return fmt.Errorf("recount: %w", err)
	}
	defer func() { c.writer <- w }()
	err = w.within(sqlite.Update, func() error {
		if err := w.exec(clearFigures); err != nil {
			return err
		}
		return w.exec(fillFigures)
	})
	if err != nil {
		return fmt.Errorf("recount: %w", err)
	}
	return nil
}

// A Miscount is a vault whose figures are not what a recount gives.
type Miscount struct {
	Vault      uint64
	Have, Want Figures
}

// Miscounts compares every vault's figures with a recount, and lists those
// that differ by vault.
func (c *Catalog) Miscounts(ctx context.Context) ([]Miscount, error) {
	var wrong []Miscount
	err := c.read(ctx, func(s *session) error {
		return s.each(miscounted, nil, func(rows *sql.Rows) error {
			var vault, archives, bytes, last, want int64
			if err := rows.Scan(&vault, &archives, &bytes, &last, &want); err != nil {
				return undecodable(miscounted, err)
			}
			if n := len(wrong); n == 0 || wrong[n-1].Vault != uint64(vault) {
				wrong = append(wrong, Miscount{Vault: uint64(vault)})
			}
			m := &wrong[len(wrong)-1]
			if f := (Figures{archives, bytes, record.LSN(last)}); want == 1 {
				m.Want = f
			} else {
				m.Have = f
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("compare figures: %w", err)
	}
	return wrong, nil
}
