package access

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/policy"
	"firn/internal/record"
)

// Limits of IAM's.
const (
	maxUsers        = 5000 // per account
	maxUserName     = 64
	maxPolicyName   = 128
	maxManaged      = 10 // managed policies per user
	maxInlineLength = policy.MaxSize
)

// A UserInfo describes a user.
type UserInfo struct {
	Account glacier.AccountID
	Name    string
	ID      string // never names another user
	Created time.Time
	Managed []string          // names of attached managed policies, sorted
	Inline  map[string]string // policy texts by name
}

// ARN is the user's resource name.
func (u UserInfo) ARN() string { return userARN(u.Account, u.Name) }

// CreateUser makes a user who may do nothing yet.
func (s *Service) CreateUser(ctx context.Context, account glacier.AccountID, name string) (UserInfo, error) {
	if err := checkUserName(name); err != nil {
		return UserInfo{}, err
	}
	public := "AIDA" + randomText(keyIDAlphabet, keyIDLength-len("AIDA"))
	var u record.User
	err := s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		if err := accountExists(tx, account); err != nil {
			return r, err
		}
		taken, err := tx.UserNameTaken(account, name)
		if err != nil {
			return r, err
		}
		if taken {
			return r, refuse(AlreadyExists, "User with name %s already exists.", name)
		}
		n, err := tx.CountUsers(account)
		if err != nil {
			return r, err
		}
		if n >= maxUsers {
			return r, refuse(LimitExceeded, "Cannot exceed quota for UsersPerAccount: %d", maxUsers)
		}
		u = record.User{Number: uint64(tx.LSN()), Account: account, Name: name, Public: public, Created: tx.Now().UnixMilli()}
		r.Put(&u)
		return r, nil
	})
	return userInfo(u), err
}

// User describes a user.
func (s *Service) User(ctx context.Context, account glacier.AccountID, name string) (UserInfo, error) {
	var u record.User
	err := s.store.View(ctx, func(tx *catalog.Tx) (err error) {
		u, err = findUser(tx, account, name)
		return err
	})
	return userInfo(u), err
}

// Users lists an account's users by name, those after the one given.
func (s *Service) Users(ctx context.Context, account glacier.AccountID, after string, limit int) ([]UserInfo, error) {
	var list []UserInfo
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		users, err := tx.Users(account, after, limit)
		for _, u := range users {
			list = append(list, userInfo(u))
		}
		return err
	})
	return list, err
}

// DeleteUser ends a user who has neither keys nor policies.
func (s *Service) DeleteUser(ctx context.Context, account glacier.AccountID, name string) error {
	defer s.keys.forgetAll()
	return s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		u, err := findUser(tx, account, name)
		if err != nil {
			return r, err
		}
		keys, err := tx.KeysOf(account, u.Number, 0, 1)
		switch {
		case err != nil:
			return r, err
		case len(keys) > 0:
			return r, refuse(DeleteConflict, "Cannot delete entity, must delete access keys first.")
		case len(u.Managed) > 0:
			return r, refuse(DeleteConflict, "Cannot delete entity, must detach all policies first.")
		case len(u.Inline) > 0:
			return r, refuse(DeleteConflict, "Cannot delete entity, must delete policies first.")
		}
		r.Delete(u.Key())
		return r, nil
	})
}

// AttachPolicy gives a user a managed policy, by its name or ARN.
func (s *Service) AttachPolicy(ctx context.Context, account glacier.AccountID, user, nameOrARN string) error {
	name, err := managedName(nameOrARN)
	if err != nil {
		return err
	}
	return s.changeUser(ctx, account, user, func(u *record.User) error {
		if slices.Contains(u.Managed, name) {
			return nil
		}
		if len(u.Managed) >= maxManaged {
			return refuse(LimitExceeded, "Cannot exceed quota for PoliciesPerUser: %d", maxManaged)
		}
		u.Managed = append(slices.Clone(u.Managed), name)
		slices.Sort(u.Managed)
		return nil
	})
}

