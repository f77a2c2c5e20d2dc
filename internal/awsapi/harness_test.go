package awsapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/disk"
	"firn/internal/sigv4"
	"firn/internal/store"
	"firn/internal/store/local"
)

const (
	account = glacier.AccountID("111122223333")
	region  = "eu-north-1"
	toy     = "toy"
)

// A toyTag is a member of a list.
type toyTag struct {
	Key   string
	Value string
	ID    string `json:"Id"`
}

// A toyValue is what a map has.
type toyValue struct {
	DataType    string
	StringValue string
	BinaryValue []byte
}

// A toyName is embedded.
type toyName struct{ Name string }

// A toyInput has a field of every kind.
type toyInput struct {
	toyName
	Note    *string
	Yes     bool
	Count   int
	Bytes   int64
	Queues  []string `param:"QueueName"`
	Tags    []toyTag
	Things  map[string]string
	Options map[string]string   `param:"Attribute Name Value"`
	Message map[string]toyValue `param:"MessageAttributes.entry Name Value"`
	Secret  string
}

type toyResult struct {
	Said   string
	Things Entries
	List   Members[string]
}

var errToy = errors.New("the toy is broken")

// toyAPI has an action for everything that can happen to one.
func toyAPI() API {
	act := func(run func(c *Call, in *toyInput) (any, error)) func(*Call) (func() (any, error), error) {
		return func(c *Call) (func() (any, error), error) {
			var in toyInput
			if err := c.Decode(&in); err != nil {
				return nil, err
			}
			if in.Name == "forbidden" {
				return nil, glacier.Errorf(glacier.AccessDenied, "User: %s may not", c.Caller.ARN())
			}
			return func() (any, error) { return run(c, &in) }, nil
		}
	}
	return API{
		Service: toy, Version: "2020-02-02", Namespace: "http://toy/", Target: "Toys.", MaxBody: 4096, Malformed: "InvalidToy",
		Path:      func(path string) bool { return strings.HasPrefix(path, "/box/") },
		Anonymous: func(r *http.Request) bool { return r.URL.Query().Get("Action") == "Open" },
		Refusal: func(err error) *Error {
			if errors.Is(err, errToy) {
				return &Error{Status: http.StatusConflict, Code: "Toy.Broken", Message: err.Error(), Type: "ToyBroken"}
			}
			return nil
		},
		Actions: []Action{
			{Name: "Make", Needs: "Name Tags", Hides: "Secret Message", Prepare: act(func(c *Call, in *toyInput) (any, error) {
				c.Gave, c.Owner = map[string]string{"name": in.Name}, "999999999999"
				return toyResult{Said: in.Name, Things: in.Things, List: Members[string]{in.Queues}}, nil
			})},
			{Name: "Look", Reads: true, Prepare: act(func(c *Call, _ *toyInput) (any, error) { return nil, nil })},
			{Name: "Open", Reads: true, Prepare: act(func(c *Call, _ *toyInput) (any, error) { return toyResult{Said: c.Host + c.Path + c.Caller.KeyID}, nil })},
			{Name: "Break", Prepare: act(func(*Call, *toyInput) (any, error) { return nil, fmt.Errorf("break: %w", errToy) })},
			{Name: "Panic", Prepare: act(func(*Call, *toyInput) (any, error) { panic("hidden") })},
			{Name: "Unspeakable", Prepare: act(func(*Call, *toyInput) (any, error) { return make(chan int), nil })},
			{Name: "Wait", Prepare: act(func(c *Call, _ *toyInput) (any, error) {
				select {
				case <-c.Context.Done():
					return nil, context.Cause(c.Context)
				case <-time.After(5 * shortPause):
					return toyResult{Said: "waited"}, nil
				}
			})},
		},
	}
}

const shortPause = 50 * time.Millisecond

// A house is a Handler over the real store, on a disk in memory, served.
type house struct {
	t       *testing.T
	access  *access.Service
	handler *Handler
	trail   *trail
	url     string
	key     sigv4.Credentials
	log     *bytes.Buffer
}

// build builds it. change, if not nil, has the last word on the Config.
func build(t *testing.T, change func(*Config)) *house {
	t.Helper()
	h := &house{t: t, trail: &trail{}, log: &bytes.Buffer{}}
	var err error
	h.access, err = access.New(access.Config{Store: storeOf(t), Region: region})
	h.must(err)
	h.key.AccessKeyID, h.key.SecretAccessKey = access.NewKey()
	h.must(h.access.EnsureKey(t.Context(), account, h.key.AccessKeyID, h.key.SecretAccessKey))
	cfg := Config{Access: h.access, Region: region, Trail: h.trail, Log: slog.New(slog.NewTextHandler(h.log, nil))}
	if change != nil {
		change(&cfg)
	}
	h.handler = New(toyAPI(), cfg)
	s := httptest.NewServer(h.handler)
	t.Cleanup(s.Close)
	h.url = s.URL
	return h
}

// storeOf makes a store on a disk in memory.
func storeOf(t *testing.T) store.Store {
	t.Helper()
	s, err := local.Open(local.Config{FS: disk.NewMem(256 << 20), Catalog: filepath.Join(t.TempDir(), "catalog.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// send sends a request that is signed, and then changed. It returns the reply
// without what differs from run to run.
func (h *house) send(method, path, body string, change func(*http.Request)) (*http.Response, string) {
	h.t.Helper()
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	h.must(err)
	sum := sha256.Sum256([]byte(body))
	sigv4.Sign(r, h.key, region, toy, hex.EncodeToString(sum[:]), time.Now())
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	h.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	h.must(err)
	id := resp.Header.Get(glacier.HeaderRequestID)
	if len(id) != 47 {
		h.t.Errorf("request id %q", id)
	}
	host := strings.TrimPrefix(h.url, "http://")
	return resp, strings.NewReplacer(id, "ID", host, "HOST").Replace(string(text))
}

// inJSON makes a request one of the JSON protocol.
func inJSON(target string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("X-Amz-Target", target)
	}
}

// A trail remembers events, and can be broken.
type trail struct {
	mu           sync.Mutex
	events       []audit.Event
	durable      []bool
	probe, write error
}

func (l *trail) Append(e *audit.Event, durable bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events, l.durable = append(l.events, *e), append(l.durable, durable)
	return l.write
}

func (l *trail) Probe() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.probe
}

func (l *trail) last() (audit.Event, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.events) - 1
	return l.events[n], l.durable[n]
}

func (l *trail) broken(probe, write error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probe, l.write = probe, write
}
