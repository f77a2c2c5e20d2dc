package local

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/record"
)

// onMachine is a small store's configuration with a machine's clocks.
func onMachine(t testing.TB, m *machine) Config {
	cfg := small(disk.NewMem(0), filepath.Join(memoryDir(t), "catalog.db"))
	cfg.Now, cfg.clocks = m.now, m.read
	return cfg
}

// clockImage is the lock clock as the store has it written down.
func clockImage(t testing.TB, s *Store) (im record.Clock) {
	t.Helper()
	err := s.View(t.Context(), func(tx *catalog.Tx) error {
		var ok bool
		var err error
		if im, ok, err = tx.Clock(); !ok {
			t.Error("the lock clock was never written down")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// gainedBy is how far the lock clock of a store has come, as a rule sees it.
func gainedBy(t testing.TB, s *Store) (d time.Duration) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
		d = tx.LockNow().Sub(birth)
		return r, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if other := s.LockNow().Sub(birth); other != d {
		t.Errorf("a rule sees %v, and the store says %v", d, other)
	}
	return d
}

func TestRulesSeeTheLockClock(t *testing.T) {
	m := newMachine()
	log, said := recorder()
	cfg := onMachine(t, m)
	cfg.Log = log
	l, s := begun(t, 1, cfg)
	defer func() { mustClose(t, s) }()
	m.pass(time.Hour)
	m.step(10 * year)
	s.ConfirmClock() // has no say in it
	if d := gainedBy(t, s); d != time.Hour {
		t.Errorf("a rule sees that %v have passed", d)
	}
	if err := l.put(s, 100); err != nil { // a record from the future
		t.Fatal(err)
	}
	s.beat(t.Context(), beatEvery)
	if im := clockImage(t, s); millis(im.Skew) != 10*year || im.Born != birth.UnixMilli() || im.Down != 0 {
		t.Errorf("written down is %+v", im)
	}
	if !strings.Contains(said(), "the machine's clock was moved") {
		t.Errorf("nothing is said of the jump, but\n%s", said())
	}
	for range 3 { // restarts, with and without a catalog
		mustClose(t, s)
		cfg.Catalog = filepath.Join(memoryDir(t), "catalog.db")
		s = mustOpen(t, cfg)
		if d := gainedBy(t, s); d != time.Hour {
			t.Errorf("after a restart %v have passed", d)
		}
		if s.LockSkew() != 10*year {
			t.Errorf("after a restart the skew is %v", s.LockSkew())
		}
	}
	if !strings.Contains(said(), "the lock clock is behind the machine's") {
		t.Errorf("nothing is said of it at the start, but\n%s", said())
	}
	head := s.journal.Head()
	m.step(-10 * year)
	m.pass(time.Second)
	s.beat(t.Context(), beatEvery)
	if im := clockImage(t, s); im.Skew != 0 || s.journal.Head() != head+1 {
		t.Errorf("set right again, written down is %+v as record %d", im, s.journal.Head())
	}
}

func TestAKillBetweenAJumpAndItsRecord(t *testing.T) {
	m := newMachine()
	cfg := onMachine(t, m)
	l, s := begun(t, 1, cfg)
	m.pass(time.Hour)
	s.beat(t.Context(), beatEvery)
	m.step(10 * year)
	if err := l.put(s, 100); err != nil {
		t.Fatal(err)
	}
	killed := cfg
	killed.FS = cfg.FS.(*disk.Mem).Clone()
	killed.Catalog = filepath.Join(memoryDir(t), "catalog.db")
	mustClose(t, s)
	m.off(0)
	for range 2 { // the second time nothing new has happened
		s = mustOpen(t, killed)
		if d := gainedBy(t, s); d != time.Hour+maxCredit {
			t.Errorf("the lock clock gained %v", d)
		}
		if im := clockImage(t, s); millis(im.Down) != maxCredit || im.Credit != 0 {
			t.Errorf("written down is %+v", im)
		}
		l.compare(t, s)
		mustClose(t, s)
	}
	report, err := Check(t.Context(), killed, CheckOptions{})
	if err != nil || !report.Clean() {
		t.Errorf("check: %+v, %v", report, err)
	}
	want := LockClock{Skew: int64((10*year - maxCredit).Seconds()), Absence: int64(maxCredit.Seconds()), Born: birth}
	if report.LockClock != want {
		t.Errorf("check reports %+v, not %+v", report.LockClock, want)
	}
	if err := Rebuild(killed); err != nil {
		t.Error(err)
	}
}

// TestTheLockClockOfAStoreThatHadNone starts a store of an older version, whose
// records are of any time.
func TestTheLockClockOfAStoreThatHadNone(t *testing.T) {
	m := newMachine()
	cfg := onMachine(t, m)
	s, err := openIdle(cfg) // writes nothing down
	if err != nil {
		t.Fatal(err)
	}
	s.workers.Go(s.commitLoop)
	l := newLedger(1)
	m.step(20 * year)
	if err := l.begin(s); err != nil {
		t.Fatal(err)
	}
	m.step(-20 * year)
	close(s.closing)
	<-s.stopped
	s.cancel()
	if err := s.closeFiles(); err != nil {
		t.Fatal(err)
	}
	m.off(year)
	s = mustOpen(t, cfg)
	defer mustClose(t, s)
	if im := clockImage(t, s); im.Seen != birth.Add(year).UnixMilli() || im.Born != im.Seen || im.Skew != 0 || im.Down != 0 {
		t.Errorf("written down is %+v", im)
	}
}

// TestAStoreThatIsReadOnlyHasALockClock, and writes nothing.
func TestAStoreThatIsReadOnlyHasALockClock(t *testing.T) {
	b := newBench(t)
	m := newMachine()
	m.at.wall = time.Now()
	b.cfg.Now, b.cfg.clocks = m.now, m.read
	b.remove(b.segments()[1])
	b.noCatalog()
	s := mustOpen(t, b.cfg)
	head := s.journal.Head()
	before := s.LockNow()
	m.pass(2 * time.Hour)
	m.step(year)
	s.beat(t.Context(), beatEvery)
	if d := s.LockNow().Sub(before); d != 2*time.Hour {
		t.Errorf("%v have passed", d)
	}
	if s.journal.Head() != head {
		t.Error("something was written")
	}
	mustClose(t, s)
}

// TestTheLockClockIsWrittenDownWhileNothingHappens runs in a bubble, where time
// passes when everybody waits.
func TestTheLockClockIsWrittenDownWhileNothingHappens(t *testing.T) {
	dir := memoryDir(t)
	synctest.Test(t, func(t *testing.T) {
		cfg := small(disk.NewMem(0), filepath.Join(dir, "catalog.db"))
		s := mustOpen(t, cfg)
		head := s.journal.Head()
		born := clockImage(t, s).Seen
		time.Sleep(49*time.Hour + 90*time.Second)
		if n := s.journal.Head() - head; n != 49 {
			t.Errorf("in 49 hours it was written down %d times", n)
		}
		killed := cfg
		killed.FS, killed.Catalog = cfg.FS.(*disk.Mem).Clone(), filepath.Join(dir, "killed.db")
		mustClose(t, s)
		time.Sleep(3 * time.Hour)
		s = mustOpen(t, killed)
		defer mustClose(t, s)
		im := clockImage(t, s)
		if want := 3*time.Hour + 90*time.Second; millis(im.Down) != want || im.Skew != 0 {
			t.Errorf("after an absence of %v, written down is %+v", want, im)
		}
		if d := millis(im.Seen - born); d != 52*time.Hour+90*time.Second {
			t.Errorf("the lock clock has come %v", d)
		}
	})
}
