package policy_test

import (
	"strings"
	"testing"

	"firn/internal/policy"
)

// ctx is a request's context: the values of its condition keys.
type ctx map[string][]string

func (c ctx) value(key string) ([]string, bool) {
	values, ok := c[key]
	return values, ok
}

const (
	account = "111122223333"
	vault   = "arn:aws:glacier:eu-west-1:111122223333:vaults/photos"
)

// caller makes the principal of "111122223333" or "111122223333/alice".
func caller(s string) policy.Principal {
	id, user, found := strings.Cut(s, "/")
	if !found {
		return policy.Principal{Account: id, ARN: "arn:aws:iam::" + id + ":root"}
	}
	return policy.Principal{Account: id, ARN: "arn:aws:iam::" + id + ":user/" + user}
}

// A verdict as the tables write it: "", "allow", "allow account" if it has to be handed on, "deny".
func verdict(v policy.Verdict) string {
	switch {
	case v.Effect == policy.Deny:
		return "deny"
	case v.Effect == policy.None:
		return ""
	case v.Direct:
		return "allow"
	}
	return "allow account"
}

func mustParse(t testing.TB, kind policy.Kind, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse(kind, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// identity is a policy of one statement, with the elements that are left out set to what matches everything.
func identity(version, effect, action, resource, condition string) string {
	return `{"Version": "` + version + `", "Statement": {"Effect": "` + effect + `", ` +
		orElse(action, `"Action": "*"`) + `, ` + orElse(resource, `"Resource": "*"`) + `, "Condition": {` + condition + `}}}`
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// applies says whether the statement of an identity policy applies to the request, and insists that it does so as an Allow and as a
// Deny.
func applies(t *testing.T, version, action, resource, condition string, r *policy.Request) bool {
	t.Helper()
	allow := mustParse(t, policy.Identity, identity(version, "Allow", action, resource, condition)).Evaluate(r)
	deny := mustParse(t, policy.Identity, identity(version, "Deny", action, resource, condition)).Evaluate(r)
	a, d := verdict(allow), verdict(deny)
	if (a == "allow") != (d == "deny") || a == "" != (d == "") {
		t.Fatalf("Allow gives %q, Deny gives %q", a, d)
	}
	return a == "allow"
}
