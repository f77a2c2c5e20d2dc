package frame

// maxLocks bounds the locks whose ids a session keeps.
const maxLocks = 100

// keepLock keeps the id of a lock that a session has begun, without which it
// cannot be completed and which nobody is told twice. One that is too many takes
// the place of any other.
func (l *sessions) keepLock(s *session, vault, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.locks == nil {
		s.locks = map[string]string{}
	}
	delete(s.locks, vault)
	for other := range s.locks {
		if len(s.locks) < maxLocks {
			break
		}
		delete(s.locks, other)
	}
	s.locks[vault] = id
}

// keptLock returns the id of a vault's lock, "" if the session has not begun
// it.
func (l *sessions) keptLock(s *session, vault string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.locks[vault]
}

// forgetLock forgets the id of a lock that is complete, or gone.
func (l *sessions) forgetLock(s *session, vault string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(s.locks, vault)
}

// KeepLock keeps the id of a vault's lock in the session.
func (c *Call) KeepLock(vault, id string) { c.h.sessions.keepLock(c.session, vault, id) }

// KeptLock is the id of a vault's lock, "" if the session has not begun it.
func (c *Call) KeptLock(vault string) string { return c.h.sessions.keptLock(c.session, vault) }

// ForgetLock forgets it.
func (c *Call) ForgetLock(vault string) { c.h.sessions.forgetLock(c.session, vault) }
