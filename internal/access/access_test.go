package access_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/record"
	"firn/internal/sigv4"
	"firn/internal/store/local"
)

const (
	region = "us-east-1"
	alice  = glacier.AccountID("111122223333")
	bob    = glacier.AccountID("444455556666")
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// A gate is a Service over the real local store, on a disk in memory.
type gate struct {
	*access.Service
	t     *testing.T
	store *local.Store
	seal  access.SealKey

	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T) *gate {
	t.Helper()
	g := &gate{t: t, now: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)}
	var err error
	g.store, err = local.Open(local.Config{
		FS:      disk.NewMem(256 << 20),
		Catalog: filepath.Join(t.TempDir(), "catalog.db"),
		Now:     g.clock,
	})
	g.must(err)
	t.Cleanup(func() {
		if err := g.store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	g.seal, err = g.store.SealKey()
	g.must(err)
	g.Service = g.another()
	g.must(g.EnsureKey(t.Context(), alice, keyID, secret))
	return g
}

// another opens a second Service over the same store.
func (g *gate) another() *access.Service {
	g.t.Helper()
	s, err := access.New(access.Config{Store: g.store, Region: region, Seal: g.seal, IDs: g.store.IDKey(), Now: g.clock})
	g.must(err)
	return s
}

func (g *gate) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *gate) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *gate) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// request is a request as a server has it. Its body is not to be read.
func (g *gate) request() *http.Request {
	r := httptest.NewRequest("POST", "http://localhost:9420/-/vaults/photos/archives?a=b", unread{g.t})
	r.Header.Set("x-amz-glacier-version", "2012-06-01")
	return r
}

// signed signs as keyID at the present, for the body.
func (g *gate) signed(r *http.Request, body string) *http.Request {
	return g.signedBy(r, hash(body), sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret})
}

func (g *gate) signedBy(r *http.Request, payloadHash string, c sigv4.Credentials) *http.Request {
	sigv4.Sign(r, c, region, "glacier", payloadHash, g.clock())
	return r
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// wantError fails unless err is the refusal "Code: message". A want that ends
// in … is a prefix. An empty want is success.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || want == "" {
		if err != nil || want != "" {
			t.Errorf("error %v, want %q", err, want)
		}
		return
	}
	if refused := (*glacier.Error)(nil); !errors.As(err, &refused) {
		t.Errorf("error %v is not the API's, want %s", err, want)
		return
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("error holds the secret: %v", err)
	}
	if prefix, ok := strings.CutSuffix(want, "…"); ok && strings.HasPrefix(err.Error(), prefix) {
		return
	}
	if err.Error() != want {
		t.Errorf("error\n%s\nwant\n%s", err, want)
	}
}

