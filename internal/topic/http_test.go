package topic

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/record"
)

// A delivery is what a subscriber has received.
type received struct {
	header http.Header
	body   []byte
}

// A subscriber is a web server that takes what it gets.
type subscriber struct {
	*httptest.Server
	got chan received
}

func newSubscriber(t *testing.T) *subscriber {
	t.Helper()
	s := &subscriber{got: make(chan received, 1000)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		s.got <- received{r.Header.Clone(), body}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *subscriber) next(t *testing.T) (r received, document map[string]any) {
	t.Helper()
	select {
	case r = <-s.got:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	if err := json.Unmarshal(r.body, &document); err != nil {
		document = nil // raw
	}
	return r, document
}

// verify verifies a document as a receiver would, who knows nothing but
// Amazon's documentation and the certificate.
func verify(t *testing.T, certificate []byte, document map[string]any) {
	t.Helper()
	block, _ := pem.Decode(certificate)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	fields := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if document["Type"] != "Notification" {
		fields = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var text strings.Builder
	for _, f := range fields {
		if v, ok := document[f]; ok {
			fmt.Fprintf(&text, "%s\n%s\n", f, v)
		}
	}
	signature, err := base64.StdEncoding.DecodeString(document["Signature"].(string))
	if err != nil {
		t.Fatal(err)
	}
	key := cert.PublicKey.(*rsa.PublicKey)
	switch document["SignatureVersion"] {
	case "1":
		sum := sha1.Sum([]byte(text.String()))
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256([]byte(text.String()))
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		t.Fatalf("signature version %v", document["SignatureVersion"])
	}
	if err != nil {
		t.Errorf("%v\nof %s", err, text.String())
	}
}

// members are the names in a JSON object, in their order.
func members(t *testing.T, body []byte) (names []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	depth := 0
	for name := true; ; {
		token, err := d.Token()
		if err != nil {
			return names
		}
		switch v := token.(type) {
		case json.Delim:
			depth += map[json.Delim]int{'{': 1, '}': -1}[v]
			name = true
		case string:
			if depth == 1 && name {
				names = append(names, v)
			}
			name = !name
		}
	}
}

func TestHTTPSubscriber(t *testing.T) {
	h := newHouse(t)
	far := newSubscriber(t)
	h.start()
	topic := h.topic("jobs")
	arn, pending, err := h.Subscribe(t.Context(), alice, topic, "http", far.URL+"/hook?x=1", nil)
	h.must(err)
	if !pending {
		t.Fatal("not pending")
	}
	h.publish(topic, "nobody hears this")

	r, ask := far.next(t)
	if diff := cmp.Diff([]string{
		"Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
	}, members(t, r.body)); diff != "" {
		t.Errorf("request to confirm (-want +got):\n%s", diff)
	}
	verify(t, h.signer.Certificate(), ask)
	if want := base + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=" + ask["Token"].(string); ask["SubscribeURL"] != want {
		t.Errorf("SubscribeURL: %v", ask["SubscribeURL"])
	}
	if r.header.Get("x-amz-sns-message-type") != "SubscriptionConfirmation" || r.header.Get("x-amz-sns-subscription-arn") != "" {
		t.Errorf("header: %v", r.header)
	}
	confirmed, err := h.ConfirmSubscription(t.Context(), topic, ask["Token"].(string))
	h.must(err)
	if confirmed != arn {
		t.Errorf("confirmed %s, want %s", confirmed, arn)
	}

	_, err = h.Publish(t.Context(), topic, Publication{Subject: "<Job> & co", Message: "a\"b\\c\nd é\u2028<>&", Attributes: map[string]record.Attribute{
		"n": {Type: "Number", Value: "1"}, "b": {Type: "Binary", Value: "AgME"},
	}})
	h.must(err)
	r, got := far.next(t)
	if diff := cmp.Diff([]string{
		"Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
		"UnsubscribeURL", "MessageAttributes",
	}, members(t, r.body)); diff != "" {
		t.Errorf("notification (-want +got):\n%s", diff)
	}
	if !bytes.HasPrefix(r.body, []byte("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"")) {
		t.Errorf("the envelope is not spaced as SNS's: %s", r.body)
	}
	verify(t, h.signer.Certificate(), got)
	for name, want := range map[string]any{
		"Message": "a\"b\\c\nd é\u2028<>&", "Subject": "<Job> & co", "SigningCertURL": base + h.signer.Path(),
		"UnsubscribeURL":    base + "/?Action=Unsubscribe&SubscriptionArn=" + string(arn),
		"MessageAttributes": map[string]any{"n": map[string]any{"Type": "Number", "Value": "1"}, "b": map[string]any{"Type": "Binary", "Value": "AgME"}},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, want := range map[string]string{
		"User-Agent": "Amazon Simple Notification Service Agent", "Content-Type": "text/plain; charset=UTF-8",
		"X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Message-Id": got["MessageId"].(string),
		"X-Amz-Sns-Topic-Arn": topic, "X-Amz-Sns-Subscription-Arn": string(arn), "X-Amz-Sns-Rawdelivery": "",
	} {
		if r.header.Get(name) != want {
			t.Errorf("header %s: %q", name, r.header.Get(name))
		}
	}

	h.must(h.SetTopicAttribute(t.Context(), topic, "SignatureVersion", "2"))
	h.publish(topic, "version 2")
	_, got = far.next(t)
	verify(t, h.signer.Certificate(), got)
	if got["SignatureVersion"] != "2" || got["Subject"] != nil {
		t.Errorf("got %v", got)
	}

	h.must(h.SetSubscriptionAttribute(t.Context(), string(arn), "RawMessageDelivery", "true"))
	h.must(h.SetSubscriptionAttribute(t.Context(), string(arn), "DeliveryPolicy", `{"requestPolicy":{"headerContentType":"application/json"}}`))
	h.publish(topic, `{"raw":true}`)
	r, _ = far.next(t)
	if string(r.body) != `{"raw":true}` || r.header.Get("X-Amz-Sns-Rawdelivery") != "true" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("raw: %s, %v", r.body, r.header)
	}

	want := texts(0, 200)
	for _, m := range want {
		h.publish(topic, m)
	}
	for _, m := range want {
		if r, _ := far.next(t); string(r.body) != m {
			t.Fatalf("got %s, want %s", r.body, m)
		}
	}
}

func TestHTTPEndpoints(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed")
	}))
	defer elsewhere.Close()
	const patience = 500 * time.Millisecond
	for _, test := range []struct {
		name      string
		answer    http.HandlerFunc
		fails     string // "" is success
		permanent bool
	}{
		{name: "200", answer: func(http.ResponseWriter, *http.Request) {}},
		{name: "204", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
		{name: "301", answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusMovedPermanently)
		}, fails: "301", permanent: true},
		{name: "307", answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, fails: "307", permanent: true},
		{name: "304", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, fails: "304", permanent: true},
		{name: "400", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, fails: "400", permanent: true},
		{name: "404", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, fails: "404", permanent: true},
		{name: "429", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, fails: "429"},
		{name: "500", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, fails: "500"},
		{name: "503", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, fails: "503"},
		{name: "hangs up", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fails: "EOF"},
		{name: "hangs", answer: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, fails: "no answer"},
		{name: "endless response", answer: func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}},
		{name: "response that never ends and says nothing", answer: func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}},
		{name: "huge header", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}, fails: "exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(test.answer)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Start()
			defer server.Close()
			client := newClient(true)
			defer client.CloseIdleConnections()
			limit := 10 * drainTime
			if test.fails != "" {
				limit = patience
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			h := &httpSender{scheme: "http", client: client, allowPrivate: true}
			err := h.Send(ctx, strings.Replace(server.URL, "//", "//user:s3cret@", 1), &Outgoing{Type: TypeNotification, Envelope: []byte("{}")})
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, want %q", err, test.fails)
			}
			var permanent *PermanentError
			if errors.As(err, &permanent) != test.permanent {
				t.Errorf("permanent: %v", !test.permanent)
			}
			if ctx.Err() != nil && err == nil {
				t.Error("it waited for what could not change the outcome")
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// TestPrivateAddresses makes sure that no name leads to an address that is
// private, whatever Subscribe has seen of it.
func TestPrivateAddresses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h := &httpSender{scheme: "http", client: newClient(false)}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"} {
		endpoint := "http://" + net.JoinHostPort(strings.Trim(host, "[]"), port)
		err := h.Send(t.Context(), endpoint, &Outgoing{Envelope: []byte("{}")})
		if err == nil {
			t.Errorf("%s: it was sent to", host)
		}
		if host != "localhost" && !errors.Is(err, errPrivate) {
			t.Errorf("%s: %v", host, err)
		}
		if h.Check(endpoint) == nil {
			t.Errorf("%s: it may be subscribed", host)
		}
	}
}

