package vault

import (
	"context"
	"fmt"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/treehash"
)

// InitiateMultipartUpload begins an archive in parts. partSize is the header
// as it came, "" if there was none. The description loses leading spaces.
func (s *Service) InitiateMultipartUpload(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, partSize, description string) (glacier.UploadID, error) {
	b, err := parseBeginning(partSize, description)
	if err != nil {
		return "", err
	}
	var id glacier.UploadID
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err == nil {
			id = s.begin(tx, v, b, &r)
		}
		return r, err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// A beginning is what an upload in parts begins with.
type beginning struct {
	partSize    int64
	description string
	origin      origin
}

func parseBeginning(partSize, description string) (b beginning, err error) {
	size, ok := decimal(partSize)
	if !ok || !glacier.ValidPartSize(size) {
		if partSize == "" {
			partSize = "null"
		}
		return b, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid part size: %s. Part size must not be null, must be a power of two and be between %d and %d bytes.",
			partSize, glacier.MinPartSize, glacier.MaxPartSize)
	}
	b = beginning{partSize: size, description: strings.TrimLeft(description, " ")}
	return b, checkDescription(b.description)
}

// begin adds a new upload to a record.
func (s *Service) begin(tx *catalog.Tx, v record.Vault, b beginning, r *record.Record) glacier.UploadID {
	n := uint64(tx.LSN())
	id := glacier.UploadID(s.ids.Seal(token.ID{Kind: token.Upload, Vault: v.ID, Number: n, Random: tx.Random()}))
	r.Put(&record.Upload{
		Vault:         v.ID,
		ID:            n,
		Public:        id,
		Description:   b.description,
		PartSize:      b.partSize,
		Created:       tx.Now().UnixMilli(),
		Import:        b.origin.id,
		ImportCreated: b.origin.created,
	})
	return id
}

// findUpload looks up the upload that a request names, ended ones included.
func (s *Service) findUpload(tx *catalog.Tx, owner glacier.AccountID, name glacier.VaultName, id glacier.UploadID) (record.Vault, record.Upload, error) {
	v, err := s.find(tx, owner, name)
	if err != nil {
		return record.Vault{}, record.Upload{}, err
	}
	t, ok := s.ids.Open(token.Upload, string(id))
	if !ok || t.Vault != v.ID {
		return v, record.Upload{}, glacier.UploadNotFound(id)
	}
	u, ok, err := tx.Upload(v.ID, t.Number)
	if err != nil {
		return v, record.Upload{}, fmt.Errorf("look up upload: %w", err)
	}
	if !ok || u.Public != id {
		return v, record.Upload{}, glacier.UploadNotFound(id)
	}
	return v, u, nil
}

// findOpenUpload is findUpload for those who cannot use an ended one.
func (s *Service) findOpenUpload(tx *catalog.Tx, owner glacier.AccountID, name glacier.VaultName, id glacier.UploadID) (record.Vault, record.Upload, error) {
	v, u, err := s.findUpload(tx, owner, name, id)
	if err == nil && !u.Open() {
		err = glacier.UploadNotFound(id)
	}
	return v, u, err
}

// CompleteMultipartUpload makes the parts received one archive. It moves no
// bytes. The parameters are the headers x-amz-archive-size and
// x-amz-sha256-tree-hash as they came. A refusal leaves the upload open. A
// repetition with equal values returns the same archive for as long as the
// upload's outcome is kept.
func (s *Service) CompleteMultipartUpload(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.UploadID, archiveSize, treeHash string) (Receipt, error) {
	want, err := parseTotal(archiveSize, treeHash)
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Tree: want.tree}
	err = s.update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		v, u, err := s.findUpload(tx, owner, name, id)
		switch {
		case err != nil:
			return r, err
		case u.Open():
			r, receipt.Archive, err = s.complete(tx, v, u, want)
			return r, err
		case u.Archive == "" || u.Size != want.size || u.TreeHash != want.tree:
			return r, glacier.UploadNotFound(id)
		}
		receipt.Archive = u.Archive
		return r, nil
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// A total is what a client says its parts add up to.
type total struct {
	size     int64
	tree     treehash.Hash
	treeText string // as it came, for the refusal
}

