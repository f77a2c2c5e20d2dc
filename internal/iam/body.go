package iam

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	// maxBody bounds the body of a request: the longest policy, every byte of
	// it escaped, and the names that go with it.
	maxBody = 64 << 10
	// drainBytes and drainTime bound what is read and thrown away of a body
	// after its refusal.
	drainBytes = 1 << 20
	drainTime  = 5 * time.Second
)

// A body is a request's body, which must come within a pause.
type body struct {
	r     *http.Request
	conn  *http.ResponseController
	pause time.Duration
	whole bool // nothing is left to read
}

// read reads the body. Its length is refused before it is read if it was
// declared.
func (b *body) read() ([]byte, error) {
	if b.whole {
		return nil, nil
	}
	if b.r.ContentLength > maxBody {
		return nil, tooLarge()
	}
	if err := b.conn.SetReadDeadline(time.Now().Add(b.pause)); err != nil {
		return nil, err
	}
	doc, err := io.ReadAll(io.LimitReader(b.r.Body, maxBody+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refuse(RequestTimeout, "Request timed out.")
	case err != nil:
		return nil, refuse(InvalidInput, "The request body could not be read.")
	case len(doc) > maxBody:
		return nil, tooLarge()
	}
	b.whole = true
	return doc, nil
}

func tooLarge() error {
	return refuse(InvalidInput, "The request body is larger than %d bytes.", maxBody)
}

// reply sends a document, which the client must take within the pause.
func (b *body) reply(w http.ResponseWriter, status int, document []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/xml")
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
