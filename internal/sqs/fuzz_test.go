package sqs_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"firn/internal/access"
)

// A recorder is one whose deadlines can be set.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// FuzzQuery: whatever a form says, the reply is XML, and nothing fails.
func FuzzQuery(f *testing.F) {
	h := fuzzed(f)
	f.Fuzz(func(t *testing.T, action, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		form["Action"], form["Version"] = []string{action}, []string{"2012-11-05"}
		_, err = h.handler.Do(t.Context(), access.RootOf(alice), form)
		if h.log.Len() > 0 {
			t.Errorf("it failed: %s, %v", h.log, err)
			h.log.Reset()
		}
	})
}

// FuzzJSON: whatever a document says, the reply is JSON, and nothing fails.
func FuzzJSON(f *testing.F) {
	h := fuzzed(f)
	f.Fuzz(func(t *testing.T, action, document string) {
		if strings.ContainsFunc(action, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return
		}
		r := h.root.request("POST", "/", document, "X-Amz-Target", "AmazonSQS."+action)
		w := recorder{httptest.NewRecorder()}
		h.handler.ServeHTTP(w, r)
		var reply map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || w.Code >= 500 {
			t.Errorf("status %d, reply %s", w.Code, w.Body)
		}
		if _, refused := reply["__type"]; refused == (w.Code == 200) {
			t.Errorf("status %d, reply %s", w.Code, w.Body)
		}
	})
}

// fuzzed is a house with a queue, where nobody waits.
func fuzzed(f *testing.F) *house {
	h := build(f)
	h.must(h.queues.CreateQueue(f.Context(), alice, "work", nil, nil))
	h.queues.Close()
	return h
}

// TestRepliesAreXML: the reply to a message with characters that XML has to
// escape is read back as what was sent.
func TestRepliesAreXML(t *testing.T) {
	h := build(t)
	h.must(h.queues.CreateQueue(t.Context(), alice, "work", nil, nil))
	const body = "a\r\nb\tc \r <&>\"' ]]> \uFFFD\U0001F9CA"
	h.root.query("SendMessage", "QueueUrl", "/111122223333/work", "MessageBody", body)
	r := h.root.query("ReceiveMessage", "QueueUrl", "/111122223333/work")
	var reply struct {
		Body string `xml:"ReceiveMessageResult>Message>Body"`
	}
	if err := xml.Unmarshal([]byte(r.body), &reply); err != nil || reply.Body != body {
		t.Errorf("%q came back as %q: %v", body, reply.Body, err)
	}
}

// TestLargeBodies: the longest message has room, every byte of it escaped.
func TestLargeBodies(t *testing.T) {
	h := build(t)
	h.must(h.queues.CreateQueue(t.Context(), alice, "work", nil, nil))
	escaped := "Action=SendMessage&Version=2012-11-05&MessageBody=" + strings.Repeat("%C3%A4", 128<<10)
	if r := h.root.send("POST", "/111122223333/work", escaped); r.status != 200 {
		t.Errorf("256 KiB, each byte escaped: status %d, reply %s", r.status, r.body)
	}
	if r := h.root.send("POST", "/111122223333/work", escaped+strings.Repeat("%C3%A4", 256<<10)); r.status != 400 {
		t.Errorf("more: status %d, reply %s", r.status, r.body)
	}
}

func TestSeeds(t *testing.T) {
	for _, name := range []string{"FuzzQuery", "FuzzJSON"} {
		if seeds, err := os.ReadDir("testdata/fuzz/" + name); err != nil || len(seeds) < 5 {
			t.Errorf("%s has no seeds: %v", name, err)
		}
	}
}
