package rest

import (
	"net/http"

	"firn/glacier"
)

func setNotifications(c *call) error {
	var in glacier.Notifications
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.h.cfg.Vaults.SetVaultNotifications(c.ctx, c.owner, c.vault, in); err != nil {
		return err
	}
	return c.done()
}

func getNotifications(c *call) error {
	d, err := c.h.cfg.Vaults.GetVaultNotifications(c.ctx, c.owner, c.vault)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}

func deleteNotifications(c *call) error {
	if err := c.h.cfg.Vaults.DeleteVaultNotifications(c.ctx, c.owner, c.vault); err != nil {
		return err
	}
	return c.done()
}