func TestAuthenticate(t *testing.T) {
	g := open(t)
	const mismatch = "InvalidSignatureException: The request signature we calculated does not match the signature you provided. …"
	good := sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	nothing := func(*http.Request) {}
	for _, tt := range []struct {
		name          string
		body          string // that comes
		signedBody    string
		key           sigv4.Credentials
		before, after func(*http.Request) // signing
		later         time.Duration
		want          string
	}{
		{"good", "{}", "{}", good, nothing, nothing, 0, ""},
		{"no body", "", "", good, nothing, nothing, 0, ""},
		{"with its hash in a header", "{}", "{}", good, header("x-amz-content-sha256", hash("{}")), nothing, 0, ""},
		{"almost too late", "", "", good, nothing, nothing, 5 * time.Minute, ""},
		{"almost too early", "", "", good, nothing, nothing, -5 * time.Minute, ""},
		{"too late", "", "", good, nothing, nothing, 5*time.Minute + time.Second,
			"InvalidSignatureException: Signature expired: 20260102T120000Z is now earlier than 20260102T120001Z (20260102T120501Z - 5 min.)"},
		{"too early", "", "", good, nothing, nothing, -5*time.Minute - time.Second,
			"InvalidSignatureException: Signature not yet current: 20260102T120000Z is still later than 20260102T115959Z (20260102T115459Z + 5 min.)"},
		{"unsigned", "", "", good, nothing, func(r *http.Request) { r.Header.Del("Authorization") }, 0,
			"MissingAuthenticationTokenException: Missing Authentication Token"},
		{"another scheme", "", "", good, nothing, header("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), 0, "IncompleteSignatureException: …"},
		{"no signature", "", "", good, nothing, header("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+"/20260102/us-east-1/glacier/aws4_request, SignedHeaders=host"), 0,
			"IncompleteSignatureException: Authorization header requires 'Signature' parameter. …"},
		{"no date", "", "", good, nothing, func(r *http.Request) { r.Header.Del("X-Amz-Date") }, 0, "IncompleteSignatureException: …"},
		{"wrong secret", "", "", sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret + "x"}, nothing, nothing, 0, mismatch},
		{"unknown key", "", "", sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: secret}, nothing, nothing, 0,
			"UnrecognizedClientException: The security token included in the request is invalid."},
		{"impossible key", "", "", sigv4.Credentials{AccessKeyID: "a'b", SecretAccessKey: secret}, nothing, nothing, 0,
			"UnrecognizedClientException: The security token included in the request is invalid."},
		{"session token", "", "", sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: "token"}, nothing, nothing, 0,
			"UnrecognizedClientException: The security token included in the request is invalid."},
		{"body altered", "{ }", "{}", good, nothing, nothing, 0, mismatch},
		{"body altered, its hash in a header", "{ }", "{}", good, header("x-amz-content-sha256", hash("{}")), nothing, 0,
			"InvalidSignatureException: The value passed in as x-amz-content-sha256 does not match the computed payload hash. Computed digest: " +
				hash("{ }") + " expected hash: " + hash("{}")},
		{"unsigned payload", "{}", "{}", good, header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), nothing, 0,
			"InvalidSignatureException: The value passed in as x-amz-content-sha256 does not match the computed payload hash. Computed digest: " +
				hash("{}") + " expected hash: UNSIGNED-PAYLOAD"},
		{"header altered", "", "", good, nothing, header("x-amz-glacier-version", "2012-06-02"), 0, mismatch},
		{"method altered", "", "", good, nothing, func(r *http.Request) { r.Method = "DELETE" }, 0, mismatch},
		{"path altered", "", "", good, nothing, func(r *http.Request) { r.RequestURI = "/-/vaults/others/archives?a=b" }, 0, mismatch},
		{"query altered", "", "", good, nothing, func(r *http.Request) { r.RequestURI = "/-/vaults/photos/archives?a=c" }, 0, mismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request()
			tt.before(r)
			g.signedBy(r, hash(tt.signedBody), tt.key)
			tt.after(r)
			g.pass(tt.later)
			defer g.pass(-tt.later)
			caller, err := g.Authenticate(r, "glacier", func() ([]byte, error) { return []byte(tt.body), nil })
			wantError(t, err, tt.want)
			account, id := alice, keyID
			if tt.want != "" {
				account, id = "", caller.KeyID // which is told to an audit log only
			}
			if caller.Account != account || caller.KeyID != id || !caller.Root() {
				t.Errorf("caller %+v, want %s of %s", caller, id, account)
			}
		})
	}
}

func TestSignedForAnotherPlace(t *testing.T) {
	g := open(t)
	for _, tt := range []struct{ name, region, service, want string }{
		{"region", "eu-west-1", "glacier", "InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'. "},
		{"service", region, "s3", "InvalidSignatureException: Credential should be scoped to correct service: 'glacier'. "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request()
			sigv4.Sign(r, sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, tt.region, tt.service, hash(""), g.clock())
			_, err := g.Authenticate(r, "glacier", noBody)
			wantError(t, err, tt.want)
		})
	}
}

func TestAuthenticateUpload(t *testing.T) {
	g := open(t)
	for _, tt := range []struct{ name, sent, signed, want string }{
		{"good", hash("body"), hash("body"), ""},
		{"in capitals", strings.ToUpper(hash("body")), strings.ToUpper(hash("body")), ""},
		{"absent", "", hash("body"), "MissingParameterValueException: Required parameter missing: x-amz-content-sha256"},
		{"unsigned payload", "UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", "InvalidParameterValueException: Invalid x-amz-content-sha256: UNSIGNED-PAYLOAD"},
		{"streaming", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
			"InvalidParameterValueException: Invalid x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
		{"another than was signed", hash("other"), hash("body"),
			"InvalidSignatureException: The request signature we calculated does not match the signature you provided. …"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request()
			if tt.sent != "" {
				r.Header.Set("x-amz-content-sha256", tt.sent)
			}
			g.signedBy(r, tt.signed, sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret})
			_, err := g.AuthenticateUpload(r)
			wantError(t, err, tt.want)
		})
	}
}

// TestAuthenticateUploadOfStrangers: who has no signature or an unknown key is
// told that, and not what else is wrong.
func TestAuthenticateUploadOfStrangers(t *testing.T) {
	g := open(t)
	_, err := g.AuthenticateUpload(g.request())
	wantError(t, err, "MissingAuthenticationTokenException: Missing Authentication Token")
	for _, sent := range []string{hash(""), "garbage", ""} {
		r := g.request()
		r.Header.Set("x-amz-content-sha256", sent)
		g.signedBy(r, hash(""), sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: secret})
		_, err = g.AuthenticateUpload(r)
		wantError(t, err, "UnrecognizedClientException: The security token included in the request is invalid.")
	}
}

