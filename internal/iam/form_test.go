package iam

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"firn/internal/access"
	"firn/internal/sigv4"
)

// FuzzForm: whatever a form says, an action gets only parameters of its own,
// all that it needs, and each in its form; and a refusal can be told in XML.
func FuzzForm(f *testing.F) {
	table := map[string]*action{}
	for _, a := range actions() {
		table[a.name] = &a
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		c := &call{action: table[form.Get("Action")]}
		if c.action == nil {
			return
		}
		c.params, err = parametersOf(c.action, form)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Message == "" || e.Status != http.StatusBadRequest {
				t.Fatalf("%+v", err)
			}
			return
		}
		for _, name := range strings.Fields(c.action.needs) {
			if c.params[name] == "" {
				t.Errorf("%s has no %s", c.action.name, name)
			}
		}
		for name, value := range c.params {
			if !c.action.knows(name) || check(name, value) != nil || len(form[name]) != 1 {
				t.Errorf("%s has %s %q", c.action.name, name, value)
			}
		}
		if p := c.page(); p.limit < 1 || p.limit > maxItems {
			t.Errorf("a page of %d", p.limit)
		}
		if strings.ContainsAny(c.user(), "/*:") {
			t.Errorf("user %q", c.user())
		}
	})
}

func TestCodes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		code   Code
		status int
	}{
		{"no such entity", &access.Refusal{Code: access.NoSuchEntity}, "NoSuchEntity", 404},
		{"already exists", &access.Refusal{Code: access.AlreadyExists}, "EntityAlreadyExists", 409},
		{"delete conflict", &access.Refusal{Code: access.DeleteConflict}, "DeleteConflict", 409},
		{"limit exceeded", &access.Refusal{Code: access.LimitExceeded}, "LimitExceeded", 409},
		{"malformed policy", &access.Refusal{Code: access.MalformedPolicy}, "MalformedPolicyDocument", 400},
		{"invalid input", &access.Refusal{Code: access.InvalidInput}, "ValidationError", 400},
	} {
		if e := refusalOf(tt.err); e == nil || e.Code != tt.code || e.Status != tt.status || !e.Sender() {
			t.Errorf("%s: %+v", tt.name, e)
		}
	}
	if e := refusalOf(errors.New("disk on fire")); e != nil {
		t.Errorf("a fire is worded as %+v", e)
	}
}

// TestActionsKnowTheirParameters: what an action asks for it has in its row.
func TestActionsKnowTheirParameters(t *testing.T) {
	names := map[string]bool{}
	for _, a := range actions() {
		if names[a.name] {
			t.Errorf("%s has two rows", a.name)
		}
		names[a.name] = true
		listed := strings.HasPrefix(a.name, "List")
		if listed != (a.knows("Marker") && a.knows("MaxItems")) {
			t.Errorf("%s is paged: %t", a.name, !listed)
		}
		if reads := listed || strings.HasPrefix(a.name, "Get"); reads != a.reads {
			t.Errorf("%s reads: %t", a.name, a.reads)
		}
		fields := strings.Fields(a.needs + " " + a.takes)
		slices.Sort(fields)
		if len(slices.Compact(slices.Clone(fields))) != len(fields) {
			t.Errorf("%s has a parameter twice", a.name)
		}
		if a.about == aUser && !a.knows("UserName") {
			t.Errorf("%s is about a user, and cannot be told whom", a.name)
		}
	}
}

func TestClient(t *testing.T) {
	key := sigv4.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}
	for _, endpoint := range []string{"", "127.0.0.1:9420", "ftp://host", "http://", "http://host\n"} {
		if _, err := NewClient(endpoint, key); err == nil {
			t.Errorf("endpoint %q was taken", endpoint)
		}
	}
	if _, err := NewClient("http://host", sigv4.Credentials{}); err == nil {
		t.Error("a client without a key was made")
	}
	for _, tt := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no XML", "<html>", 502, "reply with status 502, and not in the words of the API"},
		{"JSON", `{"code":"AccessDeniedException"}`, 403, "reply with status 403, and not in the words of the API"},
		{"redirect", "", 307, "reply with status 307, and not in the words of the API"},
		{"refusal", `<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>none</Message></Error><RequestId>r</RequestId></ErrorResponse>`, 404, "none"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(tt.body))
		}))
		c, err := NewClient(s.URL+"/", key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(t.Context(), url.Values{}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
		s.Close()
	}
}
