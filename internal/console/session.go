package console

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
	// maxMessage bounds what one page leaves for the next to say, in bytes.
	maxMessage = 4 << 10

	cookieName = "firn-console"
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
	l.makeRoom(now)
	l.byID[sha256.Sum256([]byte(id))] = s
	return id
}

// makeRoom ends what has expired, if there are too many, and then the session
// that was used least lately.
func (l *sessions) makeRoom(now time.Time) {
	if len(l.byID) < maxSessions {
		return
	}
	var oldest [sha256.Size]byte
	var used time.Time
	for id, s := range l.byID {
		if s.expired(now) {
			delete(l.byID, id)
		} else if used.IsZero() || s.used.Before(used) {
			oldest, used = id, s.used
		}
	}
	if len(l.byID) >= maxSessions {
		delete(l.byID, oldest)
	}
}

func (s *session) expired(now time.Time) bool {
	return now.Sub(s.used) >= sessionIdle || now.Sub(s.created) >= sessionLife
}

// of returns the session whose cookie a request has, nil if there is none. A
// page that keeps itself current does not keep its session.
func (l *sessions) of(r *http.Request) *session {
	cookie, err := r.Cookie(cookieName)
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

// setCookie hands the session's id to the browser: to send back to the
// console, and to nobody else; no script sees it.
func setCookie(w http.ResponseWriter, id string, secure bool) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: id, Path: Root, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
		MaxAge: int(sessionLife / time.Second),
	})
}

// dropCookie makes the browser forget it.
func dropCookie(w http.ResponseWriter, secure bool) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Path: Root, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: -1,
	})
}
