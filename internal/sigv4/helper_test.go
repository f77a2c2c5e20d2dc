package sigv4_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/internal/sigv4"
)

const (
	secret    = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	host      = "glacier.us-east-1.amazonaws.com"
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	verifier = sigv4.Verifier{Region: "us-east-1", Service: "glacier"}
	key      = sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret}
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// read parses a request as net/http's server does.
func read(t testing.TB, raw string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatalf("read request %q: %v", raw, err)
	}
	return r
}

// send turns a client's request into what the server receives. The request can be sent again.
func send(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	body, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	r.Body = body
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("write request: %v", err)
	}
	return read(t, wire.String())
}

// newRequest returns a client's request.
func newRequest(t testing.TB, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+host+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Glacier-Version", "2012-06-01")
	return r
}

// verify takes the three steps of a server that knows one secret.
func verify(r *http.Request, payloadHash string, now time.Time) error {
	auth, err := sigv4.ParseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	claim, err := verifier.Check(r, auth, now)
	if err != nil {
		return err
	}
	return claim.Verify(sigv4.SigningKey(secret, auth.Scope), payloadHash)
}

// bodyHash reads the body and returns its hash.
func bodyHash(t testing.TB, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("read body: %v", err)
	}
	return hash(string(body))
}
