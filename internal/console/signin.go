package console

import (
	"fmt"
	"net/http"
	"strings"

	"firn/internal/sigv4"
)

// showSignIn is the first page: where somebody signs in, or who has signed in
// goes on.
func showSignIn(c *call) error {
	if c.session != nil {
		c.redirect(c.next())
		return nil
	}
	return c.signInPage(http.StatusOK, "")
}

func (c *call) signInPage(status int, complaint string) error {
	return c.render(status, "signin", page{
		Title: "Sign in", Data: complaint, Next: c.query.Get("next"),
		Commands: []command{awsCommand("Set the same key up", "configure", "set", "", "aws_access_key_id", "", "AKIA…")},
	})
}

// next is where to go after signing in: a page of the console, whatever the
// parameter says.
func (c *call) next() string {
	next := c.query.Get("next")
	if next == "" {
		return Root + "vaults"
	}
	name, _, _ := strings.Cut(next, "?")
	if rt, ok := c.h.routes[name]; !ok || rt.show == nil || name == "" {
		return Root + "vaults"
	}
	return Root + next
}

// signIn begins a session for who has an access key. It does not tell whether
// there is such a key.
func signIn(c *call) error {
	if wait, ok := c.h.tries.allowed(c.client.Addr); !ok {
		seconds := int(wait.Seconds()) + 1
		c.w.Header().Set("Retry-After", fmt.Sprint(seconds))
		return c.signInPage(http.StatusTooManyRequests,
			fmt.Sprintf("Too many attempts from where you are. Try again in %d seconds.", seconds))
	}
	key := sigv4.Credentials{
		AccessKeyID: strings.TrimSpace(c.form.Get("key")), SecretAccessKey: strings.TrimSpace(c.form.Get("secret")),
	}
	caller, err := c.cfg.Access.SignIn(c.r.Context(), key.AccessKeyID, key.SecretAccessKey)
	refused := asRefusal(err)
	if err != nil && refused == nil {
		return err
	}
	c.recordSignIn(caller, key.AccessKeyID, refused)
	if refused != nil {
		c.h.tries.failed(c.client.Addr)
		return c.signInPage(http.StatusForbidden, "There is no active access key with this id and this secret.")
	}
	if old := c.session; old != nil {
		c.h.sessions.end(old)
	}
	setCookie(c.w, c.h.sessions.begin(key), c.client.Secure)
	c.redirect(c.next())
	return nil
}

// signOut ends the session.
func signOut(c *call) error {
	c.h.sessions.end(c.session)
	dropCookie(c.w, c.client.Secure)
	c.redirect(Root)
	return nil
}
