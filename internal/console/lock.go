package console

import (
	"fmt"
	"net/http"
	"time"

	"firn/glacier"
	"firn/internal/policy"
)

// A lockView is a vault's lock.
type lockView struct {
	glacier.VaultLock
	Left time.Duration // until it lapses, while it is in progress
}

// Locked reports whether it is in force for good.
func (l *lockView) Locked() bool { return l.State == glacier.LockLocked }

// Seconds is how long it has left in whole seconds.
func (l *lockView) Seconds() int64 { return int64(l.Left / time.Second) }

// Remaining is the same in words.
func (l *lockView) Remaining() string {
	minutes := int64(l.Left / time.Minute)
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

// A lockPage is what the page of a vault's lock shows.
type lockPage struct {
	editor
	Lock    *lockView // nil if there is none
	Sayings []saying  // of its policy
	ID      string    // if this session has begun it
	May     map[string]bool
}

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

// showLock shows a vault's lock in whatever state it is. With the parameter
// template, the form for one begins with another.
func showLock(c *call) error { return c.lockPage(http.StatusOK, editor{}) }

// lockPage shows a vault's lock, or the form for one: with what was typed.
func (c *call) lockPage(status int, e editor) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	p := lockPage{editor: e, May: c.rights(name, "InitiateVaultLock", "CompleteVaultLock", "AbortVaultLock")}
	if p.Lock, err = c.lockOf(name); err != nil {
		return err
	}
	p.Starters, p.Most = lockStarters(c.vaultARN(name)), policy.MaxSize
	var scripts []string
	switch {
	case p.Lock == nil && e.Text == "" && e.Problem == nil:
		if p.Text, err = begin(p.Starters, c.query.Get("template")); err != nil {
			return err
		}
	case p.Lock != nil:
		p.Text, p.Sayings = pretty(p.Lock.Policy), c.reader(name).read(p.Lock.Policy)
		if !p.Lock.Locked() {
			p.ID = c.keptLock(name)
			scripts = []string{"countdown.js"}
		}
	}
	return c.render(status, "lock", c.ofVault(name, page{
		Title: "Lock of " + name, Tab: "lock", Data: p, Scripts: scripts, Commands: p.commands(name),
	}))
}

// commands are those of the state that the lock is in.
func (p *lockPage) commands(vault string) []command {
	all := []command{glacierCommand("See the lock", "get-vault-lock", "vault-name", vault)}
	if p.Lock == nil && p.May["InitiateVaultLock"] {
		all = append(all, glacierCommand(`Begin one; the file has {"Policy": "…"}, with the policy as one string`,
			"initiate-vault-lock", "vault-name", vault, "policy", "file://lock-policy.json"))
	}
	if p.Lock == nil || p.Lock.Locked() {
		return all
	}
	if p.May["AbortVaultLock"] {
		all = append(all, glacierCommand("Abort it", "abort-vault-lock", "vault-name", vault))
	}
	return all
}

// changeLock begins, checks or aborts a lock.
func changeLock(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	text := typed(c.form.Get("policy"))
	switch c.form.Get("do") {
	case "abort":
		return c.abortLock(name)
	case "check":
		return c.lockPage(http.StatusOK, c.checked(name, text))
	}
	reply, err := c.change(http.MethodPost, vaultPath(name, "lock-policy"), glacier.VaultPolicy{Policy: &text})
	if e := asRefusal(err); e != nil {
		return c.lockPage(e.status, editor{Text: text, Problem: c.problemOf(name, text, e.text)})
	}
	if err != nil {
		return err
	}
	c.keepLock(name, reply.Get(glacier.HeaderLockID))
	return c.done(link("lock", "vault", name), "The lock has begun: test it, and complete it within 24 hours.")
}

// abortLock takes a lock back that is in progress.
func (c *call) abortLock(name string) error {
	here := link("lock", "vault", name)
	if c.form.Get("sure") == "" {
		return c.instead(here, unsure())
	}
	if _, err := c.change(http.MethodDelete, vaultPath(name, "lock-policy"), nil); err != nil {
		return c.instead(here, err)
	}
	c.forgetLock(name)
	return c.done(here, "The lock is aborted: its policy is in force no longer.")
}
