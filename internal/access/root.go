package access

import (
	"context"
	"fmt"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// keyPage is how many keys a rule looks at in one go.
const keyPage = 1000

// maxNamed is how many accounts an error names.
const maxNamed = 5

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

// AccountOf returns the account that has the key, whatever its secret, and
// whether there is one.
func (s *Service) AccountOf(ctx context.Context, id string) (account glacier.AccountID, has bool, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		k, ok, err := tx.AccessKey(id)
		account, has = k.Account, ok
		return err
	})
	return account, has, err
}

// FitsRoot reports whether the key is the only one that the account's root has,
// or there is no such account yet.
func (s *Service) FitsRoot(ctx context.Context, account glacier.AccountID, id string) (fits bool, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		_, exists, err := tx.Account(account)
		if fits = !exists; err != nil || fits {
			return err
		}
		keys, err := tx.KeysOf(account, 0, 0, 2)
		fits = len(keys) == 1 && keys[0].ID == id
		return err
	})
	return fits, err
}

// CheckAccount returns an error, which names accounts that there are, if there
// are some and this one is not among them.
func (s *Service) CheckAccount(ctx context.Context, id glacier.AccountID) error {
	return s.store.View(ctx, func(tx *catalog.Tx) error {
		_, exists, err := tx.Account(id)
		if err != nil || exists {
			return err
		}
		accounts, err := tx.Accounts("", maxNamed+1)
		if err != nil || len(accounts) == 0 {
			return err
		}
		var names []string
		for _, a := range accounts {
			names = append(names, string(a.ID))
		}
		if len(names) > maxNamed {
			names[maxNamed] = "…"
		}
		return fmt.Errorf("this store has no account %s, but has %s: give the one that manages it with --account",
			id, strings.Join(names, ", "))
	})
}
