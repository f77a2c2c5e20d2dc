package job

import (
	"fmt"
	"math"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

const (
	// standardHours is the window over which the bytes of a Standard retrieval
	// are spread: it is promised within three to five hours.
	standardHours = 4

	daySeconds = 24 * 60 * 60
)

// charge adds to the record of a new job what the job takes from its account's
// day, or refuses the job. Only Standard retrievals are charged: a query is no
// retrieval, whatever it reads. They are so under every policy, so that one which is set at noon knows of the morning.
func (s *Service) charge(tx *catalog.Tx, owner glacier.AccountID, r *record.Record, j *record.Job) error {
	if j.Action != glacier.ActionArchiveRetrieval || j.Tier != glacier.Standard {
		return nil
	}
	bytes := j.Last - j.First + 1
	p, err := retrievalPolicy(tx, owner)
	if err != nil {
		return err
	}
	u, err := tx.RetrievalUsage(owner)
	if err != nil {
		return fmt.Errorf("look up retrieval usage: %w", err)
	}
	u.Account = owner
	today(&u, tx.Now())
	over := false
	switch p.Strategy {
	case glacier.BytesPerHour:
		running, err := tx.StandardBytes(owner)
		if err != nil {
			return fmt.Errorf("sum retrievals in progress: %w", err)
		}
		over = exceeds(running, bytes, p.BytesPerHour)
	case glacier.FreeTier:
		over = bytes > share(s.cfg.FreeRetrieval, u.Day)-u.Bytes
	}
	if over {
		return glacier.Errorf(glacier.PolicyEnforced, "InitiateJob request denied by current data retrieval policy.")
	}
	u.Bytes += min(bytes, math.MaxInt64-u.Bytes)
	r.Put(&u)
	return nil
}

// today begins a new day of usage if there is one. A clock that went back does
// not: the day that has begun stays.
func today(u *record.RetrievalUsage, now time.Time) {
	if day := now.Unix() / daySeconds; day > u.Day {
		u.Day, u.Bytes = day, 0
	}
}

// exceeds reports whether the bytes of the retrievals in progress and of one
// more are too many for an hour: an equal part of them, rounded up, falls on
// each hour of the window.
func exceeds(running, more, perHour int64) bool {
	all := uint64(running) + uint64(more) // two of 63 bits fit
	rate := all / standardHours
	if all%standardHours != 0 {
		rate++
	}
	return rate > uint64(perHour)
}

// share is what falls on a day of the allowance of its month.
func share(month, day int64) int64 {
	t := time.Unix(day*daySeconds, 0).UTC()
	days := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day() // the day before the first of the next
	return month / int64(days)
}
