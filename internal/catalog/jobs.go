package catalog

import (
	"database/sql"
	"math"

	"firn/glacier"
	"firn/internal/record"
)

const (
	selectJob = "SELECT image FROM jobs WHERE vault = $1 AND id = $2"
	// A filter's empty members stand for their whole range.
	selectJobs = "SELECT image FROM jobs WHERE vault = $1 AND id <= $2 AND done >= $3 AND done <= $4" +
		" ORDER BY id DESC LIMIT $5"
	selectJobsByStatus = "SELECT image FROM jobs WHERE vault = $1 AND id <= $2 AND done >= $3 AND done <= $4 AND status = $5" +
		" ORDER BY id DESC LIMIT $6"
	selectUnfinished = "SELECT image FROM jobs WHERE done = 0 AND id > $1 ORDER BY id LIMIT $2"
	selectExpired    = "SELECT image FROM jobs WHERE expires > 0 AND expires < $1 ORDER BY expires LIMIT $2"
	glanceJobs       = "SELECT vault, id, status FROM jobs WHERE vault = $1 AND id <= $2 ORDER BY id DESC LIMIT $3"
	glanceUnfinished = "SELECT vault, id, 'InProgress' FROM jobs WHERE done = 0 AND id <= $1 ORDER BY id DESC LIMIT $2"
	// CROSS keeps the order of the tables: each vault, and its newest jobs.
	glanceNewest = "SELECT j.vault, j.id, j.status FROM vaults AS v CROSS JOIN jobs AS j ON j.vault = v.id AND j.id <= $2 AND j.id >=" +
		" COALESCE((SELECT k.id FROM jobs AS k WHERE k.vault = v.id AND k.id <= $2 ORDER BY k.id DESC LIMIT 1 OFFSET $3), 0)" +
		" WHERE v.account = $1"
	countPins = "SELECT COUNT(*) FROM jobs WHERE vault = $1 AND pinned = $2 AND pinned > 0"
)

// Job looks a job up.
func (tx *Tx) Job(vault, id uint64) (j record.Job, ok bool, err error) {
	return one[record.Job](tx, selectJob, num(vault), num(id))
}

// A JobFilter narrows Jobs. Empty members do not narrow.
type JobFilter struct {
	Status    string
	Completed *bool
}

// Jobs lists a vault's jobs, newest first: those with ids up to and including
// from (0 means from the newest).
func (tx *Tx) Jobs(vault, from uint64, filter JobFilter, limit int) ([]record.Job, error) {
	if from == 0 {
		from = math.MaxUint64
	}
	least, most := int64(0), int64(1)
	if filter.Completed != nil && *filter.Completed {
		least = 1
	}
	if filter.Completed != nil && !*filter.Completed {
		most = 0
	}
	if filter.Status == "" {
		return list[record.Job](tx, limit, selectJobs, num(vault), bound(from), least, most)
	}
	return list[record.Job](tx, limit, selectJobsByStatus, num(vault), bound(from), least, most, filter.Status)
}

// UnfinishedJobs lists the jobs of all vaults that are in progress, by id,
// those with ids above after.
func (tx *Tx) UnfinishedJobs(after uint64, limit int) ([]record.Job, error) {
	return list[record.Job](tx, limit, selectUnfinished, bound(after))
}

// ExpiredJobs lists completed jobs of all vaults that expired before the
// instant (Unix ms). A job without an expiry never does.
func (tx *Tx) ExpiredJobs(before int64, limit int) ([]record.Job, error) {
	return list[record.Job](tx, limit, selectExpired, before)
}

// Pins counts the jobs that pin an archive: all its retrievals and select jobs
// that exist.
func (tx *Tx) Pins(vault, archive uint64) (int64, error) {
	return tx.number(countPins, num(vault), num(archive))
}

// A JobGlance is what is known of a job without reading it.
type JobGlance struct {
	Vault, ID uint64
	Status    string
}

// GlanceJobs lists a vault's jobs, newest first: those with ids up to and
// including from.
func (tx *Tx) GlanceJobs(vault, from uint64, limit int) ([]JobGlance, error) {
	return tx.glanceAtJobs(glanceJobs, num(vault), bound(from), int64(max(limit, 0)))
}

// GlanceUnfinished lists the jobs of all vaults that are in progress, newest
// first: those with ids up to and including from.
func (tx *Tx) GlanceUnfinished(from uint64, limit int) ([]JobGlance, error) {
	return tx.glanceAtJobs(glanceUnfinished, bound(from), int64(max(limit, 0)))
}

// GlanceNewest lists the newest jobs of each of an account's vaults: of each at
// most so many, one at least, with ids up to and including from. They are in no
// order.
func (tx *Tx) GlanceNewest(account glacier.AccountID, from uint64, ofEach int) ([]JobGlance, error) {
	return tx.glanceAtJobs(glanceNewest, accountNumber(account), bound(from), int64(max(ofEach, 1)-1))
}

func (tx *Tx) glanceAtJobs(q string, args ...any) ([]JobGlance, error) {
	var jobs []JobGlance
	err := tx.each(q, args, func(rows *sql.Rows) error {
		var vault, id int64
		var j JobGlance
		if err := rows.Scan(&vault, &id, &j.Status); err != nil {
			return undecodable(q, err)
		}
		j.Vault, j.ID = uint64(vault), uint64(id)
		jobs = append(jobs, j)
		return nil
	})
	return jobs, err
}
