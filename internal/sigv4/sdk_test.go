package sigv4_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"firn/internal/sigv4"
)

func hmacHex(key [sha256.Size]byte, message string) string {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(message))
	return hex.EncodeToString(h.Sum(nil))
}

// randomRequest returns a client's request with all that may make canonical forms differ.
func randomRequest(t testing.TB, random *rand.Rand) *http.Request {
	t.Helper()
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	word := func(alphabet ...string) string {
		var s strings.Builder
		for range 1 + random.IntN(8) {
			s.WriteString(pick(alphabet...))
		}
		return s.String()
	}
	var target strings.Builder
	for range random.IntN(6) {
		target.WriteString("/" + pick("-", "vaults", "111122223333", ".", "..", "...", "", "%2E%2e",
			word("a", "Z", "0", "-", "_", ".", "~", "%20", "%2F", "%2f", "%25", "%41", "%C3%A9", "+", ":", "@", "!", "$", "&", "'", "(", ")", "*", ",", ";", "=")))
	}
	if target.Len() == 0 || random.IntN(4) == 0 {
		target.WriteString("/")
	}
	for i := range random.IntN(4) {
		target.WriteString(pick("?", "&")[:1])
		if i == 0 && !strings.Contains(target.String(), "?") {
			target.WriteString("?")
		}
		target.WriteString(word("a", "b", "-", "~", "%20", "%2B", "%7B", "+"))
		if random.IntN(4) > 0 {
			target.WriteString("=" + word("a", "-", ".", "/", ":", "%2F", "%7e", "+", "%20", "=", "?"))
		}
	}
	body := pick("", "data", "{}")
	r, err := http.NewRequest(pick("GET", "PUT", "POST", "DELETE"), "http://"+pick(host, "127.0.0.1:9420", "localhost:80", "[::1]:9420")+target.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Glacier-Version", "2012-06-01")
	for _, name := range []string{"X-Amz-Archive-Description", "X-Amz-Content-Sha256", "Content-Type", "Content-Range", "X-Other"} {
		for range random.IntN(3) {
			r.Header.Add(name, word("a", "B", " ", "  ", "   ", ",", ";", `"`, ":", "é"))
		}
	}
	return r
}

// checkSDK lets the SDK sign one random request and verifies it, then signs the same request with this package and verifies
// that.
func checkSDK(t *testing.T, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, seed))
	r := randomRequest(t, random)
	payload := hash(fmt.Sprint(random.IntN(3)))
	at := noon.Add(time.Duration(random.IntN(500)-250) * time.Second)
	credentials := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: secret}
	if random.IntN(3) == 0 {
		credentials.SessionToken = "FwoGZXIvYXdzEXAMPLE//token=="
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, payload, "glacier", "us-east-1", at); err != nil {
		t.Fatalf("seed %d: the SDK does not sign: %v", seed, err)
	}
	received := send(t, r)
	if err := verify(received, payload, noon); err != nil {
		t.Errorf("seed %d: %s %s: %v", seed, r.Method, r.URL, err)
	}
	if err := verify(received, hash("another"), noon); err == nil {
		t.Errorf("seed %d: %s %s: accepted with another payload", seed, r.Method, r.URL)
	}
	sigv4.Sign(r, key, "us-east-1", "glacier", payload, at)
	if err := verify(send(t, r), payload, noon); err != nil {
		t.Errorf("seed %d: %s %s: our own signature: %v", seed, r.Method, r.URL, err)
	}
}

func TestAgainstSDK(t *testing.T) {
	for seed := range uint64(3000) {
		checkSDK(t, seed)
		if t.Failed() {
			t.Fatalf("repeat with: go test ./internal/sigv4 -run TestAgainstSDK, seed %d", seed)
		}
	}
}

func FuzzAgainstSDK(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkSDK(t, seed) })
}
