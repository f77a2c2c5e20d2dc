package iam

import (
	"time"

	"firn/glacier"
	"firn/internal/access"
)

// A User is one as replies describe him. An account's root has neither a path
// nor a name.
type User struct {
	Path       string `xml:",omitempty" json:",omitempty"`
	UserName   string `xml:",omitempty" json:",omitempty"`
	UserID     string `xml:"UserId" json:"UserId"`
	ARN        string `xml:"Arn" json:"Arn"`
	CreateDate time.Time
}

// The results of actions on users.
type (
	// CreateUserResult is CreateUser's.
	CreateUserResult struct{ User User }
	// GetUserResult is GetUser's.
	GetUserResult struct{ User User }
	// ListUsersResult is ListUsers's.
	ListUsersResult struct {
		Users Members[User]
		Truncation
	}
)

func userOf(u access.UserInfo) User {
	return User{Path: "/", UserName: u.Name, UserID: u.ID, ARN: u.ARN(), CreateDate: when(u.Created)}
}

func createUser(c *call) (any, error) {
	u, err := c.h.cfg.Access.CreateUser(c.ctx, c.caller.Account, c.user())
	return CreateUserResult{userOf(u)}, err
}

func getUser(c *call) (any, error) {
	if c.user() == "" {
		a, err := c.h.cfg.Access.Account(c.ctx, c.caller.Account)
		return GetUserResult{User{UserID: c.caller.ID(), ARN: c.caller.ARN(), CreateDate: when(a.Created)}}, err
	}
	u, err := c.h.cfg.Access.User(c.ctx, c.caller.Account, c.user())
	return GetUserResult{userOf(u)}, err
}

func listUsers(c *call) (any, error) {
	var r ListUsersResult
	if !c.atRoot() {
		return r, nil
	}
	p := c.page()
	list, err := c.h.cfg.Access.Users(c.ctx, c.caller.Account, p.after, p.limit+1)
	if err != nil {
		return nil, err
	}
	list, r.Truncation = cut(list, p, func(u access.UserInfo) string { return u.Name })
	for _, u := range list {
		r.Users.Member = append(r.Users.Member, userOf(u))
	}
	return r, nil
}

// atRoot reports whether a list is asked for that what has the path / is on,
// as everything here has.
func (c *call) atRoot() bool {
	prefix, given := c.params["PathPrefix"]
	return !given || prefix == "/"
}

func deleteUser(c *call) (any, error) {
	return nil, c.h.cfg.Access.DeleteUser(c.ctx, c.caller.Account, c.user())
}

// An Account is one as replies describe it.
type Account struct {
	AccountID   string `xml:"AccountId" json:"AccountId"`
	AccountName string `xml:",omitempty" json:",omitempty"`
	CreateDate  time.Time
}

// The results of actions on accounts.
type (
	// CreateAccountResult is CreateAccount's; the key is the account's root's.
	CreateAccountResult struct {
		Account   Account
		AccessKey AccessKey
	}
	// ListAccountsResult is ListAccounts's.
	ListAccountsResult struct {
		Accounts Members[Account]
		Truncation
	}
)

func accountOf(a access.AccountInfo) Account {
	return Account{AccountID: string(a.ID), AccountName: a.Name, CreateDate: when(a.Created)}
}

func createAccount(c *call) (any, error) {
	a, key, err := c.h.cfg.Access.CreateAccount(c.ctx, glacier.AccountID(c.params["AccountId"]), c.params["AccountName"])
	return CreateAccountResult{accountOf(a), newKey(key)}, err
}

func listAccounts(c *call) (any, error) {
	p := c.page()
	after := glacier.AccountID(p.after)
	if after != "" && !after.Valid() {
		return nil, refuse(InvalidInput, "Invalid Marker.")
	}
	list, err := c.h.cfg.Access.Accounts(c.ctx, after, p.limit+1)
	if err != nil {
		return nil, err
	}
	var r ListAccountsResult
	list, r.Truncation = cut(list, p, func(a access.AccountInfo) string { return string(a.ID) })
	for _, a := range list {
		r.Accounts.Member = append(r.Accounts.Member, accountOf(a))
	}
	return r, nil
}

// deleteAccount deletes an account, but not the one that the caller acts for:
// nobody would be left to manage the others.
func deleteAccount(c *call) (any, error) {
	id := glacier.AccountID(c.params["AccountId"])
	if id == c.caller.Account {
		return nil, refuse(DeleteConflict, "Account %s manages the accounts and cannot be deleted.", id)
	}
	return nil, c.h.cfg.Access.DeleteAccount(c.ctx, id)
}
