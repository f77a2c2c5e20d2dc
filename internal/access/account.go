package access

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// maxAccountName bounds an account's name, in bytes.
const maxAccountName = 64

// capacityPage is more capacity units than an account ever has.
const capacityPage = 100

// An AccountInfo describes an account.
type AccountInfo struct {
	ID      glacier.AccountID
	Name    string
	Created time.Time
}

// CreateAccount makes an account and its root key, and returns both; nobody
// will learn the secret again. An empty id is made up.
func (s *Service) CreateAccount(ctx context.Context, id glacier.AccountID, name string) (AccountInfo, NewlyMade, error) {
	if id == "" {
		id = randomAccount()
	}
	if !id.Valid() {
		return AccountInfo{}, NewlyMade{}, refuse(InvalidInput, "The account id %s is not twelve digits.", id)
	}
	if len(name) > maxAccountName || !printable(name) {
		return AccountInfo{}, NewlyMade{}, refuse(InvalidInput, "An account's name has at most %d printable characters.", maxAccountName)
	}
	key := NewlyMade{Account: id}
	key.ID, key.Secret = NewKey()
	sealed, err := s.sealKey(id, key.ID, key.Secret)
	if err != nil {
		return AccountInfo{}, NewlyMade{}, err
	}
	var a record.Account
	err = s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		_, exists, err := tx.Account(id)
		if err != nil {
			return r, err
		}
		if exists {
			return r, refuse(AlreadyExists, "Account %s already exists.", id)
		}
		a = record.Account{ID: id, Name: name, Created: tx.Now().UnixMilli()}
		r.Put(&a)
		r.Put(&record.AccessKey{Number: uint64(tx.LSN()), ID: key.ID, Account: id, Secret: sealed, Created: a.Created})
		return r, nil
	})
	if err != nil {
		return AccountInfo{}, NewlyMade{}, err
	}
	key.Created = time.UnixMilli(a.Created).UTC()
	return accountInfo(a), key, nil
}

// Accounts lists accounts by id, those after the one given; "" begins.
func (s *Service) Accounts(ctx context.Context, after glacier.AccountID, limit int) ([]AccountInfo, error) {
	var list []AccountInfo
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		accounts, err := tx.Accounts(after, limit)
		for _, a := range accounts {
			list = append(list, accountInfo(a))
		}
		return err
	})
	return list, err
}

// DeleteAccount ends an account that has nothing left to delete, its root keys
// and what it has set. Whoever is given its id later finds nothing of it.
func (s *Service) DeleteAccount(ctx context.Context, id glacier.AccountID) error {
	defer s.keys.forgetAll()
	err := s.Guarded(s.store).Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		_, exists, err := tx.Account(id)
		switch {
		case err != nil:
			return r, err
		case !exists || !id.Valid():
			return r, refuse(NoSuchEntity, "The account with id %s cannot be found.", id)
		}
		if err := accountIsEmpty(tx, id); err != nil {
			return r, err
		}
		r.Delete(record.AccountKey(id))
		if err := deleteBudgets(tx, &r, id); err != nil {
			return r, err
		}
		return r, eachKey(tx, id, 0, func(k record.AccessKey) { r.Delete(k.Key()) })
	})
	if err == nil {
		s.ended(id)
	}
	return err
}

// accountIsEmpty refuses an account that has something.
func accountIsEmpty(tx *catalog.Tx, id glacier.AccountID) error {
	for _, thing := range []struct {
		name  string
		count func(glacier.AccountID) (int64, error)
	}{
		{"vaults", tx.CountVaults},
		{"users", tx.CountUsers},
		{"topics", tx.CountTopics},
		{"queues", tx.CountQueues},
	} {
		n, err := thing.count(id)
		if err != nil {
			return err
		}
		if n > 0 {
			return refuse(DeleteConflict, "Cannot delete account %s: it has %d %s.", id, n, thing.name)
		}
	}
	subscriptions, err := tx.SubscriptionsOf(id, 0, 1)
	if err == nil && len(subscriptions) > 0 {
		err = refuse(DeleteConflict, "Cannot delete account %s: it has subscriptions.", id)
	}
	return err
}

// deleteBudgets deletes what an account has set and used up for retrievals.
func deleteBudgets(tx *catalog.Tx, r *record.Record, id glacier.AccountID) error {
	p, ok, err := tx.RetrievalPolicy(id)
	if err != nil {
		return err
	}
	if ok {
		r.Delete(p.Key())
	}
	usage, err := tx.RetrievalUsage(id)
	if err != nil {
		return err
	}
	if usage.Account != "" {
		r.Delete(usage.Key())
	}
	units, err := tx.Capacity(id, capacityPage)
	for _, u := range units {
		r.Delete(u.Key())
	}
	return err
}

func accountInfo(a record.Account) AccountInfo {
	return AccountInfo{ID: a.ID, Name: a.Name, Created: time.UnixMilli(a.Created).UTC()}
}

// randomAccount makes up an account id. That it is taken is found by the rule.
func randomAccount() glacier.AccountID {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return glacier.AccountID(fmt.Sprintf("%012d", binary.BigEndian.Uint64(b[:])%1e12))
}

// printable reports whether a text has no control characters and is UTF-8.
func printable(s string) bool {
	for _, c := range s {
		if c < ' ' || c == 0x7f || c == '\uFFFD' {
			return false
		}
	}
	return true
}
