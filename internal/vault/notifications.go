package vault

import (
	"context"
	"slices"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// SetVaultNotifications says which topic is to hear of which of the vault's
// jobs, in the place of what was said before. Whether there is such a topic, and
// whether it may be told, shows when there is something to tell.
func (s *Service) SetVaultNotifications(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, n glacier.Notifications) error {
	if err := s.checkNotifications(n); err != nil {
		return err
	}
	events := slices.Sorted(slices.Values(n.Events))
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err == nil {
			r.Put(&record.Notifications{Vault: v.ID, Topic: *n.SNSTopic, Events: slices.Compact(events)})
		}
		return r, err
	})
}

func (s *Service) checkNotifications(n glacier.Notifications) error {
	switch {
	case n.SNSTopic == nil || *n.SNSTopic == "":
		return glacier.MissingParameter("SNSTopic")
	case n.Events == nil:
		return glacier.MissingParameter("Events")
	case len(n.Events) == 0:
		return glacier.Errorf(glacier.InvalidParameterValue, "Invalid notification events: there must be at least one.")
	}
	for _, e := range n.Events {
		if e != glacier.ArchiveRetrievalCompleted && e != glacier.InventoryRetrievalCompleted {
			return invalid("notification event", e)
		}
	}
	return glacier.CheckTopic(*n.SNSTopic, s.region)
}

// GetVaultNotifications returns what was set.
func (s *Service) GetVaultNotifications(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) (glacier.Notifications, error) {
	var d glacier.Notifications
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		v, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		n, ok, err := tx.Notifications(v.ID)
		if err == nil && !ok {
			err = glacier.Errorf(glacier.ResourceNotFound, "No notification configuration is set for vault: %s", v.Name)
		}
		d.SNSTopic, d.Events = &n.Topic, n.Events
		return err
	})
	return d, err
}

// DeleteVaultNotifications has nobody told any more. That nobody was is a
// success.
func (s *Service) DeleteVaultNotifications(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err != nil {
			return r, err
		}
		n, ok, err := tx.Notifications(v.ID)
		if err == nil && ok {
			r.Delete(n.Key())
		}
		return r, err
	})
}
