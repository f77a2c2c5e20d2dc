package awsapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	// drainBytes and drainTime bound what is read and thrown away of a body
	// after its refusal.
	drainBytes = 1 << 20
	drainTime  = 5 * time.Second
)

// A body is a request's body, which must come within a pause.
type body struct {
	r     *http.Request
	conn  *http.ResponseController
	most  int64
	pause time.Duration
	whole bool // nothing is left to read
}

// errors of a body, which the API words.
var (
	errTooLarge   = errors.New("the body is too large")
	errUnreadable = errors.New("the body could not be read")
	errTooLate    = errors.New("the body came too late")
)

// read reads the body. Its length is refused before it is read if it was
// declared.
func (b *body) read() ([]byte, error) {
	if b.whole {
		return nil, nil
	}
	if b.r.ContentLength > b.most {
		return nil, errTooLarge
	}
	if err := b.conn.SetReadDeadline(time.Now().Add(b.pause)); err != nil {
		return nil, err
	}
	doc, err := io.ReadAll(io.LimitReader(b.r.Body, b.most+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errTooLate
	case err != nil:
		return nil, errUnreadable
	case int64(len(doc)) > b.most:
		return nil, errTooLarge
	}
	b.whole = true
	// The library reads on, to notice when the client goes away; the deadline
	// would end a call that takes longer, such as one that waits for a message.
	return doc, b.conn.SetReadDeadline(time.Time{})
}

// reply sends a document, which the client must take within the pause.
func (b *body) reply(w http.ResponseWriter, status int, contentType string, document []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(document)))
	h.Set("Cache-Control", "no-store")                   // it may hold a secret
	_ = b.conn.SetWriteDeadline(time.Now().Add(b.pause)) // fails only on a connection that is gone
	w.WriteHeader(status)
	if b.r.Method != http.MethodHead {
		_, _ = w.Write(document) // a client that has gone away gets no reply
	}
}

// drain reads on for a while after a refusal, so that a client which sends
// first and reads later gets to see why.
func (b *body) drain() {
	if b.whole || b.conn.Flush() != nil || b.conn.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, b.r.Body, drainBytes) // however it ends, the connection is closed next
}
