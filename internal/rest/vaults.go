package rest

import (
	"net/http"

	"firn/glacier"
)

func createVault(c *call) error {
	if err := c.h.cfg.Vaults.CreateVault(c.ctx, c.owner, c.vault); err != nil {
		return err
	}
	return c.created(http.StatusCreated, c.location())
}

func deleteVault(c *call) error {
	if err := c.h.cfg.Vaults.DeleteVault(c.ctx, c.owner, c.vault); err != nil {
		return err
	}
	return c.done()
}

func describeVault(c *call) error {
	d, err := c.h.cfg.Vaults.DescribeVault(c.ctx, c.owner, c.vault)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}

func listVaults(c *call) error {
	l, err := c.h.cfg.Vaults.ListVaults(c.ctx, c.owner, c.page())
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, l)
}

func addTags(c *call) error {
	var in glacier.Tags
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.h.cfg.Vaults.AddTagsToVault(c.ctx, c.owner, c.vault, in.Tags); err != nil {
		return err
	}
	return c.done()
}

func removeTags(c *call) error {
	var in glacier.TagKeys
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.h.cfg.Vaults.RemoveTagsFromVault(c.ctx, c.owner, c.vault, in.TagKeys); err != nil {
		return err
	}
	return c.done()
}

func listTags(c *call) error {
	t, err := c.h.cfg.Vaults.ListTagsForVault(c.ctx, c.owner, c.vault)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, t)
}

// unknownTagOperation answers a POST to a vault's tags that says neither
// operation=add nor operation=remove.
func unknownTagOperation(c *call) error {
	op := c.query().Get("operation")
	if op == "" {
		return glacier.MissingParameter("operation")
	}
	return glacier.Errorf(glacier.InvalidParameterValue, "Invalid operation: %s", op)
}
