package archives

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/console/frame"
	"firn/internal/vault"
)

const (
	// errandPage is how many archives are looked at, and errandHands how many are
	// worked on, at a time. What many hands do at a time becomes durable together.
	errandPage  = 1000
	errandHands = 16
	// retryEvery is the pause before what failed for the moment is tried again,
	// and maxRetries how often that is; a rate that is exceeded is waited for
	// without a limit.
	retryEvery = time.Second
	maxRetries = 5
	// vaultEvery is the pause between two attempts to delete a vault that waits for
	// its inventory, and vaultPatience how long that goes on.
	vaultEvery    = 20 * time.Second
	vaultPatience = 50 * time.Hour
)

// each works on some archives, many at a time, and returns once all have been
// worked on.
func (e *errand) each(ctx context.Context, rows []vault.ArchiveRow) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan vault.ArchiveRow)
	var hands sync.WaitGroup
	for range min(errandHands, len(rows)) {
		hands.Go(func() {
			for a := range todo {
				if err := safely(func() error { return e.one(ctx, a) }); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, a := range rows {
		if e.hasDone(a.ID) {
			continue
		}
		select {
		case todo <- a:
		case <-ctx.Done():
		}
	}
	close(todo)
	hands.Wait()
	return context.Cause(ctx)
}

// one works on one archive. A refusal that is about the archive is counted,
// and the others go on; any other would meet them, too, and is returned.
func (e *errand) one(ctx context.Context, a vault.ArchiveRow) error {
	err := e.patiently(ctx, func() error {
		if e.kind == emptying {
			_, err := e.apis.Change(ctx, http.MethodDelete, frame.VaultPath(e.vault, "archives", string(a.ID)), nil)
			return err
		}
		_, err := e.apis.Change(ctx, http.MethodPost, frame.VaultPath(e.vault, "jobs"), e.job.parameters(string(a.ID)))
		return err
	})
	if err == nil {
		e.note(a.ID, "")
		return nil
	}
	var api *glacier.Error
	if !errors.As(err, &api) {
		return err
	}
	kept := e.kind == emptying && api.Code == glacier.AccessDenied // by a policy or a lock, which may ask for its age
	if !kept && api.Code != glacier.ResourceNotFound {
		return err
	}
	e.note(a.ID, api.Message)
	return nil
}

// note counts an archive that has been worked on, or refused for a reason.
func (e *errand) note(id glacier.ArchiveID, refused string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did[id] = true
	if refused == "" {
		e.Done++
		return
	}
	e.Refused++
	if e.First == "" {
		e.First = refused
	}
}

func (e *errand) hasDone(id glacier.ArchiveID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.did[id]
}

// patiently tries again what fails for the moment.
func (e *errand) patiently(ctx context.Context, try func() error) error {
	for tries := 1; ; {
		err := try()
		var api *glacier.Error
		switch {
		case !errors.As(err, &api):
			return err
		case api.Code == glacier.Throttling:
		case api.Code.Status() >= http.StatusInternalServerError && tries <= maxRetries:
			tries++
		default:
			return err
		}
		if err := sleep(ctx, retryEvery); err != nil {
			return err
		}
	}
}

// deleteVault deletes the vault, which may have to wait for an inventory that
// shows that it is empty. Another vault of the same name is left alone.
func (e *errand) deleteVault(ctx context.Context) error {
	for until := e.cfg.Now().Add(vaultPatience); ; {
		if _, err := e.look(ctx, vault.ArchiveQuery{Limit: 1}); err != nil {
			return err
		}
		_, err := e.apis.Change(ctx, http.MethodDelete, frame.VaultPath(e.vault), nil)
		var api *glacier.Error
		if !errors.As(err, &api) || api.Code != glacier.InvalidParameterValue || e.cfg.Now().After(until) {
			return err
		}
		e.mu.Lock()
		e.State, e.Why = waiting, api.Message
		e.mu.Unlock()
		if err := sleep(ctx, vaultEvery); err != nil {
			return err
		}
	}
}

// sleep waits for a while, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