// DetachPolicy takes a managed policy from a user.
func (s *Service) DetachPolicy(ctx context.Context, account glacier.AccountID, user, nameOrARN string) error {
	name := strings.TrimPrefix(nameOrARN, managedPrefix)
	return s.changeUser(ctx, account, user, func(u *record.User) error {
		i := slices.Index(u.Managed, name)
		if i < 0 {
			return refuse(NoSuchEntity, "Policy %s was not found.", nameOrARN)
		}
		u.Managed = slices.Delete(slices.Clone(u.Managed), i, i+1)
		return nil
	})
}

// PutPolicy gives a user a policy of his own, or replaces the one of that
// name.
func (s *Service) PutPolicy(ctx context.Context, account glacier.AccountID, user, name, text string) error {
	if err := checkPolicyName(name); err != nil {
		return err
	}
	if _, err := policy.Parse(policy.Identity, text); err != nil {
		return refuse(MalformedPolicy, "The policy is not valid: %v", err)
	}
	return s.changeUser(ctx, account, user, func(u *record.User) error {
		u.Inline = maps.Clone(u.Inline)
		if u.Inline == nil {
			u.Inline = map[string]string{}
		}
		u.Inline[name] = text
		total := 0
		for _, text := range u.Inline {
			total += len(text)
		}
		if total > maxInlineLength {
			return refuse(LimitExceeded, "Maximum policy size of %d bytes exceeded for user %s", maxInlineLength, user)
		}
		return nil
	})
}

// DeletePolicy takes a policy of his own from a user.
func (s *Service) DeletePolicy(ctx context.Context, account glacier.AccountID, user, name string) error {
	return s.changeUser(ctx, account, user, func(u *record.User) error {
		if _, ok := u.Inline[name]; !ok {
			return refuse(NoSuchEntity, "The user policy with name %s cannot be found.", name)
		}
		u.Inline = maps.Clone(u.Inline)
		delete(u.Inline, name)
		return nil
	})
}

// changeUser hands change a user and keeps what it makes of him. change may
// run more than once, and alters nothing that it shares with the user before.
func (s *Service) changeUser(ctx context.Context, account glacier.AccountID, name string, change func(*record.User) error) error {
	defer s.keys.forgetAll()
	return s.store.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		u, err := findUser(tx, account, name)
		if err == nil {
			err = change(&u)
		}
		if err == nil {
			r.Put(&u)
		}
		return r, err
	})
}

func findUser(tx *catalog.Tx, account glacier.AccountID, name string) (record.User, error) {
	u, ok, err := tx.User(account, name)
	if err == nil && !ok {
		err = refuse(NoSuchEntity, "The user with name %s cannot be found.", name)
	}
	return u, err
}

func accountExists(tx *catalog.Tx, id glacier.AccountID) error {
	_, ok, err := tx.Account(id)
	if err == nil && !ok {
		err = refuse(NoSuchEntity, "The account with id %s cannot be found.", id)
	}
	return err
}

func userInfo(u record.User) UserInfo {
	return UserInfo{
		Account: u.Account, Name: u.Name, ID: u.Public, Created: time.UnixMilli(u.Created).UTC(),
		Managed: u.Managed, Inline: u.Inline,
	}
}

func checkUserName(name string) error {
	if iamName(name, maxUserName) {
		return nil
	}
	return refuse(InvalidInput, "The user name %q is not valid: it has 1 to %d letters, digits and + = , . @ _ -", name, maxUserName)
}

func checkPolicyName(name string) error {
	if iamName(name, maxPolicyName) {
		return nil
	}
	return refuse(InvalidInput, "The policy name %q is not valid: it has 1 to %d letters, digits and + = , . @ _ -", name, maxPolicyName)
}

// iamName reports whether IAM would take a name: letters and digits of ASCII,
// and a few signs.
func iamName(name string, most int) bool {
	if name == "" || len(name) > most {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("+=,.@_-", c) >= 0:
		default:
			return false
		}
	}
	return true
}
