package vault

import (
	"context"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/treehash"
)

// An Import says that an archive was kept elsewhere before: it keeps the id that
// it had there, and the date of its creation. The members are headers as they
// came. The zero value is an upload like any other.
//
// Whether the caller may import is the caller's to find out.
type Import struct {
	Archive string // x-firn-archive-id
	Created string // x-firn-creation-date: RFC 3339; "" is now
}

// Any reports whether there is anything to import.
func (i Import) Any() bool { return i != Import{} }

// An origin is an Import that was understood. The zero value is none.
type origin struct {
	id      glacier.ArchiveID
	created int64 // Unix ms, 0 if that is not known
}

func (i Import) parse() (o origin, err error) {
	switch {
	case !i.Any():
		return o, nil
	case i.Archive == "":
		return o, glacier.MissingParameter(glacier.HeaderImportID)
	}
	if o.id = glacier.ArchiveID(i.Archive); !o.id.Valid() {
		return o, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: it must be 1 to %d characters long, each a letter, a digit, - or _",
			glacier.HeaderImportID, glacier.MaxArchiveIDLength)
	}
	if i.Created == "" {
		return o, nil
	}
	at, err := time.Parse(time.RFC3339, i.Created)
	if o.created = at.UnixMilli(); err != nil || o.created < 1 {
		return o, invalid(glacier.HeaderImportDate, i.Created)
	}
	return o, nil
}

// refuse returns why the archive cannot be imported into the vault, whatever is
// in it.
func (o origin) refuse(tx *catalog.Tx, ids token.Key, v record.Vault) error {
	if o.created > tx.Now().UnixMilli() {
		return glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: %s is in the future", glacier.HeaderImportDate, glacier.At(o.created))
	}
	t, ok := ids.Open(token.Archive, string(o.id))
	if !ok || t.Vault == v.ID {
		return nil
	}
	a, ok, err := tx.Archive(t.Vault, t.Number)
	if err != nil {
		return fmt.Errorf("look up archive: %w", err)
	}
	if ok && a.Public == o.id {
		return glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: it is the id of an archive in another vault of this server", glacier.HeaderImportID)
	}
	return nil
}

// there reports whether the vault has the archive already. That it has another
// one under the same id is a refusal.
func (o origin) there(tx *catalog.Tx, ids token.Key, v record.Vault, size int64, tree treehash.Hash) (bool, error) {
	if o.id == "" {
		return false, nil
	}
	if err := o.refuse(tx, ids, v); err != nil {
		return false, err
	}
	a, ok, err := tx.Named(ids, v.ID, o.id)
	switch {
	case err != nil:
		return false, fmt.Errorf("look up archive: %w", err)
	case !ok || a.Deleted:
		return false, nil
	case a.Size != size || a.TreeHash != tree:
		return false, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: the vault has an archive with this id already, of %d bytes, with the tree hash %s",
			glacier.HeaderImportID, a.Size, a.TreeHash)
	}
	return true, nil
}

// mark makes a new archive the one that comes from there.
func (o origin) mark(tx *catalog.Tx, a *record.Archive) {
	if o.id == "" {
		return
	}
	a.Public, a.Imported, a.Witnessed = o.id, a.Created, tx.LockNow().UnixMilli()
	if o.created != 0 {
		a.Created = min(o.created, a.Imported) // the clock may have been set back since
	}
}

// An ImportRequest begins the import of an archive in parts. Empty strings were
// absent.
type ImportRequest struct {
	Import
	PartSize    string // x-amz-part-size
	Description string // x-amz-archive-description

	// What the archive is to be: x-amz-archive-size, x-amz-sha256-tree-hash. They
	// need not be told, and are not held against what is uploaded.
	Size, Tree string
}

// InitiateImport is InitiateMultipartUpload of an archive that was kept
// elsewhere. If the request tells what the archive is to be, and the vault has
// exactly that under its id, nothing begins and that is the answer: the receipt
// of what is there. Any other archive under the id is a refusal. Who completes
// the upload need not tell again what is imported.
func (s *Service) InitiateImport(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q ImportRequest) (id glacier.UploadID, there Receipt, err error) {
	o, err := q.parse()
	if err != nil {
		return "", Receipt{}, err
	}
	b, err := parseBeginning(q.PartSize, q.Description)
	if err != nil {
		return "", Receipt{}, err
	}
	want := total{size: -1}
	if q.Size != "" || q.Tree != "" {
		if want, err = parseTotal(q.Size, q.Tree); err != nil {
			return "", Receipt{}, err
		}
	}
	b.origin = o
	err = s.update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		id, there = "", Receipt{}
		v, err := s.find(tx, owner, name)
		if err != nil {
			return r, err
		}
		known, err := o.there(tx, s.ids, v, want.size, want.tree)
		switch {
		case err != nil:
			return r, err
		case known:
			there = Receipt{Archive: o.id, Tree: want.tree}
			return r, nil
		}
		id = s.begin(tx, v, b, &r)
		return r, nil
	})
	if err != nil {
		return "", Receipt{}, err
	}
	return id, there, nil
}
