package migrate

import (
	"database/sql"
	"fmt"

	"firn/internal/price"
)

const (
	columns = "n, id, description, created, size, tree, stage, asks, job, upload, part, imports, begun, new_id, failure"

	insertArchive = "INSERT INTO archives (n, id, description, created, size, tree, hash, stage, asks, job, upload, part, imports, begun, new_id, failure)" +
		" SELECT (SELECT COALESCE(MAX(n), 0) + 1 FROM archives), ?, ?, ?, ?, ?, ?, 0, 0, '', '', 0, 0, 0, '', ''" +
		" WHERE NOT EXISTS (SELECT 1 FROM archives WHERE hash = ? AND id = ?)"
	selectArchive  = "SELECT " + columns + " FROM archives WHERE n = ?"
	selectAtStage  = "SELECT " + columns + " FROM archives WHERE stage = ? AND n > ? ORDER BY n LIMIT ?"
	selectRenewed  = "SELECT " + columns + " FROM archives WHERE new_id <> '' AND n > ? ORDER BY n LIMIT ?"
	countRenewed   = "SELECT COUNT(*) FROM archives WHERE new_id <> ''"
	updateArchive  = "UPDATE archives SET stage = ?, asks = ?, job = ?, upload = ?, part = ?, imports = ?, begun = ?, new_id = ?, failure = ? WHERE n = ?"
	addTotal       = "INSERT INTO totals VALUES (?, ?, ?) ON CONFLICT (stage) DO UPDATE SET archives = archives + excluded.archives, bytes = bytes + excluded.bytes"
	selectLedger   = "SELECT spent, asks, next_ask FROM migration"
	updateLedger   = "UPDATE migration SET spent = ?, asks = ?, next_ask = ?"
	reviveFailed   = "UPDATE archives SET stage = CASE job WHEN '' THEN 0 ELSE 2 END WHERE stage = 5"
	selectRevived  = "SELECT CASE job WHEN '' THEN 0 ELSE 2 END, COUNT(*), SUM(size) FROM archives WHERE stage = 5 GROUP BY 1"
	resetTotal     = "DELETE FROM totals WHERE stage = 5"
	updateRenews   = "UPDATE migration SET renews = 1"
	updateAsk      = "UPDATE migration SET inventory_job = '', inventory_asks = inventory_asks + 1"
	updateJob      = "UPDATE migration SET inventory_job = ?"
	updateListed   = "UPDATE migration SET listed = 1, inventory_date = ?"
	updateUnlisted = "UPDATE migration SET listed = 0, inventory_job = '', inventory_asks = inventory_asks + 1"
)

// A scanner is a row that was found.
type scanner interface{ Scan(dest ...any) error }

func scan(row scanner) (a Archive, err error) {
	var tree []byte
	err = row.Scan(&a.N, &a.ID, &a.Description, &a.Created, &a.Size, &tree, &a.Stage, &a.Asks, &a.Job,
		&a.Upload, &a.Part, &a.Imports, &a.Begun, &a.NewID, &a.Failure)
	if err != nil {
		return a, err
	}
	if len(tree) != len(a.Tree) || a.Stage < 0 || a.Stage >= stages {
		return a, fmt.Errorf("%w: archive %d", ErrDamaged, a.N)
	}
	copy(a.Tree[:], tree)
	return a, nil
}

// add adds archives of the inventory that are not there yet, and returns how
// many those are.
func (s *State) add(batch []Archive) (added Total, err error) {
	err = s.update("add to", func(tx *sql.Tx) error {
		added = Total{}
		stmt, err := tx.Prepare(insertArchive)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for i := range batch {
			a := &batch[i]
			hash := hashOf(a.ID)
			done, err := stmt.Exec(a.ID, a.Description, a.Created, a.Size, a.Tree[:], hash, hash, a.ID)
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue
			}
			added.Archives++
			added.Bytes += a.Size
		}
		_, err = tx.Exec(addTotal, Waiting, added.Archives, added.Bytes)
		return err
	})
	return added, err
}

// at lists archives at a stage by their number, those after one.
func (s *State) at(stage Stage, after int64, limit int) (list []Archive, err error) {
	err = s.look(func(tx *sql.Tx) error {
		list, err = collect(tx.Query(selectAtStage, stage, after, limit))
		return err
	})
	return list, err
}

