package names

import (
	"context"
	"time"

	"firn/glacier"
)

// Forget takes names from an archive, unless they are the last ones that it has: then last is true, and the archive is to be deleted, as
// [Catalogue.Doom] says it; the names stay until [Catalogue.Remove]. Names and archives that are not known are no error. Of several at a
// time, one is the last.
func (c *Catalogue) Forget(ctx context.Context, id glacier.ArchiveID, paths []string) (last bool, err error) {
	gone := make(map[string]bool, len(paths))
	for _, path := range paths {
		gone[path] = true
	}
	when := time.Now().UnixMilli()
	err = c.update(ctx, "forget names", func(tx *transaction) error {
		last = false
		var n, all, those int64
		known, err := tx.Row("SELECT n FROM archives WHERE id = ?", []any{string(id)}, &n)
		if err != nil || !known {
			return err
		}
		if _, err := tx.Row("SELECT count(*) FROM files WHERE archive = ?", []any{n}, &all); err != nil {
			return err
		}
		for path := range gone {
			var k int64
			if _, err := tx.Row("SELECT count(*) FROM files"+ofPath+"?", []any{path, n}, &k); err != nil {
				return err
			}
			those += k
		}
		if last = those == all; last {
			return tx.doom(id, when)
		}
		for path := range gone {
			k, err := tx.Exec("DELETE FROM files"+ofPath+"?", path, n)
			if err != nil {
				return err
			}
			tx.added.Files -= k
		}
		return nil
	})
	return last, err
}
