package console

import (
	"net/http"
	"strings"

	"firn/glacier"
)

// A lockCompletion is what has to be read before a lock is completed.
type lockCompletion struct {
	Lock    *lockView
	Sayings []saying
	Kept    bool   // the session knows the lock's id
	ARN     string // of the vault
}

// showCompleteLock asks whether a lock is really to be for good.
func showCompleteLock(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	if !c.mayAll(name, "CompleteVaultLock") {
		return refuse(http.StatusForbidden, "You may not complete the lock of this vault.")
	}
	lock, err := c.lockOf(name)
	if err != nil {
		return err
	}
	if lock == nil || lock.Locked() {
		c.redirect(link("lock", "vault", name)) // which says how it is
		return nil
	}
	p := c.ofVault(name, page{
		Title: "Lock " + name + " for good", Tab: "lock", Scripts: []string{"countdown.js"},
		Data: lockCompletion{
			Lock: lock, Sayings: c.reader(name).read(lock.Policy), Kept: c.keptLock(name) != "", ARN: c.vaultARN(name),
		},
		Commands: []command{glacierCommand("Complete the lock", "complete-vault-lock", "vault-name", name, "lock-id", "LOCK-ID")},
	})
	p.Crumbs = append(p.Crumbs, crumb{"Lock", link("lock", "vault", name)})
	return c.render(http.StatusOK, "lock-complete", p)
}

// completeLock locks a vault for good, if the visitor has typed its name and
// ticked the box.
func completeLock(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	here := link("lock-complete", "vault", name)
	kept := c.keptLock(name)
	id := kept
	if id == "" {
		id = strings.TrimSpace(c.form.Get("id"))
	}
	switch {
	case c.form.Get("name") != name:
		return c.instead(here, unlike(name))
	case c.form.Get("sure") == "":
		return c.instead(here, unsure())
	case id == "":
		return c.instead(here, refuse(http.StatusBadRequest, "Nothing was done: the lock's id is missing."))
	}
	_, err = c.change(http.MethodPost, vaultPath(name, "lock-policy", id), nil)
	if e := asRefusal(err); e != nil && e.status == glacier.InvalidParameterValue.Status() && kept != "" {
		c.forgetLock(name) // another lock was begun in the place of this one
	}
	if err != nil {
		return c.instead(here, err)
	}
	c.forgetLock(name)
	return c.done(link("lock", "vault", name), "The vault %s is locked for good.", name)
}