// get looks an archive up.
func (s *State) get(n int64) (a Archive, err error) {
	err = s.look(func(tx *sql.Tx) error {
		a, err = scan(tx.QueryRow(selectArchive, n))
		return err
	})
	return a, err
}

// Failed lists archives that failed by their number, those after one.
func (s *State) Failed(after int64, limit int) ([]Archive, error) { return s.at(Failed, after, limit) }

// Renewed lists archives that have a new id by their number, those after one.
func (s *State) Renewed(after int64, limit int) (list []Archive, err error) {
	err = s.look(func(tx *sql.Tx) error {
		list, err = collect(tx.Query(selectRenewed, after, limit))
		return err
	})
	return list, err
}

func (s *State) countRenewed() (n int64, err error) {
	err = s.look(func(tx *sql.Tx) error { return tx.QueryRow(countRenewed).Scan(&n) })
	return n, err
}

func collect(rows *sql.Rows, err error) (list []Archive, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// A ledger is what retrievals have cost, and when the next may be begun.
type ledger struct {
	spent   price.Money
	asks    int64
	nextAsk int64
}

// edit changes an archive, and the ledger, and returns what it was and what it
// is.
func (s *State) edit(n int64, change func(a *Archive, l *ledger)) (was, is Archive, err error) {
	err = s.update("change", func(tx *sql.Tx) (err error) {
		was, is, err = editIn(tx, n, change)
		return err
	})
	return was, is, err
}

// ready notes that archives have been retrieved, and returns them. Those that are
// not waited for are left out.
func (s *State) ready(numbers []int64) (list []Archive, err error) {
	err = s.update("change", func(tx *sql.Tx) error {
		list = nil
		for _, n := range numbers {
			was, is, err := editIn(tx, n, func(a *Archive, _ *ledger) {
				if a.Stage == Asked {
					a.Stage = Ready
				}
			})
			if err != nil {
				return err
			}
			if was.Stage != is.Stage {
				list = append(list, is)
			}
		}
		return nil
	})
	return list, err
}

func editIn(tx *sql.Tx, n int64, change func(a *Archive, l *ledger)) (was, is Archive, err error) {
	if was, err = scan(tx.QueryRow(selectArchive, n)); err != nil {
		return was, is, err
	}
	var before ledger
	if err := tx.QueryRow(selectLedger).Scan(&before.spent, &before.asks, &before.nextAsk); err != nil {
		return was, is, err
	}
	is = was
	after := before
	change(&is, &after)
	_, err = tx.Exec(updateArchive, is.Stage, is.Asks, is.Job, is.Upload, is.Part, is.Imports, is.Begun, is.NewID, is.Failure, n)
	if err == nil && after != before {
		_, err = tx.Exec(updateLedger, after.spent, after.asks, after.nextAsk)
	}
	if err != nil || is.Stage == was.Stage {
		return was, is, err
	}
	_, err = tx.Exec(addTotal, was.Stage, -1, -was.Size)
	if err == nil {
		_, err = tx.Exec(addTotal, is.Stage, 1, is.Size)
	}
	return was, is, err
}

// revive gives archives that failed another chance: those that were retrieved go
// on with that.
func (s *State) revive() error {
	return s.update("revive", func(tx *sql.Tx) error {
		add, err := totals(tx.Query(selectRevived))
		if err != nil {
			return err
		}
		for at, t := range add {
			if t.Archives > 0 {
				if _, err := tx.Exec(addTotal, at, t.Archives, t.Bytes); err != nil {
					return err
				}
			}
		}
		if _, err := tx.Exec(reviveFailed); err != nil {
			return err
		}
		_, err = tx.Exec(resetTotal)
		return err
	})
}

// totals reads rows of a stage, archives and bytes.
func totals(rows *sql.Rows, err error) (all [stages]Total, _ error) {
	if err != nil {
		return all, err
	}
	defer rows.Close()
	for rows.Next() {
		var at Stage
		var t Total
		if err := rows.Scan(&at, &t.Archives, &t.Bytes); err != nil {
			return all, err
		}
		if at < 0 || at >= stages {
			return all, fmt.Errorf("%w: there is no stage %d", ErrDamaged, at)
		}
		all[at] = t
	}
	return all, rows.Err()
}

func (s *State) set(q string, args ...any) error {
	return s.update("change", func(tx *sql.Tx) error {
		_, err := tx.Exec(q, args...)
		return err
	})
}

// Refresh makes the next run take a new inventory, and add what it has besides.
func (s *State) Refresh() error { return s.set(updateUnlisted) }
