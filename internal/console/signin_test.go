package console_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"firn/firntest"
)

func TestSigningIn(t *testing.T) {
	v := visit(t)
	if a := v.page("/console/"); !strings.Contains(a.body, `name="secret"`) {
		t.Fatalf("the first page does not ask for a key:\n%s", a.body)
	}
	if a := v.get("/console/vaults?search=x"); a.header.Get("Location") != "/console/?next=vaults%3Fsearch%3Dx" {
		t.Fatalf("without a session: %d to %q", a.status, a.header.Get("Location"))
	}
	form := url.Values{"key": {v.srv.AccessKey}, "secret": {v.srv.SecretKey}}
	a := v.send("/console/?next=vaults%3Fsearch%3Dx", form)
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/console/vaults?search=x" {
		t.Fatalf("sign in: %d to %q", a.status, a.header.Get("Location"))
	}
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"firn-console=", "Path=/console/", "HttpOnly", "SameSite=Strict"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s: %s", want, cookie)
		}
	}
	v.says(v.page("/console/vaults"), "Vaults", "root", v.srv.Account)
	v.lacks(v.page("/console/vaults"), v.srv.SecretKey)
	if a := v.submit("/console/sign-out"); !strings.Contains(a.body, `name="secret"`) {
		t.Fatalf("signing out does not lead to the first page:\n%s", a.body)
	}
	if a := v.get("/console/vaults"); a.status != http.StatusSeeOther {
		t.Fatalf("after signing out: %d", a.status)
	}
}

func TestWhereSigningInLeads(t *testing.T) {
	srv := firntest.Start(t)
	for _, row := range []struct{ name, next, want string }{
		{"a page", "vault?vault=..", "/console/vault?vault=.."},
		{"nothing", "", "/console/vaults"},
		{"another site", "//evil.example/", "/console/vaults"},
		{"another site, whole", "https://evil.example/", "/console/vaults"},
		{"a page that is not there", "nowhere", "/console/vaults"},
		{"a path upwards", "../-/vaults", "/console/vaults"},
		{"what only changes things", "sign-out", "/console/vaults"},
		{"itself", "?next=", "/console/vaults"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := another(t, srv)
			form := url.Values{"key": {v.srv.AccessKey}, "secret": {v.srv.SecretKey}}
			a := v.send("/console/?next="+url.QueryEscape(row.next), form)
			if got := a.header.Get("Location"); got != row.want {
				t.Errorf("to %q, want %q", got, row.want)
			}
		})
	}
}

func TestGuessingIsSlow(t *testing.T) {
	v := visit(t)
	for i := range 10 {
		a := v.send("/console/", url.Values{"key": {v.srv.AccessKey}, "secret": {"wrong"}})
		if a.status != http.StatusForbidden || strings.Contains(a.body, "wrong") {
			t.Fatalf("try %d: %d\n%s", i, a.status, a.body)
		}
	}
	right := url.Values{"key": {v.srv.AccessKey}, "secret": {v.srv.SecretKey}}
	a := v.send("/console/", right)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || a.header.Get("Set-Cookie") != "" {
		t.Fatalf("the eleventh: %d %v", a.status, a.header)
	}
}

