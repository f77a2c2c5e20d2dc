package console_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"firn/firntest"
)

// A visitor is somebody with a browser that runs no scripts.
type visitor struct {
	t    *testing.T
	srv  *firntest.Server
	http *http.Client
}

// visit starts a server and returns a visitor who has not signed in.
func visit(t *testing.T, options ...firntest.Option) *visitor {
	t.Helper()
	return another(t, firntest.Start(t, options...))
}

// another is one more visitor of a server.
func another(t *testing.T, srv *firntest.Server) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, srv: srv, http: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn starts a server and returns a visitor who has signed in as root.
func signedIn(t *testing.T, options ...firntest.Option) *visitor {
	t.Helper()
	v := visit(t, options...)
	v.signIn(v.srv.AccessKey, v.srv.SecretKey)
	return v
}

// signIn signs in, or fails the test.
func (v *visitor) signIn(key, secret string) {
	v.t.Helper()
	if r := v.send("/console/", url.Values{"key": {key}, "secret": {secret}}); r.status != http.StatusSeeOther {
		v.t.Fatalf("sign in: %d\n%s", r.status, r.text())
	}
}

// An answer is a reply.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request as it is.
func (v *visitor) do(r *http.Request) answer {
	v.t.Helper()
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// request makes a request to the server.
func (v *visitor) request(method, path string, body io.Reader) *http.Request {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.srv.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

// get asks for a path, whatever the answer.
func (v *visitor) get(path string) answer {
	v.t.Helper()
	return v.do(v.request(http.MethodGet, path, nil))
}

// page asks for a page that must be there, and returns it.
func (v *visitor) page(path string) answer {
	v.t.Helper()
	a := v.get(path)
	if a.status != http.StatusOK {
		v.t.Fatalf("%s: status %d\n%s", path, a.status, a.text())
	}
	return a
}

// send posts a form as it is.
func (v *visitor) send(path string, form url.Values) answer {
	v.t.Helper()
	r := v.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

// submit posts a form of the page that is there, with its token, given as
// name, value, name, value, and returns the page that it leads to.
func (v *visitor) submit(path string, fields ...string) answer {
	v.t.Helper()
	form := url.Values{"csrf": {v.token()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	a := v.send(path, form)
	for a.status == http.StatusSeeOther {
		a = v.get(a.header.Get("Location"))
	}
	return a
}

var tokenOf = regexp.MustCompile(`name="firn-csrf" content="([^"]+)"`)

// token is the session's, as it stands in a page.
func (v *visitor) token() string {
	v.t.Helper()
	m := tokenOf.FindStringSubmatch(v.get("/console/nowhere").body)
	if m == nil {
		v.t.Fatal("the page has no token")
	}
	return m[1]
}

var (
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// text is what a page says, without its marks.
func (a answer) text() string {
	return strings.TrimSpace(spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(a.body, " ")), " "))
}

// says fails the test unless a page says all of some things.
func (v *visitor) says(a answer, wants ...string) {
	v.t.Helper()
	text := a.text()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			v.t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
}

// lacks fails the test if a page says one of some things, marks included.
func (v *visitor) lacks(a answer, unwanted ...string) {
	v.t.Helper()
	for _, s := range unwanted {
		if strings.Contains(a.body, s) {
			v.t.Errorf("the page says %q:\n%s", s, a.text())
		}
	}
}

// was is the digest of what a field of a page begins with.
func (v *visitor) was(path, field string) string {
	v.t.Helper()
	return wasIn(v.page(path), field)
}

func wasIn(a answer, field string) string {
	return between(a.body, `name="was-`+field+`" value="`, `"`)
}
