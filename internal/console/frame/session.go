package frame

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	"firn/internal/sigv4"
)

const (
	// sessionIdle is how long a session lasts that nobody uses, sessionLife how
	// long any does.
	sessionIdle = time.Hour
	sessionLife = 12 * time.Hour
	// maxSessions bounds what is kept; whoever signs in beyond it takes the place
	// of the session that was used least lately.
	maxSessions = 4096
	// maxSessionsEach bounds those of one key in the same way, so that nobody signs
	// others out.
	maxSessionsEach = 32
	// maxMessage bounds what one page leaves for the next to say, in bytes.
	maxMessage = 4 << 10

	// cookieName is what the cookie is called in the clear. Over TLS the name has
	// a prefix with which browsers take it from this very host only.
	cookieName       = "firn-console"
	secureCookieName = "__Host-" + cookieName
)

// A session is somebody who has signed in. Its own fields do not change; the
// mutex of the sessions guards the rest.
type session struct {
	key     sigv4.Credentials
	csrf    string
	created time.Time

	used    time.Time
	message flash             // for the next page
	locks   map[string]string // ids of locks that it has begun, by vault
}

// A flash is what one page leaves for the next to say.
type flash struct {
	Text string
	Bad  bool // it is a refusal
}

// sessions are those of the server. They are in memory: a restart ends them.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[[sha256.Size]byte]*session // by the hash of the id: what is looked up tells nothing by its timing
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, byID: map[[sha256.Size]byte]*session{}}
}

// begin makes a session and returns its id, which is a secret.
func (l *sessions) begin(key sigv4.Credentials) (id string) {
	id = rand.Text() + rand.Text()
	now := l.now()
	s := &session{key: key, csrf: rand.Text(), created: now, used: now}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.makeRoom(now, maxSessionsEach, func(other *session) bool { return other.key.AccessKeyID == key.AccessKeyID })
	l.makeRoom(now, maxSessions, func(*session) bool { return true })
	l.byID[sha256.Sum256([]byte(id))] = s
	return id
}

// makeRoom ends what has expired and, if there are too many of a kind, the one
// of them that was used least lately.
func (l *sessions) makeRoom(now time.Time, limit int, like func(*session) bool) {
	var oldest [sha256.Size]byte
	var used time.Time
	n := 0
	for id, s := range l.byID {
		switch {
		case s.expired(now):
			delete(l.byID, id)
		case like(s):
			n++
			if used.IsZero() || s.used.Before(used) {
				oldest, used = id, s.used
			}
		}
	}
	if n >= limit {
		delete(l.byID, oldest)
	}
}

func (s *session) expired(now time.Time) bool {
	return now.Sub(s.used) >= sessionIdle || now.Sub(s.created) >= sessionLife
}

// of returns the session whose cookie a request has, nil if there is none. A
// page that keeps itself current does not keep its session.
func (l *sessions) of(r *http.Request, secure bool) *session {
	cookie, err := r.Cookie(cookieOf(secure).Name)
	if err != nil {
		return nil
	}
	id, now := sha256.Sum256([]byte(cookie.Value)), l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.byID[id]
	if s == nil {
		return nil
	}
	if s.expired(now) {
		delete(l.byID, id)
		return nil
	}
	if !byItself(r) {
		s.used = now
	}
	return s
}

// byItself reports whether a page asks, to stay current, and nobody who looks
// at it need be there.
func byItself(r *http.Request) bool { return r.Header.Get("X-Firn-Live") != "" }

// end ends a session, with all its secrets.
func (l *sessions) end(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, other := range l.byID {
		if other == s {
			delete(l.byID, id)
		}
	}
}

// say leaves a message for the session's next page.
func (l *sessions) say(s *session, f flash) {
	f.Text = f.Text[:min(len(f.Text), maxMessage)]
	l.mu.Lock()
	defer l.mu.Unlock()
	s.message = f
}

// said takes the message.
func (l *sessions) said(s *session) flash {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := s.message
	s.message = flash{}
	return f
}

// genuine reports whether a form's token is the session's.
func (s *session) genuine(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.csrf)) == 1
}

// cookieOf is the cookie that has the session's id: it goes back to this
// server and to nobody else, and no script sees it.
func cookieOf(secure bool) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Path: Root, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if secure {
		c.Name, c.Path, c.Secure = secureCookieName, "/", true // as the prefix demands
	}
	return c
}

// setCookie hands the session's id to the browser.
func setCookie(w http.ResponseWriter, id string, secure bool) {
	c := cookieOf(secure)
	c.Value, c.MaxAge = id, int(sessionLife/time.Second)
	http.SetCookie(w, c)
}

// dropCookie makes the browser forget it.
func dropCookie(w http.ResponseWriter, secure bool) {
	c := cookieOf(secure)
	c.MaxAge = -1
	http.SetCookie(w, c)
}
