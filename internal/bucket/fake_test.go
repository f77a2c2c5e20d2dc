package bucket

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fakeStore speaks as much of S3 as the package uses, for one bucket in path style, and refuses what is not signed or did not arrive as it was
// signed.
type fakeStore struct {
	*httptest.Server
	fault fault // may be nil; never changed, as the server may be about to call it

	mu      sync.Mutex
	objects map[string][]byte
	uploads map[string]map[int][]byte // parts by number, by id
	heads   map[string]http.Header    // of the latest request of each name
	counts  map[string]int            // requests by name
}

// A fault may answer a request in the store's place, and reports whether it did. It is called with the name of the request and how often
// that has been made, from 1.
type fault func(w http.ResponseWriter, r *http.Request, name string, n int) bool

const fakeName = "results"

// newFake serves an empty store until the test ends.
func newFake(t *testing.T, fault fault) *fakeStore {
	f := &fakeStore{fault: fault, objects: map[string][]byte{}, uploads: map[string]map[int][]byte{}, heads: map[string]http.Header{}, counts: map[string]int{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// count returns how often a request of the name was made.
func (f *fakeStore) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[name]
}

// head returns the header of the latest request of the name.
func (f *fakeStore) head(name string) http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.heads[name]
}

// left returns the numbers of uploads and objects in the store.
func (f *fakeStore) left() (uploads, objects int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.uploads), len(f.objects)
}

// open returns the bucket of the store, impatient.
func (f *fakeStore) open(t *testing.T, change func(*Settings)) *S3 {
	t.Helper()
	s := Settings{Endpoint: f.URL, Name: fakeName, AccessKey: "AKIDEXAMPLE", SecretKey: "hush/hush", SessionToken: "psst", PathStyle: true}
	if change != nil {
		change(&s)
	}
	b, err := newS3(s, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var signed = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/s3/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$`)

// operation names a request.
func operation(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == "POST" && q.Has("uploads"):
		return "begin"
	case r.Method == "POST" && q.Has("uploadId"):
		return "complete"
	case r.Method == "PUT" && q.Has("partNumber"):
		return "part"
	case r.Method == "DELETE" && q.Has("uploadId"):
		return "abort"
	}
	return strings.ToLower(r.Method)
}

func (f *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := operation(r)
	f.mu.Lock()
	f.counts[name]++
	f.heads[name] = r.Header
	n := f.counts[name]
	f.mu.Unlock()
	if f.fault != nil && f.fault(w, r, name, n) {
		return
	}
	body, err := io.ReadAll(r.Body)
	sum := sha256.Sum256(body)
	key, ours := strings.CutPrefix(r.URL.Path, "/"+fakeName+"/")
	switch {
	case err != nil || hex.EncodeToString(sum[:]) != r.Header.Get("X-Amz-Content-Sha256"):
		refuse(w, 400, "XAmzContentSHA256Mismatch", "the bytes did not arrive")
	case !signed.MatchString(r.Header.Get("Authorization")) || r.Header.Get("X-Amz-Security-Token") != "psst":
		refuse(w, 403, "AccessDenied", "who are you?")
	case !ours:
		refuse(w, 404, "NoSuchBucket", "The specified bucket does not exist")
	default:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.serve(w, r, name, key, body)
	}
}

// serve performs a request. mu is held.
func (f *fakeStore) serve(w http.ResponseWriter, r *http.Request, name, key string, body []byte) {
	id := r.URL.Query().Get("uploadId")
	if _, ok := f.uploads[id]; id != "" && !ok {
		refuse(w, 404, "NoSuchUpload", "never heard of it")
		return
	}
	switch name {
	case "put":
		f.objects[key] = body
	case "get":
		data, ok := f.objects[key]
		if !ok {
			refuse(w, 404, "NoSuchKey", "nothing")
			return
		}
		w.Write(data)
	case "delete":
		delete(f.objects, key)
		w.WriteHeader(204)
	case "begin":
		id = strconv.Itoa(f.counts[name])
		f.uploads[id] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case "part":
		number, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
		f.uploads[id][number] = body
		w.Header().Set("Etag", fmt.Sprintf(`"%s-%d"`, id, number))
	case "complete":
		f.complete(w, id, key, body)
	case "abort":
		delete(f.uploads, id)
		w.WriteHeader(204)
	}
}

// complete puts the parts together, if the request names exactly those that came.
func (f *fakeStore) complete(w http.ResponseWriter, id, key string, body []byte) {
	var in struct {
		Part []struct {
			ETag       string
			PartNumber int
		}
	}
	err := xml.Unmarshal(body, &in)
	var whole bytes.Buffer
	for i, p := range in.Part {
		part := f.uploads[id][p.PartNumber]
		if p.PartNumber != i+1 || p.ETag != fmt.Sprintf(`"%s-%d"`, id, i+1) || i+1 < len(in.Part) && len(part) < 5<<20 {
			err = cmp.Or(err, fmt.Errorf("part %d", i+1))
		}
		whole.Write(part)
	}
	if err != nil || len(in.Part) != len(f.uploads[id]) || len(in.Part) == 0 {
		refuse(w, 400, "InvalidRequest", fmt.Sprint(err, slices.Collect(maps.Keys(f.uploads[id]))))
		return
	}
	f.objects[key] = whole.Bytes()
	delete(f.uploads, id)
	io.WriteString(w, "<CompleteMultipartUploadResult/>")
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>", code, message)
}
