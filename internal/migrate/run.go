package migrate

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/remote"
)

// A Stop is a reason for which a run began no more retrievals. What was
// retrieved has been copied.
type Stop struct{ Why string }

func (s *Stop) Error() string { return s.Why }

// Run moves what is left to be moved. Archives that fail are noted in the State,
// and no error; a [*Stop] is a limit that was reached. Any other error has ended
// the run, and the next goes on. Whoever calls it holds the State's lock.
func (m *Migration) Run(ctx context.Context) error {
	if err := m.List(ctx); err != nil {
		return err
	}
	if err := m.prepare(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	start := func(work func(context.Context) error) {
		group.Go(func() {
			if err := work(ctx); err != nil {
				cancel(err)
			}
		})
	}
	turn := new(sync.Mutex)
	for range askers {
		start(func(ctx context.Context) error { return m.ask(ctx, turn) })
	}
	start(m.watch)
	for range m.cfg.Parallel {
		start(m.work)
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if m.ended != "" {
		return &Stop{m.ended}
	}
	return nil
}

// prepare takes up what the last run has left.
func (m *Migration) prepare(ctx context.Context) error {
	if err := m.cfg.Target.Create(ctx); err != nil && !remote.IsRefusal(err, glacier.AccessDenied) { // who may not may still upload
		return fmt.Errorf("make the vault %s: %w", m.cfg.Target.Name, err)
	}
	if err := m.state.revive(); err != nil {
		return err
	}
	about, err := m.state.About()
	if err != nil {
		return err
	}
	m.renews.Store(about.Renews)
	m.look(func() {
		m.totals, m.began = about.Totals, m.cfg.Now()
		m.ended, m.copied = "", 0
	})
	return m.recoverAsks(ctx)
}

// work copies archives until there are none any more.
func (m *Migration) work(ctx context.Context) error {
	for {
		a, err := m.next(ctx)
		if err != nil || a == nil {
			return err
		}
		if err := m.bring(ctx, a); err != nil {
			return err
		}
	}
}

// bring copies an archive. If ids must be kept, one comes before all others, to
// see whether they are.
func (m *Migration) bring(ctx context.Context, a *Archive) error {
	if m.cfg.IDs == Keep && !m.keeps.Load() {
		m.first.Lock()
		defer m.first.Unlock()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	id, err := m.copy(ctx, a)
	return m.settle(ctx, a, id, err)
}

// next waits for an archive that can be copied. Nil is that there is none any
// more.
func (m *Migration) next(ctx context.Context) (*Archive, error) {
	for {
		var over bool
		changed := m.look(func() { over = m.over() })
		if over {
			return nil, nil
		}
		ready, err := m.state.at(Ready, 0, m.cfg.Parallel)
		if err != nil {
			return nil, err
		}
		var mine *Archive
		m.look(func() {
			for i := range ready {
				if !m.busy[ready[i].N] {
					mine = &ready[i]
					m.busy[mine.N] = true
					return
				}
			}
		})
		if mine != nil {
			// Another may have been done with it between the two looks.
			now, err := m.state.get(mine.N)
			if err == nil && now.Stage == Ready {
				return &now, nil
			}
			m.look(func() { delete(m.busy, mine.N) })
			if err != nil {
				return nil, err
			}
			continue
		}
		if err := wait(ctx, changed); err != nil {
			return nil, err
		}
	}
}

// settle notes what became of an archive. The error is one that ends the run.
func (m *Migration) settle(ctx context.Context, a *Archive, id glacier.ArchiveID, err error) error {
	defer m.look(func() { delete(m.busy, a.N) })
	switch {
	case err == nil:
		return m.arrived(ctx, a, id)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errExpired):
		return m.again(a, err)
	case ends(err):
		return fmt.Errorf("copy archive %s: %w", a.ID, err)
	}
	return m.fail(a, err, false)
}

// arrived notes that an archive has its id in the target.
func (m *Migration) arrived(ctx context.Context, a *Archive, id glacier.ArchiveID) error {
	renewed := id != a.ID
	switch {
	case !renewed:
		m.keeps.Store(true)
	case m.cfg.IDs == Keep:
		return m.takeBack(ctx, a, id)
	case a.Imports && !m.keeps.Load():
		if err := m.renew(); err != nil {
			return err
		}
	}
	is, err := m.edit(a.N, func(a *Archive, _ *ledger) {
		a.Stage, a.Failure, a.Upload = Copied, "", ""
		if renewed {
			a.NewID = id
		}
	})
	if err != nil {
		return err
	}
	m.look(func() { m.copied += a.Size })
	m.cfg.Events.Done(is)
	return nil
}

// takeBack deletes an archive that has another id in the target than it must
// have, and ends the run: the others would have one, too.
func (m *Migration) takeBack(ctx context.Context, a *Archive, id glacier.ArchiveID) error {
	err := m.cfg.Target.DeleteArchive(ctx, id)
	if err == nil {
		err = m.note(a, func(a *Archive) { a.Upload = "" })
	}
	return errors.Join(errors.New("the target does not keep the ids of archives"), err)
}

// ends reports whether an error is not of one archive, but of all.
func ends(err error) bool {
	if _, ok := errors.AsType[*remote.Unreachable](err); ok {
		return true
	}
	if refusal, ok := errors.AsType[*client.Error](err); ok {
		return refusal.Status == 401 || refusal.Status == 403 || refusal.Status == 404 || refusal.Status == 408 || refusal.Status == 429 || refusal.Status >= 500
	}
	return false
}
