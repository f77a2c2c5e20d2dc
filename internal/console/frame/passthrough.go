package frame

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/sigv4"
)

// handedOn are the headers of a request that reach the vault API.
var handedOn = []string{
	"Content-Type", "Content-Range", "Range", glacier.HeaderContentSHA256, glacier.HeaderTreeHash,
	glacier.HeaderArchiveDescription, glacier.HeaderArchiveSize, glacier.HeaderPartSize,
}

// passThrough hands a script's request on to the vault API, signed, and the
// reply back as it is. The path, with its query, is the parameter path. The
// token is in a header, for reading, too: no form and no link can send one.
//
// A body streams: its hash is what the script says it is, and the API compares
// it.
func passThrough(c *Call) error {
	if !c.session.genuine(c.Request.Header.Get("X-Firn-Csrf")) {
		return Refuse(http.StatusForbidden, "This request is of another session.")
	}
	out, err := c.outgoing(c.Query.Get("path"))
	if err != nil {
		return err
	}
	c.Begun = true
	c.Config.API.ServeHTTP(c.Writer, out)
	return nil
}

// outgoing is a request to the vault API in the place of the visitor's, with
// the visitor's method and body.
func (c *Call) outgoing(path string) (*http.Request, error) {
	target, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || target.Host != "" {
		return nil, Refuse(http.StatusBadRequest, "The parameter path is not a path.")
	}
	out := c.Request.Clone(c.Request.Context())
	out.Header = http.Header{}
	transport{from: c.Request}.introduce(out)
	for _, name := range handedOn {
		if v := c.Request.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	out.Header.Set(glacier.HeaderVersion, glacier.Version)
	out.URL, out.RequestURI = target, path
	hash := out.Header.Get(glacier.HeaderContentSHA256)
	switch {
	case hash == "" && out.ContentLength == 0:
		hash = emptyHash
	case hash == "":
		return nil, Refuse(http.StatusBadRequest, "A body needs the header "+glacier.HeaderContentSHA256+".")
	}
	sigv4.Sign(out, c.session.key, c.Config.Region, glacier.Service, hash, time.Now())
	return out, nil
}

// emptyHash is the SHA-256 of nothing.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
