package console

import (
	"firn/glacier"
)

// startInventory starts an inventory of a vault and goes to the job.
func startInventory(c *call) error {
	vault, err := c.vaultName()
	if err != nil {
		return err
	}
	q := jobRequest{
		Type: glacier.InventoryRetrieval, Format: some(c.form.Get("format")),
		Description: some(c.form.Get("description")), SNSTopic: some(c.form.Get("topic")),
	}
	r := inventoryRange{
		StartDate: some(c.form.Get("start")), EndDate: some(c.form.Get("end")),
		Limit: some(c.form.Get("limit")), Marker: some(c.form.Get("marker")),
	}
	if r != (inventoryRange{}) {
		q.InventoryRetrievalParameters = &r
	}
	id, err := c.begin(vault, q)
	if err != nil {
		return c.instead(link("jobs", "vault", vault), err)
	}
	return c.done(link("job", "vault", vault, "job", id), "The inventory has been started.")
}