// TestEnvironmentIsNotAsked makes sure that no proxy gets what was meant for an
// endpoint.
func TestEnvironmentIsNotAsked(t *testing.T) {
	transport := newClient(true).Transport.(*http.Transport)
	if transport.Proxy != nil {
		t.Error("there is a proxy")
	}
	if transport.TLSClientConfig != nil && transport.TLSClientConfig.InsecureSkipVerify {
		t.Error("certificates are not verified")
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	h := &httpSender{scheme: "https", client: newClient(true), allowPrivate: true}
	if err := h.Send(t.Context(), server.URL, &Outgoing{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown certificate: %v", err)
	}
}

func TestSigner(t *testing.T) {
	text, err := signerPEM()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSigner(text)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), s.LogValue().String()} {
		if strings.Contains(shown, "PRIVATE") || strings.Contains(shown, "key") || len(shown) > 500 {
			t.Errorf("it shows: %s", shown)
		}
	}
	if b, err := json.Marshal(struct{ Signer any }{s}); err != nil || string(b) != `{"Signer":{}}` {
		t.Errorf("as JSON: %s, %v", b, err)
	}
	if !strings.HasPrefix(s.Path(), "/SimpleNotificationService-") || !strings.HasSuffix(s.Path(), ".pem") || len(s.Path()) != 27+32+4 {
		t.Errorf("path %s", s.Path())
	}
	if bytes.Contains(s.Certificate(), block.Bytes[:32]) || bytes.Contains(s.Certificate(), []byte("PRIVATE")) {
		t.Error("the certificate has the key in it")
	}
	other, err := MakeSigner()
	if err != nil {
		t.Fatal(err)
	}
	_, certificate := pem.Decode(other)
	for name, bad := range map[string][]byte{
		"nothing": nil, "no certificate": pem.EncodeToMemory(block), "no key": s.Certificate(),
		"another's certificate": append(pem.EncodeToMemory(block), certificate...),
		"garbage":               []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
	} {
		if _, err := ParseSigner(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
