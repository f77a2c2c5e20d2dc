package catalog

import (
	"strings"

	"firn/glacier"
	"firn/internal/record"
)

const (
	selectCounter = "SELECT image FROM counters WHERE id = $1"
	selectAccount = "SELECT image FROM accounts WHERE id = $1"
	selectClock   = "SELECT image FROM clocks WHERE id = 0"

	selectAccessKeys = "SELECT image FROM access_keys WHERE id > $1 ORDER BY id LIMIT $2"
	// Of two keys with one name, which no rule makes, the later counts.
	selectAccessKey = "SELECT image FROM access_keys WHERE name = $1 ORDER BY id DESC LIMIT 1"
	selectKeysOf    = "SELECT image FROM access_keys WHERE account = $1 AND owner = $2 AND id > $3 ORDER BY id LIMIT $4"
	selectAccounts  = "SELECT image FROM accounts WHERE id > $1 ORDER BY id LIMIT $2"
	selectUser      = "SELECT image FROM users WHERE account = $1 AND name = $2 ORDER BY id DESC LIMIT 1"
	selectUserByID  = "SELECT image FROM users WHERE id = $1"
	selectUsers     = "SELECT image FROM users WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3"
	countUsersNamed = "SELECT COUNT(*) FROM users WHERE account = $1 AND LOWER(name) = $2" // reads the index alone
	countUsers      = "SELECT COUNT(*) FROM users WHERE account = $1"
)

// Counter returns a counter's next number, 0 for one that never was.
func (tx *Tx) Counter(counter uint64) (uint64, error) {
	c, _, err := one[record.Counter](tx, selectCounter, num(counter))
	return c.Next, err
}

// Account looks an account up.
func (tx *Tx) Account(id glacier.AccountID) (a record.Account, ok bool, err error) {
	return one[record.Account](tx, selectAccount, accountNumber(id))
}

// AccessKey looks a key up by its public half.
func (tx *Tx) AccessKey(id string) (k record.AccessKey, ok bool, err error) {
	return one[record.AccessKey](tx, selectAccessKey, id)
}

// AccessKeys lists the keys of all accounts by number, those with numbers
// above after.
func (tx *Tx) AccessKeys(after uint64, limit int) ([]record.AccessKey, error) {
	return list[record.AccessKey](tx, limit, selectAccessKeys, num(after))
}

// KeysOf lists the keys of a user, or with user 0 those of the account's root,
// by number, those with numbers above after.
func (tx *Tx) KeysOf(account glacier.AccountID, user, after uint64, limit int) ([]record.AccessKey, error) {
	return list[record.AccessKey](tx, limit, selectKeysOf, accountNumber(account), num(user), num(after))
}

// Accounts lists accounts by number, those after the one given; "" begins.
func (tx *Tx) Accounts(after glacier.AccountID, limit int) ([]record.Account, error) {
	from := int64(-1) // an account may be 000000000000
	if after != "" {
		from = accountNumber(after)
	}
	return list[record.Account](tx, limit, selectAccounts, from)
}

// User looks a user up by name, which is case-sensitive here.
func (tx *Tx) User(account glacier.AccountID, name string) (u record.User, ok bool, err error) {
	return one[record.User](tx, selectUser, accountNumber(account), name)
}

// UserByNumber looks a user up by number.
func (tx *Tx) UserByNumber(n uint64) (u record.User, ok bool, err error) {
	return one[record.User](tx, selectUserByID, num(n))
}

// Users lists an account's users by name in byte order, those after the name
// given.
func (tx *Tx) Users(account glacier.AccountID, after string, limit int) ([]record.User, error) {
	return list[record.User](tx, limit, selectUsers, accountNumber(account), after)
}

// UserNameTaken reports whether the account has a user of the name, whatever the
// case of its letters, which are ASCII.
func (tx *Tx) UserNameTaken(account glacier.AccountID, name string) (bool, error) {
	n, err := tx.number(countUsersNamed, accountNumber(account), strings.ToLower(name))
	return n > 0, err
}

// CountUsers counts an account's users.
func (tx *Tx) CountUsers(account glacier.AccountID) (int64, error) {
	return tx.number(countUsers, accountNumber(account))
}

// Clock returns what was last learnt of the machine's clock.
func (tx *Tx) Clock() (c record.Clock, ok bool, err error) {
	return one[record.Clock](tx, selectClock)
}