func parseTotal(archiveSize, treeHash string) (total, error) {
	switch {
	case archiveSize == "":
		return total{}, glacier.MissingParameter(glacier.HeaderArchiveSize)
	case treeHash == "":
		return total{}, glacier.MissingParameter(glacier.HeaderTreeHash)
	}
	size, ok := decimal(archiveSize)
	if !ok || size < 1 || size > glacier.MaxArchiveSize {
		return total{}, invalid(glacier.HeaderArchiveSize, archiveSize)
	}
	tree, err := hashHeader(glacier.HeaderTreeHash, treeHash)
	return total{size, tree, treeHash}, err
}

// complete makes the record that turns an open upload into an archive.
func (s *Service) complete(tx *catalog.Tx, v record.Vault, u record.Upload, want total) (record.Record, glacier.ArchiveID, error) {
	parts, err := tx.Parts(u.ID, 0, glacier.MaxParts)
	if err != nil {
		return record.Record{}, "", fmt.Errorf("list parts: %w", err)
	}
	pieces, err := assemble(u, parts, want.size)
	if err != nil {
		return record.Record{}, "", err
	}
	if rootOf(pieces) != want.tree {
		return record.Record{}, "", invalid(glacier.HeaderTreeHash, want.treeText)
	}
	from := origin{u.Import, u.ImportCreated}
	known, err := from.there(tx, s.ids, v, want.size, want.tree)
	if err != nil {
		return record.Record{}, "", err
	}
	var r record.Record
	u.Ended, u.Size, u.TreeHash = tx.Now().UnixMilli(), want.size, want.tree
	if known { // another upload was quicker
		u.Archive = from.id
		discard(&r, parts)
		r.Put(&u)
		return r, u.Archive, nil
	}
	a := NewArchive(tx, s.ids, v, u.Description)
	from.mark(tx, &a)
	a.Size, a.TreeHash, a.Pieces = want.size, want.tree, pieces
	u.Archive = a.Public
	r.Put(&a)
	r.Put(&u)
	for i := range parts {
		r.Delete(parts[i].Key()) // the bytes are the archive's now
	}
	return r, a.Public, nil
}

// assemble lays an upload's parts, sorted by index, end to end: from byte 0,
// without a gap, exactly size bytes. A part that is short and not the last
// leaves a gap behind it.
func assemble(u record.Upload, parts []record.Part, size int64) ([]record.Piece, error) {
	pieces := make([]record.Piece, len(parts))
	var end int64
	for i, p := range parts {
		if first := int64(p.Index) * u.PartSize; first != end {
			return nil, glacier.Errorf(glacier.InvalidParameterValue,
				"The upload cannot be completed: bytes %d-%d are missing.", end, first-1)
		}
		end += p.Size
		pieces[i] = record.Piece{Payload: p.Payload, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash}
	}
	if end != size {
		return nil, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: %d. The parts of the upload have %d bytes.", glacier.HeaderArchiveSize, size, end)
	}
	return pieces, nil
}

// rootOf is the tree hash of an archive made of the pieces.
func rootOf(pieces []record.Piece) treehash.Hash {
	var b treehash.Builder
	for _, p := range pieces {
		b.Add(p.TreeHash)
	}
	return b.Root()
}

// AbortMultipartUpload ends an upload and frees its parts. To abort it again
// is a success for as long as its outcome is kept; a completed one cannot be
// aborted.
func (s *Service) AbortMultipartUpload(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.UploadID) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		_, u, err := s.findUpload(tx, owner, name, id)
		switch {
		case err != nil:
			return r, err
		case !u.Open() && u.Archive != "":
			return r, glacier.UploadNotFound(id)
		case !u.Open():
			return r, nil
		}
		parts, err := tx.Parts(u.ID, 0, glacier.MaxParts)
		if err != nil {
			return r, fmt.Errorf("list parts: %w", err)
		}
		discard(&r, parts)
		u.Ended = tx.Now().UnixMilli()
		r.Put(&u)
		return r, nil
	})
}

// discard ends parts together with their bytes.
func discard(r *record.Record, parts []record.Part) {
	for i := range parts {
		r.Delete(parts[i].Key())
		r.Delete(record.PayloadKey(parts[i].Payload))
	}
}
