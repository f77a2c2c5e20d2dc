package archives

import (
	"net/http"
	"net/url"

	"firn/glacier"
	"firn/internal/console/frame"
)

// An uploadView is what the page for uploads shows.
type uploadView struct {
	Vault      string
	May        map[string]bool
	Unfinished glacier.UploadList
	Next       string // address of the next page of them
}

// showUpload is where archives are uploaded, by a script, and where uploads
// that have not ended are listed.
func showUpload(c *frame.Call) error {
	name := c.Query.Get("vault")
	view := uploadView{
		Vault: name, May: c.Rights(name, "UploadArchive", "InitiateMultipartUpload", "ListMultipartUploads", "AbortMultipartUpload"),
	}
	if view.May["ListMultipartUploads"] {
		q := url.Values{"limit": {"50"}}
		if m := c.Query.Get("marker"); m != "" {
			q.Set("marker", m)
		}
		if err := c.Get(frame.VaultPath(name, "multipart-uploads")+"?"+q.Encode(), &view.Unfinished); err != nil {
			return err
		}
		if m := view.Unfinished.Marker; m != nil {
			view.Next = frame.Link("upload", "vault", name, "marker", *m)
		}
	}
	return c.Render(http.StatusOK, "upload", c.OfVault(name, frame.Page{
		Title: "Upload to " + name, Tab: "upload", Data: view, Scripts: []string{"dropzone.js"},
		Commands: frame.Allowed(c.Rights(name, "UploadArchive", "InitiateMultipartUpload", "UploadMultipartPart", "CompleteMultipartUpload",
			"ListMultipartUploads", "ListParts", "AbortMultipartUpload"),
			frame.GlacierCommand("Upload a file whole, up to 4 GiB", "upload-archive", "vault-name", name, "archive-description", "FILE", "body", "FILE"),
			frame.GlacierCommand("Begin an upload in parts", "initiate-multipart-upload", "vault-name", name, "part-size", "16777216", "archive-description", "FILE"),
			frame.GlacierCommand("Upload one of them", "upload-multipart-part", "vault-name", name, "upload-id", "UPLOAD_ID", "range", "bytes 0-16777215/*", "body", "PART"),
			frame.GlacierCommand("End it, with the tree hash of the whole file", "complete-multipart-upload", "vault-name", name, "upload-id", "UPLOAD_ID",
				"archive-size", "BYTES", "checksum", "TREE_HASH"),
			frame.GlacierCommand("List the parts that are there", "list-parts", "vault-name", name, "upload-id", "UPLOAD_ID"),
			frame.GlacierCommand("List unfinished uploads", "list-multipart-uploads", "vault-name", name),
			frame.GlacierCommand("Give one up", "abort-multipart-upload", "vault-name", name, "upload-id", "UPLOAD_ID"),
		),
	}))
}

// abortUpload gives an unfinished upload up.
func abortUpload(c *frame.Call) error {
	name := c.Form.Get("vault")
	back := frame.Link("upload", "vault", name)
	if c.Form.Get("sure") != "yes" {
		return c.Instead(back, frame.Refuse(http.StatusBadRequest, "Nothing was done: tick the box to confirm."))
	}
	if _, err := c.Change(http.MethodDelete, frame.VaultPath(name, "multipart-uploads", c.Form.Get("upload")), nil); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The upload was given up, and its parts are gone.")
}
