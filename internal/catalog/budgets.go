package catalog

import (
	"firn/glacier"
	"firn/internal/record"
)

const (
	selectRetrievalPolicy = "SELECT image FROM retrieval_policies WHERE account = $1"
	selectRetrievalUsage  = "SELECT image FROM retrieval_usage WHERE account = $1"
	// An account has few vaults with retrievals under way.
	sumStandard = "SELECT COALESCE(SUM(jobs.standard), 0) FROM vaults JOIN jobs ON jobs.vault = vaults.id AND jobs.standard > 0" +
		" WHERE vaults.account = $1"
	selectCapacity = "SELECT image FROM capacity WHERE account = $1 ORDER BY expires, id LIMIT $2"
)

// RetrievalPolicy returns an account's retrieval policy.
func (tx *Tx) RetrievalPolicy(account glacier.AccountID) (p record.RetrievalPolicy, ok bool, err error) {
	return one[record.RetrievalPolicy](tx, selectRetrievalPolicy, accountNumber(account))
}

// RetrievalUsage returns what an account has retrieved on its latest day of
// retrievals, the zero value if it never had one.
func (tx *Tx) RetrievalUsage(account glacier.AccountID) (record.RetrievalUsage, error) {
	u, _, err := one[record.RetrievalUsage](tx, selectRetrievalUsage, accountNumber(account))
	return u, err
}

// StandardBytes sums what an account's Standard retrievals in progress
// retrieve.
func (tx *Tx) StandardBytes(account glacier.AccountID) (int64, error) {
	return tx.number(sumStandard, accountNumber(account))
}

// Capacity lists an account's capacity units, those that end first first,
// expired ones included.
func (tx *Tx) Capacity(account glacier.AccountID, limit int) ([]record.Capacity, error) {
	return list[record.Capacity](tx, limit, selectCapacity, accountNumber(account))
}
