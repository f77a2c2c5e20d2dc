package sigv4_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"firn/internal/sigv4"
)

// guideVectors are the examples of the developer guide, "Signing Requests". The second one's path is printed there without
// /archives, with which alone the printed signature comes out.
var guideVectors = []struct {
	name, method, path, body   string
	contentHash                bool
	at                         time.Time
	canonicalHash, signatureAs string
}{
	{
		name: "CreateVault", method: "PUT", path: "/-/vaults/examplevault",
		at:            time.Date(2012, 5, 25, 0, 24, 53, 0, time.UTC),
		canonicalHash: "5f1da1a2d0feb614dd03d71e87928b8e449ac87614479332aced3a701f916743",
		signatureAs:   "3ce5b2f2fffac9262b4da9256f8d086b4aaf42eba5f111c21681a65a127b7c2a",
	},
	{
		name: "UploadArchive", method: "POST", path: "/-/vaults/examplevault/archives", body: "Welcome to Amazon Glacier.", contentHash: true,
		at:            time.Date(2012, 5, 7, 0, 0, 0, 0, time.UTC),
		canonicalHash: "f3df090abf5698dbe2230b41165a7b8991f9616ef67de13ac283577a02732819",
		signatureAs:   "b092397439375d59119072764a1e9a144677c43d9906fd98a5742c57a2855de6",
	},
	{
		name: "UploadArchive, path as printed", method: "POST", path: "/-/vaults/examplevault", body: "Welcome to Amazon Glacier.", contentHash: true,
		at:          time.Date(2012, 5, 7, 0, 0, 0, 0, time.UTC),
		signatureAs: "e8ba379a747bc294584102fd2430f7a563696740882e149c87b15754e7c10a89",
	},
}

func TestGuideVectors(t *testing.T) {
	for _, v := range guideVectors {
		t.Run(v.name, func(t *testing.T) {
			r := newRequest(t, v.method, v.path, v.body)
			if v.contentHash {
				r.Header.Set("x-amz-content-sha256", hash(v.body))
			}
			sigv4.Sign(r, key, "us-east-1", "glacier", hash(v.body), v.at)
			auth, err := sigv4.ParseAuthorization(r.Header.Get("Authorization"))
			if err != nil {
				t.Fatal(err)
			}
			if auth.Signature != v.signatureAs {
				t.Errorf("signature %s, want %s", auth.Signature, v.signatureAs)
			}
			canonical := sigv4.CanonicalRequest(r, auth.SignedHeaders, hash(v.body), sigv4.PathNormalized)
			if got := hash(canonical); v.canonicalHash != "" && got != v.canonicalHash {
				t.Errorf("hash of the canonical request %s, want %s; request:\n%s", got, v.canonicalHash, canonical)
			}
			if err := verify(send(t, r), hash(v.body), v.at); err != nil {
				t.Errorf("verify what was sent: %v", err)
			}
		})
	}
}

