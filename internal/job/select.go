package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/query"
	"firn/internal/record"
	"firn/internal/selection"
	"firn/internal/store"
)

const (
	// maxMessage is how many bytes a job's StatusMessage has at most.
	maxMessage = 2 << 10
	// maxChecks is how many queries are checked at once.
	maxChecks = 3
	// beginTime is how long InitiateJob waits for a bucket. Clients do not wait
	// much longer.
	beginTime = 30 * time.Second
)

// planQuery fills in which archive the job queries, and refuses a query that
// its beginning shows to be wrong. It says nothing of damage: a job on it fails
// later, as every job does.
//
// Only a few archives are begun at once, however many ask: to unpack one takes
// memory. The others wait, as long as ctx lets them.
func (s *Service) planQuery(ctx context.Context, q *request, a *record.Archive) error {
	if err := s.cfg.Select.Check(q.job.Caller, q.query.Location); err != nil {
		return err
	}
	select {
	case s.checks <- struct{}{}:
		defer func() { <-s.checks }()
	case <-ctx.Done():
		return ctx.Err()
	}
	j := &q.job
	j.Archive, j.ArchiveSize, j.ArchiveTreeHash, j.ArchiveNote = a.ID, a.Size, a.TreeHash, a.Description
	r := s.newArchiveReader(ctx, a.Pieces)
	defer r.Close()
	err := q.query.Check(ctx, r)
	var damage *payload.DamageError
	switch {
	case errors.Is(err, store.ErrGone):
		return glacier.ArchiveNotFound(a.Public) // deleted since it was looked up
	case errors.As(err, &damage), errors.Is(err, errDamaged):
		return nil
	}
	return selection.Refusal(err)
}

// initiateSelect begins a select job: first the record, from which the job has
// its id, then the description in the bucket. If that cannot be written, the job
// is withdrawn. Nobody works on it before.
func (s *Service) initiateSelect(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q *request) (record.Job, error) {
	var held []uint64 // one for each time that the rule runs
	missed := false
	defer func() { s.release(held, missed) }()
	j, err := s.record(ctx, owner, name, q, func(j *record.Job) {
		s.held.add(j.ID)
		held = append(held, j.ID)
	})
	if err != nil {
		missed = len(held) > 0 // the number may be another job's by now
		return j, err
	}
	site, doc, err := s.siteOf(&record.Vault{Account: owner, Name: name}, &j, q.query.Location)
	if err == nil {
		within, cancel := context.WithTimeout(ctx, beginTime)
		defer cancel()
		err = site.Begin(within, doc)
	}
	if err != nil {
		s.cfg.Log.Warn("a select job is refused: its description cannot be written", "vault", j.Vault, "job", j.ID, "err", err)
		missed = !s.withdraw(&j)
		return j, selection.Refusal(fmt.Errorf("write the description of job %d: %w", j.ID, err))
	}
	return j, nil
}

// release gives up holds. Of several, all but one are of numbers that may be
// other jobs' by now, which the queue has then missed, too.
func (s *Service) release(held []uint64, missed bool) {
	for _, id := range held {
		s.held.remove(id)
	}
	if missed || len(held) > 1 {
		s.queue.doubt()
	}
}

// siteOf is where the results of a job go, and the description that is to lie
// beside them: that of the job as it begins, the same every time.
func (s *Service) siteOf(v *record.Vault, j *record.Job, l *selection.Location) (site *selection.Site, doc []byte, err error) {
	if site, err = s.cfg.Select.Site(j.Caller, l, j.Public); err != nil {
		return nil, nil, err
	}
	doc, err = glacier.Encode(s.describe(v, j))
	return site, doc, err
}

// withdraw ends a job that nobody was told of, even if its caller has gone. If
// that fails, the job will be done.
func (s *Service) withdraw(j *record.Job) (gone bool) {
	err := s.cfg.Store.Update(context.Background(), func(tx *catalog.Tx) (record.Record, error) {
		e := ending{tx: tx, pinned: make(map[uint64]pinned)}
		now, ok, err := tx.Job(j.Vault, j.ID)
		if err == nil && ok {
			_, err = e.add(&now)
		}
		return e.record, err
	})
	if err != nil {
		s.cfg.Log.Error("a job that was refused could not be withdrawn, and will be done", "vault", j.Vault, "job", j.ID, "err", err)
	}
	return err == nil
}

