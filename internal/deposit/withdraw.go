package deposit

import (
	"context"

	"firn/glacier"
	"firn/internal/names"
	"firn/internal/remote"
)

// A Withdrawal is what became of a name that was taken out of the vault.
type Withdrawal struct {
	// Deleted says that the archive is gone. A file in a bundle only loses its
	// name as long as others in the bundle have theirs.
	Deleted bool
	Archive glacier.ArchiveID
}

// Withdraw takes one version of a name out of a vault: first the archive, then
// what the catalogue knows of it, so that after a crash in between the same
// again does the rest.
func Withdraw(ctx context.Context, v *remote.Vault, c *names.Catalogue, f names.File) (Withdrawal, error) {
	w := Withdrawal{Archive: f.Archive}
	archive, found, err := c.Archive(ctx, f.Archive)
	if err != nil || !found {
		return w, err
	}
	var others []names.File
	for m, err := range c.Members(ctx, f.Archive) {
		if err != nil {
			return w, err
		}
		if m.Path != f.Path {
			others = append(others, m)
		}
	}
	if len(others) > 0 {
		return w, c.Add(ctx, archive, others...)
	}
	w.Deleted = true
	if err := v.DeleteArchive(ctx, f.Archive); err != nil {
		return w, err
	}
	return w, c.Remove(ctx, f.Archive)
}
