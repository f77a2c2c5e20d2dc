package local

import (
	"testing"
	"time"
)

// fakeClock is a machine's two clocks, set by hand.
type fakeClock struct{ at reading }

func (f *fakeClock) read() reading { return f.at }

// pass lets time pass on both clocks.
func (f *fakeClock) pass(d time.Duration) { f.step(d); f.at.elapsed += d }

// step sets the wall clock forward, or back.
func (f *fakeClock) step(d time.Duration) { f.at.wall = f.at.wall.Add(d) }

func TestClock(t *testing.T) {
	const day = 24 * time.Hour
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		absent time.Duration // since the last record
		do     func(*fakeClock, *clock)
		steady bool
	}{
		{"nothing happens", time.Hour, func(*fakeClock, *clock) {}, true},
		{"time passes", time.Hour, func(f *fakeClock, _ *clock) { f.pass(100 * day) }, true},
		{"small corrections", time.Hour, func(f *fakeClock, _ *clock) { f.step(4 * time.Minute) }, true},
		{"jump forward", time.Hour, func(f *fakeClock, _ *clock) { f.step(6 * time.Minute) }, false},
		{"jump back", time.Hour, func(f *fakeClock, _ *clock) { f.step(-6 * time.Minute) }, false},
		{"jump hidden in time that passes", time.Hour, func(f *fakeClock, _ *clock) { f.pass(day); f.step(-6 * time.Minute) }, false},
		{"jump, then less than a day", time.Hour, func(f *fakeClock, c *clock) { f.step(day); c.steady(); f.pass(day - time.Second) }, false},
		{"jump, then a steady day", time.Hour, func(f *fakeClock, c *clock) { f.step(day); c.steady(); f.pass(day) }, true},
		{"jump, which is not itself a steady day", time.Hour, func(f *fakeClock, c *clock) { f.step(2 * day) }, false},
		{"jump during a doubt", time.Hour, func(f *fakeClock, c *clock) {
			f.step(time.Hour)
			c.steady()
			f.pass(20 * time.Hour)
			f.step(time.Hour)
			c.steady()
			f.pass(20 * time.Hour)
		}, false},
		{"jump, confirmed", time.Hour, func(f *fakeClock, c *clock) { f.step(day); c.steady(); c.confirm() }, true},
		{"jump, confirmed before it was seen", time.Hour, func(f *fakeClock, c *clock) { f.step(day); c.confirm() }, true},
		{"confirmed, then another jump", time.Hour, func(f *fakeClock, c *clock) { f.step(day); c.confirm(); f.step(day) }, false},
		{"30 days of absence", 30 * day, func(*fakeClock, *clock) {}, true},
		{"more than 30 days of absence", 30*day + time.Second, func(*fakeClock, *clock) {}, false},
		{"long absence, then a steady day", 300 * day, func(f *fakeClock, _ *clock) { f.pass(day) }, true},
		{"long absence, confirmed", 300 * day, func(_ *fakeClock, c *clock) { c.confirm() }, true},
		{"start before the last record", -day, func(*fakeClock, *clock) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeClock{reading{wall: last.Add(c.absent), elapsed: time.Minute}}
			clk := newClock(f.read, last)
			c.do(f, clk)
			ok, why := clk.steady()
			if ok != c.steady || ok != (why == "") {
				t.Errorf("steady = %v, %q", ok, why)
			}
		})
	}
	t.Run("new store", func(t *testing.T) {
		f := &fakeClock{reading{wall: last}}
		if ok, why := newClock(f.read, time.Time{}).steady(); !ok {
			t.Error(why)
		}
	})
	t.Run("the machine's own clocks", func(t *testing.T) {
		read := readings(time.Now)
		a, b := read(), read()
		if step := b.wall.Sub(a.wall) - (b.elapsed - a.elapsed); step.Abs() > time.Second || b.elapsed < a.elapsed {
			t.Errorf("%v, then %v", a, b)
		}
	})
}
