package access

import (
	"context"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// maxKeysEach is how many access keys a user, or an account's root, can have:
// one in use and one that is to take its place.
const maxKeysEach = 2

// A KeyInfo describes an access key. The secret is not in it.
type KeyInfo struct {
	ID      string
	Account glacier.AccountID
	User    string // "" is the account's root
	Active  bool
	Created time.Time
}

// A NewlyMade key has its secret with it, this once.
type NewlyMade struct {
	ID, Secret string
	Account    glacier.AccountID
	User       string
	Created    time.Time
}

// CreateKey makes a key for a user, or with user "" for the account's root.
func (s *Service) CreateKey(ctx context.Context, account glacier.AccountID, user string) (NewlyMade, error) {
	made := NewlyMade{Account: account, User: user}
	made.ID, made.Secret = NewKey()
	sealed, err := s.sealKey(account, made.ID, made.Secret)
	if err != nil {
		return NewlyMade{}, err
	}
	err = s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		number, err := holder(tx, account, user)
		if err != nil {
			return r, err
		}
		keys, err := tx.KeysOf(account, number, 0, maxKeysEach)
		if err != nil {
			return r, err
		}
		if len(keys) >= maxKeysEach {
			return r, refuse(LimitExceeded, "Cannot exceed quota for AccessKeysPerUser: %d", maxKeysEach)
		}
		made.Created = tx.Now()
		r.Put(&record.AccessKey{
			Number: uint64(tx.LSN()), ID: made.ID, Account: account, User: number,
			Secret: sealed, Created: made.Created.UnixMilli(),
		})
		return r, nil
	})
	if err != nil {
		return NewlyMade{}, err
	}
	return made, nil
}

// Keys lists the keys of a user, or with user "" those of the account's root.
func (s *Service) Keys(ctx context.Context, account glacier.AccountID, user string) ([]KeyInfo, error) {
	var list []KeyInfo
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		number, err := holder(tx, account, user)
		if err != nil {
			return err
		}
		return eachKey(tx, account, number, func(k record.AccessKey) {
			list = append(list, KeyInfo{
				ID: k.ID, Account: account, User: user, Active: !k.Disabled, Created: time.UnixMilli(k.Created).UTC(),
			})
		})
	})
	return list, err
}

// SetKeyActive enables or disables a key.
func (s *Service) SetKeyActive(ctx context.Context, account glacier.AccountID, user, id string, active bool) error {
	return s.changeKey(ctx, account, user, id, func(r *record.Record, k *record.AccessKey) {
		if k.Disabled == active {
			k.Disabled = !active
			r.Put(k)
		}
	})
}

// DeleteKey ends a key.
func (s *Service) DeleteKey(ctx context.Context, account glacier.AccountID, user, id string) error {
	return s.changeKey(ctx, account, user, id, func(r *record.Record, k *record.AccessKey) { r.Delete(k.Key()) })
}

// KeyHolder finds out whose key it is; root's are nobody's, "".
func (s *Service) KeyHolder(ctx context.Context, account glacier.AccountID, id string) (user string, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		k, ok, err := tx.AccessKey(id)
		if err != nil {
			return err
		}
		if !ok || k.Account != account {
			return noSuchKey(id)
		}
		if k.User == 0 {
			return nil
		}
		u, _, err := tx.UserByNumber(k.User)
		user = u.Name
		return err
	})
	return user, err
}

// changeKey runs a rule on a key of the user's.
func (s *Service) changeKey(ctx context.Context, account glacier.AccountID, user, id string, change func(*record.Record, *record.AccessKey)) error {
	defer s.keys.forget(id)
	return s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		number, err := holder(tx, account, user)
		if err != nil {
			return r, err
		}
		k, ok, err := tx.AccessKey(id)
		if err != nil {
			return r, err
		}
		if !ok || k.Account != account || k.User != number {
			return r, noSuchKey(id)
		}
		change(&r, &k)
		return r, nil
	})
}

func noSuchKey(id string) error {
	return refuse(NoSuchEntity, "The Access Key with id %s cannot be found.", id)
}

// holder returns the number of a user, 0 for the account's root.
func holder(tx *catalog.Tx, account glacier.AccountID, user string) (uint64, error) {
	if user == "" {
		return 0, accountExists(tx, account)
	}
	u, err := findUser(tx, account, user)
	return u.Number, err
}

// eachKey calls do for every key of a user, or with user 0 of the account's
// root.
func eachKey(tx *catalog.Tx, account glacier.AccountID, user uint64, do func(record.AccessKey)) error {
	for after := uint64(0); ; {
		page, err := tx.KeysOf(account, user, after, keyPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, k := range page {
			do(k)
			after = k.Number
		}
	}
}
