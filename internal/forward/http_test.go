package forward_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/forward"
	"firn/internal/sigv4"
)

// A request is what an HTTP server saw.
type request struct {
	*http.Request
	body string
}

// listen serves one status and one text, and keeps the requests.
func listen(t *testing.T, status int, text string) (*httptest.Server, chan request) {
	t.Helper()
	seen := make(chan request, 10)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- request{r, string(body)}
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s, seen
}

func trusting(s *httptest.Server) forward.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return forward.Config{AllowPrivate: true, RootCAs: roots, Timeout: 5 * time.Second}
}

func TestWebhook(t *testing.T) {
	s, seen := listen(t, 204, "")
	cfg := trusting(s)
	cfg.Now = func() time.Time { return time.Unix(1764072000, 0) }
	hook := open(t, cfg).Senders()["webhook"]
	at := strings.TrimPrefix(s.URL, "https://")

	mustSend(t, hook, "https://"+at+"/a%2Fb?c=d", outgoing("id-1"))
	r := <-seen
	got := map[string]string{"method": r.Method, "uri": r.RequestURI, "body": r.body}
	for name := range r.Header {
		got[name] = r.Header.Get(name)
	}
	want := map[string]string{
		"method": "POST", "uri": "/a%2Fb?c=d", "body": string(outgoing("id-1").Envelope),
		"User-Agent": "firn", "Content-Type": "application/json", "Content-Length": fmt.Sprint(len(r.body)),
		"Firn-Topic": topicARN, "Firn-Subscription": subscriptionARN, "Firn-Message-Id": "id-1", "Firn-Timestamp": "1764072000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	mustSend(t, hook, "https://hmac:s3cr%2Fet@"+at+"/", raw("id-2"))
	r = <-seen
	mac := hmac.New(sha256.New, []byte("s3cr/et"))
	mac.Write([]byte("1764072000." + r.body))
	if got, want := r.Header.Get("Firn-Signature"), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if r.Header.Get("Authorization") != "" || r.Header.Get("Content-Type") != "text/plain; charset=UTF-8" || r.body != raw("").Message {
		t.Errorf("%v %q", r.Header, r.body)
	}

	mustSend(t, hook, "https://user:s3cret@"+at+"/", outgoing("id-3"))
	if user, password, _ := (<-seen).BasicAuth(); user != "user" || password != "s3cret" {
		t.Error(user, password)
	}
}

func TestWebhookStatus(t *testing.T) {
	for status, permanent := range map[int]bool{
		301: true, 307: true, 400: true, 401: true, 404: true, 410: true, 408: false, 429: false, 500: false, 503: false,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s, seen := listen(t, status, "s3cret inside of a network")
			err := send(t, open(t, trusting(s)).Senders()["webhook"], s.URL+"/hook", outgoing("a"))
			if err == nil || err.Error() != fmt.Sprintf("the endpoint answered with status %d", status) || isPermanent(err) != permanent {
				t.Errorf("%v, permanent %v", err, isPermanent(err))
			}
			if n := len(seen); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// An endless answer does not keep a try that has succeeded.
func TestWebhookEndlessAnswer(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	mustSend(t, open(t, trusting(s)).Senders()["webhook"], s.URL, outgoing("a"))
}

func TestUnknownCertificate(t *testing.T) {
	s, _ := listen(t, 200, "")
	senders := open(t, forward.Config{AllowPrivate: true}).Senders()
	mustFail(t, senders["webhook"], s.URL, outgoing("a"), "certificate")
	at := strings.TrimPrefix(s.URL, "https://")
	mustFail(t, senders["sns"], "sns+https://AKIDEXAMPLE:s3cret@"+at+"/"+topicARN, outgoing("a"), "certificate")
}

const published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult></PublishResponse>`

func TestSNS(t *testing.T) {
	s, seen := listen(t, 200, published)
	cfg := trusting(s)
	now := time.Unix(1764072000, 0)
	cfg.Now = func() time.Time { return now }
	at := strings.TrimPrefix(s.URL, "https://")
	sns := open(t, cfg).Senders()["sns"]
	mustSend(t, sns, "sns+https://AKIDEXAMPLE:s3cr%2Fet@"+at+"/"+topicARN, outgoing("id-1"))

	r := <-seen
	form, err := url.ParseQuery(r.body)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"Action": {"Publish"}, "Version": {"2010-03-31"}, "TopicArn": {topicARN}, "Message": {`{"Completed":true}`}, "Subject": {"done"},
		"MessageAttributes.entry.1.Name": {"bytes"}, "MessageAttributes.entry.1.Value.DataType": {"Binary"}, "MessageAttributes.entry.1.Value.BinaryValue": {"AAEC"},
		"MessageAttributes.entry.2.Name": {"lines"}, "MessageAttributes.entry.2.Value.DataType": {"String"}, "MessageAttributes.entry.2.Value.StringValue": {"one\r\nFirn-Topic: another"},
		"MessageAttributes.entry.3.Name": {"price"}, "MessageAttributes.entry.3.Value.DataType": {"Number"}, "MessageAttributes.entry.3.Value.StringValue": {"7.5"},
		"MessageAttributes.entry.4.Name": {"store"}, "MessageAttributes.entry.4.Value.DataType": {"String"}, "MessageAttributes.entry.4.Value.StringValue": {"fans ❄"},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Error(diff)
	}
	// The same request signed again has the same signature.
	again, _ := http.NewRequest(http.MethodPost, "https://"+r.Host+r.RequestURI, nil)
	again.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	hash := sha256.Sum256([]byte(r.body))
	sigv4.Sign(again, sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "s3cr/et"}, "eu-west-1", "sns", hex.EncodeToString(hash[:]), now)
	if got, want := r.Header.Get("Authorization"), again.Header.Get("Authorization"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}

	mustSend(t, sns, "sns+https://AKIDEXAMPLE:s3cret@"+at+"/"+topicARN+".fifo", outgoing("id-2"))
	form, _ = url.ParseQuery((<-seen).body)
	if form.Get("MessageGroupId") != topicARN || form.Get("MessageDeduplicationId") != "id-2" {
		t.Error(form)
	}
}

func TestSNSRefusals(t *testing.T) {
	refusal := func(code string) string {
		return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>No, s3cret.</Message></Error></ErrorResponse>`
	}
	for _, tt := range []struct {
		name      string
		status    int
		text      string
		want      string
		permanent bool
	}{
		{"parameter", 400, refusal("InvalidParameter"), "status 400, InvalidParameter: No, ****.", true},
		{"throttled", 400, refusal("Throttled"), "status 400, Throttled", false},
		{"key", 403, refusal("InvalidClientTokenId"), "status 403, InvalidClientTokenId", false},
		{"no topic", 404, refusal("NotFound"), "status 404, NotFound", false},
		{"broken", 500, "oops", "status 500", false},
		{"another service", 200, "<html></html>", "is not one of SNS", false},
		{"no XML", 200, "ok", "is not one of SNS", false},
		{"redirect", 307, "", "status 307", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := listen(t, tt.status, tt.text)
			at := strings.TrimPrefix(s.URL, "https://")
			err := send(t, open(t, trusting(s)).Senders()["sns"], "sns+https://AKIDEXAMPLE:s3cret@"+at+"/"+topicARN, outgoing("a"))
			if err == nil || !strings.Contains(err.Error(), tt.want) || isPermanent(err) != tt.permanent {
				t.Errorf("%v, permanent %v", err, isPermanent(err))
			}
		})
	}
}
