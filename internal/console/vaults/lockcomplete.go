package vaults

import (
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
)

// A lockCompletion is what has to be read before a lock is completed.
type lockCompletion struct {
	Lock    *lockView
	Sayings []saying
	Mark    string // of the lock
	Kept    bool   // the session knows the lock's id
	ARN     string // of the vault
}

// showCompleteLock asks whether a lock is really to be for good.
func showCompleteLock(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	if !c.MayAll(name, "CompleteVaultLock") {
		return frame.Refuse(http.StatusForbidden, "You may not complete the lock of this vault.")
	}
	kept := c.KeptLock(name)
	lock, err := lockOf(c, name)
	if err != nil {
		return err
	}
	if lock == nil || lock.Locked() {
		c.Redirect(frame.Link("lock", "vault", name)) // which says how it is
		return nil
	}
	p := c.OfVault(name, frame.Page{
		Title: "Lock " + name + " for good", Tab: "lock", Scripts: []string{"countdown.js"},
		Data: lockCompletion{
			Lock: lock, Sayings: readerOf(c, name).read(lock.Policy), Mark: lock.mark(kept), Kept: kept != "", ARN: c.VaultARN(name),
		},
		Commands: []frame.Command{frame.GlacierCommand("Complete the lock", "complete-vault-lock", "vault-name", name, "lock-id", "LOCK-ID")},
	})
	p.Crumbs = append(p.Crumbs, frame.Crumb{Text: "Lock", Link: frame.Link("lock", "vault", name)})
	return c.Render(http.StatusOK, "lock-complete", p)
}

// completeLock locks a vault for good, if the visitor has typed its name and
// ticked the box, and if the lock is the one that the page has shown. Should
// another one be begun right after the look at it, the API refuses the id.
func completeLock(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	here := frame.Link("lock-complete", "vault", name)
	kept := c.KeptLock(name)
	id := kept
	if id == "" {
		id = strings.TrimSpace(c.Form.Get("id"))
	}
	switch {
	case c.Form.Get("name") != name:
		return c.Instead(here, unlike(name))
	case c.Form.Get("sure") == "":
		return c.Instead(here, unsure())
	case id == "":
		return c.Instead(here, frame.Refuse(http.StatusBadRequest, "Nothing was done: the lock's id is missing."))
	}
	if err := sameLock(c, name, kept); err != nil {
		return c.Instead(here, err)
	}
	_, err = c.Change(http.MethodPost, frame.VaultPath(name, "lock-policy", id), nil)
	if e := frame.AsRefusal(err); e != nil && e.Status == glacier.InvalidParameterValue.Status() && kept != "" {
		c.ForgetLock(name) // another lock was begun in the place of this one
	}
	if err != nil {
		return c.Instead(here, err)
	}
	c.ForgetLock(name)
	return c.Done(frame.Link("lock", "vault", name), "The vault %s is locked for good.", name)
}
