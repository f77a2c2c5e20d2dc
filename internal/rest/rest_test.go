package rest

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firn/glacier"
)

// A Handler without an access service panics when it asks who is calling.
func TestPanicIsAnInternalFailure(t *testing.T) {
	var log bytes.Buffer
	s := httptest.NewServer(New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))}))
	r, err := http.NewRequest("GET", s.URL+"/-/vaults", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=k/20120525/r/glacier/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.Close() // and only then look at the log
	id := resp.Header["X-Amzn-Requestid"]
	want := `{"code":"ServiceUnavailableException","message":"The service could not complete the request. Request id: ` +
		strings.Join(id, "") + `","type":"Server"}`
	if resp.StatusCode != 500 || string(body) != want {
		t.Errorf("status %d with %s, want 500 with %s", resp.StatusCode, body, want)
	}
	for _, needed := range []string{"level=ERROR", strings.Join(id, ""), "operation=ListVaults", "rest.go"} {
		if !strings.Contains(log.String(), needed) {
			t.Errorf("the log has no %q: %s", needed, log.String())
		}
	}
}

// The bytes of refusals as Amazon's were measured on the wire.
func TestEnvelopes(t *testing.T) {
	for _, test := range []struct {
		refusal *glacier.Error
		length  int
		want    string
	}{
		{glacier.MissingParameter("API version"), 109,
			`{"code":"MissingParameterValueException","message":"Required parameter missing: API version","type":"Client"}`},
		{glacier.Errorf(glacier.AccessDenied, "Access denied for account ID: 123456789012"), 103,
			`{"message":"Access denied for account ID: 123456789012","code":"AccessDeniedException","type":"Client"}`},
		{glacier.Errorf(glacier.Throttling, "Rate exceeded"), 72,
			`{"message":"Rate exceeded","code":"ThrottlingException","type":"Client"}`},
		{glacier.Errorf(glacier.InvalidSignature, "Signature expired: 20140101T000000Z is now earlier than 20140101T000000Z (20140101T000000Z - 5 min.)"), 165,
			`{"message":"Signature expired: 20140101T000000Z is now earlier than 20140101T000000Z (20140101T000000Z - 5 min.)","code":"InvalidSignatureException","type":"Client"}`},
		{glacier.Errorf(glacier.ServiceUnavailable, "<a> & \"b\""), 0,
			`{"code":"ServiceUnavailableException","message":"<a> & \"b\"","type":"Server"}`},
	} {
		got, err := glacier.Encode(envelopeOf(test.refusal))
		if err != nil || string(got) != test.want {
			t.Errorf("%s, %v, want\n%s", got, err, test.want)
		}
		if test.length != 0 && len(got) != test.length {
			t.Errorf("%d bytes, want %d: %s", len(got), test.length, got)
		}
	}
}
