package deposit

import (
	"context"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
)

// Withdraw takes files out of an archive of a vault, of which they are members. The
// archive is deleted if no other file is in it, and otherwise only the names are
// forgotten. First goes the archive, then what the catalogue knows of it, so that
// after a crash in between the same again does the rest. Of one archive, one
// Withdraw at a time.
func Withdraw(ctx context.Context, v *remote.Vault, c *names.Catalogue, id glacier.ArchiveID, files []names.File) (deleted bool, err error) {
	archive, found, err := c.Archive(ctx, id)
	if err != nil || !found {
		return false, err
	}
	gone := make(map[string]bool, len(files))
	for _, f := range files {
		gone[f.Path] = true
	}
	var others []names.File
	for m, err := range c.Members(ctx, id) {
		if err != nil {
			return false, err
		}
		if !gone[m.Path] {
			others = append(others, m)
		}
	}
	if len(others) > 0 {
		return false, c.Add(ctx, archive, others...)
	}
	if err := v.DeleteArchive(ctx, id); err != nil {
		return false, err
	}
	return true, c.Remove(ctx, id)
}
