package names

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestOfAnOlderCatalogue: one that was made before anybody took note of the vault's making does so now.
func TestOfAnOlderCatalogue(t *testing.T) {
	ctx := t.Context()
	c, err := Open(ctx, filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	older := c.update(ctx, "test", func(tx *transaction) error {
		_, err := tx.Exec("DROP TABLE made")
		return err
	})
	made := time.Unix(1_000, 0)
	if err := errors.Join(older, c.ofFrozen(ctx, made), c.Add(ctx, Archive{ID: "A", Created: made}), c.Of(ctx, made)); err != nil {
		t.Fatal(err)
	}
	if err := c.Of(ctx, made.Add(time.Second)); !errors.Is(err, ErrEarlier) {
		t.Errorf("error %v", err)
	}
	if err := c.ofFrozen(ctx, made.Add(time.Second)); !errors.Is(err, ErrEarlier) {
		t.Errorf("when it can only be read: error %v", err)
	}
}
