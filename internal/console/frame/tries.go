package frame

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxTries is how many times somebody may fail to sign in before he has to
	// wait, and tryEvery how long it takes until he may try once more.
	maxTries = 10
	tryEvery = 6 * time.Second
	// maxStrangers bounds the addresses that are remembered.
	maxStrangers = 16_384
)

// tries counts failures to sign in, by where they come from. Who succeeds is
// never counted, so nobody can lock out another who comes from elsewhere.
type tries struct {
	now func() time.Time

	mu   sync.Mutex
	full map[netip.Prefix]time.Time // when all of an address's tries are there again
	told map[netip.Prefix]bool      // those of full that were refused a try since their last one
}

func newTries(now func() time.Time) *tries {
	return &tries{now: now, full: map[netip.Prefix]time.Time{}, told: map[netip.Prefix]bool{}}
}

// allowed reports whether somebody may try now, and if not, how long he has to
// wait.
func (t *tries) allowed(from netip.Addr) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	full, counted := t.full[neighbourhood(from)]
	if !counted {
		return 0, true
	}
	wait = full.Sub(t.now()) - (maxTries-1)*tryEvery
	return max(0, wait), wait <= 0
}

// worthALine reports whether a refused try is the first since the last that was
// not: so there are not more lines of refusals than of failures, however many
// try.
func (t *tries) worthALine(from netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := neighbourhood(from)
	if _, counted := t.full[at]; !counted || t.told[at] {
		return false
	}
	t.told[at] = true
	return true
}

// failed counts a failure.
func (t *tries) failed(from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.full) >= maxStrangers {
		t.forget(now)
	}
	at := neighbourhood(from)
	delete(t.told, at)
	full := t.full[at]
	if full.Before(now) {
		full = now
	}
	t.full[at] = full.Add(tryEvery)
}

// forget drops the addresses that have all their tries again, and all if these
// were none: a moment's generosity.
func (t *tries) forget(now time.Time) {
	for at, full := range t.full {
		if !full.After(now) {
			delete(t.full, at)
			delete(t.told, at)
		}
	}
	if len(t.full) >= maxStrangers {
		clear(t.full)
		clear(t.told)
	}
}

// neighbourhood is what one stranger can be expected to have: an IPv4 address,
// or an IPv6 network of 64 bits.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // the address is not known: all of those together
	}
	return p
}
