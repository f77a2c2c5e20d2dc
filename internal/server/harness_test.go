package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/disk"
	"firn/internal/sigv4"
	"firn/internal/store/local"
	"firn/treehash"
)

const (
	testRegion  = "us-east-1"
	testAccount = "111122223333"
)

// patience is how long anything may take that happens by itself.
const patience = 30 * time.Second

// long reports whether the long tests were asked for.
func long() bool { return os.Getenv("FIRN_LONG") != "" }

// A house is a server on a loopback port, and a client of it.
type house struct {
	t      testing.TB
	cfg    Config
	srv    *Server
	served chan error
	client *client.Client
	// hasty lets the configuration have lives that Validate finds too short.
	hasty bool
}

// newHouse starts a server on a new data directory. It is closed, and its
// store checked deeply, when the test ends.
func newHouse(t testing.TB, change func(*Config)) *house {
	t.Helper()
	timing, err := Fast.Timing()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, cfg: Config{
		Data: t.TempDir(), Listen: "127.0.0.1:0", Region: testRegion, Account: testAccount,
		RootKey: Key{ID: "AKIAEXAMPLEEXAMPLE00", Secret: "secret/of/a/test/000000000000000000000000"},
		Timing:  timing, Reserve: 1 << 20, ShutdownTimeout: patience,
	}}
	if change != nil {
		change(&h.cfg)
	}
	h.start()
	t.Cleanup(func() {
		h.stop()
		h.check()
	})
	return h
}