func TestEnsureKey(t *testing.T) {
	g := open(t)
	ctx := t.Context()
	const mismatch = "InvalidSignatureException: …"
	login := func(s *access.Service, secret string) (access.Caller, error) {
		return s.Authenticate(g.signedBy(g.request(), hash(""), sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}), "glacier", noBody)
	}
	_, err := login(g.Service, secret)
	wantError(t, err, "")

	before := g.head()
	g.must(g.EnsureKey(ctx, alice, keyID, secret))
	if g.head() != before {
		t.Error("what was there already was written again")
	}

	g.must(g.EnsureKey(ctx, alice, keyID, "changed"))
	_, err = login(g.Service, secret) // although it was remembered
	wantError(t, err, mismatch)
	_, err = login(g.Service, "changed")
	wantError(t, err, "")
	g.must(g.EnsureKey(ctx, bob, keyID, "changed"))
	caller, err := login(g.Service, "changed")
	wantError(t, err, "")
	if caller.Account != bob {
		t.Errorf("the key signs for %s after it was given to %s", caller.Account, bob)
	}

	for _, tt := range []struct {
		name       string
		account    glacier.AccountID
		id, secret string
	}{
		{"account no number", "x", "AKIAX", "s"},
		{"account of eleven digits", "12345678901", "AKIAX", "s"},
		{"empty id", alice, "", "s"},
		{"slash in id", alice, "AKIA/X", "s"},
		{"long id", alice, strings.Repeat("A", 129), "s"},
		{"empty secret", alice, "AKIAX", ""},
		{"long secret", alice, "AKIAX", strings.Repeat("s", 257)},
	} {
		if err := g.EnsureKey(ctx, tt.account, tt.id, tt.secret); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
}

// TestKeyChangedElsewhere: a key changed through another Service is believed
// for no longer than KeyLife.
func TestKeyChangedElsewhere(t *testing.T) {
	g := open(t)
	login := func(secret string) error {
		_, err := g.Authenticate(g.signedBy(g.request(), hash(""), sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}), "glacier", noBody)
		return err
	}
	g.must(login(secret))
	g.must(g.another().EnsureKey(t.Context(), alice, keyID, "changed"))
	g.must(login(secret))
	g.pass(access.DefaultKeyLife)
	wantError(t, login(secret), "InvalidSignatureException: …")
	g.must(login("changed"))
}

// TestKeysOverMidnight: requests of two days come side by side.
func TestKeysOverMidnight(t *testing.T) {
	g := open(t)
	g.pass(12*time.Hour - 2*time.Minute)
	old := g.signed(g.request(), "")
	g.pass(4 * time.Minute)
	young := g.signed(g.request(), "")
	for range 3 {
		for _, r := range []*http.Request{old, young} {
			_, err := g.Authenticate(r, "glacier", noBody)
			wantError(t, err, "")
		}
	}
}

func TestManyKeys(t *testing.T) {
	g := open(t)
	var wait sync.WaitGroup
	for i := range 1100 { // more than are remembered
		wait.Go(func() {
			id := fmt.Sprint("AKIA", i)
			if err := g.EnsureKey(t.Context(), alice, id, id); err != nil {
				t.Error(err)
			}
			for range 2 {
				r := g.signedBy(g.request(), hash(""), sigv4.Credentials{AccessKeyID: id, SecretAccessKey: id})
				if c, err := g.Authenticate(r, "glacier", noBody); err != nil || c.KeyID != id {
					t.Errorf("%s: %+v, %v", id, c, err)
				}
			}
		})
	}
	wait.Wait()
}

// key returns the stored form of a key.
func (g *gate) key(id string) (k record.AccessKey) {
	g.t.Helper()
	g.must(g.store.View(g.t.Context(), func(tx *catalog.Tx) (err error) {
		k, _, err = tx.AccessKey(id)
		return err
	}))
	return k
}

func (g *gate) head() (lsn record.LSN) {
	g.t.Helper()
	g.must(g.store.View(g.t.Context(), func(tx *catalog.Tx) error {
		lsn = tx.LSN()
		return nil
	}))
	return lsn
}

