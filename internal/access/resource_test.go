package access_test

import (
	"testing"

	"firn/glacier"
	"firn/internal/access"
)

// A topic, or a queue, is decided about as a vault is, with its own policy.
func TestAuthorizeResource(t *testing.T) {
	const (
		topic   = glacier.ARN("arn:aws:sns:us-east-1:111122223333:done")
		letBob  = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sns:Publish","Resource":"` + string(topic) + `"}}`
		shut    = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`
		publish = `{"Statement":{"Effect":"Allow","Action":"sns:*","Resource":"*"}}`
	)
	for _, tt := range []struct {
		name           string
		account        glacier.AccountID
		user, identity string
		action, policy string
		allowed        bool
	}{
		{name: "the owner's root", account: alice, user: "root", action: "Publish", allowed: true},
		{name: "the owner's user", account: alice, user: "ann", action: "Publish"},
		{name: "the owner's user, by his own policy", account: alice, user: "ann", identity: publish, action: "Publish", allowed: true},
		{name: "another account", account: bob, user: "root", action: "Publish"},
		{name: "another account, invited", account: bob, user: "root", action: "Publish", policy: letBob, allowed: true},
		{name: "another account, invited to something else", account: bob, user: "root", action: "Subscribe", policy: letBob},
		{name: "another account's user, invited", account: bob, user: "ben", action: "Publish", policy: letBob},
		{name: "another account's user, invited, and by his own policy", account: bob, user: "ben", identity: publish, action: "Publish", policy: letBob, allowed: true},
		{name: "nobody", account: alice, user: "root", action: "Publish", policy: shut},
		{name: "nobody, but root mends it", account: alice, user: "root", action: "SetTopicAttributes", policy: shut, allowed: true},
		{name: "nobody, and another's root does not", account: bob, user: "root", action: "SetTopicAttributes", policy: shut},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCourt(t)
			err := c.AuthorizeResource(access.Request{
				Caller: c.caller(tt.account, tt.user, tt.identity), Action: "sns:" + tt.action, Owner: alice, Resource: topic,
			}, tt.policy)
			want := "AccessDeniedException: …"
			if tt.allowed {
				want = ""
			}
			wantError(t, err, want)
		})
	}
	c := newCourt(t)
	for from, may := range map[glacier.AccountID]bool{alice: true, bob: true, carol: false} {
		if got := c.MayPublish(from, alice, topic, letBob); got != may {
			t.Errorf("%s may publish: %v", from, got)
		}
	}
	if err := c.AuthorizeResource(access.Request{Caller: access.RootOf(alice), Action: "sns:Publish", Owner: alice, Resource: topic}, "no policy"); err == nil {
		t.Error("a policy that cannot be read lets everybody in")
	}
}
