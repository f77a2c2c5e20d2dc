package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/awsapi"
)

const (
	// maxForm bounds a form, in bytes, and maxStrangersForm one of somebody who has
	// not signed in.
	maxForm          = 512 << 10
	maxStrangersForm = 8 << 10
	// patience is how long a visitor may take to send a form or to take a page.
	patience = 30 * time.Second
	// unread is how long a body is waited for that nobody reads.
	unread = 5 * time.Second
)

// A call is one request on its way through.
type call struct {
	h      *Handler
	cfg    *Config
	w      http.ResponseWriter
	r      *http.Request
	conn   *http.ResponseController
	query  url.Values
	form   url.Values // of a POST
	client access.Client

	// Who is there; both zero for somebody who has not signed in.
	session *session
	caller  access.Caller

	script bool // it is a script that asks, and reads JSON
	begun  bool // the reply's headers are on their way
}

// safely turns a panic into an error. One that breaks a reply off goes on.
func (c *call) safely(serve func() error) (err error) {
	defer func() {
		p := recover()
		if p == http.ErrAbortHandler { //nolint:errorlint // it is panicked with as it is
			panic(p)
		}
		if p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return serve()
}

// readForm reads a form from the body.
func (c *call) readForm(limit int64) error {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience)) // fails only on a connection that is gone
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("A form may have %d KiB.", limit>>10))
		}
		return refuse(http.StatusBadRequest, "The form did not arrive whole.")
	}
	_ = c.conn.SetReadDeadline(time.Time{})
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return refuse(http.StatusUnsupportedMediaType, "That is not a form.")
	}
	if c.form, err = url.ParseQuery(string(body)); err != nil {
		return refuse(http.StatusBadRequest, "The form cannot be read.")
	}
	return nil
}

// A refusal is what a visitor is told, with a status of HTTP's.
type refusal struct {
	status int
	text   string
}

// Error implements error.
func (e *refusal) Error() string { return e.text }

func refuse(status int, text string) error { return &refusal{status, text} }

func notFound(text string) error { return refuse(http.StatusNotFound, text) }

// asRefusal returns what an error tells a visitor, nil if it is none of his
// business.
func asRefusal(err error) *refusal {
	var own *refusal
	var api *glacier.Error
	var named *awsapi.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &api):
		return &refusal{api.Code.Status(), api.Message}
	case errors.As(err, &named):
		return &refusal{named.Status, named.Message}
	}
	return nil
}

// fail answers with an error.
func (c *call) fail(err error) {
	e := asRefusal(err)
	if errors.Is(err, errNobody) {
		if !c.script {
			c.askToSignIn()
			return
		}
		e = &refusal{http.StatusUnauthorized, "The session has ended: sign in again."}
	}
	if e == nil {
		c.logFailure(err)
		e = &refusal{http.StatusInternalServerError, "Something failed, and it is not your fault. The server's log says what."}
	}
	if c.begun {
		panic(http.ErrAbortHandler) // so that the browser sees an incomplete page and not a wrong one
	}
	if c.script {
		c.tell(e)
		return
	}
	if err := c.render(e.status, "error", page{Title: http.StatusText(e.status), Data: e.text}); err != nil {
		c.logFailure(err)
		c.w.WriteHeader(http.StatusInternalServerError)
	}
}

// tell answers a script, in the form of the vault API's refusals.
func (c *call) tell(e *refusal) {
	body, err := glacier.Encode(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Type    string `json:"type"`
	}{"Console", e.text, "Client"})
	if err != nil {
		c.logFailure(err)
	}
	c.begun = true
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(e.status)
	_, _ = c.w.Write(body) // who has gone away gets nothing
}

// logFailure logs what is not the visitor's fault.
func (c *call) logFailure(err error) {
	log := c.cfg.Log.Error
	if c.r.Context().Err() != nil {
		log = c.cfg.Log.Debug
	}
	log("console failed", "page", c.r.URL.Path, "err", err)
}

// askToSignIn sends a visitor to the first page, and from there back.
func (c *call) askToSignIn() {
	to := Root
	if c.reads() && c.r.URL.Path != Root {
		to += "?next=" + url.QueryEscape(strings.TrimPrefix(c.r.URL.RequestURI(), Root))
	}
	c.redirect(to)
}

// redirect sends the browser to another page, which it asks for with GET.
func (c *call) redirect(to string) {
	c.begun = true
	c.w.Header().Set("Location", to)
	c.w.WriteHeader(http.StatusSeeOther)
}

// link is the path of a page with parameters, given as name, value, name,
// value. Empty values are left out.
func link(name string, params ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			q.Set(params[i], params[i+1])
		}
	}
	if len(q) == 0 {
		return Root + name
	}
	return Root + name + "?" + q.Encode()
}

// done leaves a message and goes on to a page.
func (c *call) done(to, format string, args ...any) error {
	c.h.sessions.say(c.session, flash{Text: fmt.Sprintf(format, args...)})
	c.redirect(to)
	return nil
}

// instead goes on to a page if err is a refusal, which the page then shows.
// Any other error is returned.
func (c *call) instead(to string, err error) error {
	e := asRefusal(err)
	if e == nil {
		return err
	}
	c.h.sessions.say(c.session, flash{Text: e.text, Bad: true})
	c.redirect(to)
	return nil
}
