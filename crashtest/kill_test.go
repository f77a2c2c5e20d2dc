package crashtest

import (
	"bytes"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

const (
	shortKills, longKills = 4, 60
	members               = 6
)

// TestKillNine kills the server again and again while clients work: at random
// moments, also while it starts, also twice in a row. After every start the
// ledger must be true.
func TestKillNine(t *testing.T) {
	rng := newRand(t)
	kills := shortKills
	if long() {
		kills = longKills
	}
	data := filepath.Join(t.TempDir(), "data")
	c := newCrowd(t, rng, members)
	read := map[string]bool{}
	for n := 1; n <= kills && !t.Failed(); n++ {
		flags := []string{"--segment-size", "1048576"}
		if n%3 == 0 {
			flags = nil // 1 GiB
		}
		p := launch(t, data, flags...)
		if n > 1 && n%4 == 3 { // while it starts; the next kill is then the second in a row
			after(rng, 0, 60*time.Millisecond)
			p.kill()
			continue
		}
		a := p.ready()
		c.ledger.verify(a, read)
		done := c.work(a, new(atomic.Bool))
		after(rng, 20*time.Millisecond, 700*time.Millisecond)
		p.kill()
		done()
	}
	checkDeep(t, data)
	p, a := start(t, data)
	c.ledger.verify(a, nil)
	p.end()
	checkDeep(t, data)
	tr := c.ledger.read()
	t.Logf("%d kills; %d archives, %d uploads, %d jobs, %d vaults in the ledger", kills, len(tr.archives), len(tr.uploads), len(tr.jobs), len(tr.vaults))
}

// TestKillNineWhileCompacting kills servers about a minute after their start,
// when they look for segments to compact.
func TestKillNineWhileCompacting(t *testing.T) {
	if !long() {
		t.Skip("LEFT OUT: it takes minutes; FIRN_LONG=1 runs it")
	}
	rng := newRand(t)
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--segment-size", "262144"}
	c := newCrowd(t, rng, members)
	compactions := 0
	for range 6 {
		p, a := start(t, data, flags...)
		minute := time.After(time.Minute)
		c.ledger.verify(a, map[string]bool{})
		var stop atomic.Bool
		done := c.work(a, &stop)
		after(rng, time.Second, 2*time.Second)
		stop.Store(true)
		done()
		<-minute
		done = c.work(a, new(atomic.Bool))
		after(rng, 0, 500*time.Millisecond)
		p.kill()
		done()
		compactions += bytes.Count(p.log.Bytes(), []byte("msg=compacted"))
	}
	checkDeep(t, data)
	p, a := start(t, data, flags...)
	c.ledger.verify(a, nil)
	p.end()
	checkDeep(t, data)
	t.Logf("%d compactions were done before the kills", compactions)
	if compactions == 0 {
		t.Error("nothing was compacted before a kill; this test shows nothing")
	}
}
