package job

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
)

// Particulars are what a job's description does not say.
type Particulars struct {
	Note string    // the archive's description, as it was when the job began
	Size int64     // bytes of the output; 0 as long as it is not known
	Due  time.Time // the job is not completed before
	Ends time.Time // of the job and its output; zero as long as it is in progress
}

// Particulars returns those of some jobs of a vault. Ids that are no job's are
// left out.
func (s *Service) Particulars(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, ids ...glacier.JobID) (map[glacier.JobID]Particulars, error) {
	all := make(map[glacier.JobID]Particulars, len(ids))
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		v, err := vault.Find(tx, s.cfg.Region, owner, name)
		if err != nil {
			return err
		}
		for _, id := range ids {
			t, ok := s.cfg.IDs.Open(token.Job, string(id))
			if !ok || t.Vault != v.ID {
				continue
			}
			j, ok, err := tx.Job(v.ID, t.Number)
			if err != nil {
				return fmt.Errorf("look up job: %w", err)
			}
			if ok && j.Public == id {
				all[id] = particulars(&j)
			}
		}
		return nil
	})
	return all, err
}

func particulars(j *record.Job) Particulars {
	p := Particulars{Note: j.ArchiveNote, Size: j.OutputSize, Due: time.UnixMilli(j.Ready).UTC()}
	if j.Action == glacier.ActionArchiveRetrieval {
		p.Size = j.Last - j.First + 1
	}
	if j.Status != glacier.InProgress {
		p.Ends = time.UnixMilli(j.Expires).UTC()
	}
	return p
}
