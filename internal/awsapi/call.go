package awsapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/token"
)

// A Call is one request on its way through. One goroutine owns it.
type Call struct {
	Context   context.Context // ends when the client goes away
	RequestID string
	Host      string // that the client has called; "" off the wire
	Path      string // that it has called

	// What authentication has brought out: nobody, of a request that needs no
	// signature.
	Caller access.Caller
	Client access.Client
	// JSON says that the call is in the JSON protocol.
	JSON   bool
	Action *Action // nil until it is known

	// What the trail is to say, for an action to add to: whose things are
	// called upon, if not the caller's; the parameters; and the names that the
	// reply gives out for what was made.
	Owner glacier.AccountID
	Asked map[string]string
	Gave  map[string]string

	h    *Handler
	form url.Values // of the Query protocol
	doc  []byte     // of the JSON protocol
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b := &body{r: r, conn: http.NewResponseController(w), most: h.api.MaxBody, pause: h.cfg.BodyTimeout, whole: r.ContentLength == 0}
	c := h.newCall(r.Context())
	c.Client, c.Host, c.Path = access.ClientOf(r, h.cfg.Proxies), r.Host, r.URL.Path
	c.JSON = h.api.Target != "" && r.Header.Get(targetHeader) != ""
	w.Header()[glacier.HeaderRequestID] = []string{c.RequestID}
	document, err := c.safely(func() ([]byte, error) { return c.serve(r, b) })
	if failed := c.record(r, err); err == nil {
		err = failed
	}
	status := http.StatusOK
	if err != nil {
		e := c.Word(err)
		status, document = e.Status, c.encodeError(e)
		if c.JSON {
			w.Header()["x-amzn-query-error"] = []string{string(e.Code) + ";" + e.fault()}
		}
	}
	if !b.whole {
		w.Header().Set("Connection", "close")
	}
	b.reply(w, status, c.contentType(), document)
	b.drain()
}

// Do answers a request of the Query protocol without the wire: on behalf of a
// caller who need not prove who he is, and without a line in the trail. It
// returns the reply's document; a refusal is an [*Error].
func (h *Handler) Do(ctx context.Context, caller access.Caller, form url.Values) ([]byte, error) {
	c := h.newCall(ctx)
	c.Caller, c.form = caller, form
	document, err := c.perform()
	if e := h.refusalOf(err); e != nil {
		return nil, e
	}
	return document, err
}

func (h *Handler) newCall(ctx context.Context) *Call {
	return &Call{h: h, Context: ctx, RequestID: token.NewRequestID(rand.Reader)}
}

// safely turns a panic into an error.
func (c *Call) safely(serve func() ([]byte, error)) (document []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			document, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return serve()
}

// serve finds out who is calling and what he asks for.
func (c *Call) serve(r *http.Request, b *body) ([]byte, error) {
	if !c.h.serves(r.URL.Path) || r.Method != http.MethodPost && (r.Method != http.MethodGet || c.JSON) {
		return nil, c.unknownAction(r.Method + " " + r.URL.Path)
	}
	text, err := c.authenticate(r, b)
	if err != nil {
		return nil, err
	}
	if err := c.h.cfg.Access.Throttle(c.Caller); err != nil {
		return nil, err
	}
	if c.JSON {
		c.doc = []byte(text)
		if err := c.find(strings.CutPrefix(r.Header.Get(targetHeader), c.h.api.Target)); err != nil {
			return nil, err
		}
		return c.perform()
	}
	if strings.Count(text, "&") >= maxParameters {
		return nil, c.malformed("The request has more than %d parameters.", maxParameters)
	}
	if c.form, err = url.ParseQuery(text); err != nil {
		return nil, Errorf(http.StatusBadRequest, MalformedQuery, "The request is not made of names and values.")
	}
	return c.perform()
}

func (h *Handler) serves(path string) bool {
	return path == "/" || path == "" || h.api.Path != nil && h.api.Path(path)
}

// authenticate finds out who is calling, and returns the text of what he asks
// for.
func (c *Call) authenticate(r *http.Request, b *body) (text string, err error) {
	if c.h.api.Anonymous != nil && c.h.api.Anonymous(r) {
		return r.URL.RawQuery, nil
	}
	text = r.URL.RawQuery
	c.Caller, err = c.h.cfg.Access.Authenticate(r, c.h.api.Service, func() ([]byte, error) {
		doc, err := b.read()
		if r.Method == http.MethodPost {
			text = string(doc)
		}
		return doc, err
	})
	return text, err
}

// perform does what is asked for, if the caller may ask for it.
func (c *Call) perform() ([]byte, error) {
	if c.Action == nil {
		if err := c.findInForm(); err != nil {
			return nil, err
		}
	}
	run, err := c.Action.Prepare(c)
	if err != nil {
		return nil, err
	}
	if err := c.ready(); err != nil {
		return nil, err
	}
	result, err := run()
	if err != nil {
		return nil, err
	}
	return c.encode(result)
}

// findInForm takes the action from a form.
func (c *Call) findInForm() error {
	name, version := c.form.Get("Action"), c.form.Get("Version")
	if name == "" {
		return c.missing("Action")
	}
	return c.find(name, version == c.h.api.Version || version == "" && c.h.api.AnyVersion)
}

// find finds an action by its name, which is not one if ok is false.
func (c *Call) find(name string, ok bool) error {
	if a := c.h.actions[name]; a != nil && ok {
		c.Action = a
		return nil
	}
	return c.unknownAction(name)
}

// unknownAction refuses what is not in the table.
func (c *Call) unknownAction(name string) error {
	if c.JSON {
		e := Errorf(http.StatusBadRequest, InvalidAction, "The operation %s is not known.", name)
		e.Type = string(glacier.UnknownOperation)
		return e
	}
	version := c.form.Get("Version")
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	return Errorf(http.StatusBadRequest, InvalidAction, "Could not find operation %s for version %s", name, version)
}

// Form are the parameters as they came in the Query protocol. Nobody may
// change them.
func (c *Call) Form() url.Values { return c.form }
