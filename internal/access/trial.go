package access

import (
	"context"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/policy"
)

// A Supposition is what a trial takes to be so, in the place of what is.
type Supposition struct {
	Age  *int64            // of the archive, in days; nil is that of the archive that the request names
	Tags map[string]string // of the vault; nil are those that it has
}

// A Finding is how a request would be decided about.
type Finding struct {
	Permitted bool
	By        Decider
	// Own, Policy and Lock are what the caller's own policies, the vault's access
	// policy and its lock say, each for itself.
	Own, Policy, Lock policy.Verdict
	Age               *int64 // of the archive; nil if there is none
}

// A Decider is whose word it was.
type Decider int

// The deciders. Nobody is a refusal because nobody allows it.
const (
	Nobody Decider = iota
	TheCaller
	ThePolicy
	TheLock
)

// Try says how a request on a vault would be decided about now, if something were
// so that may not be. Nothing is written, and nothing is promised of the request
// itself. The caller of Try is to see to who may know.
func (s *Service) Try(ctx context.Context, q Request, given Supposition) (Finding, error) {
	var found Finding
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		g, err := s.guards(tx, &q)
		if err != nil {
			return err
		}
		if given.Tags != nil {
			other := *g // the original is everybody's
			other.tags = given.Tags
			g = &other
		}
		f, err := s.facts(tx, &q, g)
		if err != nil {
			return err
		}
		f.aged = given.Age
		if days, ok := f.age(); ok {
			found.Age = &days
		}
		o := opinionsOn(&q, g, f)
		found.Own, found.Policy, found.Lock = o.own, o.vault, o.lock
		found.Permitted, found.By = o.decided(o.weigh(&q, g))
		return nil
	})
	if err != nil {
		return Finding{}, fmt.Errorf("try %s on vault %s: %w", q.Action, q.Vault, err)
	}
	return found, nil
}

// decided says whose word a reason rests on.
func (o opinions) decided(why reason) (ok bool, by Decider) {
	switch why {
	case byIdentity:
		return false, TheCaller
	case byVaultPolicy:
		return false, ThePolicy
	case byVaultLock:
		return false, TheLock
	case permitted:
		switch {
		case o.own.Effect == policy.Allow:
			return true, TheCaller
		case o.vault.Effect == policy.Allow && o.vault.Direct:
			return true, ThePolicy
		}
		return true, TheLock
	}
	return false, Nobody
}

// CallerNamed returns a user as who calls with one of his keys, for
// [Service.Try]; with an empty name the account's root. A user who does not exist
// is a [*Refusal].
func (s *Service) CallerNamed(ctx context.Context, account glacier.AccountID, user string) (Caller, error) {
	if user == "" {
		return RootOf(account), nil
	}
	var c Caller
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		u, err := findUser(tx, account, user)
		if err == nil {
			c, err = Caller{Account: account}.as(u)
		}
		return err
	})
	return c, err
}
