package errand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"firn/glacier"
	"firn/internal/remote"
)

// ErrNotYet says that a job is not complete.
var ErrNotYet = errors.New("the job is not complete yet")

// A Job is one that was begun, or is being begun.
type Job struct {
	Token string        // its description, which no other job has
	ID    glacier.JobID // empty if nobody knows whether it was begun
	Begun time.Time     // zero if it is not known
}

// A Memory keeps what the job of an errand is, from one process to the next.
type Memory interface {
	// Recall returns the job. If there is none, one is made up, and its token
	// is durable before it is returned.
	Recall(context.Context) (Job, error)
	// Keep notes the id of the job that Recall has returned.
	Keep(context.Context, Job) error
	// Drop forgets it: the next that Recall returns has another token.
	Drop(context.Context, Job) error
}

// Inventory has use read the vault's inventory, as JSON: of the job that m knows,
// or of a new one. Once it is read the job is forgotten; if use fails it is not. use
// is called anew if the output is gone before its end. If the job is not complete
// and wait is false, the error is ErrNotYet.
func (r *Runner) Inventory(ctx context.Context, m Memory, wait bool, use func(io.Reader) error) error {
	var lost Loss
	for {
		j, err := r.inventoryJob(ctx, m)
		if err != nil {
			return err
		}
		err = r.takeInventory(ctx, &j, wait, use)
		if err == nil {
			return m.Drop(ctx, j)
		}
		if failed, ok := errors.AsType[*failure](err); ok {
			return errors.Join(failed, m.Drop(ctx, j))
		}
		if !remote.IsNotFound(err) || ctx.Err() != nil {
			return err
		}
		gone, err := r.IsGone(ctx, j.Begun, &lost)
		if err == nil && gone {
			err = m.Drop(ctx, j)
		}
		if err != nil {
			return err
		}
	}
}

// inventoryJob is the job that m knows, begun if it was not.
func (r *Runner) inventoryJob(ctx context.Context, m Memory) (j Job, err error) {
	if j, err = m.Recall(ctx); err != nil || j.ID != "" {
		return j, err
	}
	kind, format := glacier.InventoryRetrieval, glacier.FormatJSON
	j.ID, err = r.Begin(ctx, glacier.JobParameters{Type: &kind, Format: &format, Description: &j.Token})
	if err != nil {
		return j, err
	}
	return j, m.Keep(context.WithoutCancel(ctx), j)
}

// A failure is a job that has come to nothing.
type failure struct{ error }

func (r *Runner) takeInventory(ctx context.Context, j *Job, wait bool, use func(io.Reader) error) error {
	d, err := r.Vault.Job(ctx, j.ID)
	if err == nil && !d.Completed {
		if !wait {
			return ErrNotYet
		}
		since := j.Begun
		if since.IsZero() {
			since = r.now()
		}
		d, err = r.Wait(ctx, j.ID, since, nil)
	}
	switch {
	case err != nil:
		return err
	case d.StatusCode != glacier.Succeeded:
		return &failure{fmt.Errorf("the inventory job failed: %s", Reason(&d))}
	}
	return r.Read(ctx, j.ID, use)
}
