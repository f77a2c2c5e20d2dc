package local

import (
	"context"
	"fmt"
	"sync"
	"time"

	"firn/internal/catalog"
	"firn/internal/record"
)

const (
	// maxCredit is how much absence the lock clock counts at most at a time.
	// What it has counted it must earn again: an hour for an hour of running.
	maxCredit = 7 * 24 * time.Hour
	// beatEvery is how often the lock clock is written down while nothing
	// happens. What a kill makes look like absence is no more than that.
	beatEvery = time.Hour
	// beatSlack is how far the clocks may have moved, and how long the store
	// may have run, without a new record of it.
	beatSlack = time.Minute
	// skewTold is the skew that a start tells of.
	skewTold = time.Hour
)

// A lockClock is the time by which locks hold. Nobody can set it.
//
// While the process runs it is the monotonic clock, begun at what the lock
// clock was at the start: the wall clock has no say in it. Skew, the
// difference between the two, takes up whatever happens to the wall clock.
//
// Over an absence the wall clock is all there is. The absence is the time
// from the wall clock when the lock clock was last written down, Seen + Skew,
// to the wall clock now. It is counted if it is not negative, and only as far
// as there is credit: a week at first, used up by what is counted, and earned
// again by running, up to a week. So in any span of time the lock clock gains
// no more than the store has run in it, once more the same, and a week.
//
// The times of other records are not looked at: a clock that was ahead for a
// moment leaves them in the future. Nor is what was not written down. What a
// kill leaves unwritten is therefore absence, and a jump in it as well.
//
// The monotonic clock stands still while the machine sleeps. That is a jump
// of the wall clock like any other, and is not counted.
type lockClock struct {
	read func() reading

	mu      sync.Mutex
	first   reading      // the look that began it
	from    record.Clock // as of first; the zero Clock before that
	last    time.Time    // the latest answer
	written record.Clock // the newest image on the medium, if there is one
	known   bool         // there is one
	told    int64        // the skew that the log knows of
}

// A lockStart is what start made of an absence.
type lockStart struct {
	skew            time.Duration // the wall clock is ahead by that
	absent, counted time.Duration
}

// start begins the lock clock from what it was. Nil means that there was none:
// then nothing was ever promised, and the wall clock is right.
func (c *lockClock) start(was *record.Clock) lockStart {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = c.read()
	wall := c.first.wall.UnixMilli()
	var absent, counted int64
	if was != nil {
		c.from, c.written, c.known = *was, *was, true
		c.from.Credit = min(max(was.Credit, 0), maxCredit.Milliseconds())
		absent = max(0, wall-was.Seen-was.Skew)
		counted = min(absent, c.from.Credit)
		c.from.Seen += counted
		c.from.Down += counted
		c.from.Credit -= counted
	} else {
		c.from = record.Clock{Born: wall, Seen: wall, Credit: maxCredit.Milliseconds()}
	}
	c.from.Skew = wall - c.from.Seen
	c.told = c.from.Skew
	return lockStart{skew: millis(c.from.Skew), absent: millis(absent), counted: millis(counted)}
}

// now is the present by the lock clock. It never decreases.
func (c *lockClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, _ := c.look()
	return t
}

// look is now, and the reading that it comes from. mu is held.
func (c *lockClock) look() (time.Time, reading) {
	r := c.read()
	t := time.UnixMilli(c.from.Seen).UTC().Add(r.elapsed - c.first.elapsed)
	if t.Before(c.last) { // only of a clock that has no monotonic part
		t = c.last
	}
	c.last = t
	return t, r
}

// image is the lock clock as it would be written down now.
func (c *lockClock) image() record.Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.imageLocked()
}

func (c *lockClock) imageLocked() record.Clock {
	t, r := c.look()
	im := c.from
	im.Seen = t.UnixMilli()
	im.Skew = r.wall.UnixMilli() - im.Seen
	im.Credit = min(im.Credit+im.Seen-c.from.Seen, maxCredit.Milliseconds())
	im.Extra = c.written.Extra
	return im
}

