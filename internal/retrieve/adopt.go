package retrieve

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
)

// Adopt makes the catalogue know the retrievals that the server has and it has
// not, and returns how many: they were begun from another machine, by another
// program, or by a catalogue that was lost, and are not paid for twice. A key that
// may not list jobs adopts none.
func (r *Retriever) Adopt(ctx context.Context) (n int, err error) {
	var found []names.Retrieval
	adopt := func() error {
		if len(found) == 0 {
			return nil
		}
		n += len(found)
		err := r.Names.SetRetrieval(ctx, found...)
		found = found[:0]
		return err
	}
	for d, err := range r.Vault.Jobs(ctx, remote.JobFilter{}) {
		if remote.IsRefusal(err, glacier.AccessDenied) {
			break
		}
		if err != nil {
			return n, fmt.Errorf("look for jobs that are under way: %w", err)
		}
		k, ok := r.retrieval(&d)
		if !ok {
			continue
		}
		known, err := r.knows(ctx, &k)
		if err != nil {
			return n, err
		}
		if !known {
			found = append(found, k)
		}
		if len(found) == adoptedAtOnce {
			if err := adopt(); err != nil {
				return n, err
			}
		}
	}
	return n, adopt()
}

// adoptedAtOnce is how many retrievals share a flush of the disk.
const adoptedAtOnce = 500

// knows reports whether the catalogue has a retrieval, or another of the same range.
func (r *Retriever) knows(ctx context.Context, k *names.Retrieval) (bool, error) {
	for have, err := range r.Names.Retrievals(ctx, k.Archive) {
		if err != nil {
			return false, err
		}
		if have.Job == k.Job || have.Token == k.Token || have.First == k.First && have.Last == k.Last {
			return true, nil
		}
	}
	return false, nil
}

// retrieval is a job as the catalogue knows it, if it retrieves an archive, in time.
func (r *Retriever) retrieval(d *glacier.JobDescription) (k names.Retrieval, ok bool) {
	if d.Action != glacier.ActionArchiveRetrieval || d.ArchiveID == nil || d.StatusCode == glacier.Failed {
		return k, false
	}
	k = names.Retrieval{Job: d.JobID, Token: "job " + string(d.JobID), Archive: *d.ArchiveID, Begun: d.CreationDate.Time}
	if d.JobDescription != nil && strings.HasPrefix(*d.JobDescription, tokenIntro) {
		k.Token = *d.JobDescription
	}
	if d.Tier != nil {
		k.Tier = *d.Tier
	}
	if !d.Completed && r.isSlower(k.Tier) {
		return k, false
	}
	err := errors.New("no range")
	switch {
	case d.RetrievalByteRange != nil:
		_, err = fmt.Sscanf(*d.RetrievalByteRange, "%d-%d", &k.First, &k.Last)
	case d.ArchiveSizeInBytes != nil:
		k.Last, err = *d.ArchiveSizeInBytes-1, nil
	}
	return k, err == nil && k.First >= 0 && k.First <= k.Last
}
