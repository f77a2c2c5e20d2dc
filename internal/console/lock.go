package console

import (
	"time"

	"firn/glacier"
)

// A lockView is a vault's lock.
type lockView struct {
	glacier.VaultLock
	Left time.Duration // until it lapses, while it is in progress
}

// Locked reports whether it is in force for good.
func (l *lockView) Locked() bool { return l.State == glacier.LockLocked }

// lockOf asks for a vault's lock; nil if there is none.
func (c *call) lockOf(vault string) (*lockView, error) {
	l := &lockView{}
	err := c.get(vaultPath(vault, "lock-policy"), &l.VaultLock)
	if unset(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if l.ExpirationDate != nil {
		l.Left = max(0, l.ExpirationDate.Sub(c.h.cfg.Now()))
	}
	return l, nil
}
