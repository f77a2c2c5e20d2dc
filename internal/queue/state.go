package queue

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A state is what is in memory of a queue: who is at work on which messages,
// how far the messages have been looked at, and who waits.
type state struct {
	s      *Service
	number uint64
	arn    string
	turn   chan struct{} // the token of the receive that takes messages: one at a time

	mu sync.Mutex // guards what follows

	// cursor is the number up to which the messages have been looked at. Those
	// of them that are still to be delivered are in flights.
	cursor  uint64
	gone    bool // the queue is, and nothing more is remembered
	flights map[uint64]*flight
	hidden  hidden
	rested  line // visible again; flights that are no more in the map are dead
	delayed int  // of hidden, those that nobody has received yet

	// ended are the messages that ended while a page was being read, which may
	// still have them; nil while none is read.
	ended map[uint64]struct{}
	// skipped is the first of the messages with a delay that there was no room
	// to remember, 0 if there was none. At skippedDue the cursor goes back to it.
	skipped    uint64
	skippedDue time.Duration

	waiters []*waiter // the first is woken first
	timer   *time.Timer
	swap    bool // which of the rested and the new came first the last time
}

// state returns what is in memory of a queue, and begins it if need be.
func (s *Service) state(q *record.Queue) *state {
	arn := s.arn(q)
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[q.Number]
	if st == nil {
		st = &state{s: s, number: q.Number, arn: arn, turn: make(chan struct{}, 1), flights: map[uint64]*flight{}}
		s.states[q.Number] = st
	}
	s.names[arn] = st
	return st
}

// stateOf returns what is in memory of the queue that a request names. The
// queue may be gone by now.
func (s *Service) stateOf(ctx context.Context, owner glacier.AccountID, name string) (st *state, err error) {
	s.mu.Lock()
	st = s.names[string(s.ARN(owner, name))]
	s.mu.Unlock()
	if st != nil {
		return st, nil
	}
	var found record.Queue
	err = s.view(ctx, owner, name, func(_ *catalog.Tx, q *record.Queue) error {
		found = *q
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.state(&found), nil
}

// known returns what is in memory of a queue, nil if nothing is.
func (s *Service) known(number uint64) *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[number]
}

// forget drops what is in memory of a queue that is gone. Those who wait for
// its messages find out.
func (s *Service) forget(number uint64) {
	s.mu.Lock()
	st := s.states[number]
	delete(s.states, number)
	if st != nil && s.names[st.arn] == st {
		delete(s.names, st.arn)
	}
	s.mu.Unlock()
	if st == nil {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.gone = true
	for _, f := range st.flights {
		st.remove(f)
	}
	for len(st.waiters) > 0 {
		st.wakeFirst()
	}
}

// counts are the numbers of messages in flight and of those that wait for the
// end of their delay.
func (s *Service) counts(number uint64) (inFlight, delayed int64) {
	st := s.known(number)
	if st == nil {
		return 0, 0
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.settle()
	return int64(st.inFlight()), int64(st.delayed)
}

func (st *state) inFlight() int { return len(st.hidden) - st.delayed }

// mayTake reports whether one more message may be remembered that is about to
// be received: not while too many that came back are waiting to be taken.
func (st *state) mayTake() bool {
	return len(st.flights)-len(st.hidden) < st.s.limits.rested && st.s.tracked.Load() < st.s.limits.tracked
}

// mayExpect reports whether one more message may be remembered that was sent
// with a delay.
func (st *state) mayExpect() bool {
	return st.delayed < st.s.limits.rested && st.s.tracked.Load() < st.s.limits.tracked
}

// add begins to remember a message.
func (st *state) add(f *flight) {
	st.flights[f.number] = f
	st.s.tracked.Add(1)
}

// remove forgets a message.
func (st *state) remove(f *flight) {
	if st.flights[f.number] != f {
		return
	}
	delete(st.flights, f.number)
	st.s.tracked.Add(-1)
	st.show(f)
}

// hide makes a flight invisible until it is due.
func (st *state) hide(f *flight) {
	heap.Push(&st.hidden, f)
	if f.receives == 0 {
		st.delayed++
	}
	st.arm()
}

// show takes a flight out of the hidden ones, if it is one of them.
func (st *state) show(f *flight) {
	if f.at == nowhere {
		return
	}
	full := st.inFlight() >= st.s.limits.inFlight
	heap.Remove(&st.hidden, f.at)
	if f.receives == 0 {
		st.delayed--
	}
	if full {
		st.wakeFirst()
	}
}

// settle lets the flights be visible whose time has come.
func (st *state) settle() {
	now := st.s.clock()
	for len(st.hidden) > 0 && st.hidden[0].due <= now {
		f := st.hidden[0]
		st.show(f)
		st.rested.push(f)
	}
	if st.skipped != 0 && st.skippedDue <= now {
		st.cursor = min(st.cursor, st.skipped-1)
		st.skipped = 0
	}
}

// expect remembers a message that was sent with a delay. One that has been
// looked at already may have ended.
func (st *state) expect(m *record.QueueMessage, due time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.gone || m.Number <= st.cursor || st.flights[m.Number] != nil || !st.mayExpect() {
		return
	}
	f := &flight{number: m.Number, due: due, at: nowhere}
	st.add(f)
	st.hide(f)
}

// end forgets messages that have ended.
func (st *state) end(numbers []uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, n := range numbers {
		if st.ended != nil {
			st.ended[n] = struct{}{}
		}
		if f := st.flights[n]; f != nil {
			st.remove(f)
		}
	}
}

// purge forgets all messages before one.
func (st *state) purge(through uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for n, f := range st.flights {
		if n < through {
			st.remove(f)
		}
	}
	st.cursor = max(st.cursor, through-1)
}

// startOver looks at all messages again, but for those that are remembered.
func (st *state) startOver() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.cursor = 0
	st.wakeFirst()
}

// A waiter is a receive that waits for a message.
type waiter struct {
	woken chan struct{} // one token
}

// join lines a waiter up. Whoever has joined leaves.
func (st *state) join(w *waiter) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.waiters = append(st.waiters, w)
	st.arm()
}

// leave takes a waiter out of the line. If it was woken, or has taken a
// message, it wakes the next: there may be more.
func (st *state) leave(w *waiter, took bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	waiting := false
	for i, other := range st.waiters {
		if other == w {
			st.waiters = append(st.waiters[:i], st.waiters[i+1:]...)
			waiting = true
			break
		}
	}
	if took || !waiting {
		st.wakeFirst()
	}
	st.arm()
}

// wake wakes the first who waits, if anybody does.
func (st *state) wake() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.wakeFirst()
}

func (st *state) wakeFirst() {
	if len(st.waiters) == 0 {
		return
	}
	w := st.waiters[0]
	st.waiters = st.waiters[1:]
	select {
	case w.woken <- struct{}{}:
	default: // it has a token already
	}
}

// arm sees to it that somebody is woken when the next message becomes visible,
// if anybody waits.
func (st *state) arm() {
	if len(st.waiters) == 0 {
		return
	}
	var next time.Duration
	switch {
	case len(st.hidden) > 0 && (st.skipped == 0 || st.hidden[0].due < st.skippedDue):
		next = st.hidden[0].due
	case st.skipped != 0:
		next = st.skippedDue
	default:
		return
	}
	wait := max(0, next-st.s.clock())
	if st.timer == nil {
		st.timer = time.AfterFunc(wait, st.wake)
		return
	}
	st.timer.Reset(wait)
}
