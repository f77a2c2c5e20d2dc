package access

import (
	"fmt"
	"maps"
	"slices"

	"firn/glacier"
	"firn/internal/audit"
	"firn/internal/catalog"
	"firn/internal/policy"
	"firn/internal/record"
)

// IAM is the service that requests about users and keys are signed for.
const IAM = "iam"

// A Caller is who signed a request: a user, or an account's root.
type Caller struct {
	Account glacier.AccountID
	KeyID   string
	User    string // name; "" is the account's root
	UserID  string // of the user

	// identity are the policies of the user, compiled. Root has none, and
	// needs none.
	identity []*policy.Policy
}

// Root reports whether the caller is an account's root.
func (c Caller) Root() bool { return c.User == "" }

// ARN is the caller's resource name.
func (c Caller) ARN() string {
	if c.Root() {
		return "arn:aws:iam::" + string(c.Account) + ":root"
	}
	return userARN(c.Account, c.User)
}

// ID is what policies know as aws:userid.
func (c Caller) ID() string {
	if c.Root() {
		return string(c.Account)
	}
	return c.UserID
}

// Identity is the caller as an audit log knows him: nobody, if only the key is
// known that he claims to have.
func (c Caller) Identity() audit.Identity {
	id := audit.Identity{Type: audit.Unknown, AccessKeyID: c.KeyID}
	if c.Account == "" {
		return id
	}
	id.Type, id.UserName = audit.IAMUser, c.User
	if c.Root() {
		id.Type = audit.Root
	}
	id.PrincipalID, id.ARN, id.AccountID = c.ID(), c.ARN(), string(c.Account)
	return id
}

func userARN(account glacier.AccountID, name string) string {
	return "arn:aws:iam::" + string(account) + ":user/" + name
}

// RootOf is the root of an account, as who has the store in his hands may act.
func RootOf(account glacier.AccountID) Caller { return Caller{Account: account} }

// callerOf finds out who holds a key.
func callerOf(tx *catalog.Tx, k record.AccessKey) (Caller, error) {
	c := Caller{Account: k.Account, KeyID: k.ID}
	if k.User == 0 {
		return c, nil
	}
	u, ok, err := tx.UserByNumber(k.User)
	if err != nil {
		return c, err
	}
	if !ok {
		return c, fmt.Errorf("user %d, whose key it is, is not there", k.User)
	}
	return c.as(u)
}

// as makes a user of a caller who is nobody in particular yet.
func (c Caller) as(u record.User) (Caller, error) {
	c.User, c.UserID = u.Name, u.Public
	for _, name := range u.Managed {
		if err := c.add(name, managed[name]); err != nil {
			return c, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.Inline)) {
		if err := c.add(name, u.Inline[name]); err != nil {
			return c, err
		}
	}
	return c, nil
}

// add gives the caller a policy. One that this version does not understand is
// an error: it might forbid something.
func (c *Caller) add(name, text string) error {
	p, err := policy.Parse(policy.Identity, text)
	if err != nil {
		return fmt.Errorf("policy %s of user %s: %w", name, c.User, err)
	}
	c.identity = append(c.identity, p)
	return nil
}

// MayAnywhere reports whether the caller's own policies allow an action on
// anything at all, for what is offered before it is known what it will be done to.
// all is the resource that stands for all of the kind. It is no decision: what is
// asked for then can still be refused.
func (c Caller) MayAnywhere(action string, all glacier.ARN) bool {
	if c.Root() {
		return true
	}
	may := false
	for _, p := range c.identity {
		allowed, barred := p.Somewhere(action, string(all))
		if barred {
			return false
		}
		may = may || allowed
	}
	return may
}