// Whatever is answered, to whomever, browsers are told to hold to the same.
func TestHeadersOfEveryReply(t *testing.T) {
	v := signedIn(t)
	for _, path := range []string{
		"/console/", "/console", "/console/vaults", "/console/nowhere", "/console/assets/console.css", "/console/assets/nothing.js",
		"/console/vault?vault=none", "/console/api?path=/-/vaults", "/console/../console/vaults",
	} {
		h := v.get(path).header
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self';") ||
			!strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("X-Frame-Options") != "DENY" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	v := signedIn(t)
	token := v.token()
	for _, row := range []struct {
		name, token, kind, header, value string
		want                             int
	}{
		{"its own", token, "", "", "", http.StatusSeeOther},
		{"no token", "", "", "", "", http.StatusForbidden},
		{"another token", strings.Repeat("A", len(token)), "", "", "", http.StatusForbidden},
		{"from another site", token, "", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"from another port of the same name", token, "", "Sec-Fetch-Site", "same-site", http.StatusForbidden},
		{"from another origin", token, "", "Origin", "http://evil.example", http.StatusForbidden},
		{"as text", token, "text/plain", "", "", http.StatusUnsupportedMediaType},
	} {
		t.Run(row.name, func(t *testing.T) {
			form := url.Values{"csrf": {row.token}, "vault": {"made"}}
			r := v.request(http.MethodPost, "/console/vaults", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if row.kind != "" {
				r.Header.Set("Content-Type", row.kind)
			}
			if row.header != "" {
				r.Header.Set(row.header, row.value)
			}
			if a := v.do(r); a.status != row.want {
				t.Errorf("status %d, want %d\n%s", a.status, row.want, a.text())
			}
		})
	}
}

// Who fails to sign in, or is not let to try, is in the log as a failure.
func TestFailedSignInsAreFailures(t *testing.T) {
	v := signedIn(t)
	guesser := another(t, v.srv)
	for range 15 {
		guesser.send("/console/", url.Values{"key": {"AKIANOBODYKNOWSTHIS1"}, "secret": {"wrong"}})
	}
	for _, query := range []string{"?name=ConsoleLogin", "?failed=yes"} {
		a := v.page("/console/audit" + query)
		for says, want := range map[string]int{
			`<span class="badge bad">Failed authentication</span>`: 10, `<span class="badge bad">Too many attempts</span>`: 1,
		} {
			if got := strings.Count(a.body, says); got != want {
				t.Errorf("%s: %d times %s, want %d", query, got, says, want)
			}
		}
	}
	v.lacks(v.page("/console/audit?name=ConsoleLogin&failed=yes"), ">done<")
	v.says(v.page("/console/audit?name=ConsoleLogin"), "done")
}

// A look that is refused has the API's code.
func TestRefusedLooksHaveACode(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	if a := v.get("/console/jobs?marker=nonsense"); a.status != http.StatusBadRequest {
		t.Fatalf("status %d", a.status)
	}
	a := v.page("/console/audit?name=ListJobs&failed=yes")
	v.says(a, "InvalidParameterValueException")
}

// A secret that is pasted into the field for the id is in no log.
func TestWhatMayBeASecretIsNotLogged(t *testing.T) {
	v := visit(t)
	for _, id := range []string{v.srv.SecretKey, "hunter2", "AKIA" + strings.Repeat("X", 16)} {
		v.send("/console/", url.Values{"key": {id}, "secret": {"x"}})
	}
	v.signIn(v.srv.AccessKey, v.srv.SecretKey)
	log := v.page("/console/audit?name=ConsoleLogin")
	v.lacks(log, v.srv.SecretKey, "hunter2")
	v.says(log, "HIDDEN_DUE_TO_SECURITY_REASONS", "AKIAXXXXXXXXXXXXXXXX")
}

// Looking at archives is in the audit log, as taking an inventory is.
func TestLookingIsLogged(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	v.store("photos", "one", []byte("one"))
	v.says(v.page("/console/vault?vault=photos"), "photos") // which counts them only
	v.lacks(v.page("/console/audit?name=ListArchives&reads=on&all=yes"), ">ListArchives<")
	v.page("/console/archives?vault=photos")
	v.says(v.page("/console/audit?name=ListArchives&reads=on&all=yes"), "ListArchives")
}

// A body that never comes holds no connection for long, whatever it was sent
// to, and the answer is there before.
func TestABodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	v := visit(t)
	for _, path := range []string{"/console/assets/console.css", "/console/vaults", "/console/nowhere", "/console/api?path=/-/vaults"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(v.srv.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(25 * time.Second)); err != nil {
				t.Fatal(err)
			}
			reply, err := io.ReadAll(conn) // to the end of the connection
			if err != nil || !strings.HasPrefix(string(reply), "HTTP/1.1 ") {
				t.Errorf("%v: %.40q", err, reply)
			}
		})
	}
}

func TestASignInFormIsSmall(t *testing.T) {
	v := visit(t)
	a := v.send("/console/", url.Values{"key": {strings.Repeat("x", 9<<10)}})
	if a.status != http.StatusRequestEntityTooLarge {
		t.Fatalf("status %d\n%s", a.status, a.text())
	}
}

// A proxy that asks for a password of its own sends it on.
func TestAPasswordForAProxyIsNoneOfOurs(t *testing.T) {
	v := visit(t)
	r := v.request(http.MethodGet, "/console/", nil)
	r.SetBasicAuth("proxy", "password")
	if a := v.do(r); a.status != http.StatusOK {
		t.Fatalf("status %d\n%s", a.status, a.body)
	}
}

func TestAFormIsBounded(t *testing.T) {
	v := signedIn(t)
	a := v.send("/console/vaults", url.Values{"csrf": {v.token()}, "vault": {strings.Repeat("x", 600<<10)}})
	if a.status != http.StatusRequestEntityTooLarge {
		t.Fatalf("status %d\n%s", a.status, a.text())
	}
}
