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
	"errors"
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

// EnsureAccount makes the account unless it exists.
func (s *Service) EnsureAccount(ctx context.Context, account glacier.AccountID) error {
	if !account.Valid() {
		return fmt.Errorf("account %q is not twelve digits", account)
	}
	return s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		_, exists, err := tx.Account(account)
		if err == nil && !exists {
			r.Put(&record.Account{ID: account, Created: tx.Now().UnixMilli()})
		}
		return r, err
	})
}

// EnsureKey makes the access key, or gives it the account and the secret if
// they are not what it has. The account must exist.
func (s *Service) EnsureKey(ctx context.Context, account glacier.AccountID, id, secret string) error {
	if err := checkKey(id, secret); err != nil {
		return err
	}
	sealed := s.seal.seal(id, account, secret)
	defer s.keys.forget(id)
	return s.store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		if _, ok, err := tx.Account(account); err != nil || !ok {
			return r, errors.Join(err, fmt.Errorf("no account %s for access key %s", account, id))
		}
		k, exists, err := tx.AccessKey(id)
		if err != nil {
			return r, err
		}
		if !exists {
			k = record.AccessKey{Number: uint64(tx.LSN()), ID: id, Created: tx.Now().UnixMilli()}
		} else if was, err := s.seal.open(id, k.Account, k.Secret); err == nil && k.Account == account && was == secret {
			return r, nil
		}
		k.Account, k.Secret = account, sealed
		r.Put(&k)
		return r, nil
	})
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
