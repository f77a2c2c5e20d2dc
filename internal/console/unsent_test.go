package console_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"firn/firntest"
)

// What was typed into a form whose session has ended, or in whose place another
// has begun, is shown to be copied. Nothing is done with it.
func TestTextThatIsNotSentIsShown(t *testing.T) {
	srv := firntest.Start(t)
	long := "{\n \"Sid\": \"<i>'+&\"\n}"
	nobody := func(v *visitor) string { return "" }
	other := func(v *visitor) string {
		v.signIn(srv.AccessKey, srv.SecretKey)
		token := v.token()
		v.signIn(srv.AccessKey, srv.SecretKey)
		return token
	}
	for _, row := range []struct {
		name, path string
		token      func(*visitor) string
		form       url.Values
		says, back string
		shown      string // "" if there is nothing to show
		lacks      []string
	}{
		{
			"the session has ended", "/console/policy?vault=..", nobody, url.Values{"policy": {long}, "do": {"set"}},
			"The session has ended. Nothing was done with what you typed.", "/console/?next=policy%3Fvault%3D..", long, []string{">set<"},
		},
		{
			"another one has begun", "/console/policy?vault=..", other, url.Values{"policy": {long}, "do": {"set"}},
			"This form is of another session. Nothing was done with what you typed.", "/console/policy?vault=..", long, []string{">set<"},
		},
		{
			"secrets", "/console/topic?topic=x", other,
			url.Values{"message": {long}, "endpoint": {"https://a:hush@b\n"}, "apiPassword": {"hush\n"}, "SECRET": {"hush\n"}, "token": {"hush\n"}},
			"Not sent", "/console/topic?topic=x", long, []string{"hush", "endpoint"},
		},
		{
			"one line, but a long one", "/console/policy?vault=x", other, url.Values{"policy": {strings.Repeat("x", 200)}},
			"Not sent", "/console/policy?vault=x", strings.Repeat("x", 200), nil,
		},
		{
			"too much", "/console/policy?vault=x", other, url.Values{"a": {long}, "b": {strings.Repeat("\"", 25<<10)}},
			"Not all of it is here", "/console/policy?vault=x", long, []string{`for="typed-1"`},
		},
		{"too little, by nobody", "/console/vaults", nobody, url.Values{"vault": {"photos"}}, "", "/console/?next=vaults&unsent=yes", "", nil},
		{"too little, by nobody, for what shows nothing", "/console/sign-out", nobody, url.Values{"x": {"y"}}, "", "/console/", "", nil},
		{"more than is read", "/console/policy?vault=x", nobody, url.Values{"policy": {strings.Repeat("x\n", 64<<10)}}, "", "/console/?next=policy%3Fvault%3Dx&unsent=yes", "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := another(t, srv)
			row.form.Set("csrf", row.token(v))
			a := v.send(row.path, row.form)
			if row.shown == "" {
				if a.status != http.StatusSeeOther || a.header.Get("Location") != row.back {
					t.Errorf("%d to %q, want %q", a.status, a.header.Get("Location"), row.back)
				}
				return
			}
			v.says(a, row.says)
			v.lacks(a, append(row.lacks, "<i>", ">csrf<")...)
			if a.status != http.StatusForbidden || a.typed() != row.shown || len(a.body) > 150<<10 {
				t.Errorf("status %d, %d bytes, shown %q", a.status, len(a.body), a.typed())
			}
			if !strings.Contains(a.body, `href="`+html.EscapeString(row.back)+`"`) {
				t.Errorf("no link to %s:\n%s", row.back, a.body)
			}
		})
	}
}

func TestWhoSignsInAgainIsToldWhatWasNotDone(t *testing.T) {
	v := visit(t)
	a := v.send("/console/vaults", url.Values{"vault": {"photos"}})
	v.says(v.page(a.header.Get("Location")), "The session has ended, and nothing was done with the form that you sent.")
	a = v.send(a.header.Get("Location"), url.Values{"key": {v.srv.AccessKey}, "secret": {v.srv.SecretKey}})
	if got := a.header.Get("Location"); got != "/console/vaults" {
		t.Errorf("to %q", got)
	}
	v.lacks(v.page("/console/vaults"), "photos")
}
