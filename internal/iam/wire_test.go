package iam_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firn/internal/access"
	"firn/internal/iam"
	"firn/internal/sigv4"
)

// raw sends a request that is signed, and then changed.
func (h *house) raw(method, path, body string, key sigv4.Credentials, region string, change func(*http.Request)) (*http.Response, string) {
	h.t.Helper()
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	h.must(err)
	sum := sha256.Sum256([]byte(body))
	sigv4.Sign(r, key, region, access.IAM, hex.EncodeToString(sum[:]), time.Now())
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	h.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	h.must(err)
	return resp, string(text)
}

func TestWire(t *testing.T) {
	h := build(t, nil)
	id, secret := access.NewKey()
	h.must(h.access.EnsureKey(t.Context(), manager, id, secret))
	good := sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	wrong := sigv4.Credentials{AccessKeyID: id, SecretAccessKey: "wrong"}
	nobody := sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "wrong"}
	whoAmI := "Action=GetUser&Version=2010-05-08"
	auth := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	for _, tt := range []struct {
		name               string
		method, path, body string
		key                sigv4.Credentials
		region             string
		change             func(*http.Request)
		status             int
		want               string
	}{
		{"POST", "POST", "/", whoAmI, good, "us-east-1", nil, 200, "<GetUserResponse "},
		{"POST, the server's own region", "POST", "/", whoAmI, good, "eu-north-1", nil, 200, "<GetUserResponse "},
		{"GET", "GET", "/?" + whoAmI, "", good, "us-east-1", nil, 200, "<GetUserResponse "},
		{"GET with a body that says otherwise", "GET", "/?" + whoAmI, "Action=ListUsers", good, "us-east-1", nil, 200, "<GetUserResponse "},
		{"POST, the query says it", "POST", "/?" + whoAmI, "", good, "us-east-1", nil, 400, "<Code>MissingParameter</Code>"},
		{"labelled JSON", "POST", "/", whoAmI, good, "us-east-1", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 200, "<GetUserResponse "},

		{"another region", "POST", "/", whoAmI, good, "eu-west-1", nil, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"unsigned", "POST", "/", whoAmI, good, "us-east-1", auth(""), 403, "<Type>Sender</Type><Code>MissingAuthenticationToken</Code>"},
		{"half a signature", "POST", "/", whoAmI, good, "us-east-1", auth("AWS4-HMAC-SHA256 Credential=a/b/c/iam/aws4_request"), 400, "<Code>IncompleteSignature</Code>"},
		{"unknown key", "POST", "/", whoAmI, nobody, "us-east-1", nil, 403, "<Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message>"},
		{"session token", "POST", "/", whoAmI, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: "t"}, "us-east-1", nil, 403, "<Code>InvalidClientTokenId</Code>"},
		{"wrong secret", "POST", "/", whoAmI, wrong, "us-east-1", nil, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"another body than was signed", "POST", "/", whoAmI, good, "us-east-1", func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(whoAmI, "GetUser", "ListUsr", 1)))
		}, 403, "<Code>SignatureDoesNotMatch</Code>"},

		{"PUT", "PUT", "/", whoAmI, good, "us-east-1", nil, 400, "<Code>InvalidAction</Code>"},
		{"a vault's path", "GET", "/-/vaults", "", good, "us-east-1", nil, 400, "<Code>InvalidAction</Code>"},
		{"no action", "POST", "/", "Version=2010-05-08", good, "us-east-1", nil, 400, "<Code>MissingParameter</Code>"},
		{"no body", "POST", "/", "", good, "us-east-1", nil, 400, "<Code>MissingParameter</Code>"},
		{"no version", "POST", "/", "Action=GetUser", good, "us-east-1", nil, 400, "<Code>InvalidAction</Code><Message>Could not find operation GetUser for version NO_VERSION_SPECIFIED</Message>"},
		{"old version", "POST", "/", "Action=GetUser&Version=2009-01-01", good, "us-east-1", nil, 400, "for version 2009-01-01</Message>"},
		{"unknown action", "POST", "/", "Action=CreateRole&Version=2010-05-08", good, "us-east-1", nil, 400, "<Message>Could not find operation CreateRole for version 2010-05-08</Message>"},
		{"not a form", "POST", "/", "Action=%zz", good, "us-east-1", nil, 400, "<Code>MalformedQueryString</Code>"},
		{"semicolons", "POST", "/", whoAmI + ";UserName=x", good, "us-east-1", nil, 400, "<Code>MalformedQueryString</Code>"},
		{"body too large", "POST", "/", whoAmI + "&UserName=" + strings.Repeat("x", 64<<10), good, "us-east-1", nil, 400, "larger than 65536 bytes"},
		{"body too large, of unknown length", "POST", "/", whoAmI + "&UserName=" + strings.Repeat("x", 64<<10), good, "us-east-1", func(r *http.Request) { r.ContentLength = -1 }, 400, "larger than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, text := h.raw(tt.method, tt.path, tt.body, tt.key, tt.region, tt.change)
			if resp.StatusCode != tt.status || !strings.Contains(text, tt.want) {
				t.Errorf("status %d with %s, want %d with %s", resp.StatusCode, text, tt.status, tt.want)
			}
			id := resp.Header.Get("X-Amzn-Requestid")
			if len(id) != 47 || !strings.Contains(text, "<RequestId>"+id+"</RequestId>") {
				t.Errorf("request id %q, and the document is %s", id, text)
			}
			if resp.Header.Get("Content-Type") != "text/xml" || strings.Contains(text, secret) {
				t.Errorf("%v %s", resp.Header, text)
			}
		})
	}
}

