package crashtest

import (
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
