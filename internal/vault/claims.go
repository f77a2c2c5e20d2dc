package vault

import (
	"fmt"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/treehash"
)

// claims are what an UploadArchive says that the vault may know the archive by
// already: where it comes from, or the token that it is sent with. There may be
// neither, and are never both.
type claims struct {
	origin origin
	token  glacier.UploadToken // "" is none

	description string
	size        int64
	tree        treehash.Hash
}

func (q *UploadRequest) claims(tree treehash.Hash) (c claims, err error) {
	c = claims{token: glacier.UploadToken(q.Token), description: q.Description, size: q.Size, tree: tree}
	if c.origin, err = q.Import.parse(); err != nil || c.token == "" {
		return c, err
	}
	switch {
	case !c.token.Valid():
		return c, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: it must be 1 to %d characters long, each a letter, a digit, - or _",
			glacier.HeaderUploadToken, glacier.MaxUploadTokenLength)
	case q.Import.Any():
		return c, glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: an archive that comes with an %s has none", glacier.HeaderUploadToken, glacier.HeaderImportID)
	}
	return c, nil
}

// there finds the archive in the vault that the upload would make; id is empty if
// there is none. That there is another one by the same name is a refusal.
func (c *claims) there(tx *catalog.Tx, ids token.Key, v record.Vault) (id glacier.ArchiveID, err error) {
	if c.token == "" {
		known, err := c.origin.there(tx, ids, v, c.size, c.tree)
		if err != nil || !known {
			return "", err
		}
		return c.origin.id, nil
	}
	a, ok, err := tx.Sent(v.ID, c.token)
	switch {
	case err != nil:
		return "", fmt.Errorf("look up archive: %w", err)
	case !ok:
		return "", nil
	case a.Size != c.size || a.TreeHash != c.tree || a.Description != c.description:
		return "", glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid %s: the vault has another archive that was uploaded with this token", glacier.HeaderUploadToken)
	}
	return a.Public, nil
}

// mark makes a new archive the one that is there from now on.
func (c *claims) mark(tx *catalog.Tx, a *record.Archive) {
	c.origin.mark(tx, a)
	a.Token = c.token
}