func (h *house) start() {
	h.t.Helper()
	srv, err := h.open()
	if err != nil {
		h.t.Fatalf("open the server: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve() }()
	h.srv, h.served = srv, served
	h.client, err = client.New(client.Config{
		Endpoint: srv.URL(), Region: testRegion,
		Key: sigv4.Credentials{AccessKeyID: h.cfg.RootKey.ID, SecretAccessKey: h.cfg.RootKey.Secret},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open() (*Server, error) {
	cfg := h.cfg
	if !h.hasty {
		return Open(cfg)
	}
	life := cfg.Timing.OutputLife
	cfg.Timing.OutputLife = time.Minute
	srv := &Server{cfg: cfg, log: slog.New(slog.DiscardHandler)}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	srv.cfg.Timing.OutputLife = life
	srv.cfg.ShutdownTimeout, srv.cfg.MaxConnections = patience, maxConnections
	return srv, srv.open()
}

func (h *house) stop() {
	h.t.Helper()
	if h.srv == nil {
		return
	}
	if err := errors.Join(h.srv.Close(), <-h.served); err != nil {
		h.t.Errorf("close the server: %v", err)
	}
	h.srv = nil
}

// restart closes and opens the server, without its catalog if it is told to.
func (h *house) restart(forget bool) {
	h.t.Helper()
	h.stop()
	if forget {
		if err := os.RemoveAll(filepath.Join(h.cfg.Data, "catalog")); err != nil {
			h.t.Fatal(err)
		}
	}
	h.start()
}

// check has the closed store verified, every byte of it.
func (h *house) check() {
	h.t.Helper()
	report, err := local.Check(context.Background(), local.Config{FS: disk.OS(h.cfg.Data)}, local.CheckOptions{Deep: true})
	if err != nil {
		h.t.Errorf("check the store: %v", err)
		return
	}
	if !report.Clean() {
		h.t.Errorf("the store's check found: damaged %v, problems %q", report.Damaged, report.Problems)
	}
}

// A reply is what came back, whichever way.
type reply struct {
	status  int
	code    glacier.Code // of a refusal
	message string
	header  http.Header
	body    []byte
}

// call sends a request and reads the whole reply.
func (h *house) call(q client.Request) reply {
	h.t.Helper()
	resp, err := h.client.Do(context.Background(), q)
	var refused *client.Error
	if errors.As(err, &refused) {
		if refused.Refusal == nil {
			h.t.Fatalf("%s %s: %v", q.Method, q.Path, refused)
		}
		return reply{status: refused.Status, code: refused.Refusal.Code, message: refused.Refusal.Message}
	}
	if err != nil {
		h.t.Fatalf("%s %s: %v", q.Method, q.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatalf("%s %s: read the reply: %v", q.Method, q.Path, err)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: body}
}

// must is call for requests that are to succeed.
func (h *house) must(q client.Request) reply {
	h.t.Helper()
	got := h.call(q)
	if got.status >= 400 {
		h.t.Fatalf("%s %s: %d %s: %s", q.Method, q.Path, got.status, got.code, got.message)
	}
	return got
}

// get asks for a document.
func (h *house) get(path string, into any) {
	h.t.Helper()
	got := h.must(client.Request{Method: "GET", Path: path})
	if err := json.Unmarshal(got.body, into); err != nil {
		h.t.Fatalf("GET %s: %v in %s", path, err, got.body)
	}
}

// A document is what DescribeJob says, as far as the tests look.
type jobDocument struct {
	Completed                    bool
	StatusCode                   string
	StatusMessage                *string
	SHA256TreeHash               *string
	InventorySizeInBytes         *int64
	InventoryRetrievalParameters *struct{ Marker *string }
}

// await asks for a job until it is complete. A request is all there is to
// wait for; the ticker keeps it from taking a whole processor.
func (h *house) await(vault, id string) jobDocument {
	h.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		var d jobDocument
		h.get(vaultPath(vault, "jobs", id), &d)
		if d.Completed {
			return d
		}
	}
	h.t.Fatalf("job %s of vault %s is not complete after %v", id, vault, patience)
	return jobDocument{}
}

// vaultPath is the path of a vault or of something in it.
func vaultPath(vault string, below ...string) string {
	path := "/-/vaults/" + url.PathEscape(vault)
	for _, segment := range below {
		path += "/" + segment
	}
	return path
}

// uploadRequest is a good UploadArchive.
func uploadRequest(vault, note string, data []byte) client.Request {
	header := http.Header{"X-Amz-Sha256-Tree-Hash": {naiveTree(data)}}
	if note != "" {
		header.Set("x-amz-archive-description", note)
	}
	return client.Request{Method: "POST", Path: vaultPath(vault, "archives"), Header: header, Body: client.Bytes(data)}
}

func (h *house) createVault(name string) {
	h.t.Helper()
	h.must(client.Request{Method: "PUT", Path: vaultPath(name)})
}

func (h *house) upload(vault, note string, data []byte) (id string) {
	h.t.Helper()
	return h.must(uploadRequest(vault, note, data)).header.Get("x-amz-archive-id")
}

func (h *house) deleteArchive(vault, id string) {
	h.t.Helper()
	h.must(client.Request{Method: "DELETE", Path: vaultPath(vault, "archives", id)})
}

func (h *house) initiate(vault, parameters string) (id string) {
	h.t.Helper()
	got := h.must(client.Request{Method: "POST", Path: vaultPath(vault, "jobs"), Body: client.Bytes([]byte(parameters))})
	return got.header.Get("x-amz-job-id")
}

// output asks for a job's output, or the part of it that the Range names.
func (h *house) output(vault, job, span string) reply {
	h.t.Helper()
	q := client.Request{Method: "GET", Path: vaultPath(vault, "jobs", job, "output")}
	if span != "" {
		q.Header = http.Header{"Range": {span}}
	}
	return h.call(q)
}

// noise is n bytes that no other call returns.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// naiveLevels is the hash tree of data, computed level by level as the guide
// describes it, with nothing of package treehash.
func naiveLevels(data []byte) [][][sha256.Size]byte {
	var level [][sha256.Size]byte
	for chunk := range chunks(data) {
		level = append(level, sha256.Sum256(chunk))
	}
	levels := [][][sha256.Size]byte{level}
	for len(level) > 1 {
		var next [][sha256.Size]byte
		for i := 0; i < len(level); i += 2 {
			if i+1 == len(level) {
				next = append(next, level[i])
				continue
			}
			next = append(next, sha256.Sum256(append(bytes.Clone(level[i][:]), level[i+1][:]...)))
		}
		level = next
		levels = append(levels, level)
	}
	return levels
}

func chunks(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			n := min(len(data), treehash.LeafSize)
			if !yield(data[:n]) {
				return
			}
			data = data[n:]
		}
	}
}

// naiveTree is the tree hash of data.
func naiveTree(data []byte) string {
	levels := naiveLevels(data)
	if len(data) == 0 {
		empty := sha256.Sum256(nil)
		return hex.EncodeToString(empty[:])
	}
	root := levels[len(levels)-1][0]
	return hex.EncodeToString(root[:])
}

// nodeHash is the hash of the node of data's tree that spans exactly the bytes
// first to last, "" if there is no such node: by definition the range is then
// not tree-hash aligned.
func nodeHash(data []byte, first, last int) string {
	for height, level := range naiveLevels(data) {
		size := treehash.LeafSize << height
		for i, hash := range level {
			if first == i*size && last == min((i+1)*size, len(data))-1 {
				return hex.EncodeToString(hash[:])
			}
		}
	}
	return ""
}

func spanOf(first, last int) string { return fmt.Sprintf("bytes=%d-%d", first, last) }
