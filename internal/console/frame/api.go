package frame

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/awsapi"
	"firn/internal/client"
	"firn/internal/iam"
	"firn/internal/sigv4"
)

const (
	// here is what the APIs are called by in process. Nothing listens there.
	here = "http://firn.invalid"
	// maxReply bounds a document of theirs, in bytes.
	maxReply = 8 << 20
)

// A transport hands requests to the APIs in process, as coming from the
// visitor. A reply is held in memory: it is for documents.
type transport struct {
	api  http.Handler
	from *http.Request // the visitor's
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = r.URL.RequestURI()
	in.Host = r.URL.Host
	t.introduce(in)
	reply := &reply{header: http.Header{}, status: http.StatusOK}
	if err := reply.take(t.api, in); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: reply.status, Status: http.StatusText(reply.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: Canonical(reply.header), Body: io.NopCloser(&reply.body), ContentLength: int64(reply.body.Len()), Request: r,
	}, nil
}

// introduced are the headers that say whom a request comes from.
var introduced = []string{"X-Forwarded-For", "X-Forwarded-Proto", "User-Agent"}

// introduce says whom a request comes from, as the visitor's own request does.
func (t transport) introduce(in *http.Request) {
	in.RemoteAddr, in.TLS = t.from.RemoteAddr, t.from.TLS
	in.Header.Del("X-Forwarded-For")
	in.Header.Del("X-Forwarded-Proto")
	for _, name := range introduced {
		if v := t.from.Header.Values(name); len(v) > 0 {
			in.Header[name] = v
		}
	}
}

// Canonical returns headers by the names that net/http looks them up by.
func Canonical(h http.Header) http.Header {
	all := make(http.Header, len(h))
	for name, values := range h {
		all[http.CanonicalHeaderKey(name)] = values
	}
	return all
}

// A reply is a reply of the APIs on its way back.
type reply struct {
	header http.Header
	status int
	begun  bool
	body   bytes.Buffer
}

// take has a request answered. The APIs break off a reply that fails with a
// panic.
func (w *reply) take(api http.Handler, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reply broken off: %v", p)
		}
	}()
	api.ServeHTTP(w, r)
	return nil
}

// Header implements [http.ResponseWriter].
func (w *reply) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *reply) WriteHeader(status int) {
	if !w.begun {
		w.status, w.begun = status, true
	}
}

// Write implements [http.ResponseWriter].
func (w *reply) Write(p []byte) (int, error) {
	w.begun = true
	if w.body.Len()+len(p) > maxReply {
		return 0, errors.New("the reply is too long for a page")
	}
	return w.body.Write(p)
}

// SetReadDeadline is there because the APIs set one. Nothing here is waited
// for.
func (w *reply) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is the same.
func (w *reply) SetWriteDeadline(time.Time) error { return nil }

// Flush implements [http.Flusher].
func (w *reply) Flush() {}

// APIs are Firn's APIs, as they are asked by somebody.
type APIs struct {
	handler http.Handler
	region  string
	key     sigv4.Credentials
	from    *http.Request // where he is
}

// APIs are asked by who is there.
func (c *Call) APIs() APIs {
	return APIs{handler: c.Config.API, region: c.Config.Region, key: c.session.key, from: c.Request}
}

