package retrieve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/internal/transfer"
	"firn/treehash"
)

// ErrNotYet says that a job is not complete.
var ErrNotYet = errors.New("the job is not complete yet")

// inventoryIntro is what the descriptions of Firn's own inventory jobs begin
// with.
const inventoryIntro = "firn inventory "

// Inventory has read read the vault's inventory, as JSON: of a job that an
// earlier process has begun and not made use of, or of a new one. If it is not
// complete and wait is false, the error is ErrNotYet.
func (r *Retriever) Inventory(ctx context.Context, wait bool, read func(io.Reader) error) error {
	k, err := r.inventoryJob(ctx)
	if err != nil {
		return err
	}
	d, err := r.waitInventory(ctx, &k, wait)
	if err != nil {
		return err
	}
	if d.StatusCode == glacier.Succeeded {
		err = r.readInventory(ctx, d, read)
	} else {
		err = errors.New("the inventory job failed")
	}
	if err != nil && d.StatusCode == glacier.Succeeded {
		return err // the next process may fare better with it
	}
	return errors.Join(err, r.Names.DropRetrieval(ctx, k.Token))
}

// waitInventory waits for the inventory job, or for another if the server does
// not know it any more.
func (r *Retriever) waitInventory(ctx context.Context, k *names.Retrieval, wait bool) (glacier.JobDescription, error) {
	j := newJob(span{})
	for {
		j.known = *k
		d, err := r.Vault.Job(ctx, k.Job)
		switch {
		case remote.IsNotFound(err):
			gone, err := r.isGone(ctx, j)
			if err != nil {
				return d, err
			}
			if !gone {
				continue
			}
			if err := r.Names.DropRetrieval(ctx, k.Token); err != nil {
				return d, err
			}
			if *k, err = r.inventoryJob(ctx); err != nil {
				return d, err
			}
			continue
		case err != nil, d.Completed:
			return d, err
		case !wait:
			return d, ErrNotYet
		}
		if err := r.sleep(ctx, min(max(r.now().Sub(k.Begun)/20, shortestPause), longestPause)); err != nil {
			return d, err
		}
	}
}

// inventoryJob finds the job of an earlier process, or begins one.
func (r *Retriever) inventoryJob(ctx context.Context) (k names.Retrieval, err error) {
	found := false
	for k, err = range r.Names.Retrievals(ctx, "") {
		if err != nil {
			return k, err
		}
		if now := r.now(); k.Begun.After(now) {
			k.Begun = now // by a clock that was wrong
		}
		if found = strings.HasPrefix(k.Token, inventoryIntro); found {
			break
		}
	}
	if !found {
		k = names.Retrieval{Token: inventoryIntro + rand.Text(), Begun: r.now()}
		if err := r.Names.SetRetrieval(ctx, k); err != nil {
			return k, err
		}
	}
	if k.Job != "" {
		return k, nil
	}
	if id, heard, err := r.Vault.FindJob(ctx, k.Token); err != nil {
		return k, err
	} else if heard {
		k.Job = id
		return k, r.Names.SetRetrieval(ctx, k)
	}
	kind, format := glacier.InventoryRetrieval, glacier.FormatJSON
	if k.Job, err = r.Vault.StartJob(ctx, glacier.JobParameters{Type: &kind, Format: &format, Description: &k.Token}); err != nil {
		return k, err
	}
	return k, r.Names.SetRetrieval(context.WithoutCancel(ctx), k)
}

// readInventory streams the output of a job to read.
func (r *Retriever) readInventory(ctx context.Context, d glacier.JobDescription, read func(io.Reader) error) error {
	out := transfer.Output{Job: d.JobID, Progress: r.progress}
	if d.InventorySizeInBytes == nil {
		return fmt.Errorf("the server does not say how long the inventory of job %s is", d.JobID)
	}
	out.Size = *d.InventorySizeInBytes
	if d.SHA256TreeHash != nil {
		if tree, err := treehash.ParseHash(*d.SHA256TreeHash); err == nil {
			out.Tree, out.Hashed = tree, true
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	from, to := io.Pipe()
	written := make(chan error, 1)
	go func() {
		_, err := r.Downloader.Write(ctx, out, to)
		to.CloseWithError(err)
		written <- err
	}()
	err := read(from)
	if err == nil {
		_, err = io.Copy(io.Discard, from) // what is behind the document; and it is whole only if its hash is right
	}
	stop()
	from.CloseWithError(err)
	if failed := <-written; err == nil {
		err = failed
	}
	return err
}
