package rest

import (
	"net/http"

	"firn/glacier"
)

func setRetrievalPolicy(c *call) error {
	var in glacier.DataRetrieval
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.h.cfg.Jobs.SetDataRetrievalPolicy(c.ctx, c.owner, &in); err != nil {
		return err
	}
	return c.done()
}

func getRetrievalPolicy(c *call) error {
	d, err := c.h.cfg.Jobs.GetDataRetrievalPolicy(c.ctx, c.owner)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}

func purchaseCapacity(c *call) error {
	id, err := c.h.cfg.Jobs.PurchaseProvisionedCapacity(c.ctx, c.owner)
	if err != nil {
		return err
	}
	set(c.w.Header(), glacier.HeaderCapacityID, id)
	return c.created(http.StatusCreated, "")
}

func listCapacity(c *call) error {
	d, err := c.h.cfg.Jobs.ListProvisionedCapacity(c.ctx, c.owner)
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, d)
}
