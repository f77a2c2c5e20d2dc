package migrate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/remote"
)

// askers is how many retrievals are begun at a time.
const askers = 4

// ask begins retrievals until there is nothing left to begin. Turn is held while
// an archive is chosen.
func (m *Migration) ask(ctx context.Context, turn *sync.Mutex) error {
	for {
		turn.Lock()
		a, err := m.choose(ctx)
		turn.Unlock()
		if err != nil || a == nil {
			return err
		}
		if err := m.retrieve(ctx, a); err != nil {
			return err
		}
	}
}

// choose waits until a retrieval may be begun, and writes down that it is. Nil is
// that there is none any more.
func (m *Migration) choose(ctx context.Context) (*Archive, error) {
	for ctx.Err() == nil {
		var over, full bool
		changed := m.look(func() { over, full = m.over(), m.full() })
		if over {
			return nil, nil
		}
		waiting, err := m.state.at(Waiting, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(waiting) == 0 || full || m.stopped() {
			if err := wait(ctx, changed); err != nil {
				return nil, err
			}
			continue
		}
		about, err := m.state.About()
		if err != nil {
			return nil, err
		}
		if pause := time.UnixMilli(about.NextAsk).Sub(m.cfg.Now()); m.cfg.BytesPerHour > 0 && pause > 0 {
			if err := m.cfg.Sleep(ctx, min(pause, longestPause)); err != nil {
				return nil, err
			}
			continue
		}
		price := m.cfg.Price.Money(1, waiting[0].Size)
		if m.cfg.Budget > 0 && about.Spent+price > m.cfg.Budget {
			m.stop(fmt.Sprintf("the budget of %s is spent, or the next retrieval (%s) would exceed it", m.cfg.Budget, price))
			continue
		}
		a, err := m.edit(waiting[0].N, func(a *Archive, l *ledger) {
			a.Stage, a.Job = Asking, ""
			a.Asks++
			l.asks++
			l.spent += price
			if m.cfg.BytesPerHour > 0 {
				begin := max(l.nextAsk, m.cfg.Now().UnixMilli())
				l.nextAsk = begin + int64(float64(a.Size)/float64(m.cfg.BytesPerHour)*float64(time.Hour.Milliseconds()))
			}
		})
		return &a, err
	}
	return nil, context.Cause(ctx)
}

func (m *Migration) stopped() (yes bool) {
	m.look(func() { yes = m.ended != "" })
	return yes
}

// stop ends the beginning of retrievals. What is under way goes on.
func (m *Migration) stop(why string) {
	m.look(func() {
		m.ended = why
		m.tell()
	})
}

// halfDay is for how long what is retrieved may wait to be copied.
const halfDay = 12 * time.Hour

// most bounds the jobs that are not done with.
const most = 5000

// full reports whether as much has been retrieved as can be copied in time. The
// caller holds mu.
func (m *Migration) full() bool {
	var open Total
	for _, at := range []Stage{Asking, Asked, Ready} {
		open.Archives += m.totals[at].Archives
		open.Bytes += m.totals[at].Bytes
	}
	rate := float64(m.copied) / max(1, m.cfg.Now().Sub(m.began).Seconds())
	return open.Archives >= most || open.Archives > 0 && open.Bytes >= max(m.cfg.Ahead, int64(rate*halfDay.Seconds()))
}

// retrieve begins a retrieval that was written down.
func (m *Migration) retrieve(ctx context.Context, a *Archive) error {
	about, err := m.state.About()
	if err != nil {
		return err
	}
	kind, id, token := glacier.ArchiveRetrieval, string(a.ID), about.tokenOf(a)
	job, err := m.cfg.Source.StartJob(ctx, glacier.JobParameters{
		Type: &kind, ArchiveID: &id, Description: &token, Tier: &m.cfg.Tier,
	})
	if err == nil {
		_, err = m.edit(a.N, func(a *Archive, _ *ledger) { a.Stage, a.Job = Asked, job })
		return err
	}
	if _, certain := errors.AsType[*remote.NotBegun](err); !certain {
		// There may be a job that costs something. The next run looks for it.
		return fmt.Errorf("retrieve archive %s: %w", a.ID, err)
	}
	return m.refused(ctx, a, err)
}

// refused notes that a retrieval was refused, and that it was not begun.
func (m *Migration) refused(ctx context.Context, a *Archive, err error) error {
	switch {
	case remote.IsNotFound(err):
		if _, err := m.cfg.Source.Describe(ctx); err != nil {
			return fmt.Errorf("retrieve archives of %s: %w", m.cfg.Source.Name, err)
		}
		return m.fail(a, fmt.Errorf("it is no longer in the source: %w", err), true)
	case remote.IsRefusal(err, glacier.InvalidParameterValue, glacier.MissingParameterValue):
		return m.fail(a, err, true)
	case remote.IsRefusal(err, glacier.PolicyEnforced, glacier.InsufficientCapacity, glacier.LimitExceeded, glacier.Throttling):
		if err := m.unask(a.N); err != nil {
			return err
		}
		m.cfg.Events.Waits(err.Error())
		return m.cfg.Sleep(ctx, longestPause)
	}
	return fmt.Errorf("retrieve archive %s: %w", a.ID, err)
}

// tokenOf is the description of the job that retrieves an archive.
func (a *About) tokenOf(x *Archive) string { return fmt.Sprintf("%s %d %d", a.label(), x.N, x.Asks) }

// unask takes back that a retrieval was begun.
func (m *Migration) unask(n int64) error {
	_, err := m.edit(n, func(a *Archive, l *ledger) {
		a.Stage = Waiting
		m.refund(a, l)
	})
	return err
}

func (m *Migration) refund(a *Archive, l *ledger) {
	l.spent -= m.cfg.Price.Money(1, a.Size)
	l.asks--
}

// fail notes that an archive will not be copied in this run. unasked is that the
// retrieval did not begin.
func (m *Migration) fail(a *Archive, why error, unasked bool) error {
	is, err := m.edit(a.N, func(a *Archive, l *ledger) {
		a.Stage, a.Failure = Failed, why.Error()
		if unasked {
			m.refund(a, l)
		}
	})
	if err == nil {
		m.cfg.Events.Failed(is, why)
	}
	return err
}

// recoverAsks finds out what became of retrievals that were being begun when the
// program ended.
func (m *Migration) recoverAsks(ctx context.Context) error {
	about, err := m.state.About()
	if err != nil {
		return err
	}
	open, err := m.state.at(Asking, 0, most)
	if err != nil || len(open) == 0 {
		return err
	}
	byToken := map[string]int64{}
	for i := range open {
		byToken[about.tokenOf(&open[i])] = open[i].N
	}
	if err := m.findAsks(ctx, byToken); err != nil {
		return err
	}
	if len(byToken) > 0 { // the last request may still be on its way, or the list behind
		if err := m.cfg.Sleep(ctx, secondLook); err != nil {
			return err
		}
		if err := m.findAsks(ctx, byToken); err != nil {
			return err
		}
	}
	for _, n := range byToken {
		if err := m.unask(n); err != nil {
			return err
		}
	}
	return nil
}

// secondLook is how long a job may take to be listed.
const secondLook = 2 * time.Second

// findAsks looks for retrievals by the descriptions of their jobs, and takes
// those that it finds out of the map.
func (m *Migration) findAsks(ctx context.Context, byToken map[string]int64) error {
	for j, err := range m.cfg.Source.Jobs(ctx, remote.JobFilter{}) {
		if err != nil {
			return fmt.Errorf("look for retrievals that were begun: %w", err)
		}
		if j.JobDescription == nil {
			continue
		}
		n, ours := byToken[*j.JobDescription]
		if !ours {
			continue
		}
		delete(byToken, *j.JobDescription)
		if _, err := m.edit(n, func(a *Archive, _ *ledger) { a.Stage, a.Job = Asked, j.JobID }); err != nil {
			return err
		}
	}
	return nil
}
