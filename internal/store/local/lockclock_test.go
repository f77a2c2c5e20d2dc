package local

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"firn/internal/record"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

var birth = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A machine has two clocks, set by hand, and is read from many goroutines.
type machine struct {
	mu sync.Mutex
	at reading
}

func newMachine() *machine { return &machine{at: reading{wall: birth, elapsed: time.Hour}} }

func (m *machine) read() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *machine) now() time.Time { return m.read().wall }

// pass lets time pass on both clocks.
func (m *machine) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at.wall, m.at.elapsed = m.at.wall.Add(d), m.at.elapsed+d
}

// step sets the wall clock forward, or back.
func (m *machine) step(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at.wall = m.at.wall.Add(d)
}

// off is a time without power: the monotonic clock begins anew.
func (m *machine) off(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = reading{m.at.wall.Add(d), 3 * time.Second}
}

// A life is a lock clock on a machine, with what it has written down, and how
// long it has really run.
type life struct {
	m      *machine
	c      *lockClock
	medium *record.Clock
	ran    time.Duration
}

func newLife() *life {
	l := &life{m: newMachine()}
	l.start()
	return l
}

func (l *life) beat(every time.Duration) {
	if due, _, _ := l.c.due(every); due {
		im := l.c.image()
		l.medium = &im
		l.c.wrote(im)
	}
}

func (l *life) start() {
	l.c = &lockClock{read: l.m.read}
	l.c.start(l.medium)
	l.beat(beatSlack)
}

// run lets the process run, with a look at the clocks every so often: every
// minute, as it should be, or in a long run every half an hour.
func (l *life) run(d time.Duration) {
	look := beatSlack
	if d > day {
		look = 30 * time.Minute
	}
	for ; d > 0; d -= look {
		l.m.pass(min(d, look))
		l.ran += min(d, look)
		l.beat(beatEvery)
	}
}

// away stops the process, lets the wall clock go on by d, or be set back, and
// starts another.
func (l *life) away(d time.Duration) { l.beat(beatSlack); l.kill(d) }

// kill is away without an orderly end.
func (l *life) kill(d time.Duration) { l.m.off(d); l.start() }

// gained is how far the lock clock has come.
func (l *life) gained() time.Duration { return l.c.now().Sub(birth) }

func (l *life) skew() time.Duration { return millis(l.c.image().Skew) }

func TestLockClock(t *testing.T) {
	const week = 7 * day
	for _, c := range []struct {
		name   string
		do     func(*life)
		gained time.Duration
		skew   time.Duration
	}{
		{"nothing happens", func(*life) {}, 0, 0},
		{"time passes", func(l *life) { l.run(100 * day) }, 100 * day, 0},
		{"set ahead", func(l *life) { l.run(time.Hour); l.m.step(10 * year); l.run(time.Hour) }, 2 * time.Hour, 10 * year},
		{"set ahead, and right again", func(l *life) { l.m.step(10 * year); l.run(day); l.m.step(-10 * year); l.run(day) }, 2 * day, 0},
		{"set back", func(l *life) { l.run(time.Hour); l.m.step(-10 * year); l.run(time.Hour) }, 2 * time.Hour, -10 * year},
		{"set ahead by more than a duration holds", func(l *life) { l.m.step(290 * year); l.m.step(290 * year); l.run(time.Hour) }, time.Hour, millis(1 << 62)},
		{"many small steps", func(l *life) {
			for range 1000 {
				l.m.step(30 * time.Second)
				l.run(time.Minute)
			}
		}, 1000 * time.Minute, 500 * time.Minute},
		{"the machine sleeps", func(l *life) { l.run(day); l.m.step(8 * time.Hour); l.run(day) }, 2 * day, 8 * time.Hour},
		{"a short stop", func(l *life) { l.run(day); l.away(time.Hour) }, 25 * time.Hour, 0},
		{"a stop of a week", func(l *life) { l.run(day); l.away(week) }, 8 * day, 0},
		{"a stop of a month", func(l *life) { l.run(day); l.away(30 * day) }, 8 * day, 23 * day},
		{"every night", func(l *life) {
			for range 100 {
				l.run(12 * time.Hour)
				l.away(12 * time.Hour)
			}
		}, 100 * day, 0},
		{"every night, without an orderly end", func(l *life) {
			for range 100 {
				l.run(12*time.Hour + 50*time.Minute)
				l.kill(11*time.Hour + 10*time.Minute)
			}
		}, 100 * day, 0},
		{"set ahead, and then a stop", func(l *life) { l.run(time.Hour); l.m.step(10 * year); l.run(time.Hour); l.away(29 * day) },
			2*time.Hour + week, 10*year + 22*day},
		{"set ahead during a stop", func(l *life) { l.run(time.Hour); l.away(10 * year) }, time.Hour + week, 10*year - week},
		{"set ahead during a stop, over and over", func(l *life) {
			for range 5 {
				l.run(time.Hour)
				l.away(10 * year)
			}
		}, 9*time.Hour + week, 50*year - week - 4*time.Hour},
		{"set ahead during a stop after years of running", func(l *life) { l.run(3 * year); l.away(10 * year) }, 3*year + week, 10*year - week},
		{"set ahead by less than is worth a record, at many starts", func(l *life) {
			for range 20_000 {
				l.away(59 * time.Second)
			}
		}, week, 20_000*59*time.Second - week},
		{"set back during a stop", func(l *life) { l.run(time.Hour); l.away(-year) }, time.Hour, -year},
		{"set back during a stop, and right again during the next", func(l *life) { l.run(time.Hour); l.away(-year); l.away(year + time.Hour) },
			time.Hour + week, time.Hour - week},
		{"set back, and right again during a stop", func(l *life) { l.run(time.Hour); l.m.step(-year); l.run(time.Hour); l.away(year) },
			2*time.Hour + week, -week},
		{"set ahead, and right again during a stop", func(l *life) { l.run(time.Hour); l.m.step(year); l.run(time.Hour); l.away(time.Hour - year) },
			2 * time.Hour, time.Hour},
		{"killed between a jump and its record", func(l *life) { l.run(time.Hour); l.m.step(10 * year); l.kill(0) }, time.Hour + week, 10*year - week},
		{"killed between a jump back and its record", func(l *life) { l.run(time.Hour); l.m.step(-10 * year); l.kill(0) }, time.Hour, -10 * year},
		{"killed between a jump and its record, over and over", func(l *life) {
			for range 5 {
				l.run(59 * time.Minute)
				l.m.step(10 * year)
				l.m.pass(time.Second)
				l.kill(0)
			}
		}, week, 50*year + 5*(59*time.Minute+time.Second) - week},
		{"killed before the first hour is over", func(l *life) { l.run(50 * time.Minute); l.kill(0) }, 50 * time.Minute, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLife()
			c.do(l)
			if got := l.gained(); got != c.gained {
				t.Errorf("the lock clock has come %v, not %v", got, c.gained)
			}
			if got := l.skew(); got != c.skew {
				t.Errorf("the skew is %v, not %v", got, c.skew)
			}
		})
	}
}

