package crashtest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// shelfBucket is the bucket that the server is configured for.
const shelfBucket = "shelf"

// A shelf is a store that speaks as much of S3 as select jobs do, and outlives
// the server. It keeps objects as files, so that they can be looked at as those
// of the server's own directory.
type shelf struct {
	t   *testing.T
	url string
	dir string

	mu      sync.Mutex
	uploads map[string]map[int][]byte // parts by number, by id
	begun   int                       // uploads, and what was given up with the server's lives
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{t: t, dir: t.TempDir(), uploads: map[string]map[int][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// config writes a configuration that has the shelf as a bucket, and returns the
// flag for it.
func (s *shelf) config() string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "firn.yaml")
	text := fmt.Sprintf("buckets:\n  %s: {endpoint: %q, access-key: shelf, secret-key: secret, path-style: true}\n", shelfBucket, s.url)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return "--config=" + file
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength && r.ContentLength >= 0 {
		return // the server was killed
	}
	key := strings.TrimPrefix(r.URL.Path, "/"+shelfBucket+"/")
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	parts, id := s.uploads[q.Get("uploadId")], q.Get("uploadId")
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		s.begun++
		id = strconv.Itoa(s.begun)
		s.uploads[id] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case r.Method == http.MethodPut && parts != nil:
		number, _ := strconv.Atoi(q.Get("partNumber"))
		parts[number] = body
		w.Header().Set("ETag", fmt.Sprintf("%q", q.Get("partNumber")))
	case r.Method == http.MethodPost && parts != nil:
		s.put(key, assembled(parts, body))
		delete(s.uploads, id)
		io.WriteString(w, "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut && id == "":
		s.put(key, body)
		w.Header().Set("ETag", `"1"`)
	case r.Method == http.MethodDelete && id == "":
		if err := os.Remove(s.path(key)); err != nil && !os.IsNotExist(err) {
			s.t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		delete(s.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// assembled puts those parts together that the request lists.
func assembled(parts map[int][]byte, request []byte) []byte {
	var list struct {
		Part []struct{ PartNumber int }
	}
	_ = xml.Unmarshal(request, &list)
	var whole bytes.Buffer
	for _, p := range list.Part {
		whole.Write(parts[p.PartNumber])
	}
	return whole.Bytes()
}

// put makes an object, whole or not at all for who looks at the files.
func (s *shelf) put(key string, body []byte) {
	name := s.path(key)
	err := os.MkdirAll(filepath.Dir(name), 0o700)
	if err == nil {
		err = os.WriteFile(s.dir+"/%tmp", body, 0o600)
	}
	if err == nil {
		err = os.Rename(s.dir+"/%tmp", name)
	}
	if err != nil {
		s.t.Error(err)
	}
}

func (s *shelf) path(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }
