package frame

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

// A Call is one request on its way through.
type Call struct {
	Config  *Config
	Writer  http.ResponseWriter
	Request *http.Request
	Query   url.Values
	Form    url.Values // of a POST
	Client  access.Client
	Caller  access.Caller // zero for somebody who has not signed in
	Begun   bool          // the reply's headers are on their way

	h       *Handler
	conn    *http.ResponseController
	session *session // nil for somebody who has not signed in
	script  bool     // it is a script that asks, and reads JSON
}

// safely turns a panic into an error. One that breaks a reply off goes on.
func (c *Call) safely(serve func() error) (err error) {
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
func (c *Call) readForm(limit int64) error {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience)) // fails only on a connection that is gone
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return Refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("A form may have %d KiB.", limit>>10))
		}
		return Refuse(http.StatusBadRequest, "The form did not arrive whole.")
	}
	_ = c.conn.SetReadDeadline(time.Time{})
	if kind, _, _ := strings.Cut(c.Request.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return Refuse(http.StatusUnsupportedMediaType, "That is not a form.")
	}
	if c.Form, err = url.ParseQuery(string(body)); err != nil {
		return Refuse(http.StatusBadRequest, "The form cannot be read.")
	}
	return nil
}

// A Refusal is what a visitor is told, with a status of HTTP's.
type Refusal struct {
	Status int
	Text   string

	code string // for scripts: the API's, or the console's own
}

// ownCode is the code of what the console refuses by itself.
const ownCode = "Console"

// Error implements error.
func (e *Refusal) Error() string { return e.Text }

// Refuse is a refusal of the console's own.
func Refuse(status int, text string) error {
	return &Refusal{Status: status, Text: text, code: ownCode}
}

// NotFound is the refusal of what is not there.
func NotFound(text string) error { return Refuse(http.StatusNotFound, text) }

// AsRefusal returns what an error tells a visitor, nil if it is none of his
// business.
func AsRefusal(err error) *Refusal {
	var own *Refusal
	var api *glacier.Error
	var named *awsapi.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &api):
		return &Refusal{api.Code.Status(), api.Message, string(api.Code)}
	case errors.As(err, &named):
		return &Refusal{named.Status, named.Message, string(named.Code)}
	}
	return nil
}

// fail answers with an error.
func (c *Call) fail(err error) {
	e := AsRefusal(err)
	if errors.Is(err, errNobody) {
		if !c.script {
			c.askToSignIn()
			return
		}
		e = &Refusal{http.StatusUnauthorized, "The session has ended: sign in again.", ownCode}
	}
	if e == nil {
		c.logFailure(err)
		e = &Refusal{http.StatusInternalServerError, "Something failed, and it is not your fault. The server's log says what.", ownCode}
	}
	if c.Begun {
		panic(http.ErrAbortHandler) // so that the browser sees an incomplete page and not a wrong one
	}
	if c.script {
		c.tell(e)
		return
	}
	if err := c.Render(e.Status, "error", Page{Title: http.StatusText(e.Status), Data: e.Text}); err != nil {
		c.logFailure(err)
		c.Writer.WriteHeader(http.StatusInternalServerError)
	}
}

// tell answers a script, in the form of the vault API's refusals.
func (c *Call) tell(e *Refusal) {
	body, err := glacier.Encode(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Type    string `json:"type"`
	}{e.code, e.Text, "Client"})
	if err != nil {
		c.logFailure(err)
	}
	c.Begun = true
	c.Writer.Header().Set("Content-Type", "application/json")
	c.Writer.WriteHeader(e.Status)
	_, _ = c.Writer.Write(body) // who has gone away gets nothing
}

// logFailure logs what is not the visitor's fault.
func (c *Call) logFailure(err error) {
	log := c.Config.Log.Error
	if c.Request.Context().Err() != nil {
		log = c.Config.Log.Debug
	}
	log("console failed", "page", c.Request.URL.Path, "err", err)
}

// askToSignIn sends a visitor to the first page, and from there back. Who has
// sent a form is told that nothing was done with it.
func (c *Call) askToSignIn() {
	to := c.signInLink()
	if !c.reads() && to != Root {
		to += "&unsent=yes"
	}
	c.Redirect(to)
}

// signInLink leads to the first page, and from there to the page that is asked
// for, or that has the form.
func (c *Call) signInLink() string {
	rt := c.h.routes[strings.TrimPrefix(c.Request.URL.Path, Root)]
	if c.Request.URL.Path == Root || !c.reads() && rt.Show == nil {
		return Root
	}
	return Root + "?next=" + url.QueryEscape(strings.TrimPrefix(c.Request.URL.RequestURI(), Root))
}

// Redirect sends the browser to another page, which it asks for with GET.
func (c *Call) Redirect(to string) {
	c.Begun = true
	c.Writer.Header().Set("Location", to)
	c.Writer.WriteHeader(http.StatusSeeOther)
}

// Link is the path of a page with parameters, given as name, value, name,
// value. Empty values are left out.
func Link(name string, params ...string) string {
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

// Done leaves a message and goes on to a page.
func (c *Call) Done(to, format string, args ...any) error {
	c.h.sessions.say(c.session, flash{Text: fmt.Sprintf(format, args...)})
	c.Redirect(to)
	return nil
}

// Instead goes on to a page if err is a refusal, which the page then shows.
// Any other error is returned.
func (c *Call) Instead(to string, err error) error {
	e := AsRefusal(err)
	if e == nil {
		return err
	}
	c.h.sessions.say(c.session, flash{Text: e.Text, Bad: true})
	c.Redirect(to)
	return nil
}
