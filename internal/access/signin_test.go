package access_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/catalog"
	"firn/internal/sigv4"
	"firn/internal/store"
)

const invalidToken = "UnrecognizedClientException: The security token included in the request is invalid."

func TestSignIn(t *testing.T) {
	c := newCourt(t)
	ctx := t.Context()
	c.caller(alice, "gone", "")
	disabled, err := c.CreateKey(ctx, alice, "gone")
	c.must(err)
	c.must(c.SetKeyActive(ctx, alice, "gone", disabled.ID, false))
	for _, tt := range []struct {
		name, id, secret, want string
	}{
		{"good", keyID, secret, ""},
		{"wrong secret", keyID, "wrong", invalidToken},
		{"secret with more behind it", keyID, secret + "x", invalidToken},
		{"part of the secret", keyID, secret[:39], invalidToken},
		{"no secret", keyID, "", invalidToken},
		{"long secret", keyID, strings.Repeat(secret, 10_000), invalidToken},
		{"unknown key", "AKIANOBODY", secret, invalidToken},
		{"unknown key, no secret", "AKIANOBODY", "", invalidToken},
		{"no key", "", secret, invalidToken},
		{"impossible key", "a'b", secret, invalidToken},
		{"disabled key", disabled.ID, disabled.Secret, invalidToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, turn := range []string{"first", "second"} { // the second time the key is remembered
				who, err := c.SignIn(ctx, tt.id, tt.secret)
				wantError(t, err, tt.want)
				want := access.Caller{}
				if tt.want == "" {
					want = access.Caller{Account: alice, KeyID: keyID}
				}
				if diff := cmp.Diff(want, who, cmp.AllowUnexported(access.Caller{})); diff != "" {
					t.Errorf("%s time, caller (-want +got):\n%s", turn, diff)
				}
			}
		})
	}
}

// What is changed through the same Service is seen by who has signed in with
// his next request.
func TestSignInSeesChanges(t *testing.T) {
	c := newCourt(t)
	ctx := t.Context()
	_, err := c.CreateUser(ctx, alice, "ann")
	c.must(err)
	key, err := c.CreateKey(ctx, alice, "ann")
	c.must(err)
	signIn := func() (access.Caller, error) { return c.SignIn(ctx, key.ID, key.Secret) }
	for _, step := range []struct {
		name   string
		change func() error
		want   string
		may    bool
	}{
		{"without a policy", func() error { return nil }, "", false},
		{"with a policy", func() error { return c.PutPolicy(ctx, alice, "ann", "own", allow("", "DescribeVault")) }, "", true},
		{"policy taken away", func() error { return c.DeletePolicy(ctx, alice, "ann", "own") }, "", false},
		{"managed policy", func() error { return c.AttachPolicy(ctx, alice, "ann", "AmazonGlacierReadOnlyAccess") }, "", true},
		{"key disabled", func() error { return c.SetKeyActive(ctx, alice, "ann", key.ID, false) }, invalidToken, false},
		{"key enabled", func() error { return c.SetKeyActive(ctx, alice, "ann", key.ID, true) }, "", true},
		{"key deleted", func() error { return c.DeleteKey(ctx, alice, "ann", key.ID) }, invalidToken, false},
	} {
		c.must(step.change())
		who, err := signIn()
		wantError(t, err, step.want)
		if err == nil && who.User != "ann" {
			t.Errorf("%s: signed in as %q", step.name, who.User)
		}
		if may := err == nil && c.May(ctx, ask(who, "DescribeVault")); may != step.may {
			t.Errorf("%s: may %v, want %v", step.name, may, step.may)
		}
		_, err = c.Authenticate(c.signedBy(c.request(), hash(""), credentials(key)), glacier.Service, noBody)
		if (err == nil) != (step.want == "") {
			t.Errorf("%s: Authenticate differs: %v", step.name, err)
		}
	}
}

func credentials(k access.NewlyMade) sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}
}

// A watched store counts what is looked at.
type watched struct {
	store.Store
	views atomic.Int64
}

