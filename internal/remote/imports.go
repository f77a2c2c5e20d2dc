package remote

import (
	"context"
	"net/http"
	"strconv"

	"firn/glacier"
	"firn/treehash"
)

// An Origin is what an archive was known by elsewhere. A server of Firn's keeps
// that, if the key has the right to import; Amazon takes no notice, and gives the
// archive another id: whoever imports looks at the receipt.
type Origin struct {
	Archive glacier.ArchiveID
	Created string // RFC 3339; "" is now
}

func (o Origin) add(h http.Header) http.Header {
	h.Set(glacier.HeaderImportID, string(o.Archive))
	if o.Created != "" {
		h.Set(glacier.HeaderImportDate, o.Created)
	}
	return h
}

// Import is [Vault.Upload] of an archive from elsewhere. To repeat it changes
// nothing, where the id is kept.
func (v *Vault) Import(ctx context.Context, o Origin, description string, c Content) (Receipt, error) {
	h, err := v.s.tell(ctx, call{
		method: http.MethodPost, path: v.path("archives"), content: &c,
		header: o.add(describe(description, glacier.HeaderTreeHash, c.Tree.String())),
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt(h, c.Tree)
}

// BeginImport is [Vault.Begin] for an archive from elsewhere of which size and
// tree hash are known. If the vault has it already nothing begins, and there is
// its receipt.
func (v *Vault) BeginImport(ctx context.Context, o Origin, description string, partSize, size int64, tree treehash.Hash) (id glacier.UploadID, there Receipt, err error) {
	h, err := v.s.tell(ctx, call{
		method: http.MethodPost, path: v.path("multipart-uploads"),
		header: o.add(describe(description,
			glacier.HeaderPartSize, strconv.FormatInt(partSize, 10),
			glacier.HeaderArchiveSize, strconv.FormatInt(size, 10),
			glacier.HeaderTreeHash, tree.String())),
	})
	if err != nil {
		return "", Receipt{}, err
	}
	if h.Get(glacier.HeaderArchiveID) != "" {
		there, err = receipt(h, tree)
		return "", there, err
	}
	upload, err := header(h, glacier.HeaderUploadID)
	return glacier.UploadID(upload), Receipt{}, err
}
