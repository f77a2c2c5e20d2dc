package migrate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// shared is what the goroutines of a run know together.
type shared struct {
	renews atomic.Bool // the target does not keep ids
	keeps  atomic.Bool // it has kept one
	first  sync.Mutex  // held while it is found out whether it does

	mu      sync.Mutex
	changed chan struct{} // closed when any of the following has changed
	totals  [stages]Total
	busy    map[int64]bool // archives that are being copied
	ended   string         // why no more retrievals are begun; "" while they are
	began   time.Time      // of the run
	copied  int64          // bytes, since then
}

func newShared() shared {
	return shared{changed: make(chan struct{}), busy: map[int64]bool{}}
}

// tell wakes everybody who waits for a change. The caller holds mu.
func (s *shared) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// look runs fn under the lock, and returns what is closed with the next change.
func (s *shared) look(fn func()) (changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	return s.changed
}

// over reports whether there is nothing left to do. The caller holds mu.
func (s *shared) over() bool {
	return (s.totals[Waiting].Archives == 0 || s.ended != "") &&
		s.totals[Asking].Archives+s.totals[Asked].Archives+s.totals[Ready].Archives == 0
}

// wait waits for a change.
func wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// edit changes an archive in the state, and tells everybody.
func (m *Migration) edit(n int64, change func(a *Archive, l *ledger)) (Archive, error) {
	was, is, err := m.state.edit(n, change)
	if err != nil {
		return is, err
	}
	m.look(func() {
		m.moved(was.Stage, is.Stage, is.Size)
		if is.Stage != was.Stage {
			m.tell()
		}
	})
	return is, nil
}

// moved counts an archive at another stage. The caller holds mu.
func (s *shared) moved(from, to Stage, size int64) {
	s.totals[from].Archives--
	s.totals[from].Bytes -= size
	s.totals[to].Archives++
	s.totals[to].Bytes += size
}

// ready notes that archives have been retrieved, and tells everybody.
func (m *Migration) ready(numbers []int64) error {
	if len(numbers) == 0 {
		return nil
	}
	list, err := m.state.ready(numbers)
	if err != nil {
		return err
	}
	m.look(func() {
		for i := range list {
			m.moved(Asked, Ready, list[i].Size)
		}
		m.tell()
	})
	return nil
}

// note changes what is known of an archive, also in a.
func (m *Migration) note(a *Archive, change func(a *Archive)) error {
	is, err := m.edit(a.N, func(a *Archive, _ *ledger) { change(a) })
	if err == nil {
		*a = is
	}
	return err
}
