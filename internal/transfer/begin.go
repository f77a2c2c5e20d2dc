package transfer

import (
	"context"
	"errors"
	"fmt"

	"firn/glacier"
	"firn/internal/names"
)

// begun begins an upload, and has the catalogue know it: at first without an id, so that it can be found if the server's reply
// never comes.
func (u *Uploader) begun(ctx context.Context, row names.Upload) (names.Upload, error) {
	known := u.Work != nil && row.Key != ""
	if known {
		if err := u.Work.SetUpload(ctx, row); err != nil {
			return row, err
		}
	}
	id, err := u.Vault.Begin(ctx, row.Description, row.PartSize)
	if err != nil {
		return row, fmt.Errorf("begin the upload: %w", err)
	}
	row.ID = id
	if known {
		if err := u.Work.SetUpload(ctx, row); err != nil {
			return row, errors.Join(err, u.Vault.Abort(context.WithoutCancel(ctx), id))
		}
	}
	return row, nil
}

// find returns the id of an upload whose id the catalogue has not, "" if there is none: it is of the same description and
// part size, and nothing was sent to it. Without a description it could be anybody's.
func (u *Uploader) find(ctx context.Context, row names.Upload) (glacier.UploadID, error) {
	if row.Description == "" {
		return "", nil
	}
	for one, err := range u.Vault.Uploads(ctx) {
		if err != nil {
			return "", fmt.Errorf("look for the upload that was begun: %w", err)
		}
		description := ""
		if one.ArchiveDescription != nil {
			description = *one.ArchiveDescription
		}
		if description != row.Description || one.PartSizeInBytes != row.PartSize {
			continue
		}
		if empty, err := u.empty(ctx, one.MultipartUploadID); err != nil || empty {
			return one.MultipartUploadID, err
		}
	}
	return "", nil
}

// empty reports whether the server has no part of an upload.
func (u *Uploader) empty(ctx context.Context, id glacier.UploadID) (bool, error) {
	for _, err := range u.Vault.Parts(ctx, id) {
		if err != nil {
			return false, fmt.Errorf("ask what the server has of the upload: %w", err)
		}
		return false, nil
	}
	return true, nil
}