// query does a select job. What it has failed by for good is left beside its
// results before the job fails.
func (s *Service) query(ctx context.Context, j *record.Job) error {
	v, ok, err := s.vaultOf(ctx, j)
	if err != nil || !ok {
		return err // without its vault the job is gone, too
	}
	l, err := selection.ParseLocation(j.OutputLocation)
	if err != nil {
		return unrunnable(err)
	}
	site, doc, err := s.siteOf(&v, j, l)
	if err != nil {
		return unrunnable(err)
	}
	r, err := s.runQuery(ctx, j, site, doc)
	if message := failureOf(err); message != "" && ctx.Err() == nil {
		if err := site.Fail(ctx, failedBy(err, message)); err != nil {
			return fmt.Errorf("write why the query has failed: %w", err)
		}
	}
	if err != nil {
		return fmt.Errorf("run query: %w", err)
	}
	_, err = s.finish(ctx, j, func(_ *catalog.Tx, _ *record.Record, _ *record.Vault, j *record.Job) error {
		j.OutputParts, j.OutputSize = uint64(r.Parts), r.Size
		succeed(j)
		return nil
	})
	return err
}

func (s *Service) vaultOf(ctx context.Context, j *record.Job) (v record.Vault, ok bool, err error) {
	err = s.cfg.Store.View(ctx, func(tx *catalog.Tx) (err error) {
		v, ok, err = tx.VaultByID(j.Vault)
		return err
	})
	return v, ok, err
}

// runQuery writes the results of a select job.
func (s *Service) runQuery(ctx context.Context, j *record.Job, site *selection.Site, doc []byte) (selection.Result, error) {
	q, err := selection.Parse(j.SelectParameters, j.OutputLocation)
	if err != nil {
		return selection.Result{}, unrunnable(err)
	}
	a, err := s.archive(ctx, j)
	if err != nil {
		return selection.Result{}, err
	}
	r := s.newArchiveReader(ctx, a.Pieces)
	defer r.Close()
	return site.Run(ctx, doc, q.Query, r, time.UnixMilli(j.Created).UTC())
}

// giveUp leaves beside the results of a job why there will be none, if that can
// be done at all: an earlier try may have come as far as the manifest.
func (s *Service) giveUp(ctx context.Context, j *record.Job, message string) {
	if _, ok, err := s.vaultOf(ctx, j); err != nil || !ok {
		return // and then the job is gone, or its end will fail likewise
	}
	var site *selection.Site
	l, err := selection.ParseLocation(j.OutputLocation)
	if err == nil {
		site, err = s.cfg.Select.Site(j.Caller, l, j.Public)
	}
	if err == nil {
		err = site.Fail(ctx, &query.Error{Code: "InternalError", Message: strings.TrimSuffix(message, ".")})
	}
	if err != nil {
		s.cfg.Log.Warn("cannot write why a job has failed", "vault", j.Vault, "job", j.ID, "err", err)
	}
}

// unrunnable is the error of a job whose request is refused now: the operator
// has taken its bucket away, or this version is stricter than the one that began
// it.
func unrunnable(err error) error {
	if e, ok := errors.AsType[*glacier.Error](err); ok {
		return &query.Error{Code: string(e.Code), Message: strings.TrimSuffix(e.Message, ".")}
	}
	return err
}

// failedBy is a failure as it is left in the bucket.
func failedBy(err error, message string) *query.Error {
	if e, ok := errors.AsType[*query.Error](err); ok {
		e := *e
		e.Message = clip(e.Message)
		return &e
	}
	return &query.Error{Code: "ArchiveDamaged", Message: strings.TrimSuffix(message, ".")}
}

// clip cuts a text to what a StatusMessage may have.
func clip(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}
