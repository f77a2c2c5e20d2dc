package catalog

import (
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

// Clock returns the operator's last word on the clock.
func (tx *Tx) Clock() (c record.Clock, ok bool, err error) {
	return one[record.Clock](tx, selectClock)
}
