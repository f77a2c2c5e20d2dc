package job

import (
	"context"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// finish ends a job with one record. end sets what the outcome is, and may add
// to the record; it runs inside the rule, and v is the vault as it then is. A
// job that is not in progress any more, or whose vault is gone, is left alone,
// and done is false.
func (s *Service) finish(ctx context.Context, j *record.Job, end func(tx *catalog.Tx, r *record.Record, v *record.Vault, j *record.Job) error) (done bool, err error) {
	err = s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		done = false
		now, ok, err := tx.Job(j.Vault, j.ID)
		if err != nil || !ok || now.Status != glacier.InProgress {
			return record.Record{}, err
		}
		v, ok, err := tx.VaultByID(j.Vault)
		if err != nil || !ok {
			return record.Record{}, err
		}
		var r record.Record
		now.Completed = tx.Now().UnixMilli()
		now.Expires = tx.Now().Add(s.cfg.OutputLife).UnixMilli()
		if err := end(tx, &r, &v, &now); err != nil {
			return record.Record{}, err
		}
		r.Put(&now)
		done = true
		return r, nil
	})
	return done && err == nil, err
}

// succeed sets the outcome of a job that was done.
func succeed(j *record.Job) {
	j.Status, j.Message = glacier.Succeeded, glacier.Succeeded
}

// fail ends a job that cannot be done, if it is still in progress.
func (s *Service) fail(ctx context.Context, j *record.Job, message string) (done bool, err error) {
	return s.finish(ctx, j, func(_ *catalog.Tx, _ *record.Record, _ *record.Vault, j *record.Job) error {
		j.Status, j.Message = glacier.Failed, message
		return nil
	})
}
