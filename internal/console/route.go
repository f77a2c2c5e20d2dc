package console

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"firn/internal/access"
)

// A route is what a path of the console does. What it shows has no effect;
// what it does is asked for with a form that has the session's token.
type route struct {
	show func(*call) error
	do   func(*call) error
	raw  func(*call) error // for scripts, with any method: it checks and answers by itself
	open bool              // for those who have not signed in, too
}

// routes is the console, path by path.
func routes(e *errands) map[string]route {
	return map[string]route{
		"":         {show: showSignIn, do: signIn, open: true},
		"sign-out": {do: signOut},
		"api":      {raw: passThrough},

		"vaults":        {show: showVaults, do: createVault},
		"vault":         {show: showVault, do: deleteVault},
		"tags":          {show: showTags, do: changeTags},
		"notifications": {show: showNotifications, do: changeNotifications},
		"policy":        {show: showPolicy, do: changePolicy},
		"jobs":          {show: showJobs, do: startInventory},
		"job":           {show: showJob},
		"output":        {show: showOutput},
		"select":        {show: showSelect, do: startSelect},
		"lock":          {show: showLock, do: changeLock},
		"lock-test":     {show: showLockTest},
		"lock-complete": {show: showCompleteLock, do: completeLock},

		"users":          {show: showUsers, do: changeUsers},
		"user":           {show: showUser, do: changeUser},
		"user-delete":    {show: showDeleteUser, do: deleteUser},
		"user-policy":    {show: showUserPolicy, do: putUserPolicy},
		"managed-policy": {show: showManagedPolicy},
		"key-delete":     {show: showDeleteKey, do: deleteKey},

		"archives": {show: showArchives, do: actOnArchives},
		"archive":  {show: showArchive},
		"retrieve": {show: e.showRetrieving, do: e.retrieveAll},
		"empty":    {show: e.showEmptying, do: e.empty},
		"upload":   {show: showUpload, do: abortUpload},

		"topics":        {show: showTopics, do: createTopic},
		"topic":         {show: showTopic, do: changeTopic},
		"topic-delete":  {show: showDeleteTopic, do: deleteTopic},
		"topic-letters": {show: showLetters, do: replayLetters},
		"subscription":  {show: showSubscription, do: changeSubscription},
		"queues":        {show: showQueues, do: createQueue},
		"queue":         {show: showQueue, do: changeQueue},
		"capacity":      {show: showCapacity, do: changeCapacity},
		"audit":         {show: showAudit},
		"system":        {show: showSystem},
	}
}

// methods are those that a page can be asked with.
func (rt route) methods() string {
	var all []string
	if rt.show != nil {
		all = append(all, http.MethodGet, http.MethodHead)
	}
	if rt.do != nil {
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
	c := &call{
		h: h, cfg: &h.cfg, w: w, r: r, conn: conn, query: r.URL.Query(),
		client: access.ClientOf(r, h.cfg.Proxies),
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
func (c *call) serve() error {
	if a, ok := c.h.assets.byPath[c.r.URL.Path]; ok && c.reads() {
		a.serve(c.w, c.r)
		return nil
	}
	if c.r.URL.Path+"/" == Root {
		c.redirect(Root)
		return nil
	}
	if err := c.h.origin.Check(c.r); err != nil {
		return refuse(http.StatusForbidden, "This request comes from another site.")
	}
	if err := c.enter(); err != nil {
		return err
	}
	rt, ok := c.h.routes[strings.TrimPrefix(c.r.URL.Path, Root)]
	if !ok {
		return notFound("There is no such page.")
	}
	c.script = rt.raw != nil
	if c.session == nil && !rt.open {
		return errNobody
	}
	switch {
	case rt.raw != nil:
		return rt.raw(c)
	case c.reads() && rt.show != nil:
		return rt.show(c)
	case c.r.Method == http.MethodPost && rt.do != nil:
		return c.act(rt)
	}
	c.w.Header().Set("Allow", rt.methods())
	return refuse(http.StatusMethodNotAllowed, "This page cannot be asked with the method "+c.r.Method+".")
}

// act reads a form and does what it asks for.
func (c *call) act(rt route) error {
	limit := int64(maxForm)
	if c.session == nil {
		limit = maxStrangersForm
	}
	if err := c.readForm(limit); err != nil {
		return err
	}
	// Who signs in has a form without a token, and another tab may have signed in since.
	if c.session != nil && !rt.open && !c.session.genuine(c.form.Get("csrf")) {
		return refuse(http.StatusForbidden, "This form is of another session. Go back, load the page again, and repeat what you did.")
	}
	return rt.do(c)
}

// reads reports whether the request is to change nothing.
func (c *call) reads() bool { return c.r.Method == http.MethodGet || c.r.Method == http.MethodHead }

// enter finds the session, and whether its key is still good.
func (c *call) enter() error {
	s := c.h.sessions.of(c.r, c.client.Secure)
	if s == nil {
		return nil
	}
	caller, err := c.cfg.Access.SignIn(c.r.Context(), s.key.AccessKeyID, s.key.SecretAccessKey)
	if refusal := asRefusal(err); refusal != nil {
		c.h.sessions.end(s)
		dropCookie(c.w, c.client.Secure)
		return nil
	}
	if err != nil {
		return err
	}
	c.session, c.caller = s, caller
	return c.cfg.Access.Throttle(caller)
}

// errNobody is returned where a session is needed.
var errNobody = errors.New("nobody has signed in")
