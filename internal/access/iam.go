package access

import (
	"context"
	"maps"
	"slices"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// Account describes an account.
func (s *Service) Account(ctx context.Context, id glacier.AccountID) (AccountInfo, error) {
	var a record.Account
	err := s.store.View(ctx, func(tx *catalog.Tx) (err error) {
		if err := accountExists(tx, id); err != nil {
			return err
		}
		a, _, err = tx.Account(id)
		return err
	})
	return accountInfo(a), err
}

// ManagedNames are the names of the managed policies, sorted.
func ManagedNames() []string { return slices.Sorted(maps.Keys(managed)) }

// ManagedText is the text of a managed policy, "" if there is none of the name.
func ManagedText(name string) string { return managed[name] }
