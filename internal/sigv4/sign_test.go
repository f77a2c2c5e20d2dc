package sigv4_test

import (
	"slices"
	"testing"

	"firn/internal/sigv4"
)

func signedHeaders(t *testing.T, header string) []string {
	t.Helper()
	auth, err := sigv4.ParseAuthorization(header)
	if err != nil {
		t.Fatal(err)
	}
	return auth.SignedHeaders
}

func TestSignedHeaders(t *testing.T) {
	r := newRequest(t, "PUT", "/-/vaults/example/multipart-uploads/abc", "data")
	for _, name := range []string{"Content-Range", "Content-Type", "Range", "User-Agent", "Expect", "Accept-Encoding"} {
		r.Header.Set(name, "x")
	}
	sigv4.Sign(r, key, "us-east-1", "glacier", hash("data"), noon)
	want := []string{"content-range", "content-type", "host", "range", "x-amz-date", "x-amz-glacier-version"}
	if got := signedHeaders(t, r.Header.Get("Authorization")); !slices.Equal(got, want) {
		t.Errorf("signs %q, want %q", got, want)
	}
}

// TestSignAgain: a request that is repeated with other credentials carries nothing of the first.
func TestSignAgain(t *testing.T) {
	temporary := key
	temporary.SessionToken = "token"
	r := newRequest(t, "GET", "/-/vaults", "")
	sigv4.Sign(r, temporary, "eu-west-1", "glacier", emptyHash, noon.AddDate(0, 0, -1))
	if got := signedHeaders(t, r.Header.Get("Authorization")); !slices.Contains(got, "x-amz-security-token") {
		t.Errorf("the session token is not signed: %q", got)
	}
	sigv4.Sign(r, key, "us-east-1", "glacier", emptyHash, noon)
	if got := r.Header.Values("X-Amz-Security-Token"); len(got) > 0 {
		t.Errorf("session token of the first signature: %q", got)
	}
	if err := verify(send(t, r), emptyHash, noon); err != nil {
		t.Error(err)
	}
}

// TestSignUncommonRequests: what net/http would fill in or rewrite when it sends must be signed as it is sent.
func TestSignUncommonRequests(t *testing.T) {
	r := newRequest(t, "GET", "/-/vaults/a%2Fb/../c", "")
	r.Host = "" // then the URL's is sent
	r.Header["x-amz-archive-description"] = []string{"spelled  as documented"}
	sigv4.Sign(r, key, "us-east-1", "glacier", emptyHash, noon)
	received := send(t, r)
	if got := received.Header.Get("X-Amz-Archive-Description"); got != "spelled  as documented" {
		t.Fatalf("received description %q", got)
	}
	if err := verify(received, emptyHash, noon); err != nil {
		t.Error(err)
	}
}
