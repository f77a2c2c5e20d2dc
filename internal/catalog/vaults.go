package catalog

import (
	"database/sql"

	"firn/glacier"
	"firn/internal/record"
)

const (
	// Of two vaults with one name, which no rule makes, the later counts.
	selectVault     = "SELECT image FROM vaults WHERE account = $1 AND name = $2 ORDER BY id DESC LIMIT 1"
	selectVaultByID = "SELECT image FROM vaults WHERE id = $1"
	selectVaults    = "SELECT image FROM vaults WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3"
	selectNames     = "SELECT id, name FROM vaults WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3"
	countVaults     = "SELECT COUNT(*) FROM vaults WHERE account = $1"
	selectAllVaults = "SELECT image FROM vaults WHERE id > $1 ORDER BY id LIMIT $2"
	selectTags      = "SELECT image FROM tags WHERE vault = $1"
)

// Vault looks a vault up by name.
func (tx *Tx) Vault(account glacier.AccountID, name glacier.VaultName) (v record.Vault, ok bool, err error) {
	return one[record.Vault](tx, selectVault, accountNumber(account), string(name))
}

// VaultByID looks a vault up by its internal id.
func (tx *Tx) VaultByID(id uint64) (v record.Vault, ok bool, err error) {
	return one[record.Vault](tx, selectVaultByID, num(id))
}

// Vaults lists an account's vaults by name in byte order, those after the
// name given.
func (tx *Tx) Vaults(account glacier.AccountID, after glacier.VaultName, limit int) ([]record.Vault, error) {
	return list[record.Vault](tx, limit, selectVaults, accountNumber(account), string(after))
}

// A VaultName is what an index knows of a vault.
type VaultName struct {
	ID   uint64
	Name glacier.VaultName
}

// VaultNames lists the names of an account's vaults, as Vaults does, without
// reading the vaults.
func (tx *Tx) VaultNames(account glacier.AccountID, after glacier.VaultName, limit int) ([]VaultName, error) {
	var names []VaultName
	args := []any{accountNumber(account), string(after), int64(max(limit, 0))}
	err := tx.each(selectNames, args, func(rows *sql.Rows) error {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return undecodable(selectNames, err)
		}
		names = append(names, VaultName{uint64(id), glacier.VaultName(name)})
		return nil
	})
	return names, err
}

// CountVaults counts an account's vaults.
func (tx *Tx) CountVaults(account glacier.AccountID) (int64, error) {
	return tx.number(countVaults, accountNumber(account))
}

// AllVaults lists every account's vaults by id, those with ids above after.
func (tx *Tx) AllVaults(after uint64, limit int) ([]record.Vault, error) {
	return list[record.Vault](tx, limit, selectAllVaults, bound(after))
}

// Tags returns a vault's tags, the zero value if it never had any.
func (tx *Tx) Tags(vault uint64) (record.Tags, error) {
	t, _, err := one[record.Tags](tx, selectTags, num(vault))
	return t, err
}