// due reports whether the lock clock should be written down: it never was, the
// wall clock has moved, or the last time is every ago. jump is by how much the
// wall clock has moved since due was asked last, if that is worth telling.
func (c *lockClock) due(every time.Duration) (due bool, jump, skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	im := c.imageLocked()
	if moved := millis(im.Skew - c.told); moved.Abs() > beatSlack {
		jump, c.told = moved, im.Skew
	}
	due = !c.known || millis(im.Skew-c.written.Skew).Abs() > beatSlack || millis(im.Seen-c.written.Seen) >= every
	return due, jump, millis(im.Skew)
}

// wrote notes that an image is on the medium.
func (c *lockClock) wrote(im record.Clock) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written, c.known = im, true
}

// millis is a number of milliseconds as a duration, or the nearest there is.
func millis(n int64) time.Duration {
	const limit = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(max(n, -limit), limit)) * time.Millisecond
}

// LockNow is the present by the lock clock: nobody can set it, and it never
// decreases while the store is open. It may be called concurrently.
func (s *Store) LockNow() time.Time { return s.lockClock.now() }

// LockSkew is how far the machine's clock is ahead of the lock clock; negative
// if it is behind.
func (s *Store) LockSkew() time.Duration { return millis(s.lockClock.image().Skew) }

// startLockClock begins the lock clock, before any rule runs.
func (s *Store) startLockClock(ctx context.Context) error {
	var was *record.Clock
	err := s.View(ctx, func(tx *catalog.Tx) error {
		im, ok, err := tx.Clock()
		if ok {
			was = &im
		}
		return err
	})
	if err == nil && was == nil {
		was, err = s.clockOfLocks(ctx)
	}
	if err != nil {
		return fmt.Errorf("look for the lock clock: %w", err)
	}
	s.tellSkew(s.lockClock.start(was))
	return nil
}

// tellSkew says at the start if the two clocks differ, and why.
func (s *Store) tellSkew(st lockStart) {
	why := "the machine's clock was set, or stood still, while the store ran, or was set back while it did not"
	if st.absent > st.counted {
		why = "of the time the store did not run by the machine's clock, no more is counted than a week, and than it ran"
	}
	switch {
	case st.skew > skewTold:
		s.log.Warn("the lock clock is behind the machine's", "by", st.skew, "why", why, "absent", st.absent, "counted", st.counted)
	case st.skew < -skewTold:
		s.log.Warn("the lock clock is ahead of the machine's", "by", -st.skew, "why", why, "absent", st.absent, "counted", st.counted)
	}
}

// clockOfLocks is the lock clock of a store that has locks and has lost their
// clock: it stands where it stood when the newest of them was made.
func (s *Store) clockOfLocks(ctx context.Context) (was *record.Clock, err error) {
	err = s.eachVault(ctx, func(v record.Vault) error {
		return s.View(ctx, func(tx *catalog.Tx) error {
			l, ok, err := tx.VaultLock(v.ID)
			if ok && (was == nil || l.Witnessed > was.Seen) {
				was = &record.Clock{Born: l.Witnessed, Seen: l.Witnessed}
			}
			return err
		})
	})
	if was != nil {
		s.log.Error("there are vault locks, and the record of the lock clock is lost; it goes on from the newest lock")
	}
	return was, err
}

// keepTime looks at the clocks every minute, and writes the lock clock down
// when it has to be.
func (s *Store) keepTime(ctx context.Context) {
	tick := time.NewTicker(beatSlack)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.beat(ctx, beatEvery)
		}
	}
}

// beat tells of a jump, and writes the lock clock down if it is due. That it
// cannot be written does no harm as long as the store runs.
func (s *Store) beat(ctx context.Context, every time.Duration) {
	due, jump, skew := s.lockClock.due(every)
	if jump != 0 {
		s.log.Warn("the machine's clock was moved; the lock clock was not", "by", jump, "machine ahead", skew)
	}
	if !due || s.Ready() != nil {
		return
	}
	var im record.Clock
	err := s.Update(ctx, func(*catalog.Tx) (r record.Record, err error) {
		im = s.lockClock.image()
		r.Put(&im)
		return r, nil
	})
	if err != nil {
		s.log.Warn("the lock clock could not be written down; it is tried again", "err", err)
		return
	}
	s.lockClock.wrote(im)
}

// stands is the lock clock as a report has it.
func (c *lockClock) stands() LockClock {
	im := c.image()
	return LockClock{Skew: im.Skew / 1000, Absence: im.Down / 1000, Born: time.UnixMilli(im.Born).UTC()}
}
