package frame

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"firn/internal/access"
)

// A Route is what a path of the console does. What it shows has no effect;
// what it does is asked for with a form that has the session's token.
type Route struct {
	Show func(*Call) error
	Do   func(*Call) error
	raw  func(*Call) error // for scripts, with any method: it checks and answers by itself
	open bool              // for those who have not signed in, too
}

// methods are those that a page can be asked with.
func (rt Route) methods() string {
	var all []string
	if rt.Show != nil {
		all = append(all, http.MethodGet, http.MethodHead)
	}
	if rt.Do != nil {
		all = append(all, http.MethodPost)
	}
	return strings.Join(all, ", ")
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	conn := http.NewResponseController(w)
	// Whoever reads a body or begins to stream gives himself more time. These
	// fail only on a connection that is gone.
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	if r.ContentLength != 0 {
		_ = conn.SetReadDeadline(time.Now().Add(unread))
	}
	c := &Call{
		h: h, Config: &h.cfg, Writer: w, Request: r, conn: conn, Query: r.URL.Query(),
		Client: access.ClientOf(r, h.cfg.Proxies),
	}
	if err := c.safely(c.serve); err != nil {
		c.fail(err)
	}
}

// secure sets what browsers have to hold to, on every reply.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

// serve finds the route, asks who is there, and hands over.
func (c *Call) serve() error {
	if a, ok := c.h.assets.byPath[c.Request.URL.Path]; ok && c.reads() {
		a.serve(c.Writer, c.Request)
		return nil
	}
	if c.Request.URL.Path+"/" == Root {
		c.Redirect(Root)
		return nil
	}
	if err := c.h.origin.Check(c.Request); err != nil {
		return Refuse(http.StatusForbidden, "This request comes from another site.")
	}
	rt, ok := c.h.routes[strings.TrimPrefix(c.Request.URL.Path, Root)]
	c.script = rt.raw != nil
	if err := c.enter(); err != nil {
		return err
	}
	if !ok {
		return NotFound("There is no such page.")
	}
	acts := c.Request.Method == http.MethodPost && rt.Do != nil
	switch {
	case c.session == nil && !rt.open && acts:
		return c.unsentByNobody()
	case c.session == nil && !rt.open:
		return errNobody
	}
	switch {
	case rt.raw != nil:
		return rt.raw(c)
	case c.reads() && rt.Show != nil:
		return rt.Show(c)
	case acts:
		return c.act(rt)
	}
	c.Writer.Header().Set("Allow", rt.methods())
	return Refuse(http.StatusMethodNotAllowed, "This page cannot be asked with the method "+c.Request.Method+".")
}

// act reads a form and does what it asks for.
func (c *Call) act(rt Route) error {
	limit := int64(maxForm)
	if c.session == nil {
		limit = maxStrangersForm
	}
	if err := c.readForm(limit); err != nil {
		return err
	}
	// Who signs in has a form without a token, and another tab may have signed in since.
	if c.session != nil && !rt.open && !c.session.genuine(c.Form.Get("csrf")) {
		return c.unsentElsewhere(rt)
	}
	return rt.Do(c)
}

// reads reports whether the request is to change nothing.
func (c *Call) reads() bool {
	return c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
}

// enter finds the session, and whether its key is still good.
func (c *Call) enter() error {
	s := c.h.sessions.of(c.Request, c.Client.Secure)
	if s == nil {
		return nil
	}
	caller, err := c.Config.Access.SignIn(c.Request.Context(), s.key.AccessKeyID, s.key.SecretAccessKey)
	if refusal := AsRefusal(err); refusal != nil {
		c.h.sessions.end(s)
		dropCookie(c.Writer, c.Client.Secure)
		return nil
	}
	if err != nil {
		return err
	}
	c.session, c.Caller = s, caller
	return c.Config.Access.Throttle(caller)
}

// errNobody is returned where a session is needed.
var errNobody = errors.New("nobody has signed in")
