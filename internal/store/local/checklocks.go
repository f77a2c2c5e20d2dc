package local

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A Locked vault has a lock, and this is what it looks like. What was deleted
// since may well have been old enough: it is for an auditor to compare with what
// the policy lets through.
type Locked struct {
	Account glacier.AccountID `json:"account"`
	Vault   glacier.VaultName `json:"vault"`
	ID      string            `json:"lock_id"`
	State   string            `json:"state"`
	Since   time.Time         `json:"since"`
	Policy  string            `json:"policy"`
	Deleted int64             `json:"archives_deleted_since"`
}

// locks lists the vaults that are locked, or are being locked.
func (c *checker) locks(ctx context.Context) error {
	return c.s.eachVault(ctx, func(v record.Vault) error {
		return c.s.View(ctx, func(tx *catalog.Tx) error {
			l, ok, err := tx.VaultLock(v.ID)
			if err != nil || !ok || l.Lapsed(c.s.LockNow()) {
				return err
			}
			g, _, err := tx.Guards(v.Account, v.Name)
			if err != nil {
				return err
			}
			n, err := tx.DeletedSince(v.ID, g.Lock)
			if err != nil {
				return fmt.Errorf("count what was deleted from vault %d: %w", v.ID, err)
			}
			state := glacier.LockInProgress
			if l.Locked {
				state = glacier.LockLocked
			}
			c.report.Locks = append(c.report.Locks, Locked{
				Account: v.Account, Vault: v.Name, ID: l.Public, State: state,
				Since: time.UnixMilli(l.Created).UTC(), Policy: l.Policy, Deleted: n,
			})
			return nil
		})
	})
}
