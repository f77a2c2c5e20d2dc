package sqs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/awsapi"
	"firn/internal/disk"
	"firn/internal/policy"
	"firn/internal/queue"
	"firn/internal/sigv4"
	"firn/internal/sqs"
	"firn/internal/store/local"
)

const (
	region = "eu-north-1"
	alice  = glacier.AccountID("111122223333")
	bob    = glacier.AccountID("444455556666")
)

// A house is a Handler over the real store, on a disk in memory, served.
type house struct {
	t       testing.TB
	access  *access.Service
	queues  *queue.Service
	handler *sqs.Handler
	trail   *trail
	url     string
	root    client // alice's root
	other   client // bob's
	log     *bytes.Buffer
}

// A client signs requests with a key.
type client struct {
	h   *house
	key sigv4.Credentials
}

func build(t testing.TB, change ...func(*sqs.Config)) *house {
	t.Helper()
	h := &house{t: t, trail: &trail{}, log: &bytes.Buffer{}}
	store, err := local.Open(local.Config{FS: disk.NewMem(256 << 20), Catalog: filepath.Join(t.TempDir(), "catalog.db")})
	h.must(err)
	log := slog.New(slog.NewTextHandler(h.log, nil))
	h.access, err = access.New(access.Config{Store: store, Region: region, IDs: store.IDKey()})
	h.must(err)
	h.queues, err = queue.New(queue.Config{Store: store, Region: region, IDs: store.IDKey(), Log: log, CheckPolicy: func(text string, _ glacier.ARN) error {
		_, err := policy.Parse(policy.Elsewhere, text)
		return err
	}})
	h.must(err)
	h.queues.Start(t.Context())
	cfg := sqs.Config{
		Config: awsapi.Config{Access: h.access, Region: region, Trail: h.trail, Log: log},
		Queues: h.queues,
	}
	for _, f := range change {
		f(&cfg)
	}
	h.handler = sqs.New(cfg)
	s := httptest.NewServer(h.handler)
	h.url = s.URL
	t.Cleanup(func() {
		h.queues.Close()
		s.Close()
		if err := store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	h.root, h.other = h.rootOf(alice), h.rootOf(bob)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) rootOf(account glacier.AccountID) client {
	h.t.Helper()
	id, secret, _, err := h.access.FirstKey(h.t.Context(), account)
	h.must(err)
	return client{h, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}}
}

// user makes a user of alice's with a policy of his own.
func (h *house) user(name, text string) client {
	h.t.Helper()
	_, err := h.access.CreateUser(h.t.Context(), alice, name)
	h.must(err)
	if text != "" {
		h.must(h.access.PutPolicy(h.t.Context(), alice, name, "own", text))
	}
	k, err := h.access.CreateKey(h.t.Context(), alice, name)
	h.must(err)
	return client{h, sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}}
}

// A reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// request makes a request, signed.
func (c client) request(method, path, body string, header ...string) *http.Request {
	r, err := http.NewRequestWithContext(context.Background(), method, c.h.url+path, strings.NewReader(body))
	if err != nil {
		panic(err) // a fuzz target has a T of its own to tell it
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	sum := sha256.Sum256([]byte(body))
	sigv4.Sign(r, c.key, region, sqs.Service, hex.EncodeToString(sum[:]), time.Now())
	return r
}

// send sends a request, signed.
func (c client) send(method, path, body string, header ...string) reply {
	c.h.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(c.request(method, path, body, header...))
	c.h.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	c.h.must(err)
	return reply{resp.StatusCode, resp.Header, string(text)}
}

// query sends a query: the action, then names and values.
func (c client) query(action string, pairs ...string) reply {
	c.h.t.Helper()
	form := url.Values{"Action": {action}, "Version": {sqs.Version}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return c.send("POST", "/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// json sends a document of the JSON protocol.
func (c client) json(action, document string) reply {
	c.h.t.Helper()
	return c.send("POST", "/", document, "Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", "AmazonSQS."+action)
}

// queueURL is the URL of one of alice's queues.
func (h *house) queueURL(name string) string { return h.url + "/" + string(alice) + "/" + name }

// A trail remembers events, and can be broken.
type trail struct {
	mu      sync.Mutex
	events  []audit.Event
	durable []bool
	broken  bool
}

var errTrail = errors.New("the trail is broken")

func (l *trail) Append(e *audit.Event, durable bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events, l.durable = append(l.events, *e), append(l.durable, durable)
	return nil
}

func (l *trail) Probe() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return errTrail
	}
	return nil
}

func (l *trail) last() (audit.Event, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.events) - 1
	return l.events[n], l.durable[n]
}

// behind lets the clients be behind a proxy that is trusted.
func behind(cfg *sqs.Config) {
	cfg.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}
