package names

import (
	"path/filepath"
	"testing"
	"time"

	"firn/internal/inventory"
)

// TestRemovalsAreForgotten: once no inventory can list what was removed, and not before.
func TestRemovalsAreForgotten(t *testing.T) {
	ctx := t.Context()
	c, err := Open(ctx, filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, row := range []struct {
		name    string
		removed time.Duration // ago
		dated   time.Duration // of the inventory, before now
		kept    int64
	}{
		{"removed now", 0, 0, 1},
		{"removed a week ago, and seen in an inventory of the time", remembered + time.Hour, remembered, 1},
		{"removed a week ago", remembered + time.Hour, 0, 0},
		{"removed now, and an inventory of the future", 0, -2 * remembered, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := c.Remove(ctx, "A"); err != nil {
				t.Fatal(err)
			}
			when := time.Now().Add(-row.removed).UnixMilli()
			if err := c.update(ctx, "test", func(tx *transaction) error {
				_, err := tx.Exec("UPDATE removed SET time = ?", when)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			inv := Inventory{Rows: func(func(inventory.Row, error) bool) {}, Date: func() time.Time { return time.Now().Add(-row.dated) }}
			if _, err := c.Reconcile(ctx, inv, Check{Mend: true}); err != nil {
				t.Fatal(err)
			}
			var kept int64
			if _, err := c.row(ctx, "SELECT COUNT(*) FROM removed", nil, &kept); err != nil {
				t.Fatal(err)
			}
			if kept != row.kept {
				t.Errorf("%d are kept, want %d", kept, row.kept)
			}
		})
	}
}
