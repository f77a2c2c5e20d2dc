package access

import (
	"context"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// FirstKey makes an account together with an access key of its root, unless
// the account exists. made reports whether it did; only then are id and secret
// set, and nobody will learn the secret again.
func (s *Service) FirstKey(ctx context.Context, account glacier.AccountID) (id, secret string, made bool, err error) {
	id, secret = NewKey()
	sealed := s.seal.seal(id, account, secret)
	err = s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		_, exists, err := tx.Account(account)
		if made = err == nil && !exists; !made {
			return r, err
		}
		now := tx.Now().UnixMilli()
		r.Put(&record.Account{ID: account, Created: now})
		r.Put(&record.AccessKey{Number: uint64(tx.LSN()), ID: id, Account: account, Secret: sealed, Created: now})
		return r, nil
	})
	if err != nil || !made {
		return "", "", false, err
	}
	return id, secret, true, nil
}
