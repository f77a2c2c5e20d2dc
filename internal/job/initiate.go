package job

import (
	"context"
	"errors"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
	"firn/internal/vault"
)

// A Begun is what InitiateJob has begun.
type Begun struct {
	ID         glacier.JobID
	OutputPath string // of a select job: what the keys of its objects begin with
}

// InitiateJob begins a job on a vault of the account owner. p is nil if the
// request had no body. The account caller, which is another one if the vault's
// policy lets it in, is whose bucket the results of a select job go to. When it
// returns nil the job is on the medium and will be done; if it is a select job,
// its description is in its bucket, too.
//
// Errors that are meant for the client are of type [*glacier.Error]. If the
// process dies before InitiateJob returns, or the store fails, a job that nobody
// was told of may be done.
func (s *Service) InitiateJob(ctx context.Context, caller, owner glacier.AccountID, name glacier.VaultName, p *glacier.JobParameters) (Begun, error) {
	q, err := parse(p, s.cfg.Region)
	if err != nil {
		return Begun{}, err
	}
	if q.query != nil {
		q.job.Caller = caller
	}
	if q.job.ArchiveID != "" {
		if err := s.lookUp(ctx, owner, name, &q); err != nil {
			return Begun{}, err
		}
	}
	place, err := s.admit(ctx, owner, &q)
	if err != nil {
		return Begun{}, err
	}
	begun, err := s.initiate(ctx, owner, name, &q)
	if err != nil {
		s.expedited.giveBack(place)
		return Begun{}, err
	}
	s.queue.add(newEntry(&begun, begun.Created))
	return Begun{ID: begun.Public, OutputPath: begun.OutputPath}, nil
}

// initiate begins the job, unless something forbids it.
func (s *Service) initiate(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q *request) (record.Job, error) {
	if q.query == nil {
		return s.record(ctx, owner, name, q, func(*record.Job) {})
	}
	return s.initiateSelect(ctx, owner, name, q)
}

// record begins the job with one record. First, each time that a rule is about
// to make that record, it calls making.
func (s *Service) record(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q *request, making func(*record.Job)) (begun record.Job, err error) {
	err = s.update(ctx, "InitiateJob", func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		j, err := s.begin(tx, owner, name, q)
		if err != nil {
			return r, err
		}
		making(&j)
		if err := s.charge(tx, owner, &r, &j); err != nil {
			return record.Record{}, err
		}
		begun = j
		r.Put(&j)
		return r, nil
	})
	return begun, err
}

// update runs the rule of an operation, and words the store's lack of space
// for the client.
func (s *Service) update(ctx context.Context, operation string, rule store.Rule) error {
	err := s.cfg.Store.Update(ctx, rule)
	if errors.Is(err, store.ErrFull) {
		s.cfg.Log.Warn("refused for lack of space", "operation", operation, "err", err)
		return vault.NoSpace()
	}
	return err
}

// lookUp finds the archive that is asked for and decides what of it.
func (s *Service) lookUp(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q *request) error {
	var a record.Archive
	err := s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		v, err := vault.Find(tx, s.cfg.Region, owner, name)
		if err != nil {
			return err
		}
		a, err = vault.FindArchive(tx, s.cfg.IDs, s.cfg.Region, v, q.job.ArchiveID)
		return err
	})
	if err != nil {
		return err
	}
	if q.query != nil {
		return s.planQuery(ctx, q, &a)
	}
	return s.plan(ctx, q, &a)
}

// begin is the rule: whether the job may begin, and as what.
func (s *Service) begin(tx *catalog.Tx, owner glacier.AccountID, name glacier.VaultName, q *request) (record.Job, error) {
	v, err := vault.Find(tx, s.cfg.Region, owner, name)
	if err != nil {
		return record.Job{}, err
	}
	if q.job.ArchiveID != "" {
		// Again: it may have been deleted since. Otherwise it is what it was.
		_, err = vault.FindArchive(tx, s.cfg.IDs, s.cfg.Region, v, q.job.ArchiveID)
	} else {
		err = s.checkInventory(&v, q.job.Marker)
	}
	if err != nil {
		return record.Job{}, err
	}
	j := q.job
	now := tx.Now()
	j.Vault, j.ID = v.ID, uint64(tx.LSN())
	j.Public = glacier.JobID(s.cfg.IDs.Seal(token.ID{Kind: token.Job, Vault: v.ID, Number: j.ID, Random: tx.Random()}))
	j.Created = now.UnixMilli()
	j.Ready = now.Add(s.delay(j.Action, j.Tier)).UnixMilli()
	j.Status = glacier.InProgress
	if q.query != nil {
		j.OutputPath = q.query.Location.Path(j.Public)
	}
	return j, nil
}

// checkInventory refuses an inventory job for a vault without an inventory,
// and one whose marker does not come from the vault.
func (s *Service) checkInventory(v *record.Vault, marker string) error {
	if marker != "" {
		if _, ok := s.openMarker(v.ID, marker); !ok {
			return invalid("Invalid marker: %s", marker)
		}
	}
	if s.cfg.InventoryInterval > 0 && !v.Inventory.Taken() {
		return glacier.Errorf(glacier.ResourceNotFound,
			"Inventory retrieval jobs for vault %s cannot be initiated yet, as Amazon Glacier has not yet generated an initial inventory for this vault.",
			s.arn(v))
	}
	return nil
}

// openMarker returns the id of the last archive on the page before.
func (s *Service) openMarker(vault uint64, marker string) (last uint64, ok bool) {
	id, ok := s.cfg.IDs.Open(token.InventoryMarker, marker)
	return id.Number, ok && id.Vault == vault
}

func (s *Service) arn(v *record.Vault) glacier.ARN {
	return glacier.VaultARN(s.cfg.Region, v.Account, v.Name)
}

// find looks up a job of the vault by its public id.
func (s *Service) find(tx *catalog.Tx, v *record.Vault, id glacier.JobID) (record.Job, error) {
	t, ok := s.cfg.IDs.Open(token.Job, string(id))
	if !ok || t.Vault != v.ID {
		return record.Job{}, glacier.JobNotFound(id)
	}
	j, ok, err := tx.Job(v.ID, t.Number)
	if err != nil {
		return j, fmt.Errorf("look up job: %w", err)
	}
	// A disk that was set back hands a number out twice. The random bits tell
	// the two jobs apart.
	if !ok || j.Public != id {
		return j, glacier.JobNotFound(id)
	}
	return j, nil
}
