// Package iam is the wire of accounts, users, access keys and policies: the
// Query API of Amazon's IAM, version 2010-05-08, as far as it is about users,
// and three actions of Firn's own about accounts. It decides nothing: what may
// happen is [firn/internal/access]'s.
//
// Every reply is XML and carries x-amzn-RequestId. A request is answered before
// its body is read when the headers alone condemn it; the body is small, and
// waited for with a deadline. Parameters that an action does not know are
// refused: to pass over a permissions boundary would grant what it forbids.
//
// Callers see the users of their own account and no others, and may do what
// their policies allow; an account's root may do everything in it. A secret
// is in the one reply that gives it out, and nowhere else.
//
// It also has the client's side of that, [Client] and [Decode].
package iam

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/token"
)

// Version is the API's version, which every request names.
const Version = "2010-05-08"

// Config is what a Handler serves. Access and Region are required.
type Config struct {
	Access *access.Service
	// Management is the account whose callers may make, list and delete
	// accounts.
	Management glacier.AccountID
	Region     string // as it stands in the trail
	// Proxies are believed when they say whom a request comes from.
	Proxies []netip.Prefix
	// Trail gets a line for each call; nil keeps none.
	Trail Trail
	// TrailRequired refuses calls that change something when their line
	// cannot be written, and confirms them only once it is on the medium.
	TrailRequired bool
	// BodyTimeout is how long a client may take to send a request or to take a
	// reply; 0 means 30 seconds.
	BodyTimeout time.Duration
	// Log receives failures that are not the client's; nil discards them.
	Log *slog.Logger
}

// A Handler serves the API. It may be used concurrently.
type Handler struct {
	cfg     Config
	actions map[string]*action
}

// New returns a Handler.
func New(cfg Config) *Handler {
	if cfg.BodyTimeout == 0 {
		cfg.BodyTimeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{cfg: cfg, actions: map[string]*action{}}
	for _, a := range actions() {
		h.actions[a.name] = &a
	}
	return h
}

// Signed reports whether a request says that it is signed for this API. It
// only looks at the text, for a server that has to choose between faces.
func Signed(r *http.Request) bool {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if i := strings.IndexAny(credential, ", \t"); i >= 0 {
		credential = credential[:i]
	}
	return strings.HasSuffix(credential, "/"+access.IAM+"/aws4_request")
}

// A call is one request on its way through.
type call struct {
	h         *Handler
	ctx       context.Context
	requestID string

	// What authentication and the parameters have brought out.
	caller access.Caller
	client access.Client
	action *action // nil until it is known
	params params
	result any // of a call that succeeded
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b := &body{r: r, conn: http.NewResponseController(w), pause: h.cfg.BodyTimeout, whole: r.ContentLength == 0}
	c := h.newCall(r.Context())
	c.client = access.ClientOf(r, h.cfg.Proxies)
	w.Header()[glacier.HeaderRequestID] = []string{c.requestID}
	document, err := c.safely(func() ([]byte, error) { return c.serve(r, b) })
	if failed := c.record(r, err); err == nil {
		err = failed
	}
	status := http.StatusOK
	if err != nil {
		status, document = c.refuse(err)
	}
	if !b.whole {
		w.Header().Set("Connection", "close")
	}
	b.reply(w, status, document)
	b.drain()
}

// Do answers a request without the wire: on behalf of a caller who need not
// prove who he is, and without a line in the trail. It returns the reply's
// document; a refusal is an [*Error].
func (h *Handler) Do(ctx context.Context, caller access.Caller, form url.Values) ([]byte, error) {
	c := h.newCall(ctx)
	c.caller = caller
	document, err := c.perform(form)
	if e := refusalOf(err); e != nil {
		return nil, e
	}
	return document, err
}

func (h *Handler) newCall(ctx context.Context) *call {
	return &call{h: h, ctx: ctx, requestID: token.NewRequestID(rand.Reader)}
}

// safely turns a panic into an error.
func (c *call) safely(serve func() ([]byte, error)) (document []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			document, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return serve()
}

// serve finds out who is calling and what he asks for.
func (c *call) serve(r *http.Request, b *body) ([]byte, error) {
	if r.URL.Path != "/" && r.URL.Path != "" || r.Method != http.MethodPost && r.Method != http.MethodGet {
		return nil, refuse(InvalidAction, "Could not find operation %s %s", r.Method, r.URL.Path)
	}
	text := r.URL.RawQuery
	var err error
	c.caller, err = c.h.cfg.Access.Authenticate(r, access.IAM, func() ([]byte, error) {
		doc, err := b.read()
		if r.Method == http.MethodPost {
			text = string(doc)
		}
		return doc, err
	})
	if err != nil {
		return nil, err
	}
	if err := c.h.cfg.Access.Throttle(c.caller); err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, refuse(MalformedQuery, "The request is not made of names and values.")
	}
	return c.perform(form)
}

// perform does what is asked for, if the caller may ask for it.
func (c *call) perform(form url.Values) ([]byte, error) {
	if err := c.find(form); err != nil {
		return nil, err
	}
	if err := c.authorize(); err != nil {
		return nil, err
	}
	if err := c.ready(); err != nil {
		return nil, err
	}
	result, err := c.action.run(c)
	if err != nil {
		return nil, err
	}
	c.result = result
	return encode(c.action.name, result, c.requestID)
}