func (a APIs) http() *http.Client {
	return &http.Client{
		Transport:     transport{api: a.handler, from: a.from},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// VaultPath is a path of the vault API in the caller's account: of a vault,
// and of what is below.
func VaultPath(name string, below ...string) string {
	var b strings.Builder
	b.WriteString("/-/vaults/" + url.PathEscape(name))
	for _, s := range below {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// Send asks the vault API. A refusal of its is an error that [AsRefusal]
// knows. The reply's body is the caller's to close.
func (a APIs) Send(ctx context.Context, q client.Request) (*http.Response, error) {
	api, err := client.New(client.Config{Endpoint: here, Key: a.key, Region: a.region, HTTP: a.http()})
	if err != nil {
		return nil, err
	}
	return api.Do(ctx, q)
}

// get reads a document of the vault API into out.
func (a APIs) get(ctx context.Context, path string, out any) error {
	resp, err := a.Send(ctx, client.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("read reply to %s: %w", path, err)
	}
	return nil
}

// Change asks the vault API to change something, with a document if in is not
// nil, and returns the reply's headers.
func (a APIs) Change(ctx context.Context, method, path string, in any) (http.Header, error) {
	var body client.Body
	if in != nil {
		doc, err := glacier.Encode(in)
		if err != nil {
			return nil, fmt.Errorf("encode request to %s: %w", path, err)
		}
		body = client.Bytes(doc)
	}
	resp, err := a.Send(ctx, client.Request{Method: method, Path: path, Body: body})
	if err != nil {
		return nil, err
	}
	return resp.Header, resp.Body.Close()
}

// An Action is a request to one of the APIs that name their actions.
type Action struct {
	Service string // iam, sns or sqs
	Version string // of the API
	Name    string
	Params  url.Values
}

// ask sends an action and reads its result into out, if that is not nil.
func (a APIs) ask(ctx context.Context, do Action, out any) error {
	region := a.region
	if do.Service == access.IAM {
		region = iam.Region
	}
	api, err := awsapi.NewClient(here, a.key, region, do.Service)
	if err != nil {
		return err
	}
	form := url.Values{"Action": {do.Name}, "Version": {do.Version}}
	for name, values := range do.Params {
		form[name] = values
	}
	document, err := api.Through(a.http()).Do(ctx, form)
	if err != nil || out == nil {
		return err
	}
	return awsapi.Decode(document, do.Name, out)
}

// Get reads a document of the vault API into out, as who is there.
func (c *Call) Get(path string, out any) error { return c.APIs().get(c.Request.Context(), path, out) }

// Change asks the vault API to change something, as who is there: with a
// document if in is not nil. It returns the reply's headers.
func (c *Call) Change(method, path string, in any) (http.Header, error) {
	return c.APIs().Change(c.Request.Context(), method, path, in)
}

// Ask sends an action as who is there, and reads its result into out if that is
// not nil.
func (c *Call) Ask(do Action, out any) error { return c.APIs().ask(c.Request.Context(), do, out) }

// SignedGet is a request to the vault API in the place of the visitor's.
func (c *Call) SignedGet(path string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(c.Request.Context(), http.MethodGet, here+path, http.NoBody)
	if err != nil {
		return nil, Refuse(http.StatusBadRequest, "There is no such place.")
	}
	r.RequestURI = r.URL.RequestURI()
	transport{from: c.Request}.introduce(r)
	r.Header.Set(glacier.HeaderVersion, glacier.Version)
	sigv4.Sign(r, c.session.key, c.Config.Region, glacier.Service, emptyHash, time.Now())
	return r, nil
}

// LastingAPIs are the APIs for what goes on after the request.
func (c *Call) LastingAPIs() APIs {
	a := c.APIs()
	from := &http.Request{RemoteAddr: c.Request.RemoteAddr, TLS: c.Request.TLS, Header: http.Header{}}
	for _, name := range introduced {
		from.Header[name] = c.Request.Header.Values(name)
	}
	a.from = from
	return a
}

// AsCall is a call that nobody waits for, in the name of the key's holder. If
// the key is not good any more, it is a refusal.
func (a APIs) AsCall(ctx context.Context, cfg *Config) (*Call, error) {
	caller, err := cfg.Access.SignIn(ctx, a.key.AccessKeyID, a.key.SecretAccessKey)
	if AsRefusal(err) != nil {
		return nil, Refuse(http.StatusForbidden, "The access key that this was begun with is not good any more.")
	}
	if err != nil {
		return nil, err
	}
	return &Call{Config: cfg, Request: a.from.WithContext(ctx), Caller: caller, Client: access.ClientOf(a.from, cfg.Proxies)}, nil
}
