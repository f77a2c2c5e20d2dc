package sqlite

import (
	"context"
	"slices"
	"sync"
)

// A Shared makes changes of several callers in one transaction: so they share the
// flush of the disk, which is what takes time. C is what a transaction is begun on,
// and T the transaction.
type Shared[C, T any] struct {
	// Turn has room for one C, and has it when nobody writes. Who writes besides
	// takes it from there meanwhile.
	Turn   chan C
	within func(C, []func(T) error) error

	mu      sync.Mutex
	waiting []*change[T]
}

// NewShared returns one whose Turn has no C yet. within makes changes in one
// transaction, all or none.
func NewShared[C, T any](within func(C, []func(T) error) error) *Shared[C, T] {
	return &Shared[C, T]{Turn: make(chan C, 1), within: within}
}

// A change waits for a transaction.
type change[T any] struct {
	do   func(T) error
	done chan error // has room for the result
}

// most bounds the changes in one transaction.
const most = 512

// Do makes a change, alone or together with those of others who wait: whoever
// finds the turn free commits for all. The change may be made twice. If the context
// ends before the change is begun, its error is the result; later it ends nothing.
func (s *Shared[C, T]) Do(ctx context.Context, do func(T) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	mine := &change[T]{do, make(chan error, 1)}
	s.mu.Lock()
	s.waiting = append(s.waiting, mine)
	s.mu.Unlock()
	select {
	case c := <-s.Turn:
		defer func() { s.Turn <- c }()
		return s.until(c, mine)
	case err := <-mine.done:
		return err
	case <-ctx.Done():
		if s.withdraw(mine) {
			return ctx.Err()
		}
		return <-mine.done
	}
}

// until commits what waits, until mine has been.
func (s *Shared[C, T]) until(c C, mine *change[T]) error {
	for {
		select {
		case err := <-mine.done:
			return err
		default:
			s.commit(c, s.take())
		}
	}
}

func (s *Shared[C, T]) take() []*change[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.waiting), most)
	taken := slices.Clone(s.waiting[:n])
	s.waiting = slices.Delete(s.waiting, 0, n)
	return taken
}

// withdraw takes back a change that nobody has begun.
func (s *Shared[C, T]) withdraw(mine *change[T]) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, mine)
	if i < 0 {
		return false
	}
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return true
}

// commit makes several changes in one transaction. If that fails, each is tried
// alone, so that nobody fails for another's reason.
func (s *Shared[C, T]) commit(c C, all []*change[T]) {
	var together []func(T) error
	for _, one := range all {
		together = append(together, one.do)
	}
	err := s.within(c, together)
	for _, one := range all {
		if err != nil && len(all) > 1 {
			one.done <- s.within(c, []func(T) error{one.do})
			continue
		}
		one.done <- err
	}
}
