package migrate

import (
	"context"
	"fmt"
	"io"

	"firn/glacier"
	"firn/internal/errand"
	"firn/internal/inventory"
)

// List takes the source's inventory and writes it down, if that was not done
// yet. It waits for the job as long as it lasts. Whoever calls it holds the
// State's lock.
func (m *Migration) List(ctx context.Context) error {
	about, err := m.state.About()
	if err != nil || about.Listed {
		return err
	}
	r := &errand.Runner{Vault: m.cfg.Source, Sleep: m.cfg.Sleep, Now: m.cfg.Now}
	if err := r.Inventory(ctx, inventoryMemory{m.state}, true, m.read); err != nil {
		return fmt.Errorf("take the inventory of %s: %w", m.cfg.Source.Name, err)
	}
	return nil
}

// inventoryMemory keeps the inventory job in the state.
type inventoryMemory struct{ *State }

// Recall implements [errand.Memory]. When the job was begun is not known.
func (m inventoryMemory) Recall(context.Context) (errand.Job, error) {
	about, err := m.About()
	return errand.Job{Token: fmt.Sprintf("%s inventory %d", about.label(), about.InventoryAsks), ID: about.InventoryJob}, err
}

// Keep implements [errand.Memory].
func (m inventoryMemory) Keep(_ context.Context, j errand.Job) error { return m.set(updateJob, j.ID) }

// Drop implements [errand.Memory].
func (m inventoryMemory) Drop(context.Context, errand.Job) error { return m.set(updateAsk) }

// label begins the descriptions of a migration's jobs.
func (a *About) label() string { return "firn migrate " + a.Token }

// listBatch is how many archives are written down at a time.
const listBatch = 10_000

// read writes the inventory down. Archives that are known stay as they are.
func (m *Migration) read(from io.Reader) error {
	in := inventory.NewReader(from, glacier.FormatJSON)
	batch := make([]Archive, 0, listBatch)
	var read Total
	flush := func() error {
		_, err := m.state.add(batch)
		m.cfg.Events.Listed(read.Archives, read.Bytes)
		batch = batch[:0]
		return err
	}
	for row, err := range in.Rows() {
		if err != nil {
			return err
		}
		batch = append(batch, Archive{
			ID: row.ID, Description: row.Description, Created: row.Created.Format(dateFormat), Size: row.Size, Tree: row.TreeHash,
		})
		read.Archives++
		read.Bytes += row.Size
		if len(batch) == listBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return m.state.set(updateListed, in.Date().Format(dateFormat))
}

// dateFormat has no more digits than there are.
const dateFormat = "2006-01-02T15:04:05.999Z07:00"
