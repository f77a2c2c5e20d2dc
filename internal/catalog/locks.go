package catalog

import (
	"firn/glacier"
	"firn/internal/record"
)

const (
	selectVaultPolicy = "SELECT image FROM vault_policies WHERE vault = $1"
	selectVaultLock   = "SELECT image FROM vault_locks WHERE vault = $1"
	selectGuards      = "SELECT v.id, COALESCE(t.lsn, 0), COALESCE(p.lsn, 0), COALESCE(l.lsn, 0) FROM vaults AS v" +
		" LEFT JOIN tags AS t ON t.vault = v.id LEFT JOIN vault_policies AS p ON p.vault = v.id" +
		" LEFT JOIN vault_locks AS l ON l.vault = v.id" +
		" WHERE v.account = $1 AND v.name = $2 ORDER BY v.id DESC LIMIT 1"
	// Only a check asks, which has time.
	countDeleted = "SELECT (SELECT COUNT(*) FROM tomb WHERE kind = 6 AND a = $1 AND lsn > $2)" +
		" + (SELECT COUNT(*) FROM archives WHERE vault = $1 AND deleted = 1 AND lsn > $2)"
)

// VaultPolicy returns a vault's access policy.
func (tx *Tx) VaultPolicy(vault uint64) (p record.VaultPolicy, ok bool, err error) {
	return one[record.VaultPolicy](tx, selectVaultPolicy, num(vault))
}

// VaultLock returns a vault's lock, lapsed ones included.
func (tx *Tx) VaultLock(vault uint64) (l record.VaultLock, ok bool, err error) {
	return one[record.VaultLock](tx, selectVaultLock, num(vault))
}

// Guards say which records hold what decides about access to a vault, so that
// what was made of them can be kept and known again. 0 is none.
type Guards struct {
	Vault              uint64
	Tags, Policy, Lock record.LSN
}

// Guards looks up by which records a vault is guarded, in one statement and
// without reading them.
func (tx *Tx) Guards(account glacier.AccountID, name glacier.VaultName) (g Guards, ok bool, err error) {
	var id, tags, policy, lock int64
	ok, err = tx.row(selectGuards, []any{accountNumber(account), string(name)}, &id, &tags, &policy, &lock)
	return Guards{uint64(id), record.LSN(tags), record.LSN(policy), record.LSN(lock)}, ok, err
}

// DeletedSince counts a vault's archives that were deleted by records after
// the one given. It looks at all that were ever deleted from it.
func (tx *Tx) DeletedSince(vault uint64, lsn record.LSN) (int64, error) {
	return tx.number(countDeleted, num(vault), num(uint64(lsn)))
}
