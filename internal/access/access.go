// Package access says who is calling, and what they may do.
//
// It keeps accounts, users and their access keys in the store, checks the
// signatures of requests against them, and decides, from the policies of the
// caller, of the vault and of the vault's lock, whether a request may go on. A
// secret is kept sealed (see [SealKey]) and stands in no error and no log. Every
// refusal of a request is a [*glacier.Error] in the words of Amazon's front end;
// what is wrong with a change of accounts, users or keys is a [*Refusal].
//
// A decision is made twice for what changes something: before the request is
// looked at any closer, and again in the transaction that makes the change (see
// [Service.Guarded]), so that nothing slips past a lock that comes between.
package access

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
)

// DefaultKeyLife is how long a key that was looked up is believed without
// looking again.
const DefaultKeyLife = time.Minute

// A Config is what a Service is made of.
type Config struct {
	Store  store.Store // required
	Region string      // that requests are signed for; required
	Seal   SealKey     // for the secrets in the store
	IDs    token.Key   // opens the ids of archives, whose age conditions ask for

	// Rates limit how often callers may call; by default nothing does.
	Rates Rates

	// Deleted hears of each account that was deleted, before DeleteAccount
	// returns; nil if nobody wants to know.
	Deleted func(glacier.AccountID)

	// Now is the clock that signatures are held against; default time.Now.
	Now func() time.Time

	// KeyLife is how long a key that was looked up is believed without looking
	// again. Keys changed through the same Service are forgotten at once.
	// Default DefaultKeyLife.
	KeyLife time.Duration
}

// A Service knows accounts, users and keys. Its methods may be called concurrently.
type Service struct {
	store  store.Store
	region string
	ids    token.Key
	seal   sealer
	now    func() time.Time
	ended  func(glacier.AccountID)
	keys   keyring
	vaults vaultCache
	known  nameCache
	epochs epochs

	policies policyCache
	throttle throttle
}

// New returns a Service. The caller closes the store after the last call.
func New(c Config) (*Service, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Deleted == nil {
		c.Deleted = func(glacier.AccountID) {}
	}
	if c.KeyLife <= 0 {
		c.KeyLife = DefaultKeyLife
	}
	seal, err := newSealer(c.Seal)
	if err != nil {
		return nil, err
	}
	return &Service{
		store:  c.Store,
		region: c.Region,
		ids:    c.IDs,
		seal:   seal,
		now:    c.Now,
		ended:  c.Deleted,
		keys:   newKeyring(c.KeyLife),

		throttle: throttle{rates: c.Rates},
	}, nil
}

// EnsureKey makes the root key, and its account if need be, or gives the key
// the account and the secret if they are not what it has.
func (s *Service) EnsureKey(ctx context.Context, account glacier.AccountID, id, secret string) error {
	sealed, err := s.sealKey(account, id, secret)
	if err != nil {
		return err
	}
	defer s.keys.forget(id)
	return s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		return r, s.putKey(tx, &r, account, id, secret, sealed)
	})
}

// sealKey checks a key and seals its secret.
func (s *Service) sealKey(account glacier.AccountID, id, secret string) ([]byte, error) {
	if !account.Valid() {
		return nil, fmt.Errorf("account %q is not twelve digits", account)
	}
	if err := checkKey(id, secret); err != nil {
		return nil, err
	}
	return s.seal.seal(id, account, secret), nil
}

// putKey adds to r whatever is missing for the key to be the account's, with
// the secret that sealed holds.
func (s *Service) putKey(tx *catalog.Tx, r *record.Record, account glacier.AccountID, id, secret string, sealed []byte) error {
	now := tx.Now().UnixMilli()
	_, exists, err := tx.Account(account)
	if err != nil {
		return err
	}
	if !exists {
		r.Put(&record.Account{ID: account, Created: now})
	}
	k, exists, err := tx.AccessKey(id)
	if err != nil {
		return err
	}
	if !exists {
		k = record.AccessKey{Number: uint64(tx.LSN()), ID: id, Created: now}
	} else if was, err := s.seal.open(id, k.Account, k.Secret); err == nil && k.Account == account && was == secret && k.User == 0 && !k.Disabled {
		return nil
	}
	k.Account, k.User, k.Secret, k.Disabled = account, 0, sealed, false
	r.Put(&k)
	return nil
}
