// Package access says who is calling.
//
// It keeps accounts and their access keys in the store, and checks the
// signatures of requests against them. A secret is kept sealed (see [SealKey])
// and stands in no error and no log. Every refusal is a [*glacier.Error] in
// the words of Amazon's front end.
//
// It does not yet say what a caller may do: a key is good for everything in
// its own account, and for nothing in any other.
package access

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/sigv4"
	"firn/internal/store"
)

// DefaultKeyLife is how long a key that was looked up is believed without
// looking again.
const DefaultKeyLife = time.Minute

// A Config is what a Service is made of.
type Config struct {
	Store  store.Store // required
	Region string      // that requests are signed for; required
	Seal   SealKey     // for the secrets in the store

	// Now is the clock that signatures are held against; default time.Now.
	Now func() time.Time

	// KeyLife is how long a key that was looked up is believed without looking
	// again. Keys changed through the same Service are forgotten at once.
	// Default DefaultKeyLife.
	KeyLife time.Duration
}

// A Service knows accounts and keys. Its methods may be called concurrently.
type Service struct {
	store    store.Store
	seal     sealer
	now      func() time.Time
	verifier sigv4.Verifier
	keys     keyring
}

// New returns a Service. The caller closes the store after the last call.
func New(c Config) (*Service, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.KeyLife <= 0 {
		c.KeyLife = DefaultKeyLife
	}
	seal, err := newSealer(c.Seal)
	if err != nil {
		return nil, err
	}
	return &Service{
		store:    c.Store,
		seal:     seal,
		now:      c.Now,
		verifier: sigv4.Verifier{Region: c.Region, Service: glacier.Service},
		keys:     newKeyring(c.KeyLife),
	}, nil
}

// EnsureKey makes the access key, and its account if need be, or gives the key
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
	} else if was, err := s.seal.open(id, k.Account, k.Secret); err == nil && k.Account == account && was == secret {
		return nil
	}
	k.Account, k.Secret = account, sealed
	r.Put(&k)
	return nil
}

// ResolveAccount returns the account that a request's path names: "-" is the
// caller's own. Any other but the caller's own is AccessDeniedException.
func ResolveAccount(c Caller, segment string) (glacier.AccountID, error) {
	switch glacier.AccountID(segment) {
	case glacier.CallersAccount, c.Account:
		return c.Account, nil
	}
	return "", glacier.Errorf(glacier.AccessDenied, "Access denied for account ID: %s", segment)
}