func (w *watched) View(ctx context.Context, look func(*catalog.Tx) error) error {
	w.views.Add(1)
	return w.Store.View(ctx, look)
}

// A stranger cannot tell by the work whether there is a key, and who has signed
// in costs no look into the store.
func TestRefusedSignInsAreAsMuchWork(t *testing.T) {
	g := open(t)
	w := &watched{Store: g.store}
	s, err := access.New(access.Config{Store: w, Region: region, Seal: g.seal, Now: g.clock})
	g.must(err)
	_, err = s.SignIn(t.Context(), keyID, secret)
	g.must(err)
	for _, tt := range []struct {
		name, id, secret string
		views            int64
	}{
		{"good", keyID, secret, 0},
		{"wrong secret of a key that is remembered", keyID, "wrong", 1},
		{"unknown key", "AKIANOBODY", secret, 1},
	} {
		before := w.views.Load()
		_, err := s.SignIn(t.Context(), tt.id, tt.secret)
		if (err == nil) != (tt.views == 0) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if n := w.views.Load() - before; n != tt.views {
			t.Errorf("%s: %d looks, want %d", tt.name, n, tt.views)
		}
	}
	g.pass(access.DefaultKeyLife)
	before := w.views.Load()
	_, err = s.SignIn(t.Context(), keyID, "wrong")
	wantError(t, err, invalidToken)
	if n := w.views.Load() - before; n != 1 {
		t.Errorf("wrong secret of a key that is not remembered: %d looks, want 1", n)
	}
}

// A store that fails is no wrong secret.
func TestSignInWithoutAStore(t *testing.T) {
	g := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, turn := range []string{"not remembered", "remembered"} {
		_, err := g.SignIn(ctx, keyID, "wrong")
		if err == nil || errors.As(err, new(*glacier.Error)) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: %v", turn, err)
		}
		_, err = g.SignIn(t.Context(), keyID, secret)
		g.must(err)
	}
}

func TestMay(t *testing.T) {
	c := newCourt(t)
	ctx := t.Context()
	reader := c.caller(alice, "reader", allow("", "Describe*"))
	admin := c.caller(alice, "admin", `{"Statement":{"Effect":"Allow","Action":["iam:*","cloudtrail:LookupEvents"],"Resource":"*"}}`)
	policy := deny("*", "DeleteVault")
	c.must(c.vaults.SetVaultAccessPolicy(ctx, alice, photos, &policy))
	about := func(who access.Caller, action string) access.Request {
		return access.Request{Caller: who, Action: action, Resource: "*"}
	}
	owned := func(q access.Request, owner glacier.AccountID) access.Request {
		q.Owner = owner
		return q
	}
	for _, tt := range []struct {
		name string
		q    access.Request
		want bool
	}{
		{"root", ask(access.RootOf(alice), "DescribeVault"), true},
		{"root, what the vault's policy forbids", ask(access.RootOf(alice), "DeleteVault"), false},
		{"user, what his policy allows", ask(reader, "DescribeVault"), true},
		{"user, what nothing allows", ask(reader, "UploadArchive"), false},
		{"another account's vault", ask(access.RootOf(bob), "DescribeVault"), false},
		{"no vault, root", about(access.RootOf(alice), "glacier:ListVaults"), true},
		{"no vault, user whom nothing allows", about(reader, "iam:CreateUser"), false},
		{"no vault, user", about(admin, "cloudtrail:LookupEvents"), true},
		{"no vault, own account named", owned(about(admin, "iam:CreateUser"), alice), true},
		{"no vault, another account", owned(about(access.RootOf(bob), "glacier:ListVaults"), alice), false},
		{"vault without an owner is the caller's", owned(ask(access.RootOf(alice), "DescribeVault"), ""), true},
	} {
		if got := c.May(ctx, tt.q); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What cannot be found out is not permitted.
func TestMayWithoutAStore(t *testing.T) {
	c := newCourt(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := ask(access.RootOf(alice), "DescribeVault")
	q.Vault = "unheard-of"
	if c.May(ctx, q) {
		t.Error("permitted")
	}
	if !c.May(t.Context(), q) {
		t.Error("not permitted, with a store")
	}
}
