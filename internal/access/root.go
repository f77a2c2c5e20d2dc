package access

import (
	"context"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// keyPage is how many keys a rule looks at in one go.
const keyPage = 1000

// FirstKey makes a root key for an account that has none, and the account if
// need be. made reports whether it did; only then are id and secret set,
// and nobody will learn the secret again.
func (s *Service) FirstKey(ctx context.Context, account glacier.AccountID) (id, secret string, made bool, err error) {
	id, secret = NewKey()
	sealed, err := s.sealKey(account, id, secret)
	if err != nil {
		return "", "", false, err
	}
	err = s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		made = true
		err = eachKey(tx, account, 0, func(record.AccessKey) { made = false })
		if err != nil || !made {
			return r, err
		}
		return r, s.putKey(tx, &r, account, id, secret, sealed)
	})
	if err != nil || !made {
		return "", "", false, err
	}
	return id, secret, true, nil
}

// SetRoot makes the key the only one that its account's root has: whoever holds
// an older one, such as the key that firn dev prints for everybody, is shut out.
// The keys of users stay as they are.
func (s *Service) SetRoot(ctx context.Context, account glacier.AccountID, id, secret string) error {
	sealed, err := s.sealKey(account, id, secret)
	if err != nil {
		return err
	}
	var ended []string
	err = s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		ended = []string{id}
		if err := s.putKey(tx, &r, account, id, secret, sealed); err != nil {
			return r, err
		}
		return r, eachKey(tx, account, 0, func(k record.AccessKey) {
			if k.ID != id {
				r.Delete(k.Key())
				ended = append(ended, k.ID)
			}
		})
	})
	for _, id := range ended {
		s.keys.forget(id)
	}
	return err
}

// HasKey reports whether the account has the key, whatever its secret.
func (s *Service) HasKey(ctx context.Context, account glacier.AccountID, id string) (has bool, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		k, ok, err := tx.AccessKey(id)
		has = ok && k.Account == account
		return err
	})
	return has, err
}
