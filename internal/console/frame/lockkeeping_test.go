package frame

import (
	"fmt"
	"testing"
	"time"

	"firn/internal/sigv4"
)

func TestLocksThatAreKept(t *testing.T) {
	l := newSessions(time.Now)
	s := &session{key: sigv4.Credentials{}}
	other := &session{}
	if l.keptLock(s, "v") != "" {
		t.Error("a lock that nobody has begun")
	}
	for i := range 3 * maxLocks {
		l.keepLock(s, fmt.Sprint(i), "id")
		l.keepLock(s, "v", fmt.Sprint(i))
	}
	if got, want := l.keptLock(s, "v"), fmt.Sprint(3*maxLocks-1); got != want || l.keptLock(other, "v") != "" || len(s.locks) > maxLocks {
		t.Errorf("kept %q of %d, want %q", got, len(s.locks), want)
	}
	l.forgetLock(s, "v")
	l.forgetLock(other, "v")
	if got := l.keptLock(s, "v"); got != "" {
		t.Errorf("kept %q", got)
	}
}
