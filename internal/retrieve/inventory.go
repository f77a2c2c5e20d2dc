package retrieve

import (
	"context"
	"crypto/rand"
	"io"
	"strings"

	"firn/internal/errand"
	"firn/internal/names"
)

// inventoryIntro is what the descriptions of Firn's own inventory jobs begin
// with.
const inventoryIntro = "firn inventory "

// Inventory has read read the vault's inventory, as JSON: of a job that an
// earlier process has begun and not made use of, or of a new one. If it is not
// complete and wait is false, the error is [errand.ErrNotYet].
func (r *Retriever) Inventory(ctx context.Context, wait bool, read func(io.Reader) error) error {
	return r.errands().Inventory(ctx, inventoryMemory{r}, wait, read)
}

// errands are what is done to jobs.
func (r *Retriever) errands() *errand.Runner {
	return &errand.Runner{Vault: r.Vault, Progress: r.progress, Sleep: r.Sleep, Now: r.Now}
}

// inventoryMemory keeps the inventory job in the catalogue.
type inventoryMemory struct{ *Retriever }

// Recall implements [errand.Memory].
func (m inventoryMemory) Recall(ctx context.Context) (errand.Job, error) {
	for k, err := range m.Names.Retrievals(ctx, "") {
		if err != nil {
			return errand.Job{}, err
		}
		if now := m.now(); k.Begun.After(now) {
			k.Begun = now // by a clock that was wrong
		}
		if strings.HasPrefix(k.Token, inventoryIntro) {
			return errand.Job{Token: k.Token, ID: k.Job, Begun: k.Begun}, nil
		}
	}
	j := errand.Job{Token: inventoryIntro + rand.Text(), Begun: m.now()}
	return j, m.Keep(ctx, j)
}

// Keep implements [errand.Memory].
func (m inventoryMemory) Keep(ctx context.Context, j errand.Job) error {
	return m.Names.SetRetrieval(ctx, names.Retrieval{Token: j.Token, Job: j.ID, Begun: j.Begun})
}

// Drop implements [errand.Memory].
func (m inventoryMemory) Drop(ctx context.Context, j errand.Job) error {
	return m.Names.DropRetrieval(ctx, j.Token)
}
