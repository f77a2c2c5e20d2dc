package rest

import (
	"net/http"

	"firn/glacier"
	"firn/internal/vault"
)

func uploadArchive(c *call) error {
	in, err := c.h.cfg.Vaults.BeginUpload(c.ctx, c.owner, c.vault, vault.UploadRequest{
		Size:        c.r.ContentLength,
		Description: c.r.Header.Get(glacier.HeaderArchiveDescription),
		Linear:      c.r.Header.Get(glacier.HeaderContentSHA256),
		Tree:        c.r.Header.Get(glacier.HeaderTreeHash),
		Import:      c.imported(),
		Token:       c.uploadToken(),
	})
	if err != nil {
		return err
	}
	got, err := c.receive(in)
	if err != nil {
		return err
	}
	return c.archived(got)
}

// imported is where the archive comes from that the call begins.
func (c *call) imported() vault.Import {
	switch c.op.name {
	case "UploadArchive", "InitiateMultipartUpload":
		return vault.Import{Archive: c.r.Header.Get(glacier.HeaderImportID), Created: c.r.Header.Get(glacier.HeaderImportDate)}
	}
	return vault.Import{}
}

// uploadToken is what the client calls the upload by that the call is.
func (c *call) uploadToken() string {
	if c.op.name != "UploadArchive" {
		return ""
	}
	return c.r.Header.Get(glacier.HeaderUploadToken)
}

func deleteArchive(c *call) error {
	if err := c.h.cfg.Vaults.DeleteArchive(c.ctx, c.owner, c.vault, glacier.ArchiveID(c.id)); err != nil {
		return err
	}
	return c.done()
}

// receive takes the body in and makes it durable.
func (c *call) receive(in *vault.Ingest) (vault.Receipt, error) {
	defer in.Close()
	if err := in.Copy(c.body); err != nil {
		return vault.Receipt{}, err
	}
	got, err := in.Commit(c.ctx)
	if err == nil {
		c.h.cfg.Meter.Uploaded(c.owner, c.body.n)
	}
	return got, err
}

// archived answers the two calls that make an archive.
func (c *call) archived(got vault.Receipt) error {
	set(c.w.Header(), glacier.HeaderArchiveID, string(got.Archive))
	set(c.w.Header(), glacier.HeaderTreeHash, got.Tree.String())
	return c.created(http.StatusCreated, c.location("archives", string(got.Archive)))
}
