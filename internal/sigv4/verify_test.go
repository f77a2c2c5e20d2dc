package sigv4_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/internal/sigv4"
)

// signed returns a signed upload as the server receives it.
func signed(t testing.TB, with sigv4.Credentials, region, service string, at time.Time) *http.Request {
	t.Helper()
	r := newRequest(t, "POST", "/-/vaults/example/archives?b=2&a=1", "data")
	r.Header.Set("X-Amz-Content-Sha256", hash("data"))
	r.Header.Set("X-Amz-Archive-Description", "my  description")
	sigv4.Sign(r, with, region, service, hash("data"), at)
	return send(t, r)
}

func TestTampering(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tamper func(*http.Request)
		ok     bool
	}{
		{"nothing", func(*http.Request) {}, true},
		{"header that is not signed", func(r *http.Request) { r.Header.Set("User-Agent", "another") }, true},
		{"header that is not signed, added", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, true},
		{"spaces within a signed header", func(r *http.Request) { r.Header.Set("X-Amz-Archive-Description", " my    description ") }, true},
		{"query in another order", func(r *http.Request) { r.RequestURI = "/-/vaults/example/archives?a=1&b=2" }, true},
		{"query in another encoding", func(r *http.Request) { r.RequestURI = "/-/vaults/example/archives?%62=%32&a=1" }, true},
		{"absolute target", func(r *http.Request) { r.RequestURI = "http://" + host + r.RequestURI }, true},
		{"signature in upper case", authorization(func(s string) string {
			head, signature, _ := strings.Cut(s, "Signature=")
			return head + "Signature=" + strings.ToUpper(signature)
		}), true},
		{"commas without spaces", authorization(func(s string) string { return strings.ReplaceAll(s, ", ", ",") }), true},

		{"method", func(r *http.Request) { r.Method = "PUT" }, false},
		{"path", func(r *http.Request) { r.RequestURI = "/-/vaults/another/archives?b=2&a=1" }, false},
		{"path in another encoding", func(r *http.Request) { r.RequestURI = "/-/vaults/%65xample/archives?b=2&a=1" }, false},
		{"path with a dot segment", func(r *http.Request) { r.RequestURI = "/-/vaults/other/../more/archives?b=2&a=1" }, false},
		{"query value", func(r *http.Request) { r.RequestURI = "/-/vaults/example/archives?b=2&a=2" }, false},
		{"query removed", func(r *http.Request) { r.RequestURI = "/-/vaults/example/archives" }, false},
		{"host", func(r *http.Request) { r.Host = "another.example" }, false},
		{"signed header", func(r *http.Request) { r.Header.Set("X-Amz-Archive-Description", "your description") }, false},
		{"signed header removed", func(r *http.Request) { r.Header.Del("X-Amz-Archive-Description") }, false},
		{"signed header twice", func(r *http.Request) { r.Header.Add("X-Amz-Archive-Description", "more") }, false},
		{"date a second later", func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260301T120001Z") }, false},
		{"list of signed headers", authorization(func(s string) string { return strings.Replace(s, ";x-amz-glacier-version", "", 1) }), false},
		{"signature, last digit", authorization(func(s string) string {
			last := "0"
			if strings.HasSuffix(s, "0") {
				last = "1"
			}
			return s[:len(s)-1] + last
		}), false},
		{"signature cut", authorization(func(s string) string { return s[:len(s)-1] }), false},
		{"signature extended", authorization(func(s string) string { return s + "0" }), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := signed(t, key, "us-east-1", "glacier", noon)
			tt.tamper(r)
			err := verify(r, hash("data"), noon)
			if tt.ok && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !tt.ok && !errors.Is(err, sigv4.ErrInvalid) {
				t.Errorf("err = %v, want ErrInvalid", err)
			}
		})
	}
	t.Run("payload", func(t *testing.T) {
		if err := verify(signed(t, key, "us-east-1", "glacier", noon), hash("date"), noon); !errors.Is(err, sigv4.ErrInvalid) {
			t.Errorf("err = %v, want ErrInvalid", err)
		}
	})
	t.Run("secret", func(t *testing.T) {
		other := sigv4.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: secret + "x"}
		if err := verify(signed(t, other, "us-east-1", "glacier", noon), hash("data"), noon); !errors.Is(err, sigv4.ErrInvalid) {
			t.Errorf("err = %v, want ErrInvalid", err)
		}
	})
}

// authorization makes a change of the Authorization header.
func authorization(change func(string) string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", change(r.Header.Get("Authorization"))) }
}

