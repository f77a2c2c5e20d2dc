package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
)

// SignIn returns who holds a key, if the key is active and the secret is its
// own. It is for who shows both instead of signing requests with them, and may be
// asked with every request of his: it sees a key that is disabled or deleted, and
// policies that are changed, as soon as [Service.Authenticate] does.
//
// A key that does not exist, one that is disabled, and a wrong secret are one
// refusal, UnrecognizedClientException, and as much work. SignIn does not count
// guesses: that is the caller's.
func (s *Service) SignIn(ctx context.Context, keyID, secret string) (Caller, error) {
	refused := glacier.Errorf(glacier.UnrecognizedClient, "The security token included in the request is invalid.")
	if checkKey(keyID, secret) != nil {
		return Caller{}, refused // no key is like that, which everybody may know
	}
	known, _ := s.keys.get(keyID, s.now())
	remembered := known != nil
	if !remembered {
		var err error
		if known, err = s.key(ctx, keyID); err != nil {
			return Caller{}, err
		}
	}
	if known.has(secret) {
		return known.caller, nil
	}
	if remembered {
		// A key that is not there is looked for each time.
		if err := s.lookFor(ctx, keyID); err != nil {
			return Caller{}, err
		}
	}
	return Caller{}, refused
}

// has reports whether the secret is the key's, in a time that tells nothing of
// either. No key has none.
func (k *knownKey) has(secret string) bool {
	own := ""
	if k != nil {
		own = k.secret
	}
	a, b := sha256.Sum256([]byte(own)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && k != nil
}

// lookFor looks a key up for the time that it takes.
func (s *Service) lookFor(ctx context.Context, keyID string) error {
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		_, _, err := tx.AccessKey(keyID)
		return err
	})
	if err != nil {
		return fmt.Errorf("look up access key %s: %w", keyID, err)
	}
	return nil
}

// May reports whether a request would be permitted now. It is for those who
// offer what can be done, and promises nothing: the request itself is decided
// about when it comes. Nothing is written, neither to the store nor to an audit
// log. What cannot be found out is not permitted.
//
// A request without an Owner is about the caller's own account. One with a Vault,
// or on another account, is decided about as [Service.Authorize] does; others,
// such as those on users and keys, as [Service.AuthorizeIdentity] does. Policies
// of topics and queues have no say in it; ask [Service.AuthorizeResource] about
// those.
func (s *Service) May(ctx context.Context, q Request) bool {
	if q.Owner == "" {
		q.Owner = q.Caller.Account
	}
	if q.Vault == "" && q.Owner == q.Caller.Account {
		return s.AuthorizeIdentity(q) == nil
	}
	_, err := s.Authorize(ctx, q)
	return err == nil
}
