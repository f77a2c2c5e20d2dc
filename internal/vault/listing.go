package vault

import (
	"context"
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
)

// marker reads the marker of a listing. None is the zero ID, which begins at
// the beginning.
func (s *Service) marker(kind token.Kind, text string) (token.ID, error) {
	if text == "" {
		return token.ID{}, nil
	}
	id, ok := s.ids.Open(kind, text)
	if !ok {
		return token.ID{}, invalidMarker(text)
	}
	return id, nil
}

// ListParts returns an open upload and one page of its parts, by range. The
// marker names the first part that was not returned; it holds its place when
// parts come and go.
func (s *Service) ListParts(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.UploadID, page Page) (glacier.PartList, error) {
	limit, err := Limit(page.Limit, glacier.MaxPage)
	if err != nil {
		return glacier.PartList{}, err
	}
	from, err := s.marker(token.PartsMarker, page.Marker)
	if err != nil {
		return glacier.PartList{}, err
	}
	var list glacier.PartList
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		v, u, err := s.findOpenUpload(tx, owner, name, id)
		if err != nil {
			return err
		}
		if page.Marker != "" && from.Vault != u.ID {
			return invalidMarker(page.Marker)
		}
		parts, err := tx.Parts(u.ID, from.Number, limit+1)
		if err != nil {
			return fmt.Errorf("list parts: %w", err)
		}
		var next string
		if len(parts) > limit {
			// In place of the vault, the marker holds the upload it belongs to.
			next = s.ids.Seal(token.ID{Kind: token.PartsMarker, Vault: u.ID, Number: parts[limit].Index})
			parts = parts[:limit]
		}
		list = s.describeParts(v, u, parts)
		list.Marker = optional(next)
		return nil
	})
	return list, err
}

func (s *Service) describeParts(v record.Vault, u record.Upload, parts []record.Part) glacier.PartList {
	list := glacier.PartList{
		ArchiveDescription: optional(u.Description),
		CreationDate:       glacier.At(u.Created),
		MultipartUploadID:  u.Public,
		PartSizeInBytes:    u.PartSize,
		Parts:              make([]glacier.Part, len(parts)),
		VaultARN:           s.arn(v),
	}
	for i, p := range parts {
		first := int64(p.Index) * u.PartSize
		list.Parts[i] = glacier.Part{
			RangeInBytes:   fmt.Sprintf("%d-%d", first, first+p.Size-1),
			SHA256TreeHash: p.TreeHash.String(),
		}
	}
	return list
}

// ListMultipartUploads returns one page of a vault's open uploads, oldest
// first. The marker is the id of the first upload that was not returned; it
// holds its place even if that upload ends.
func (s *Service) ListMultipartUploads(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, page Page) (glacier.UploadList, error) {
	limit, err := Limit(page.Limit, glacier.MaxPage)
	if err != nil {
		return glacier.UploadList{}, err
	}
	from, err := s.marker(token.Upload, page.Marker)
	if err != nil {
		return glacier.UploadList{}, err
	}
	list := glacier.UploadList{UploadsList: []glacier.UploadDescription{}}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		v, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		if page.Marker != "" && from.Vault != v.ID {
			return invalidMarker(page.Marker)
		}
		uploads, err := tx.Uploads(v.ID, from.Number, limit+1)
		if err != nil {
			return fmt.Errorf("list uploads: %w", err)
		}
		if len(uploads) > limit {
			next := string(uploads[limit].Public)
			list.Marker = &next
			uploads = uploads[:limit]
		}
		for _, u := range uploads {
			list.UploadsList = append(list.UploadsList, glacier.UploadDescription{
				ArchiveDescription: optional(u.Description),
				CreationDate:       glacier.At(u.Created),
				MultipartUploadID:  u.Public,
				PartSizeInBytes:    u.PartSize,
				VaultARN:           s.arn(v),
			})
		}
		return nil
	})
	return list, err
}