// TestGuideHeader holds the Authorization header of the guide, which has no spaces after the commas, against the parser.
func TestGuideHeader(t *testing.T) {
	r := read(t, "PUT /-/vaults/examplevault HTTP/1.1\r\nHost: "+host+"\r\nDate: Fri, 25 May 2012 00:24:53 GMT\r\n"+
		"x-amz-date: 20120525T002453Z\r\nx-amz-glacier-version: 2012-06-01\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20120525/us-east-1/glacier/aws4_request,"+
		"SignedHeaders=host;x-amz-date;x-amz-glacier-version,"+
		"Signature=3ce5b2f2fffac9262b4da9256f8d086b4aaf42eba5f111c21681a65a127b7c2a\r\n\r\n")
	if err := verify(r, emptyHash, time.Date(2012, 5, 25, 0, 25, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}

//go:embed testdata/botocore.json
var botocoreRequests []byte

// TestBotocore verifies requests that botocore 1.43 signed at noon. Each target is as given to it, not as it would send it, so
// the rows with dots hold what its signature does to them.
func TestBotocore(t *testing.T) {
	var rows []struct{ Name, Request string }
	if err := json.Unmarshal(botocoreRequests, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) < 20 {
		t.Fatalf("%d requests in testdata/botocore.json", len(rows))
	}
	for _, row := range rows {
		t.Run(row.Name, func(t *testing.T) {
			r := read(t, row.Request)
			payload := bodyHash(t, r)
			if err := verify(r, payload, noon); err != nil {
				t.Error(err)
			}
			if err := verify(r, hash("another body"), noon); err == nil {
				t.Error("accepted with another body")
			}
		})
	}
}

func TestPathForms(t *testing.T) {
	for _, tt := range []struct{ path, normalized, asSent string }{
		{"/", "/", "/"},
		{"/-/vaults", "/-/vaults", "/-/vaults"},
		{"/-/vaults/", "/-/vaults/", "/-/vaults/"},
		{"/-/vaults/.", "/-/vaults", "/-/vaults/."},
		{"/-/vaults/..", "/-", "/-/vaults/.."},
		{"/-/vaults/../", "/-/", "/-/vaults/../"},
		{"/-/vaults/...", "/-/vaults/...", "/-/vaults/..."},
		{"/-/vaults/.hidden", "/-/vaults/.hidden", "/-/vaults/.hidden"},
		{"/-/vaults/../archives", "/-/archives", "/-/vaults/../archives"},
		{"/../../x", "/x", "/../../x"},
		{"/..", "/", "/.."},
		{"//-//vaults//", "/-/vaults/", "//-//vaults//"},
		{"//", "/", "//"},
		{"/a%20b", "/a%2520b", "/a%2520b"},
		{"/a%2Fb/%2e%2e", "/a%252Fb/%252e%252e", "/a%252Fb/%252e%252e"},
		{"/a+b:c@d", "/a%2Bb%3Ac%40d", "/a%2Bb%3Ac%40d"},
		{"/%7Euser/~user", "/%257Euser/~user", "/%257Euser/~user"},
	} {
		r := read(t, "GET "+tt.path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		for _, form := range []struct {
			form sigv4.PathForm
			want string
		}{{sigv4.PathNormalized, tt.normalized}, {sigv4.PathAsSent, tt.asSent}} {
			got := strings.Split(sigv4.CanonicalRequest(r, []string{"host"}, emptyHash, form.form), "\n")[1]
			if got != form.want {
				t.Errorf("path %s in form %d: %s, want %s", tt.path, form.form, got, form.want)
			}
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"", ""},
		{"?", ""},
		{"?limit=10", "limit=10"},
		{"?operation", "operation="},
		{"?marker=b&limit=1", "limit=1&marker=b"},
		{"?a=2&a=1&a=", "a=&a=1&a=2"},
		{"?a-=1&a=2", "a=2&a-=1"},
		{"?k=a-b&k=a/b", "k=a%2Fb&k=a-b"},
		{"?marker=arn:aws:glacier:us-east-1:1:vaults/v", "marker=arn%3Aaws%3Aglacier%3Aus-east-1%3A1%3Avaults%2Fv"},
		{"?marker=%61%7e%2f", "marker=a~%2F"},
		{"?a=b+c%20d", "a=b%20c%20d"},
		{"?a=%zz%4", "a=%25zz%254"},
		{"?&&a=1&", "a=1"},
		{"?a=b=c", "a=b%3Dc"},
		{"?a=b?c", "a=b%3Fc"},
		{"?a;b", "a%3Bb="},
	} {
		r := read(t, "GET /"+tt.query+" HTTP/1.1\r\nHost: x\r\n\r\n")
		got := strings.Split(sigv4.CanonicalRequest(r, []string{"host"}, emptyHash, sigv4.PathNormalized), "\n")[2]
		if got != tt.want {
			t.Errorf("query %s: %s, want %s", tt.query, got, tt.want)
		}
	}
}

func TestCanonicalHeaders(t *testing.T) {
	r := read(t, "PUT http://front.example/x HTTP/1.1\r\nHost: front.example\r\nContent-Length: 3\r\n"+
		"X-Amz-Archive-Description:   two  spaces,    four \r\nX-List: a\r\nx-list:  b  c\r\nX-Empty:\r\nUser-Agent: agent  7\r\n\r\nabc")
	want := "content-length:3\nhost:front.example\nuser-agent:agent 7\nx-absent:\nx-amz-archive-description:two spaces, four\nx-empty:\nx-list:a,b c\n"
	names := []string{"content-length", "host", "user-agent", "x-absent", "x-amz-archive-description", "x-empty", "x-list"}
	got := sigv4.CanonicalRequest(r, names, "hash", sigv4.PathNormalized)
	if want := "PUT\n/x\n\n" + want + "\n" + strings.Join(names, ";") + "\nhash"; got != want {
		t.Errorf("canonical request:\n%s\nwant:\n%s", got, want)
	}
	chunked := read(t, "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	got = sigv4.CanonicalRequest(chunked, []string{"content-length", "transfer-encoding"}, "hash", sigv4.PathNormalized)
	if want := "PUT\n/\n\ncontent-length:\ntransfer-encoding:chunked\n\ncontent-length;transfer-encoding\nhash"; got != want {
		t.Errorf("canonical request of chunks:\n%s\nwant:\n%s", got, want)
	}
}

func TestAbsoluteTargets(t *testing.T) {
	for _, tt := range []struct{ target, path string }{
		{"http://x/-/vaults", "/-/vaults"},
		{"http://x", "/"},
		{"http://x?limit=1", "/"},
		{"https://x:9420/a//b", "/a/b"},
		{"/http://y/z", "/http%3A/y/z"},
	} {
		r := read(t, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\n\r\n", tt.target))
		got := strings.Split(sigv4.CanonicalRequest(r, []string{"host"}, emptyHash, sigv4.PathNormalized), "\n")[1]
		if got != tt.path {
			t.Errorf("target %s: path %s, want %s", tt.target, got, tt.path)
		}
	}
}
