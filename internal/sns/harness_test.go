package sns_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
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
	"firn/internal/sigv4"
	"firn/internal/sns"
	"firn/internal/store/local"
	"firn/internal/topic"
)

const (
	region = "eu-north-1"
	owner  = glacier.AccountID("111122223333")
	other  = glacier.AccountID("444455556666")

	aTopic = "arn:aws:sns:eu-north-1:111122223333:t"
)

// signer is made once: it takes a while.
var signer = sync.OnceValue(func() *topic.Signer {
	text, err := topic.MakeSigner()
	if err != nil {
		panic(err)
	}
	s, err := topic.ParseSigner(text)
	if err != nil {
		panic(err)
	}
	return s
})

// A house is a Handler over the real store, on a disk in memory, served.
type house struct {
	t       testing.TB
	access  *access.Service
	topics  *topic.Service
	handler *sns.Handler
	trail   *trail
	box     *box
	url     string
	root    sigv4.Credentials // of the owner
	foreign sigv4.Credentials // of another account
	log     *bytes.Buffer
}

// build builds it. change, if not nil, has the last word on the Handler's Config.
func build(t testing.TB, change func(*sns.Config)) *house {
	t.Helper()
	h := &house{t: t, trail: &trail{}, box: &box{got: make(chan string, 100)}, log: &bytes.Buffer{}}
	store, err := local.Open(local.Config{FS: disk.NewMem(256 << 20), Catalog: filepath.Join(t.TempDir(), "catalog.db")})
	h.must(err)
	h.access, err = access.New(access.Config{Store: store, Region: region, IDs: store.IDKey()})
	h.must(err)
	h.topics, err = topic.New(topic.Config{
		Store: store, Region: region, Signer: signer(), BaseURL: func() string { return h.url }, AllowPrivate: true,
		Senders: map[string]topic.Sender{"box": h.box},
		CheckPolicy: func(text string, _ glacier.ARN) error {
			_, err := policy.Parse(policy.Elsewhere, text)
			return err
		},
	})
	h.must(err)
	h.topics.Start(context.Background())
	cfg := sns.Config{
		Config: awsapi.Config{Access: h.access, Region: region, Trail: h.trail, Log: slog.New(slog.NewTextHandler(h.log, nil))},
		Topics: h.topics, Signer: signer(),
	}
	if change != nil {
		change(&cfg)
	}
	h.handler = sns.New(cfg)
	s := httptest.NewServer(h.handler)
	h.url = s.URL
	t.Cleanup(func() {
		s.Close()
		h.topics.Close()
		if err := store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	h.root, h.foreign = h.rootOf(owner), h.rootOf(other)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) rootOf(account glacier.AccountID) (c sigv4.Credentials) {
	h.t.Helper()
	c.AccessKeyID, c.SecretAccessKey = access.NewKey()
	h.must(h.access.EnsureKey(context.Background(), account, c.AccessKeyID, c.SecretAccessKey))
	return c
}

// user makes a user of the owner's with a policy, and returns his key.
func (h *house) user(name, text string) sigv4.Credentials {
	h.t.Helper()
	_, err := h.access.CreateUser(context.Background(), owner, name)
	h.must(err)
	if text != "" {
		h.must(h.access.PutPolicy(context.Background(), owner, name, "own", text))
	}
	k, err := h.access.CreateKey(context.Background(), owner, name)
	h.must(err)
	return sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}
}

// form is a query: the action, then names and values.
func form(action string, pairs ...string) url.Values {
	f := url.Values{"Action": {action}, "Version": {sns.Version}}
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// signed makes a request with a form.
func (h *house) signed(key sigv4.Credentials, text string) *http.Request {
	r, err := http.NewRequest("POST", h.url+"/", strings.NewReader(text))
	if err != nil {
		panic(err) // the URL is a server's
	}
	sum := sha256.Sum256([]byte(text))
	sigv4.Sign(r, key, region, "sns", hex.EncodeToString(sum[:]), time.Now())
	return r
}

// send sends a request, and returns the reply's status and document.
func (h *house) send(r *http.Request) (int, string) {
	h.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	h.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	h.must(err)
	if id := resp.Header.Get(glacier.HeaderRequestID); id != "" {
		text = bytes.ReplaceAll(text, []byte(id), []byte("ID"))
	}
	return resp.StatusCode, string(text)
}

// ask sends a query that must succeed.
func (h *house) ask(key sigv4.Credentials, action string, pairs ...string) string {
	h.t.Helper()
	status, text := h.send(h.signed(key, form(action, pairs...).Encode()))
	if status != http.StatusOK {
		h.t.Fatalf("%s %v: status %d, %s", action, pairs, status, text)
	}
	return text
}

// refused sends a query that must be refused.
func (h *house) refused(key sigv4.Credentials, code, action string, pairs ...string) string {
	h.t.Helper()
	status, text := h.send(h.signed(key, form(action, pairs...).Encode()))
	if status < 400 || !strings.Contains(text, "<Code>"+code+"</Code>") {
		h.t.Errorf("%s %v: status %d, want %s: %s", action, pairs, status, code, text)
	}
	return text
}

// find returns what a pattern's group has found in a text.
func (h *house) find(text, pattern string) string {
	h.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		h.t.Fatalf("no %s in %s", pattern, text)
	}
	return m[1]
}

// A subscriber is an HTTP endpoint that keeps what it gets.
type subscriber struct {
	url string
	got chan map[string]any
}

func (h *house) subscriber() *subscriber {
	s := &subscriber{got: make(chan map[string]any, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m map[string]any
		if json.NewDecoder(r.Body).Decode(&m) == nil {
			s.got <- m
		}
	}))
	h.t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// A box is what the protocol of that name delivers to. Whatever is sent to the
// endpoint "broken" fails for good.
type box struct{ got chan string }

func (*box) Check(endpoint string) error {
	if strings.Contains(endpoint, " ") {
		return errors.New("no box has a space in its name")
	}
	return nil
}

func (b *box) Send(ctx context.Context, endpoint string, m *topic.Outgoing) error {
	if endpoint == "broken" {
		return &topic.PermanentError{Err: errors.New("the box is broken")}
	}
	select {
	case b.got <- fmt.Sprintf("%s: %s|%s|%v", endpoint, m.Subject, m.Message, m.Attributes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A trail remembers events.
type trail struct {
	mu     sync.Mutex
	events []audit.Event
}

func (l *trail) Append(e *audit.Event, _ bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, *e)
	return nil
}

func (*trail) Probe() error { return nil }

func (l *trail) last() audit.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events[len(l.events)-1]
}
