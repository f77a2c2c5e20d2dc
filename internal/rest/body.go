package rest

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"firn/glacier"
)

const (
	// rateGrace is how long a body is not judged by its average rate.
	rateGrace = time.Minute
	// minRate is the slowest sender that is waited for, in bytes a second.
	minRate = 1024
)

// A body is a request's body. Its sender must keep up: nothing is ever waited
// for without a deadline.
type body struct {
	r     io.Reader
	conn  *http.ResponseController
	pause time.Duration // that the sender may make
	n     int64
	// waited is how long the sender was waited for. The time that the server
	// itself took is not the sender's.
	waited time.Duration
	// whole means that nothing is left to read. The library then reads on by
	// itself, to notice when the client goes away. A deadline set from then on
	// would end the request under its handler, so none is.
	whole bool
}

func newBody(r *http.Request, conn *http.ResponseController, pause time.Duration) *body {
	return &body{r: r.Body, conn: conn, pause: pause, whole: r.ContentLength == 0}
}

// Read implements [io.Reader] for a body of any length: each read must bring
// something within the pause, and after a while the average must not fall
// below a floor.
func (b *body) Read(p []byte) (int, error) {
	if b.waited > rateGrace && float64(b.n) < minRate*b.waited.Seconds() {
		return 0, timedOut()
	}
	now := time.Now()
	if err := b.until(now.Add(b.pause)); err != nil {
		return 0, err
	}
	n, err := b.read(p)
	b.waited += time.Since(now)
	return n, err
}

// document reads a small body whole, which must come within the pause. Its
// length is refused before it is read if it was declared.
func (b *body) document(declared int64) ([]byte, error) {
	if declared > glacier.MaxDocument {
		return nil, tooLarge()
	}
	if err := b.until(time.Now().Add(b.pause)); err != nil {
		return nil, err
	}
	doc, err := io.ReadAll(io.LimitReader(readerFunc(b.read), glacier.MaxDocument+1))
	var refused *glacier.Error
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		return nil, glacier.Errorf(glacier.BadRequest, "The request body could not be read.")
	case len(doc) > glacier.MaxDocument:
		return nil, tooLarge()
	}
	return doc, nil
}

// until sets the deadline of the reads to come.
func (b *body) until(t time.Time) error {
	if b.whole {
		return nil
	}
	return b.conn.SetReadDeadline(t)
}

func (b *body) read(p []byte) (int, error) {
	if b.whole {
		return 0, io.EOF
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	switch {
	case errors.Is(err, io.EOF):
		b.whole = true
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = timedOut()
	}
	return n, err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func timedOut() error { return glacier.Errorf(glacier.RequestTimeout, "Request timed out.") }

func tooLarge() error {
	return glacier.Errorf(glacier.BadRequest, "The request body is larger than %d bytes.", glacier.MaxDocument)
}

const (
	// drainBytes and drainTime bound what is read and thrown away of a body
	// after its refusal.
	drainBytes = 64 << 20
	drainTime  = 5 * time.Second
)

// drain reads on for a while after a refusal, so that a client which sends
// first and reads later gets to see why. Without it the connection would be
// reset under the reply. It leaves its deadline behind, for the library, which
// would read the rest of a short body without one.
func (b *body) drain() {
	if b.whole || b.conn.Flush() != nil || b.until(time.Now().Add(drainTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, b.r, drainBytes) // however it ends, the connection is closed next
}
