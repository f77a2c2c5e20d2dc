package vaults

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"firn/glacier"
	"firn/internal/console/frame"
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

// mark tells the lock from any other that the vault has had or will have. id is
// the one that the session keeps for the vault, "" if it keeps none. It does not
// tell whether the lock is complete.
func (l *lockView) mark(id string) string {
	begun := l.CreationDate.UnixNano()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", begun, id, l.Policy))
	return hex.EncodeToString(sum[:])
}

// sameLock returns nil if a vault's lock is the one that the form's page has
// shown. kept is the id that the session keeps.
func sameLock(c *frame.Call, vault, kept string) error {
	lock, err := lockOf(c, vault)
	if err != nil {
		return err
	}
	if lock == nil {
		return frame.Refuse(http.StatusConflict, "Nothing was done: the lock that the page showed is gone.")
	}
	if lock.mark(kept) != c.Form.Get("lock") {
		return frame.Refuse(http.StatusConflict, "Nothing was done: the lock is another one than the page showed. Read it again.")
	}
	return nil
}

// A lockPage is what the page of a vault's lock shows.
type lockPage struct {
	editor
	Lock    *lockView // nil if there is none
	Mark    string    // of the lock, while it is in progress
	Sayings []saying  // of its policy
	ID      string    // if this session has begun it
	May     map[string]bool
}

// lockOf asks for a vault's lock; nil if there is none.
func lockOf(c *frame.Call, vault string) (*lockView, error) {
	l := &lockView{}
	err := c.Get(frame.VaultPath(vault, "lock-policy"), &l.VaultLock)
	if unset(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if l.ExpirationDate != nil {
		l.Left = max(0, l.ExpirationDate.Sub(c.Config.Now()))
	}
	return l, nil
}

// showLock shows a vault's lock in whatever state it is. With the parameter
// template, the form for one begins with another.
func showLock(c *frame.Call) error { return showLockPage(c, http.StatusOK, editor{}) }

// showLockPage shows a vault's lock, or the form for one: with what was typed.
func showLockPage(c *frame.Call, status int, e editor) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	p := lockPage{editor: e, May: c.Rights(name, "InitiateVaultLock", "CompleteVaultLock", "AbortVaultLock")}
	kept := c.KeptLock(name)
	if p.Lock, err = lockOf(c, name); err != nil {
		return err
	}
	p.Starters, p.Most = lockStarters(c.VaultARN(name)), policy.MaxSize
	var scripts []string
	switch {
	case p.Lock == nil && e.Text == "" && e.Problem == nil:
		if p.Text, err = begin(p.Starters, c.Query.Get("template")); err != nil {
			return err
		}
	case p.Lock != nil:
		p.Text, p.Sayings = frame.Indent(p.Lock.Policy), readerOf(c, name).read(p.Lock.Policy)
		if !p.Lock.Locked() {
			p.ID, p.Mark = kept, p.Lock.mark(kept)
			scripts = []string{"countdown.js"}
		}
	}
	return c.Render(status, "lock", c.OfVault(name, frame.Page{
		Title: "Lock of " + name, Tab: "lock", Data: p, Scripts: scripts, Commands: p.commands(name),
	}))
}

// commands are those of the state that the lock is in.
func (p *lockPage) commands(vault string) []frame.Command {
	all := []frame.Command{frame.GlacierCommand("See the lock", "get-vault-lock", "vault-name", vault)}
	if p.Lock == nil && p.May["InitiateVaultLock"] {
		all = append(all, frame.GlacierCommand(`Begin one; the file has {"Policy": "…"}, with the policy as one string`,
			"initiate-vault-lock", "vault-name", vault, "policy", "file://lock-policy.json"))
	}
	if p.Lock == nil || p.Lock.Locked() {
		return all
	}
	if p.May["AbortVaultLock"] {
		all = append(all, frame.GlacierCommand("Abort it", "abort-vault-lock", "vault-name", vault))
	}
	return all
}

// changeLock begins, checks or aborts a lock.
func changeLock(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	text := c.Text("policy")
	switch c.Form.Get("do") {
	case "abort":
		return abortLock(c, name)
	case "check":
		return showLockPage(c, http.StatusOK, checked(c, name, text))
	}
	reply, err := c.Change(http.MethodPost, frame.VaultPath(name, "lock-policy"), glacier.VaultPolicy{Policy: &text})
	if e := frame.AsRefusal(err); e != nil {
		return showLockPage(c, e.Status, editor{Text: text, Problem: problemOf(c, name, text, e.Text)})
	}
	if err != nil {
		return err
	}
	c.KeepLock(name, reply.Get(glacier.HeaderLockID))
	return c.Done(frame.Link("lock", "vault", name), "The lock has begun: test it, and complete it within 24 hours.")
}

// abortLock takes a lock back that is in progress, if it is the one that the page
// has shown.
func abortLock(c *frame.Call, name string) error {
	here := frame.Link("lock", "vault", name)
	if c.Form.Get("sure") == "" {
		return c.Instead(here, unsure())
	}
	if err := sameLock(c, name, c.KeptLock(name)); err != nil {
		return c.Instead(here, err)
	}
	if _, err := c.Change(http.MethodDelete, frame.VaultPath(name, "lock-policy"), nil); err != nil {
		return c.Instead(here, err)
	}
	c.ForgetLock(name)
	return c.Done(here, "The lock is aborted: its policy is in force no longer.")
}
