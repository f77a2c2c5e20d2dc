package job

import (
	"context"
	"fmt"
	"slices"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// finish ends a job with one record. end sets what the outcome is, and may add
// to the record; it runs inside the rule, and v is the vault as it then is. A
// job that is not in progress any more, or whose vault is gone, is left alone,
// and done is false.
func (s *Service) finish(ctx context.Context, j *record.Job, end func(tx *catalog.Tx, r *record.Record, v *record.Vault, j *record.Job) error) (done bool, err error) {
	told := false
	err = s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		done, told = false, false
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
		told, err = s.tell(tx, &r, &v, &now)
		return r, err
	})
	if err == nil && told && s.cfg.Notified != nil {
		s.cfg.Notified()
	}
	return done && err == nil, err
}

// tell adds to the record of a job's completion what it takes to tell those who
// asked to hear of it: the vault's topic and the job's, which may be the same and
// then hears twice, as from Glacier.
func (s *Service) tell(tx *catalog.Tx, r *record.Record, v *record.Vault, j *record.Job) (told bool, err error) {
	if s.cfg.Notify == nil {
		return false, nil
	}
	topics, err := s.listeners(tx, v, j)
	if err != nil || len(topics) == 0 {
		return false, err
	}
	message, err := glacier.Encode(s.describe(v, j))
	if err != nil {
		return false, fmt.Errorf("describe job %d: %w", j.ID, err)
	}
	for _, topic := range topics {
		if err := s.cfg.Notify(tx, r, v.Account, topic, string(message)); err != nil {
			return false, fmt.Errorf("tell %s of job %d: %w", topic, j.ID, err)
		}
	}
	return true, nil
}

// listeners are the topics that are to hear of a job's completion.
func (s *Service) listeners(tx *catalog.Tx, v *record.Vault, j *record.Job) (topics []string, err error) {
	event := "" // vaults have none for select jobs
	switch j.Action {
	case glacier.ActionArchiveRetrieval:
		event = glacier.ArchiveRetrievalCompleted
	case glacier.ActionInventoryRetrieval:
		event = glacier.InventoryRetrievalCompleted
	}
	n, ok, err := tx.Notifications(v.ID)
	if err != nil {
		return nil, fmt.Errorf("look up notifications: %w", err)
	}
	if ok && event != "" && slices.Contains(n.Events, event) {
		topics = append(topics, n.Topic)
	}
	if j.Topic != "" {
		topics = append(topics, j.Topic)
	}
	return topics, nil
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
