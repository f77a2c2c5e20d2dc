package deposit

import (
	"context"
	"errors"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
)

// Withdraw takes files out of an archive of a vault, of which they are members. The
// archive is deleted if no other file is in it, and otherwise only the names are
// forgotten. First goes the archive, then what the catalogue knows of it, so that
// after a crash in between the same again does the rest; and the catalogue knows before
// that it goes, so that nobody takes it for stored.
func Withdraw(ctx context.Context, v *remote.Vault, c *names.Catalogue, id glacier.ArchiveID, files []names.File) (deleted bool, err error) {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	last, err := c.Forget(ctx, id, paths)
	if err != nil || !last {
		return false, err
	}
	if err := v.DeleteArchive(ctx, id); err != nil && !remote.IsGone(err) {
		if _, kept := errors.AsType[*remote.Kept](err); kept {
			err = errors.Join(err, c.Spare(context.WithoutCancel(ctx), id))
		}
		return false, err
	}
	return true, c.Remove(ctx, id)
}
