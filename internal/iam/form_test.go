package iam

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/sigv4"
	"firn/internal/store"
)

// FuzzForm: whatever a form says, an action gets only parameters of its own,
// all that it needs, and each in its form; and a refusal can be told in XML.
func FuzzForm(f *testing.F) {
	h := New(Config{})
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		c := h.newCall(t.Context())
		if err := c.find(form); err != nil {
			status, document := c.refuse(err)
			var r refusal
			if err := xml.Unmarshal(document, &r); err != nil || status != r.Error.Code.status() || r.Error.Message == "" {
				t.Fatalf("%d %s: %v", status, document, err)
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
		fault  string
	}{
		{"no such entity", &access.Refusal{Code: access.NoSuchEntity}, "NoSuchEntity", 404, "Sender"},
		{"already exists", &access.Refusal{Code: access.AlreadyExists}, "EntityAlreadyExists", 409, "Sender"},
		{"delete conflict", &access.Refusal{Code: access.DeleteConflict}, "DeleteConflict", 409, "Sender"},
		{"limit exceeded", &access.Refusal{Code: access.LimitExceeded}, "LimitExceeded", 409, "Sender"},
		{"malformed policy", &access.Refusal{Code: access.MalformedPolicy}, "MalformedPolicyDocument", 400, "Sender"},
		{"invalid input", &access.Refusal{Code: access.InvalidInput}, "ValidationError", 400, "Sender"},
		{"access denied", &glacier.Error{Code: glacier.AccessDenied}, "AccessDenied", 403, "Sender"},
		{"unknown key", &glacier.Error{Code: glacier.UnrecognizedClient}, "InvalidClientTokenId", 403, "Sender"},
		{"wrong signature", &glacier.Error{Code: glacier.InvalidSignature}, "SignatureDoesNotMatch", 403, "Sender"},
		{"incomplete signature", &glacier.Error{Code: glacier.IncompleteSignature}, "IncompleteSignature", 400, "Sender"},
		{"no signature", &glacier.Error{Code: glacier.MissingAuthenticationToken}, "MissingAuthenticationToken", 403, "Sender"},
		{"throttled", &glacier.Error{Code: glacier.Throttling}, "Throttling", 400, "Sender"},
		{"unavailable", &glacier.Error{Code: glacier.ServiceUnavailable}, "ServiceUnavailable", 503, "Receiver"},
		{"another of Glacier's", &glacier.Error{Code: glacier.BadRequest}, "ValidationError", 400, "Sender"},
		{"disk full", store.ErrFull, "ServiceUnavailable", 503, "Receiver"},
		{"timeout", refuse(RequestTimeout, "late"), "RequestTimeout", 408, "Sender"},
		{"unknown action", refuse(InvalidAction, "x"), "InvalidAction", 400, "Sender"},
		{"anything else", errors.New("disk on fire"), "ServiceFailure", 500, "Receiver"},
	} {
		c := New(Config{}).newCall(t.Context())
		status, document := c.refuse(tt.err)
		var r refusal
		if err := xml.Unmarshal(document, &r); err != nil {
			t.Fatal(err)
		}
		if status != tt.status || r.Error.Code != tt.code || r.Error.Type != tt.fault || r.RequestID != c.requestID {
			t.Errorf("%s: status %d with %s", tt.name, status, document)
		}
		if strings.Contains(string(document), "fire") {
			t.Errorf("%s: %s", tt.name, document)
		}
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
