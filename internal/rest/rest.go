// Package rest is the wire of the vault API: it routes, authenticates,
// decodes, calls one rule, encodes, and maps errors. It decides nothing.
//
// Every reply carries x-amzn-RequestId, refusals included, and every refusal
// is the API's error envelope. A [Front] sees to it that this also holds for
// requests so broken that the HTTP library refuses them by itself.
//
// A request is answered before its body is read when the headers alone
// condemn it. What a client sizes is streamed. Nothing is waited for without
// a deadline, on the way in or out.
//
// Bodies are never parsed as forms, whatever their label: clients send JSON
// labelled application/x-www-form-urlencoded.
package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/job"
	"firn/internal/token"
	"firn/internal/vault"
)

// Config is what a Handler serves. Access, Vaults, Jobs and Region are
// required.
type Config struct {
	Access *access.Service
	Vaults *vault.Service
	Jobs   *job.Service
	Region string // as it stands in ARNs
	// Proxies are believed when they say whom a request comes from.
	Proxies []netip.Prefix
	// Trail gets a line for each call; nil keeps none.
	Trail Trail
	// TrailRequired refuses calls that change something when their line
	// cannot be written, and confirms them only once it is on the medium.
	TrailRequired bool
	// Meter is told what comes and goes; nil counts nothing.
	Meter Meter
	// BodyTimeout is how long a client may take to send a document or to take
	// a reply, or may pause while it sends or takes an archive; 0 means 30
	// seconds.
	BodyTimeout time.Duration
	// Log receives failures that are not the client's; nil discards them.
	Log *slog.Logger
}

// A Handler serves the API. It may be used concurrently.
type Handler struct {
	cfg Config
}

// New returns a Handler.
func New(cfg Config) *Handler {
	if cfg.BodyTimeout == 0 {
		cfg.BodyTimeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Meter == nil {
		cfg.Meter = noMeter{}
	}
	return &Handler{cfg: cfg}
}

// A call is one request on its way through.
type call struct {
	h         *Handler
	w         http.ResponseWriter
	r         *http.Request
	ctx       context.Context
	conn      *http.ResponseController
	requestID string
	body      *body
	begun     bool // the reply's headers are on their way
	recorded  bool // the trail has its line

	// What routing and authentication found out.
	op      operation
	client  access.Client
	caller  access.Caller
	segment string // of the path, that names the account
	owner   glacier.AccountID
	vault   glacier.VaultName
	id      string
	doc     []byte // the body, of an operation that does not stream

	// job is the job that the document describes.
	job func() (*glacier.JobParameters, error)
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := http.NewResponseController(w)
	c := &call{
		h: h, w: w, r: r, ctx: r.Context(), conn: conn,
		requestID: token.NewRequestID(rand.Reader),
		client:    access.ClientOf(r, h.cfg.Proxies),
		body:      newBody(r, conn, h.cfg.BodyTimeout),
	}
	c.job = sync.OnceValues(c.decodeJob)
	set(w.Header(), glacier.HeaderRequestID, c.requestID)
	err := c.safely(c.serve)
	// What changes something has been recorded by now; if that failed, it is
	// what err says.
	_ = c.record(err)
	if err == nil {
		return
	}
	if c.begun {
		c.logFailure("reply broken off", err)
		panic(http.ErrAbortHandler) // so that the client sees an incomplete reply and not a wrong one
	}
	if c.body.whole {
		c.refuse(err)
		return
	}
	set(w.Header(), "Connection", "close")
	c.refuse(err)
	c.body.drain()
}

// safely turns a panic into an error.
func (c *call) safely(serve func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return serve()
}

// serve checks what all operations have in common, in Glacier's order, and
// hands over to the operation.
func (c *call) serve() error {
	rt := find(c.r)
	if rt.op == nil {
		if len(rt.methods) > 0 {
			set(c.w.Header(), "Allow", strings.Join(rt.methods, ", "))
			return glacier.Errorf(glacier.MethodNotAllowed, "The method %s is not allowed for this resource.", c.r.Method)
		}
		return glacier.Errorf(glacier.UnknownOperation, "The requested resource does not exist.")
	}
	c.op, c.vault, c.id = *rt.op, glacier.VaultName(rt.vault), rt.id
	c.segment = rt.account
	if err := c.authenticate(); err != nil {
		return err
	}
	switch v := c.r.Header.Get(glacier.HeaderVersion); v {
	case glacier.Version:
	case "":
		return glacier.MissingParameter("API version")
	default:
		return glacier.Errorf(glacier.InvalidParameterValue, "Invalid API version: %s", v)
	}
	var err error
	if c.owner, err = c.resolve(rt.account); err != nil {
		return err
	}
	if err := c.h.cfg.Access.Throttle(c.caller); err != nil {
		return err
	}
	if err := c.authorize(); err != nil {
		return err
	}
	if err := c.ready(); err != nil {
		return err
	}
	return c.op.serve(c)
}

// authenticate finds out who is calling. An archive's bytes are compared with
// the signed hash as they stream in; a document is read whole, once the
// headers have been found good.
func (c *call) authenticate() (err error) {
	if c.op.stream {
		c.caller, err = c.h.cfg.Access.AuthenticateUpload(c.r)
		return err
	}
	c.caller, err = c.h.cfg.Access.Authenticate(c.r, glacier.Service, func() (doc []byte, err error) {
		c.doc, err = c.body.document(c.r.ContentLength)
		return c.doc, err
	})
	return err
}

// query is the parsed query string.
func (c *call) query() url.Values { return c.r.URL.Query() }

// page is the part of a listing that was asked for.
func (c *call) page() vault.Page {
	q := c.query()
	return vault.Page{Limit: q.Get("limit"), Marker: q.Get("marker")}
}

// location is the path of the vault, or of something in it, with the owner's
// real number in the place of a hyphen.
func (c *call) location(below ...string) string {
	return "/" + strings.Join(append([]string{string(c.owner), "vaults", string(c.vault)}, below...), "/")
}

// blank reports whether the request came without a document.
func (c *call) blank() bool { return len(bytes.TrimSpace(c.doc)) == 0 }
