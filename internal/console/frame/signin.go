package frame

import (
	"fmt"
	"net/http"
	"strings"

	"firn/internal/access"
	"firn/internal/sigv4"
)

// showSignIn is the first page: where somebody signs in, or who has signed in
// goes on.
func showSignIn(c *Call) error {
	if c.session != nil {
		c.Redirect(c.next())
		return nil
	}
	if c.Query.Has("unsent") {
		return c.signInPage(http.StatusOK, "The session has ended, and nothing was done with the form that you sent. Sign in, and send it again.")
	}
	return c.signInPage(http.StatusOK, "")
}

func (c *Call) signInPage(status int, complaint string) error {
	return c.Render(status, "signin", Page{
		Title: "Sign in", Data: complaint, Next: c.Query.Get("next"),
		Commands: []Command{AwsCommand("Set the same key up", "configure", "set", "", "aws_access_key_id", "", "AKIA…")},
	})
}

// next is where to go after signing in: a page of the console, whatever the
// parameter says.
func (c *Call) next() string {
	next := c.Query.Get("next")
	if next == "" {
		return Root + "vaults"
	}
	name, _, _ := strings.Cut(next, "?")
	if rt, ok := c.h.routes[name]; !ok || rt.Show == nil || name == "" {
		return Root + "vaults"
	}
	return Root + next
}

// signIn begins a session for who has an access key. It does not tell whether
// there is such a key.
func signIn(c *Call) error {
	if wait, ok := c.h.tries.allowed(c.Client.Addr); !ok {
		if c.h.tries.worthALine(c.Client.Addr) {
			c.recordSignIn(access.Caller{}, strings.TrimSpace(c.Form.Get("key")), "Too many attempts")
		}
		seconds := int(wait.Seconds()) + 1
		c.Writer.Header().Set("Retry-After", fmt.Sprint(seconds))
		return c.signInPage(http.StatusTooManyRequests,
			fmt.Sprintf("Too many attempts from where you are. Try again in %d seconds.", seconds))
	}
	key := sigv4.Credentials{
		AccessKeyID: strings.TrimSpace(c.Form.Get("key")), SecretAccessKey: strings.TrimSpace(c.Form.Get("secret")),
	}
	caller, err := c.Config.Access.SignIn(c.Request.Context(), key.AccessKeyID, key.SecretAccessKey)
	refused := AsRefusal(err)
	if err != nil && refused == nil {
		return err
	}
	failure := ""
	if refused != nil {
		failure = "Failed authentication"
	}
	c.recordSignIn(caller, key.AccessKeyID, failure)
	if refused != nil {
		c.h.tries.failed(c.Client.Addr)
		return c.signInPage(http.StatusForbidden, "There is no active access key with this id and this secret.")
	}
	if old := c.session; old != nil {
		c.h.sessions.end(old)
	}
	setCookie(c.Writer, c.h.sessions.begin(key), c.Client.Secure)
	c.Redirect(c.next())
	return nil
}

// signOut ends the session.
func signOut(c *Call) error {
	c.h.sessions.end(c.session)
	dropCookie(c.Writer, c.Client.Secure)
	c.Redirect(Root)
	return nil
}