// TestStoredSecret: what is stored does not tell the secret, and what somebody
// altered in the store does not authenticate.
func TestStoredSecret(t *testing.T) {
	stored := func(t *testing.T) (*gate, record.AccessKey) {
		g := open(t)
		return g, g.key(keyID)
	}
	_, k := stored(t)
	if bytes.Contains(k.Secret, []byte(secret[:8])) || len(k.Secret) != 1+12+len(secret)+16 {
		t.Errorf("stored secret %q", k.Secret)
	}
	for _, tt := range []struct {
		name  string
		alter func(k *record.AccessKey)
	}{
		{"version", func(k *record.AccessKey) { k.Secret[0]++ }},
		{"nonce", func(k *record.AccessKey) { k.Secret[1]++ }},
		{"ciphertext", func(k *record.AccessKey) { k.Secret[13]++ }},
		{"tag", func(k *record.AccessKey) { k.Secret[len(k.Secret)-1]++ }},
		{"cut", func(k *record.AccessKey) { k.Secret = k.Secret[:28] }},
		{"empty", func(k *record.AccessKey) { k.Secret = nil }},
		{"account", func(k *record.AccessKey) { k.Account = bob }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, k := stored(t)
			tt.alter(&k)
			g.must(g.store.Update(t.Context(), func(*catalog.Tx) (r record.Record, err error) {
				r.Put(&k)
				return r, nil
			}))
			_, err := g.Authenticate(g.signed(g.request(), ""), "glacier", noBody)
			if err == nil {
				t.Fatal("it still authenticates")
			}
			if refused := (*glacier.Error)(nil); errors.As(err, &refused) {
				t.Errorf("the client is blamed: %v", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("error holds the secret: %v", err)
			}
			g.must(g.EnsureKey(t.Context(), alice, keyID, secret)) // mends it
			_, err = g.Authenticate(g.signed(g.request(), ""), "glacier", noBody)
			wantError(t, err, "")
		})
	}
	t.Run("another seal key", func(t *testing.T) {
		g, _ := stored(t)
		g.seal[0]++
		if _, err := g.another().Authenticate(g.signed(g.request(), ""), "glacier", noBody); err == nil {
			t.Error("it still authenticates")
		}
	})
}

func TestNewKey(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id, secret := access.NewKey()
		if len(id) != 20 || !strings.HasPrefix(id, "AKIA") || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Fatalf("id %q", id)
		}
		if len(secret) != 40 {
			t.Fatalf("secret of %d characters", len(secret))
		}
		if seen[id] || seen[secret] {
			t.Fatal("the same key twice")
		}
		seen[id], seen[secret] = true, true
	}
	g := open(t)
	id, secret := access.NewKey()
	g.must(g.EnsureKey(t.Context(), alice, id, secret))
	_, err := g.Authenticate(g.signedBy(g.request(), hash(""), sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}), "glacier", noBody)
	wantError(t, err, "")
}

func TestSealKeyIsNotPrinted(t *testing.T) {
	key := access.SealKey{1, 2, 3}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, key); got != "(seal key)" {
			t.Errorf("%s prints %q", format, got)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	at := time.Now()
	s, err := local.Open(local.Config{FS: disk.NewMem(64 << 20), Catalog: filepath.Join(b.TempDir(), "catalog.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	a, err := access.New(access.Config{Store: s, Region: region, Now: func() time.Time { return at }})
	if err != nil {
		b.Fatal(err)
	}
	if err := a.EnsureKey(b.Context(), alice, keyID, secret); err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "http://localhost:9420/-/vaults/photos", nil)
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, region, "glacier", hash(""), at)
	for b.Loop() {
		if _, err := a.Authenticate(r, "glacier", noBody); err != nil {
			b.Fatal(err)
		}
	}
}

func noBody() ([]byte, error) { return nil, nil }

func TestStrangersGetNoBodyRead(t *testing.T) {
	g := open(t)
	for name, r := range map[string]*http.Request{
		"no signature": g.request(),
		"unknown key":  g.signedBy(g.request(), hash(""), sigv4.Credentials{AccessKeyID: "AKIAUNKNOWN", SecretAccessKey: "x"}),
	} {
		_, err := g.Authenticate(r, "glacier", func() ([]byte, error) {
			t.Errorf("%s: the body was read", name)
			return nil, nil
		})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTheRootKeyIsTheOnlyOne(t *testing.T) {
	g := open(t)
	ctx := t.Context()
	login := func(id, secret string) error {
		_, err := g.Authenticate(g.signedBy(g.request(), hash(""), sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}), "glacier", noBody)
		return err
	}
	g.must(g.EnsureKey(ctx, bob, "AKIAOFBOB", "bob's"))
	g.must(login(keyID, secret))

	g.must(g.SetRoot(ctx, alice, "AKIANEW", "new"))
	g.must(login("AKIANEW", "new"))
	g.must(login("AKIAOFBOB", "bob's"))
	wantError(t, login(keyID, secret), "UnrecognizedClientException: …")
	before := g.head()
	g.must(g.SetRoot(ctx, alice, "AKIANEW", "new"))
	if g.head() != before {
		t.Error("what was there already was written again")
	}

	if _, _, made, err := g.FirstKey(ctx, alice); made || err != nil {
		t.Errorf("a first key although there is one: %v, %v", made, err)
	}
	id, first, made, err := g.FirstKey(ctx, "777777777777")
	if !made || err != nil {
		t.Fatalf("no first key: %v", err)
	}
	g.must(login(id, first))
}