func TestRefusals(t *testing.T) {
	const good = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/us-east-1/glacier/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	dated := func(authorization, date string) string {
		return "GET /-/vaults HTTP/1.1\r\nHost: x\r\n" + date + "Authorization: " + authorization + "\r\n\r\n"
	}
	const date = "x-amz-date: 20260301T120000Z\r\n"
	replace := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	const badPair = "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"
	for _, tt := range []struct {
		name, request string
		kind          error
		message       string // "…" at the end: only the beginning
	}{
		{"no header", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", sigv4.ErrMissing, "Missing Authentication Token"},
		{"blank header", dated("  ", date), sigv4.ErrMissing, "Missing Authentication Token"},
		{"password", dated("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", date), sigv4.ErrIncomplete, badPair + "…"},
		{"old version", dated("AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", date), sigv4.ErrIncomplete, badPair + "…"},
		{"another algorithm", dated(replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), date), sigv4.ErrIncomplete,
			"Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"algorithm only", dated("AWS4-HMAC-SHA256", date), sigv4.ErrIncomplete,
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
				"Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=…"},
		{"no signature", dated(replace(", Signature=00", ""), date), sigv4.ErrIncomplete, "Authorization header requires 'Signature' parameter. (…"},
		{"empty signature", dated(replace("Signature=00", "Signature="), date), sigv4.ErrIncomplete, "Authorization header requires 'Signature' parameter. (…"},
		{"signature twice", dated(good+", Signature=01", date), sigv4.ErrIncomplete, "Authorization header has more than one 'Signature' parameter."},
		{"no equals sign", dated(replace("Signature=00", "Signature"), date), sigv4.ErrIncomplete, badPair + "…"},
		{"credential of four parts", dated(replace("/aws4_request", ""), date), sigv4.ErrIncomplete,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20260301/us-east-1/glacier'"},
		{"credential of six parts", dated(replace("AKID", "AK/ID"), date), sigv4.ErrIncomplete, "Credential must have exactly 5 slash-delimited elements, …"},
		{"another terminator", dated(replace("aws4_request", "aws5_request"), date), sigv4.ErrInvalid,
			"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"no date", dated(good, ""), sigv4.ErrIncomplete,
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=…"},
		{"date of HTTP alone", dated(good, "Date: Sun, 01 Mar 2026 12:00:00 GMT\r\n"), sigv4.ErrIncomplete,
			"Date must be in ISO-8601 'basic format'. Got 'Sun, 01 Mar 2026 12:00:00 GMT'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"date with a fraction", dated(good, "x-amz-date: 20260301T120000.5Z\r\n"), sigv4.ErrIncomplete, "Date must be in ISO-8601 'basic format'. …"},
		{"date in the extended format", dated(good, "x-amz-date: 2026-03-01T12:00:00Z\r\n"), sigv4.ErrIncomplete, "Date must be in ISO-8601 'basic format'. …"},
		{"month 13", dated(good, "x-amz-date: 20261301T120000Z\r\n"), sigv4.ErrIncomplete, "Date must be in ISO-8601 'basic format'. …"},
		{"bad x-amz-date beside a good date", dated(good, "x-amz-date: now\r\nDate: 20260301T120000Z\r\n"), sigv4.ErrIncomplete, "Date must be in ISO-8601 'basic format'. Got 'now'. …"},
		{"host not signed", dated(replace("host;", ""), date), sigv4.ErrInvalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"another region", dated(replace("us-east-1", "eu-west-1"), date), sigv4.ErrInvalid, "Credential should be scoped to a valid region, not 'eu-west-1'. "},
		{"another service", dated(replace("glacier", "s3"), date), sigv4.ErrInvalid, "Credential should be scoped to correct service: 'glacier'. "},
		{"another region and service", dated(replace("us-east-1/glacier", "eu-west-1/s3"), date), sigv4.ErrInvalid,
			"Credential should be scoped to a valid region, not 'eu-west-1'. Credential should be scoped to correct service: 'glacier'. "},
		{"another day", dated(replace("20260301", "20260228"), date), sigv4.ErrInvalid,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260228' != '20260301', from '20260301T120000Z'."},
		{"late", dated(good, "x-amz-date: 20260301T115459Z\r\n"), sigv4.ErrInvalid,
			"Signature expired: 20260301T115459Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)"},
		{"early", dated(good, "x-amz-date: 20260301T120501Z\r\n"), sigv4.ErrInvalid,
			"Signature not yet current: 20260301T120501Z is still later than 20260301T120500Z (20260301T120000Z + 5 min.)"},
		{"late at the limit, signature wrong", dated(good, "x-amz-date: 20260301T115500Z\r\n"), sigv4.ErrInvalid, "The request signature we calculated does not match…"},
		{"early at the limit, signature wrong", dated(good, "x-amz-date: 20260301T120500Z\r\n"), sigv4.ErrInvalid, "The request signature we calculated does not match…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := verify(read(t, tt.request), emptyHash, noon.Add(900*time.Millisecond))
			if !errors.Is(err, tt.kind) {
				t.Fatalf("err = %v, want kind %v", err, tt.kind)
			}
			want, open := strings.CutSuffix(tt.message, "…")
			if got := err.Error(); got != want && !(open && strings.HasPrefix(got, want)) {
				t.Errorf("message %q, want %q", got, tt.message)
			}
			if strings.Contains(err.Error(), "QWxhZGRpbjpvcGVuIHNlc2FtZQ") {
				t.Errorf("message repeats a password: %s", err)
			}
		})
	}
}

// TestMismatchMessage: the text is Amazon's to the letter, and what it says should have been signed can be signed.
func TestMismatchMessage(t *testing.T) {
	r := read(t, "PUT /-/vaults/../v%20 HTTP/1.1\r\nHost: x\r\nx-amz-date: 20260301T120000Z\r\nAuthorization: AWS4-HMAC-SHA256 "+
		"Credential=AKIDEXAMPLE/20260301/us-east-1/glacier/aws4_request, SignedHeaders=x-amz-date;host, Signature=00\r\n\r\n")
	canonical := "PUT\n/-/v%2520\n\nhost:x\nx-amz-date:20260301T120000Z\n\nhost;x-amz-date\n" + emptyHash
	want := "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. " +
		"Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'" + canonical +
		"'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260301T120000Z\n20260301/us-east-1/glacier/aws4_request\n" + hash(canonical) + "'\n"
	if err := verify(r, emptyHash, noon); err == nil || err.Error() != want {
		t.Errorf("message:\n%v\nwant:\n%s", err, want)
	}
}

func TestMismatchKeepsSecrets(t *testing.T) {
	temporary := key
	temporary.SessionToken = "session-token-secret"
	r := signed(t, temporary, "us-east-1", "glacier", noon)
	if err := verify(r, hash("data"), noon); err != nil {
		t.Fatalf("temporary credentials refused: %v", err)
	}
	r.Method = "PUT"
	err := verify(r, hash("data"), noon)
	if err == nil {
		t.Fatal("accepted with another method")
	}
	if strings.Contains(err.Error(), "session-token-secret") || strings.Contains(err.Error(), secret) {
		t.Errorf("message holds a secret: %s", err)
	}
	if !strings.Contains(err.Error(), "\nx-amz-security-token:(not shown)\n") {
		t.Errorf("message does not show where the token was: %s", err)
	}
}

// TestDateHeader: a Date in the basic format is enough, and loses against x-amz-date.
func TestDateHeader(t *testing.T) {
	r := signed(t, key, "us-east-1", "glacier", noon)
	r.Header.Set("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
	if err := verify(r, hash("data"), noon); err != nil {
		t.Errorf("x-amz-date beside another date: %v", err)
	}

	client := newRequest(t, "GET", "/-/vaults", "")
	client.Header.Set("Date", "20260301T120000Z")
	names := []string{"date", "host"}
	scope := sigv4.Scope{Date: "20260301", Region: "us-east-1", Service: "glacier"}
	toSign := sigv4.StringToSign(noon, scope, sigv4.CanonicalRequest(client, names, emptyHash, sigv4.PathNormalized))
	client.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"+scope.String()+",SignedHeaders=date;host,Signature="+
		hmacHex(sigv4.SigningKey(secret, scope), toSign))
	if err := verify(send(t, client), emptyHash, noon); err != nil {
		t.Errorf("date alone: %v", err)
	}
}

// TestRepeatedSignedHeader: naming a large header many times must not multiply it.
func TestRepeatedSignedHeader(t *testing.T) {
	r := signed(t, key, "us-east-1", "glacier", noon)
	r.Header.Set("X-Large", strings.Repeat("x", 10_000))
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders=", "SignedHeaders="+strings.Repeat("x-large;", 1000), 1))
	err := verify(r, hash("data"), noon)
	if !errors.Is(err, sigv4.ErrInvalid) {
		t.Fatalf("err = %v, want ErrInvalid", err)
	}
	if n := len(err.Error()); n > 20_000 {
		t.Errorf("the message has %d bytes", n)
	}
}

func BenchmarkVerify(b *testing.B) {
	r := signed(b, key, "us-east-1", "glacier", noon)
	derived := sigv4.SigningKey(secret, sigv4.Scope{Date: "20260301", Region: "us-east-1", Service: "glacier"})
	payload := hash("data")
	b.ReportAllocs()
	for b.Loop() {
		auth, err := sigv4.ParseAuthorization(r.Header.Get("Authorization"))
		if err != nil {
			b.Fatal(err)
		}
		claim, err := verifier.Check(r, auth, noon)
		if err != nil {
			b.Fatal(err)
		}
		if err := claim.Verify(derived, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSigningKey(b *testing.B) {
	for b.Loop() {
		sigv4.SigningKey(secret, sigv4.Scope{Date: "20260301", Region: "us-east-1", Service: "glacier"})
	}
}
