package jobs

import (
	"firn/glacier"
	"firn/internal/console/frame"
)

// startInventory starts an inventory of a vault and goes to the job. If it is
// refused, what was typed is shown again.
func startInventory(c *frame.Call) error {
	vault, err := c.VaultName()
	if err != nil {
		return err
	}
	q := jobRequest{
		Type: glacier.InventoryRetrieval, Format: some(c.Form.Get("format")),
		Description: some(c.Form.Get("description")), SNSTopic: some(c.Form.Get("topic")),
	}
	r := inventoryRange{
		StartDate: some(c.Form.Get("start")), EndDate: some(c.Form.Get("end")),
		Limit: some(c.Form.Get("limit")), Marker: some(c.Form.Get("marker")),
	}
	if r != (inventoryRange{}) {
		q.InventoryRetrievalParameters = &r
	}
	id, err := begin(c, vault, q)
	if e := frame.AsRefusal(err); e != nil && c.MayAll(vault, "ListJobs") {
		return vaultJobs(c, e.Status, vault, c.Form, e.Text)
	}
	if err != nil {
		return err
	}
	return c.Done(frame.Link("job", "vault", vault, "job", id), "The inventory has been started.")
}
