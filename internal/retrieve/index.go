package retrieve

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/bundle"
	"firn/internal/names"
)

// readIndex adds the files of a bundle to the catalogue, as its index has them.
func (r *Retriever) readIndex(ctx context.Context, t *task) error {
	a := t.order.Archive
	plain, size, err := r.content(ctx, t)
	if err != nil {
		return err
	}
	var files []names.File
	for m, err := range bundle.Members(plain, t.order.index, size) {
		switch {
		case errors.Is(err, bundle.ErrIndex):
			return &archiveError{err}
		case err != nil:
			return err
		}
		files = append(files, names.File{Path: m.Path, Offset: m.Offset, Size: m.Size, Modified: m.Modified, Hash: m.Hash, Mode: m.Mode})
	}
	if len(files) == 0 {
		return &archiveError{fmt.Errorf("the index of the bundle is empty")}
	}
	return r.Names.Add(ctx, a, files...)
}
