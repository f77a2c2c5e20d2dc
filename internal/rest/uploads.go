package rest

import (
	"net/http"

	"firn/glacier"
	"firn/internal/vault"
)

func initiateUpload(c *call) error {
	if from := c.imported(); from.Any() {
		return initiateImport(c, from)
	}
	id, err := c.h.cfg.Vaults.InitiateMultipartUpload(c.ctx, c.owner, c.vault,
		c.r.Header.Get(glacier.HeaderPartSize), c.r.Header.Get(glacier.HeaderArchiveDescription))
	if err != nil {
		return err
	}
	return c.initiated(id)
}

// initiateImport begins an upload, or answers as its end would be answered if
// the archive is there.
func initiateImport(c *call, from vault.Import) error {
	h := c.r.Header
	id, there, err := c.h.cfg.Vaults.InitiateImport(c.ctx, c.owner, c.vault, vault.ImportRequest{
		Import:      from,
		PartSize:    h.Get(glacier.HeaderPartSize),
		Description: h.Get(glacier.HeaderArchiveDescription),
		Size:        h.Get(glacier.HeaderArchiveSize),
		Tree:        h.Get(glacier.HeaderTreeHash),
	})
	switch {
	case err != nil:
		return err
	case there.Archive != "":
		return c.archived(there)
	}
	return c.initiated(id)
}

func (c *call) initiated(id glacier.UploadID) error {
	set(c.w.Header(), glacier.HeaderUploadID, string(id))
	return c.created(http.StatusCreated, c.location("multipart-uploads", string(id)))
}

func uploadPart(c *call) error {
	in, err := c.h.cfg.Vaults.BeginPart(c.ctx, c.owner, c.vault, glacier.UploadID(c.id), vault.PartRequest{
		Size:   c.r.ContentLength,
		Range:  c.r.Header.Get("Content-Range"),
		Linear: c.r.Header.Get(glacier.HeaderContentSHA256),
		Tree:   c.r.Header.Get(glacier.HeaderTreeHash),
	})
	if err != nil {
		return err
	}
	got, err := c.receive(in)
	if err != nil {
		return err
	}
	set(c.w.Header(), glacier.HeaderTreeHash, got.Tree.String())
	return c.done()
}

func completeUpload(c *call) error {
	got, err := c.h.cfg.Vaults.CompleteMultipartUpload(c.ctx, c.owner, c.vault, glacier.UploadID(c.id),
		c.r.Header.Get(glacier.HeaderArchiveSize), c.r.Header.Get(glacier.HeaderTreeHash))
	if err != nil {
		return err
	}
	return c.archived(got)
}

func abortUpload(c *call) error {
	if err := c.h.cfg.Vaults.AbortMultipartUpload(c.ctx, c.owner, c.vault, glacier.UploadID(c.id)); err != nil {
		return err
	}
	return c.done()
}

func listParts(c *call) error {
	l, err := c.h.cfg.Vaults.ListParts(c.ctx, c.owner, c.vault, glacier.UploadID(c.id), c.page())
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, l)
}

func listUploads(c *call) error {
	l, err := c.h.cfg.Vaults.ListMultipartUploads(c.ctx, c.owner, c.vault, c.page())
	if err != nil {
		return err
	}
	return c.document(http.StatusOK, l)
}
