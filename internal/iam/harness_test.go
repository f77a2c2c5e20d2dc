package iam_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/audit"
	"firn/internal/awsapi"
	"firn/internal/disk"
	"firn/internal/iam"
	"firn/internal/sigv4"
	"firn/internal/store/local"
)

const (
	manager = glacier.AccountID("111122223333")
	other   = glacier.AccountID("444455556666")
)

// A house is a Handler over the real store, on a disk in memory, served.
type house struct {
	t      *testing.T
	store  *local.Store
	access *access.Service
	trail  *trail
	url    string
	root   *awsapi.Client // the management account's
	log    *bytes.Buffer
}

// build builds it. change, if not nil, has the last word on the Handler's Config.
func build(t *testing.T, change func(*iam.Config)) *house {
	t.Helper()
	h := &house{t: t, trail: &trail{}, log: &bytes.Buffer{}}
	var err error
	h.store, err = local.Open(local.Config{FS: disk.NewMem(256 << 20), Catalog: filepath.Join(t.TempDir(), "catalog.db")})
	h.must(err)
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	h.access, err = access.New(access.Config{Store: h.store, Region: "eu-north-1", IDs: h.store.IDKey()})
	h.must(err)
	cfg := iam.Config{
		Access: h.access, Management: manager, Region: "eu-north-1", Trail: h.trail, Log: slog.New(slog.NewTextHandler(h.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	s := httptest.NewServer(iam.New(cfg))
	t.Cleanup(s.Close)
	h.url = s.URL
	id, secret, _, err := h.access.FirstKey(t.Context(), manager)
	h.must(err)
	h.root = h.client(id, secret)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) client(id, secret string) *awsapi.Client {
	h.t.Helper()
	c, err := iam.NewClient(h.url, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret})
	h.must(err)
	return c
}

// user makes a user with a policy text of his own, and returns his client.
func (h *house) user(name, policy string) *awsapi.Client {
	h.t.Helper()
	_, err := h.access.CreateUser(h.t.Context(), manager, name)
	h.must(err)
	if policy != "" {
		h.must(h.access.PutPolicy(h.t.Context(), manager, name, "own", policy))
	}
	return h.keyOf(name)
}

// rootOf is an account's root, who is in the house.
func rootOf(account glacier.AccountID) access.Caller { return access.RootOf(account) }

// keyOf makes a key for a user and returns his client.
func (h *house) keyOf(name string) *awsapi.Client {
	h.t.Helper()
	k, err := h.access.CreateKey(h.t.Context(), manager, name)
	h.must(err)
	return h.client(k.ID, k.Secret)
}

// form is a query: the action, then names and values.
func form(action string, pairs ...string) url.Values {
	f := url.Values{"Action": {action}, "Version": {iam.Version}}
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// ask sends a query that must succeed, and decodes its result if there is to
// be one.
func (h *house) ask(c *awsapi.Client, result any, action string, pairs ...string) string {
	h.t.Helper()
	document, err := c.Do(context.Background(), form(action, pairs...))
	if err != nil {
		h.t.Fatalf("%s %v: %v", action, pairs, err)
	}
	if result != nil {
		h.must(iam.Decode(document, action, result))
	}
	return string(document)
}

// refused sends a query that must be refused.
func (h *house) refused(c *awsapi.Client, code iam.Code, action string, pairs ...string) *iam.Error {
	h.t.Helper()
	_, err := c.Do(context.Background(), form(action, pairs...))
	var e *iam.Error
	if !errors.As(err, &e) || e.Code != code {
		h.t.Errorf("%s %v: error %v, want %s", action, pairs, err, code)
		return &iam.Error{}
	}
	return e
}

// A trail remembers events, and can be broken.
type trail struct {
	mu      sync.Mutex
	events  []audit.Event
	durable []bool
	probe   error
	write   error
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
