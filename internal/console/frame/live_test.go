package frame

import (
	"testing"
	"time"

	"firn/internal/sigv4"
)

// A page that is left open somewhere asks and asks.
func TestAPageThatStaysCurrentDoesNotKeepItsSession(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	l := newSessions(c.now)
	id := l.begin(sigv4.Credentials{AccessKeyID: "AKIA"})
	live := withCookie(id)
	live.Header.Set("X-Firn-Live", "1")
	for range 3 {
		c.at = c.at.Add(sessionIdle/3 - 1)
		if l.of(live, false) == nil {
			t.Fatal("the session has ended early")
		}
	}
	c.at = c.at.Add(3)
	if l.of(live, false) != nil {
		t.Error("the session outlives its idle time")
	}
}
