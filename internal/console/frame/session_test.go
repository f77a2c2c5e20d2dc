package frame

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"firn/internal/sigv4"
)

// clock is a clock that stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func withCookie(id string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, Root, nil)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: id})
	return r
}

func TestSessionsEnd(t *testing.T) {
	for _, row := range []struct {
		name  string
		steps []time.Duration // between uses
		alive bool
	}{
		{"used at once", []time.Duration{0}, true},
		{"a moment before the idle time", []time.Duration{sessionIdle - 1}, true},
		{"idle", []time.Duration{sessionIdle}, false},
		{"used often", []time.Duration{sessionIdle / 2, sessionIdle / 2, sessionIdle / 2}, true},
		{"used often, for too long", func() (all []time.Duration) {
			for range sessionLife / (sessionIdle / 2) {
				all = append(all, sessionIdle/2)
			}
			return all
		}(), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &clock{time.Unix(1e9, 0)}
			l := newSessions(c.now)
			id := l.begin(sigv4.Credentials{AccessKeyID: "AKIA"})
			var s *session
			for _, d := range row.steps {
				c.at = c.at.Add(d)
				s = l.of(withCookie(id), false)
			}
			if (s != nil) != row.alive {
				t.Errorf("session %v, want alive %t", s, row.alive)
			}
			if !row.alive && len(l.byID) != 0 {
				t.Error("the session is still kept")
			}
		})
	}
}

func TestSessionsAreBounded(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	l := newSessions(c.now)
	first := l.begin(sigv4.Credentials{})
	c.at = c.at.Add(time.Second)
	second := l.begin(sigv4.Credentials{})
	for i := range maxSessions - 1 {
		c.at = c.at.Add(time.Millisecond)
		l.begin(sigv4.Credentials{AccessKeyID: fmt.Sprint(i)})
	}
	if len(l.byID) != maxSessions {
		t.Errorf("%d sessions", len(l.byID))
	}
	if l.of(withCookie(first), false) != nil {
		t.Error("the one used least lately is still there")
	}
	if l.of(withCookie(second), false) == nil {
		t.Error("another had to go")
	}
}

// Whoever signs in again and again with his key signs nobody else out.
func TestSessionsOfAKeyAreBounded(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	l := newSessions(c.now)
	other := l.begin(sigv4.Credentials{AccessKeyID: "other"})
	first := l.begin(sigv4.Credentials{AccessKeyID: "busy"})
	for range maxSessionsEach {
		c.at = c.at.Add(time.Millisecond)
		l.begin(sigv4.Credentials{AccessKeyID: "busy"})
	}
	if len(l.byID) != maxSessionsEach+1 {
		t.Errorf("%d sessions", len(l.byID))
	}
	if l.of(withCookie(other), false) == nil {
		t.Error("another key's session is gone")
	}
	if l.of(withCookie(first), false) != nil {
		t.Error("the key's first session is still there")
	}
}

func TestTriesComeBack(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	tr := newTries(c.now)
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range maxTries {
		if _, ok := tr.allowed(here); !ok {
			t.Fatalf("try %d is refused", i)
		}
		tr.failed(here)
	}
	if wait, ok := tr.allowed(here); ok || wait != tryEvery {
		t.Errorf("after the last: %v, %t", wait, ok)
	}
	if _, ok := tr.allowed(there); !ok {
		t.Error("a neighbour is refused")
	}
	c.at = c.at.Add(tryEvery)
	if _, ok := tr.allowed(here); !ok {
		t.Error("refused after the wait")
	}
	tr.failed(here)
	if _, ok := tr.allowed(here); ok {
		t.Error("one wait gave two tries")
	}
	c.at = c.at.Add(time.Hour)
	tr.forget(c.at)
	if len(tr.full) != 0 {
		t.Error("not forgotten")
	}
}

// One refusal is told for each failure that was let through, however many are
// tried.
func TestRefusedTriesAreToldOnce(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	tr := newTries(c.now)
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	told := 0
	for range 50 {
		if tr.worthALine(here) {
			told++
		}
	}
	if told != 0 {
		t.Errorf("%d of somebody who has not failed", told)
	}
	for round := range 3 {
		tr.failed(here)
		tr.failed(there)
		for range 50 {
			if tr.worthALine(here) {
				told++
			}
		}
		if told != round+1 {
			t.Errorf("after %d failures: %d", round+1, told)
		}
	}
	c.at = c.at.Add(time.Hour)
	tr.forget(c.at)
	if len(tr.told) != 0 {
		t.Error("not forgotten")
	}
}

func TestANetworkIsOneStranger(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	tr := newTries(c.now)
	for i := range maxTries {
		tr.failed(netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 15: byte(i)}))
	}
	if _, ok := tr.allowed(netip.MustParseAddr("2001::ffff")); ok {
		t.Error("another address of the network may try")
	}
	if _, ok := tr.allowed(netip.MustParseAddr("2001:0:0:1::1")); !ok {
		t.Error("another network may not")
	}
}