// A client that stops in the middle is told so, and not waited for.
func TestSlowBody(t *testing.T) {
	h := build(t, func(c *iam.Config) { c.BodyTimeout = 50 * time.Millisecond })
	id, secret := access.NewKey()
	h.must(h.access.EnsureKey(t.Context(), manager, id, secret))
	host := strings.TrimPrefix(h.url, "http://")
	r, err := http.NewRequest("POST", h.url, nil)
	h.must(err)
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}, iam.Region, access.IAM, strings.Repeat("0", 64), time.Now())
	conn, err := net.Dial("tcp", host)
	h.must(err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 40\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n\r\nAction=",
		host, r.Header.Get("X-Amz-Date"), r.Header.Get("Authorization"))
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	h.must(err)
	text, err := io.ReadAll(resp.Body)
	h.must(err)
	if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), "<Code>RequestTimeout</Code>") || !resp.Close {
		t.Errorf("status %d, closes: %t, %s", resp.StatusCode, resp.Close, text)
	}
}

// A Handler without an access service panics when it asks who is calling.
func TestPanicIsAnInternalFailure(t *testing.T) {
	h := build(t, func(c *iam.Config) { c.Access = nil })
	resp, text := h.raw("POST", "/", "Action=GetUser", sigv4.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}, iam.Region, nil)
	id := resp.Header.Get("X-Amzn-Requestid")
	if resp.StatusCode != 500 || !strings.Contains(text, "<Type>Receiver</Type><Code>ServiceFailure</Code>") || strings.Contains(text, "panic") {
		t.Errorf("status %d with %s", resp.StatusCode, text)
	}
	if !strings.Contains(h.log.String(), id) || !strings.Contains(h.log.String(), "panic") {
		t.Errorf("the log has no panic of request %s: %s", id, h.log)
	}
}

func TestThrottle(t *testing.T) {
	h := build(t, nil)
	limited, err := access.New(access.Config{Store: h.store, Region: "eu-north-1", IDs: h.store.IDKey(), Rates: access.Rates{PerKey: 1e-3}})
	h.must(err)
	s := httptest.NewServer(iam.New(iam.Config{Access: limited, Region: "eu-north-1"}))
	defer s.Close()
	id, secret := access.NewKey()
	h.must(limited.EnsureKey(t.Context(), manager, id, secret))
	c, err := iam.NewClient(s.URL, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret})
	h.must(err)
	h.ask(c, nil, "GetUser")
	if e := h.refused(c, iam.Throttling, "GetUser"); e.Status != 400 || e.Message != "Rate exceeded" {
		t.Errorf("%+v", e)
	}
}

func TestSigned(t *testing.T) {
	for header, want := range map[string]bool{
		"AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0": true,
		"AWS4-HMAC-SHA256 SignedHeaders=host,Credential=K/20260101/us-east-1/iam/aws4_request,Signature=0":   true,
		"AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/glacier/aws4_request, SignedHeaders=host":          false,
		"AWS4-HMAC-SHA256 Credential=K/iam/aws4_request/us-east-1/glacier/aws4_request, Signature=0":         false,
		"AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/xiam/aws4_request":                                 false,
		"Basic aWFt": false,
		"":           false,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Authorization", header)
		if got := iam.Signed(r); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
}
