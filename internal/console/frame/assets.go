package frame

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// assets are the style sheet, the scripts and the pictures, by path.
type assets struct {
	byPath  map[string]asset
	version string // of all of them together
}

type asset struct {
	kind string // media type
	etag string
	data []byte
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// loadAssets reads what is built in.
func loadAssets(files fs.FS) (assets, error) {
	all := assets{byPath: map[string]asset{}}
	whole := sha256.New()
	entries, err := fs.ReadDir(files, "assets")
	if err != nil {
		return all, fmt.Errorf("read the console's assets: %w", err)
	}
	for _, e := range entries {
		data, err := fs.ReadFile(files, "assets/"+e.Name())
		if err != nil {
			return all, fmt.Errorf("read the console's assets: %w", err)
		}
		sum := sha256.Sum256(data)
		_, _ = whole.Write(sum[:]) // a hash takes everything
		all.byPath[Root+"assets/"+e.Name()] = asset{
			kind: kinds[path.Ext(e.Name())], etag: `"` + hex.EncodeToString(sum[:12]) + `"`, data: data,
		}
	}
	all.version = hex.EncodeToString(whole.Sum(nil)[:6])
	return all, nil
}

// serve answers with an asset, which is the same for everybody.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", "no-cache") // kept, and asked for again: an upgrade is seen at once
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(a.data)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.data) // who has gone away gets nothing
	}
}
