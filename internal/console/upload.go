package console

import (
	"net/http"
	"net/url"

	"firn/glacier"
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
func showUpload(c *call) error {
	name := c.query.Get("vault")
	view := uploadView{
		Vault: name, May: c.rights(name, "UploadArchive", "InitiateMultipartUpload", "ListMultipartUploads", "AbortMultipartUpload"),
	}
	if view.May["ListMultipartUploads"] {
		q := url.Values{"limit": {"50"}}
		if m := c.query.Get("marker"); m != "" {
			q.Set("marker", m)
		}
		if err := c.get(vaultPath(name, "multipart-uploads")+"?"+q.Encode(), &view.Unfinished); err != nil {
			return err
		}
		if m := view.Unfinished.Marker; m != nil {
			view.Next = link("upload", "vault", name, "marker", *m)
		}
	}
	return c.render(http.StatusOK, "upload", c.ofVault(name, page{
		Title: "Upload to " + name, Tab: "upload", Data: view, Scripts: []string{"dropzone.js"},
		Commands: []command{
			glacierCommand("Upload a file whole, up to 4 GiB", "upload-archive", "vault-name", name, "archive-description", "FILE", "body", "FILE"),
			glacierCommand("Begin an upload in parts", "initiate-multipart-upload", "vault-name", name, "part-size", "16777216", "archive-description", "FILE"),
			glacierCommand("List unfinished uploads", "list-multipart-uploads", "vault-name", name),
			glacierCommand("Give one up", "abort-multipart-upload", "vault-name", name, "upload-id", "UPLOAD_ID"),
		},
	}))
}

// abortUpload gives an unfinished upload up.
func abortUpload(c *call) error {
	name := c.form.Get("vault")
	back := link("upload", "vault", name)
	if _, err := c.change(http.MethodDelete, vaultPath(name, "multipart-uploads", c.form.Get("upload")), nil); err != nil {
		return c.instead(back, err)
	}
	return c.done(back, "The upload was given up, and its parts are gone.")
}
