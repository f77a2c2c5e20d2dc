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
	jobs, tokens := map[glacier.JobID]bool{}, map[string]bool{}
	for k, err := range r.Names.AllRetrievals(ctx) {
		if err != nil {
			return 0, err
		}
		jobs[k.Job], tokens[k.Token] = true, true
	}
	for d, err := range r.Vault.Jobs(ctx, remote.JobFilter{}) {
		if remote.IsRefusal(err, glacier.AccessDenied) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("look for jobs that are under way: %w", err)
		}
		k, ok := r.retrieval(&d)
		if !ok || jobs[k.Job] || tokens[k.Token] {
			continue
		}
		_, found, err := r.known(ctx, k.Archive, span{k.First, k.Last - k.First + 1})
		if err == nil && !found {
			n++
			err = r.Names.SetRetrieval(ctx, k)
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
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
