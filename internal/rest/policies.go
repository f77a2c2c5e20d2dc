package rest

import (
	"net/http"

	"firn/glacier"
)

func setAccessPolicy(c *call) error {
	text, err := c.policy()
	if err != nil {
		return err
	}
	if err := c.h.cfg.Vaults.SetVaultAccessPolicy(c.ctx, c.owner, c.vault, text); err != nil {
		return err
	}
	return c.done()
}

func getAccessPolicy(c *call) error {
	d, err := c.h.cfg.Vaults.GetVaultAccessPolicy(c.ctx, c.owner, c.vault)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}

func deleteAccessPolicy(c *call) error {
	if err := c.h.cfg.Vaults.DeleteVaultAccessPolicy(c.ctx, c.owner, c.vault); err != nil {
		return err
	}
	return c.done()
}

func initiateLock(c *call) error {
	text, err := c.policy()
	if err != nil {
		return err
	}
	id, err := c.h.cfg.Vaults.InitiateVaultLock(c.ctx, c.owner, c.vault, text)
	if err != nil {
		return err
	}
	set(c.w.Header(), glacier.HeaderLockID, string(id))
	return c.created(http.StatusCreated, "")
}

func completeLock(c *call) error {
	if err := c.h.cfg.Vaults.CompleteVaultLock(c.ctx, c.owner, c.vault, glacier.LockID(c.id)); err != nil {
		return err
	}
	return c.done()
}

func abortLock(c *call) error {
	if err := c.h.cfg.Vaults.AbortVaultLock(c.ctx, c.owner, c.vault); err != nil {
		return err
	}
	return c.done()
}

func getLock(c *call) error {
	d, err := c.h.cfg.Vaults.GetVaultLock(c.ctx, c.owner, c.vault)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}

// policy is the policy text in the request's document, nil if there is none.
func (c *call) policy() (*string, error) {
	var in glacier.VaultPolicy
	err := c.decode(&in)
	return in.Policy, err
}
