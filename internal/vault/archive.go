package vault

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/internal/token"
	"firn/treehash"
)

// FindArchive looks up the archive that a request on the vault names. One that
// does not exist, any more or at all, is ResourceNotFoundException; one that
// belongs to another vault is InvalidParameterValueException.
func FindArchive(tx *catalog.Tx, ids token.Key, region string, v record.Vault, id glacier.ArchiveID) (record.Archive, error) {
	a, found, err := openArchive(tx, ids, region, v, id)
	if err != nil {
		return record.Archive{}, err
	}
	if !found {
		return record.Archive{}, glacier.ArchiveNotFound(id)
	}
	return a, nil
}

// openArchive is FindArchive with one distinction more: found is false for an
// archive that is gone, and an error for an id that was never given out.
func openArchive(tx *catalog.Tx, ids token.Key, region string, v record.Vault, id glacier.ArchiveID) (a record.Archive, found bool, err error) {
	a, ok, err := tx.Named(ids, v.ID, id)
	switch {
	case err != nil:
		return record.Archive{}, false, fmt.Errorf("look up archive: %w", err)
	case ok && !a.Deleted:
		return a, true, nil
	}
	t, ok := ids.Open(token.Archive, string(id))
	if !ok {
		return record.Archive{}, false, glacier.ArchiveNotFound(id)
	}
	if t.Vault != v.ID {
		// The other vault may itself be gone, and its archives with it.
		_, exists, err := tx.VaultByID(t.Vault)
		if err != nil || !exists {
			return record.Archive{}, false, err
		}
		return record.Archive{}, false, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid vault name: %s", glacier.VaultARN(region, v.Account, v.Name))
	}
	return record.Archive{}, false, nil
}

// DeleteArchive ends an archive. That it is gone already is a success. Its
// bytes stay as long as a job pins them.
func (s *Service) DeleteArchive(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, id glacier.ArchiveID) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err != nil {
			return r, err
		}
		a, found, err := openArchive(tx, s.ids, s.region, v, id)
		if err != nil || !found {
			return r, err
		}
		pins, err := tx.Pins(v.ID, a.ID)
		if err != nil {
			return r, fmt.Errorf("count pins: %w", err)
		}
		if pins > 0 {
			a.Deleted = true
			r.Put(&a)
			return r, nil
		}
		for _, k := range ArchiveKeys(&a) {
			r.Delete(k)
		}
		return r, nil
	})
}

// ArchiveKeys are the keys of what ends with an archive that nothing pins:
// itself and its payloads.
func ArchiveKeys(a *record.Archive) []record.Key {
	keys := make([]record.Key, 0, 1+len(a.Pieces))
	keys = append(keys, a.Key())
	for _, p := range a.Pieces {
		keys = append(keys, record.PayloadKey(p.Payload))
	}
	return keys
}

// An UploadRequest is the header of UploadArchive. Empty strings were absent.
type UploadRequest struct {
	Size        int64  // Content-Length; negative if there was none
	Description string // x-amz-archive-description
	Linear      string // x-amz-content-sha256
	Tree        string // x-amz-sha256-tree-hash

	// Import is where the archive comes from. If the vault has it already, the
	// upload changes nothing, and is answered as if it had brought it.
	Import Import

	// Token is x-firn-upload-token. If the vault has an archive that was uploaded
	// with it, and it is this one, the upload changes nothing, and is answered as if
	// it had brought it; if it is another, it is refused.
	Token string
}

// BeginUpload is the first half of UploadArchive: it refuses what can be
// refused without the body. Otherwise the caller hands the body to the Ingest,
// commits it, and closes it in any case.
func (s *Service) BeginUpload(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q UploadRequest) (*Ingest, error) {
	if q.Size < 0 {
		return nil, glacier.MissingParameter("Content-Length")
	}
	want, err := parseDeclared(q.Linear, q.Tree)
	if err != nil {
		return nil, err
	}
	if q.Size < 1 || q.Size > glacier.MaxUploadSize {
		return nil, glacier.Errorf(glacier.InvalidParameterValue, "Invalid Content-Length: %d", q.Size)
	}
	if err := checkDescription(q.Description); err != nil {
		return nil, err
	}
	c, err := q.claims(want.tree)
	if err != nil {
		return nil, err
	}
	var v record.Vault
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		if v, err = s.find(tx, owner, name); err == nil {
			_, err = c.there(tx, s.ids, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	keep := func(tx *catalog.Tx, w payload.Writer) (record.Record, glacier.ArchiveID, error) {
		now, err := s.find(tx, owner, name)
		if err == nil && now.ID != v.ID { // deleted meanwhile, and made anew
			err = glacier.VaultNotFound(s.region, owner, name)
		}
		if err != nil {
			return record.Record{}, "", err
		}
		if there, err := c.there(tx, s.ids, v); err != nil || there != "" {
			return record.Record{}, there, err
		}
		var r record.Record
		stored := w.Attach(&r, tx.LSN())
		a := NewArchive(tx, s.ids, v, q.Description)
		c.mark(tx, &a)
		a.Size, a.TreeHash = stored.Size, stored.TreeHash
		a.Pieces = []record.Piece{{Payload: stored.ID, LSN: stored.LSN, Size: stored.Size, TreeHash: stored.TreeHash}}
		r.Put(&a)
		return r, a.Public, nil
	}
	return s.ingest(ctx, payload.Header{Vault: v.ID, Description: q.Description, Size: q.Size}, want, keep)
}

// NewArchive gives an archive its identity. Size, hash and pieces are the
// caller's to fill in.
func NewArchive(tx *catalog.Tx, ids token.Key, v record.Vault, description string) record.Archive {
	id, now := uint64(tx.LSN()), tx.Now()
	a := record.Archive{
		Vault:       v.ID,
		ID:          id,
		Public:      glacier.ArchiveID(ids.Seal(token.ID{Kind: token.Archive, Vault: v.ID, Number: id, Random: tx.Random()})),
		Description: description,
		Created:     now.UnixMilli(),
	}
	// Its age is told by the lock clock, which the machine's need not agree with.
	if w := tx.LockNow(); w.Sub(now).Abs() > time.Second {
		a.Witnessed = w.UnixMilli()
	}
	return a
}

// declared are the hashes that a client says its body has.
type declared struct {
	linear, tree         treehash.Hash
	linearText, treeText string // as they came, for the refusal
}

func parseDeclared(linear, tree string) (declared, error) {
	if linear == "" {
		return declared{}, glacier.MissingParameter(glacier.HeaderContentSHA256)
	}
	if tree == "" {
		return declared{}, glacier.MissingParameter(glacier.HeaderTreeHash)
	}
	d := declared{linearText: linear, treeText: tree}
	var err error
	if d.linear, err = hashHeader(glacier.HeaderContentSHA256, linear); err != nil {
		return d, err
	}
	d.tree, err = hashHeader(glacier.HeaderTreeHash, tree)
	return d, err
}

// check compares what was declared with what came. The linear hash is part of
// the signature, and so comes first.
func (d declared) check(got payload.Sum) error {
	if got.Linear != d.linear {
		return glacier.Errorf(glacier.InvalidSignature,
			"The value passed in as x-amz-content-sha256 does not match the computed payload hash. "+
				"Computed digest: %s expected hash: %s", got.Linear, d.linearText)
	}
	if got.Tree != d.tree {
		return glacier.Errorf(glacier.InvalidParameterValue,
			"Checksum mismatch: expected %s, computed %s", d.treeText, got.Tree)
	}
	return nil
}
