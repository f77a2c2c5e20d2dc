package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

func newClient(t *testing.T, s *firntest.Server) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{
		Endpoint: s.URL + "/", Region: s.Region,
		Key: sigv4.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// do sends a request that must succeed, and returns the reply's body.
func do(t *testing.T, c *client.Client, q client.Request, status int) (http.Header, string) {
	t.Helper()
	resp, err := c.Do(context.Background(), q)
	if err != nil {
		t.Fatalf("%s %s: %v", q.Method, q.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s, %v", q.Method, q.Path, resp.StatusCode, status, body, err)
	}
	return resp.Header, string(body)
}

func TestAgainstAServer(t *testing.T) {
	c := newClient(t, firntest.Start(t))
	for _, vault := range []string{"photos", ".", "..", "a%2Db"} {
		do(t, c, client.Request{Method: "PUT", Path: "/-/vaults/" + vault}, 201)
	}
	if _, body := do(t, c, client.Request{Method: "GET", Path: "/-/vaults/..?x=y"}, 200); !strings.Contains(body, `"VaultName":".."`) {
		t.Errorf("vault .. is %s", body)
	}
	do(t, c, client.Request{
		Method: "POST", Path: "/-/vaults/photos/tags?operation=add", Body: client.Bytes([]byte(`{"Tags":{"a":"b"}}`)),
	}, 204)
	do(t, c, client.Request{Method: "POST", Path: "/-/vaults/photos/tags?operation=remove", Body: client.Bytes([]byte(`{"TagKeys":["a"]}`))}, 204)

	// A stream whose hashes are known beforehand.
	data := bytes.Repeat([]byte("firn "), 1_000_000)
	tree, linear, size, err := treehash.SumReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	h, _ := do(t, c, client.Request{
		Method: "POST", Path: "/-/vaults/photos/archives",
		Header: http.Header{glacier.HeaderTreeHash: {tree.String()}, glacier.HeaderArchiveDescription: {"two  spaces"}},
		Body:   client.Stream(io.MultiReader(bytes.NewReader(data[:10]), bytes.NewReader(data[10:])), size, linear),
	}, 201)
	if got := h.Get(glacier.HeaderTreeHash); got != tree.String() {
		t.Errorf("tree hash %s, want %s", got, tree)
	}
}

// TestBytesAreSentAgain: a request whose body is at hand can be sent as often as
// one likes.
func TestBytesAreSentAgain(t *testing.T) {
	c := newClient(t, firntest.Start(t))
	do(t, c, client.Request{Method: "PUT", Path: "/-/vaults/photos"}, 201)
	q := client.Request{Method: "POST", Path: "/-/vaults/photos/tags?operation=add", Body: client.Bytes([]byte(`{"Tags":{"a":"b"}}`))}
	for range 3 {
		do(t, c, q, 204)
	}
}

func TestRefusals(t *testing.T) {
	s := firntest.Start(t)
	_, err := newClient(t, s).Do(context.Background(), client.Request{Method: "GET", Path: "/-/vaults/nothing"})
	var refused *glacier.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a refusal", err)
	}
	want := &glacier.Error{Code: glacier.ResourceNotFound, Message: "Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/nothing"}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Error(diff)
	}
	var reply *client.Error
	if !errors.As(err, &reply) || reply.Status != 404 || len(reply.RequestID) != 47 || !strings.Contains(err.Error(), reply.RequestID) {
		t.Errorf("error %+v", err)
	}
	if _, err := newClient(t, s).Do(context.Background(), client.Request{Method: "GET", Path: "-/vaults"}); err == nil {
		t.Error("a path without a slash was sent")
	}
}

func TestRefusalInOtherWords(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"error":"no"}`, strings.Repeat("x", 1<<20)} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, body)
		}))
		c, err := client.New(client.Config{Endpoint: s.URL, Region: "r"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(context.Background(), client.Request{Method: "GET", Path: "/"})
		var refused *glacier.Error
		var reply *client.Error
		if errors.As(err, &refused) || !errors.As(err, &reply) || reply.Status != http.StatusBadGateway {
			t.Errorf("body %.20q: error %v", body, err)
		}
		s.Close()
	}
}

// What is a redirect elsewhere is a reply here: it is not followed, so that a
// signature goes nowhere else.
func TestNoRedirect(t *testing.T) {
	s := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	defer s.Close()
	c, err := client.New(client.Config{Endpoint: s.URL, Region: "r"})
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, client.Request{Method: "PUT", Path: "/-/vaults/v"}, http.StatusTemporaryRedirect)
}

// Keys that are renewed are asked for at each request, and what goes with them
// is signed.
func TestRenewedKeys(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
		asked = append(asked, key+" "+r.Header.Get("X-Amz-Security-Token"))
		if !strings.Contains(r.Header.Get("Authorization"), "x-amz-security-token") {
			t.Error("the session token is not signed")
		}
	}))
	defer s.Close()
	n, broken := 0, errors.New("no key today")
	c, err := client.New(client.Config{Endpoint: s.URL, Region: "r", Keys: func(context.Context) (sigv4.Credentials, error) {
		if n++; n > 2 {
			return sigv4.Credentials{}, broken
		}
		return sigv4.Credentials{AccessKeyID: strings.Repeat("K", n), SecretAccessKey: "s", SessionToken: strings.Repeat("t", n)}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, client.Request{Method: "GET", Path: "/"}, 200)
	do(t, c, client.Request{Method: "GET", Path: "/"}, 200)
	if _, err := c.Do(context.Background(), client.Request{Method: "GET", Path: "/"}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if diff := cmp.Diff([]string{"K t", "KK tt"}, asked); diff != "" {
		t.Error(diff)
	}
}

func TestConfig(t *testing.T) {
	for _, cfg := range []client.Config{
		{Endpoint: "127.0.0.1:9420", Region: "r"},
		{Endpoint: "ftp://host", Region: "r"},
		{Endpoint: "http://", Region: "r"},
		{Endpoint: "http://host"},
		{Endpoint: "http://host\n", Region: "r"},
	} {
		if _, err := client.New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
