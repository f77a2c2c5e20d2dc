package sns_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firn/internal/sigv4"
)

// A recorder is a connection that never has to be waited for.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// FuzzQuery: whatever is asked, the reply is in the API's words, and it is
// nobody's fault but the client's.
func FuzzQuery(f *testing.F) {
	h := build(f, nil)
	h.ask(h.root, "CreateTopic", "Name", "t")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "http") {
			return // nothing is to be sent anywhere
		}
		for _, key := range []sigv4.Credentials{h.root, h.foreign} {
			w := recorder{httptest.NewRecorder()}
			r := h.signed(key, text)
			h.handler.ServeHTTP(w, r)
			if w.Code >= 500 || !strings.HasPrefix(w.Body.String(), "<") || !strings.Contains(w.Body.String(), `xmlns="http://sns.amazonaws.com/doc/2010-03-31/"`) {
				t.Errorf("status %d with %s", w.Code, w.Body)
			}
		}
	})
}
