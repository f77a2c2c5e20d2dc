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
	read func() reading

	mu       sync.Mutex
	last     reading       // the previous look
	doubtful bool          // there was a jump, and nothing has lifted the doubt since
	since    time.Duration // by the monotonic clock: when the last jump was seen
	reason   string
}

// A reading is one look at both of a machine's clocks.
type reading struct {
	wall    time.Time     // people set it
	elapsed time.Duration // nobody can: the monotonic clock, from any beginning
}

// readings returns readings of now. The monotonic clock is the one that
// time.Now puts into its results; of a now without one, nothing but a long
// absence is ever suspected.
func readings(now func() time.Time) func() reading {
	began := now()
	return func() reading {
		t := now()
		return reading{t.Round(0), t.Sub(began)}
	}
}

func newClock(read func() reading, lastRecord time.Time) *clock {
	c := &clock{read: read, last: read()}
	if !lastRecord.IsZero() && c.last.wall.Sub(lastRecord) > longAbsence {
		c.suspect("the store was last used more than 30 days ago")
	}
	return c
}

// suspect puts the clock in doubt as of the last look.
func (c *clock) suspect(reason string) {
	c.doubtful, c.since, c.reason = true, c.last.elapsed, reason
}

// steady reports whether the clock can be trusted, and if not, why.
func (c *clock) steady() (bool, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.read()
	step := now.wall.Sub(c.last.wall) - (now.elapsed - c.last.elapsed)
	c.last = now
	switch {
	case step > clockStep || step < -clockStep:
		c.suspect("the machine's clock was seen to jump by " + step.Round(time.Second).String())
	case c.doubtful && now.elapsed-c.since >= steadyFor:
		c.doubtful, c.reason = false, ""
	}
	return !c.doubtful, c.reason
}

// confirm takes the operator's word that the clock is right.
func (c *clock) confirm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.doubtful, c.reason = c.read(), false, ""
}

// ClockSteady reports whether the machine's clock can be trusted to end
// things, and if not, why. After a jump of more than five minutes, or a start
// more than 30 days after the last record, that takes 24 steady hours or
// ConfirmClock.
func (s *Store) ClockSteady() (bool, string) { return s.clock.steady() }

// ConfirmClock takes the operator's word that the machine's clock is right.
// It holds until the store is closed or the clock jumps again.
func (s *Store) ConfirmClock() { s.clock.confirm() }