// TestLockClockUnderAttack sets, stops and kills at random.
func TestLockClockUnderAttack(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for script := range 100 {
		l := newLife()
		type moment struct{ ran, lock time.Duration }
		var past []moment
		said := ""
		for range 40 {
			before, written := l.gained(), l.medium.Seen
			d := time.Duration(rng.Int64N(int64(1) << (20 + rng.IntN(36)))) // to two years
			killed := false
			switch k := rng.IntN(8); k {
			case 0, 1, 2:
				d = min(d, 20*day)
				said += fmt.Sprintf(" run(%d)", d)
				l.run(d)
			case 3:
				said += fmt.Sprintf(" step(%d)", d)
				l.m.step(d)
			case 4:
				said += fmt.Sprintf(" step(-%d)", d)
				l.m.step(-d)
			case 5:
				said += fmt.Sprintf(" away(%d)", d)
				l.away(d)
			case 6:
				said += fmt.Sprintf(" kill(%d)", d)
				l.kill(d)
				killed = true
			case 7:
				said += fmt.Sprintf(" away(-%d)", d)
				l.away(-d)
			}
			after := l.gained()
			im := l.c.image()
			switch {
			case killed && birth.Add(after).UnixMilli() < written,
				!killed && after < before-beatSlack: // a stop does not write down less than that
				t.Fatalf("seed %d, script %d:%s\nthe lock clock went from %v to %v", seed, script, said, before, after)
			case millis(im.Down) > maxCredit+l.ran:
				t.Fatalf("seed %d, script %d:%s\n%v of absence are counted, after %v", seed, script, said, millis(im.Down), l.ran)
			}
			now := moment{l.ran, after}
			for _, p := range past {
				if now.lock-p.lock > 2*(now.ran-p.ran)+maxCredit {
					t.Fatalf("seed %d, script %d:%s\nthe lock clock gained %v while the store ran %v", seed, script, said, now.lock-p.lock, now.ran-p.ran)
				}
			}
			past = append(past, now)
		}
	}
}

// TestLockClockOfAnHonestMachine is off at random, and never for longer than
// it has been on.
func TestLockClockOfAnHonestMachine(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	for range 40 {
		l := newLife()
		for range 50 {
			d := time.Duration(rng.Int64N(int64(6*day))) + 3*time.Hour
			l.run(d)
			off := time.Duration(rng.Int64N(int64(d - 2*beatEvery)))
			if rng.IntN(2) == 0 {
				l.away(off)
			} else {
				l.kill(off)
			}
			if skew := l.skew(); skew.Abs() > time.Second {
				t.Fatalf("seed %d: the lock clock differs by %v", seed, skew)
			}
		}
	}
}

func TestLockClockBeforeItsStart(t *testing.T) {
	c := &lockClock{read: newMachine().read}
	if now := c.now(); now.After(birth) {
		t.Errorf("it is %v", now)
	}
	c.start(nil)
	if now := c.now(); !now.Equal(birth) {
		t.Errorf("it is %v", now)
	}
}

// TestLockClockWithoutAMonotonicPart follows the wall clock, but never back.
func TestLockClockWithoutAMonotonicPart(t *testing.T) {
	now := birth
	c := &lockClock{read: readings(func() time.Time { return now })}
	c.start(nil)
	for _, step := range []struct{ by, want time.Duration }{{time.Hour, time.Hour}, {-day, time.Hour}, {2 * day, day + time.Hour}} {
		now = now.Add(step.by)
		if got := c.now().Sub(birth); got != step.want {
			t.Errorf("after a step of %v the lock clock has come %v, not %v", step.by, got, step.want)
		}
	}
}

func TestImageOfAnOlderVersionsFields(t *testing.T) {
	l := newLife()
	l.medium.Extra = record.Extra{99: []byte{1}}
	l.kill(time.Hour)
	if got := l.medium.Extra[99]; len(got) != 1 {
		t.Errorf("a field of a newer version is lost: %v", l.medium.Extra)
	}
}
