package job

import (
	"context"
	"slices"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
)

const (
	// MaxExpeditedLimit bounds [Config].ExpeditedLimit, and with it what is
	// remembered of an account.
	MaxExpeditedLimit = 100_000

	// expeditedWindow is the time in which Expedited retrievals are counted.
	expeditedWindow = 5 * time.Minute
	// unitPlaces is how many of them a capacity unit guarantees.
	unitPlaces = 3
)

// An admission has the places for Expedited retrievals: as many in any five
// minutes as the account's units guarantee, and then a limited number more. It
// remembers who has taken one in the last five minutes, of this process: a
// restart, and another process, give all places again. All methods may be
// called concurrently.
type admission struct {
	limit int // places beside the units', by account; negative if there is no limit
	now   func() time.Time

	mu       sync.Mutex // guards what follows
	accounts map[glacier.AccountID]*taken
	swept    time.Time // when accounts that have no place were last forgotten
}

// taken are the instants at which an account has taken places, ascending.
type taken struct {
	units, rest []time.Time
}

// A place is one that was taken. The zero place is none.
type place struct {
	account glacier.AccountID
	unit    bool
	at      time.Time
}

// newAdmission makes an admission without a limit if limit is nil.
func newAdmission(limit *int, now func() time.Time) *admission {
	a := &admission{limit: -1, now: now, accounts: make(map[glacier.AccountID]*taken)}
	if limit != nil {
		a.limit = *limit
	}
	return a
}

// take takes a place for a retrieval that is about to begin, of a unit's if
// there is one. ok is false if there is none at all.
func (a *admission) take(account glacier.AccountID, units int) (p place, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.sweep(now)
	t := a.accounts[account]
	if t == nil {
		t = new(taken)
	}
	t.forget(now)
	p = place{account: account, at: now}
	switch {
	case len(t.units) < units*unitPlaces:
		p.unit = true
		t.units = append(t.units, now)
	case len(t.rest) < a.limit:
		t.rest = append(t.rest, now)
	default:
		return place{}, false
	}
	a.accounts[account] = t
	return p, true
}

// giveBack gives a place back: the retrieval has not begun.
func (a *admission) giveBack(p place) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.accounts[p.account]
	if t == nil {
		return
	}
	list := &t.rest
	if p.unit {
		list = &t.units
	}
	if i := slices.Index(*list, p.at); i >= 0 {
		*list = slices.Delete(*list, i, i+1)
	}
}

// sweep forgets the accounts that have no place any more, now and then. mu is
// held.
func (a *admission) sweep(now time.Time) {
	if now.Sub(a.swept) < expeditedWindow {
		return
	}
	a.swept = now
	for account, t := range a.accounts {
		if t.forget(now); len(t.units)+len(t.rest) == 0 {
			delete(a.accounts, account)
		}
	}
}

// forget frees the places that were taken too long ago.
func (t *taken) forget(now time.Time) {
	t.units, t.rest = recent(t.units, now), recent(t.rest, now)
}

func recent(at []time.Time, now time.Time) []time.Time {
	for len(at) > 0 && now.Sub(at[0]) >= expeditedWindow {
		at = at[1:]
	}
	return at
}

// admit takes a place for a job that needs one. If the job is not begun the
// place is to be given back.
func (s *Service) admit(ctx context.Context, owner glacier.AccountID, q *request) (place, error) {
	if q.job.Tier != glacier.Expedited || s.expedited.limit < 0 {
		return place{}, nil
	}
	n := 0
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		live, _, err := units(tx, owner)
		n = len(live)
		return err
	})
	if err != nil {
		return place{}, err
	}
	p, ok := s.expedited.take(owner, n)
	if !ok {
		return place{}, glacier.Errorf(glacier.InsufficientCapacity,
			"Insufficient capacity is available to process this Expedited retrieval. Try again later, or use tier Standard or Bulk.")
	}
	return p, nil
}
