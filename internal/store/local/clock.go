package local

import (
	"sync"
	"time"
)

const (
	// clockStep is the disagreement of wall and monotonic clock that counts
	// as a jump.
	clockStep = 5 * time.Minute
	// longAbsence is how long after the last record a start is suspicious.
	longAbsence = 30 * 24 * time.Hour
	// steadyFor is how long the clock must behave to be trusted again.
	steadyFor = 24 * time.Hour
)

// A clock watches the machine's clock. While it is in doubt, nothing is
// expired and nothing is reclaimed: a clock that jumped ahead must not be
// able to destroy anything.
type clock struct {
	now func() time.Time

	mu     sync.Mutex
	last   time.Time // previous look, with its monotonic reading
	doubt  time.Time // when the last jump was seen; zero if never
	reason string
}

func newClock(now func() time.Time, lastRecord time.Time) *clock {
	c := &clock{now: now, last: now()}
	if !lastRecord.IsZero() && c.last.Sub(lastRecord) > longAbsence {
		c.doubt, c.reason = c.last, "the store was last used more than 30 days ago"
	}
	return c
}

// steady reports whether the clock can be trusted, and if not, why.
func (c *clock) steady() (bool, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	mono := now.Sub(c.last)                   // by the monotonic clock
	wall := now.Round(0).Sub(c.last.Round(0)) // by the wall clock
	if d := wall - mono; d > clockStep || d < -clockStep {
		c.doubt, c.reason = now, "the machine's clock was seen to jump by "+d.Round(time.Second).String()
	}
	c.last = now
	if c.doubt.IsZero() || now.Sub(c.doubt) >= steadyFor {
		return true, ""
	}
	return false, c.reason
}

// confirm takes the operator's word that the clock is right.
func (c *clock) confirm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.doubt, c.reason = c.now(), time.Time{}, ""
}

// ClockSteady reports whether the machine's clock can be trusted to end
// things, and if not, why. After a jump of more than five minutes, or a start
// more than 30 days after the last record, that takes 24 steady hours or
// ConfirmClock.
func (s *Store) ClockSteady() (bool, string) { return s.clock.steady() }

// ConfirmClock takes the operator's word that the machine's clock is right.
func (s *Store) ConfirmClock() { s.clock.confirm() }
