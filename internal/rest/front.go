package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"firn/glacier"
	"firn/internal/token"
)

// Front makes s answer in the API's words where the HTTP library would answer
// by itself and in plain text: to a request that is malformed, too long in the
// header, of another protocol version, of an unknown transfer encoding or
// expectation, and to OPTIONS *. The library's status stays.
//
// Call it once, after s has its Handler and before it serves, and serve the
// listener that it returns. It takes the hooks ConnContext and ConnState of s
// for itself. A listener of TLS connections is handed over as such.
func Front(s *http.Server, l net.Listener) net.Listener {
	next := s.Handler
	s.DisableGeneralOptionsHandler = true
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, frontKey{}, c)
	}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(frontKey{}).(handled); ok {
			c.setHandled(true)
		}
		next.ServeHTTP(w, r)
	})
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ok := c.(handled); ok && state == http.StateIdle {
			c.setHandled(false)
		}
	}
	return frontListener{l}
}

type frontKey struct{}

type handled interface{ setHandled(bool) }

type frontListener struct{ net.Listener }

// Accept implements [net.Listener].
func (l frontListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	front := &frontConn{Conn: c}
	if secure, ok := c.(*tls.Conn); ok {
		return tlsFrontConn{front, secure}, nil
	}
	return front, nil
}

// A frontConn knows whether a handler has the request that is being answered.
// If none has, whatever is written is the library's own.
type frontConn struct {
	net.Conn
	handled atomic.Bool // from the handler's begin until its reply has been sent
	refused atomic.Bool // the last reply was sent in the library's place
}

func (c *frontConn) setHandled(yes bool) { c.handled.Store(yes) }

// Write implements [net.Conn].
func (c *frontConn) Write(p []byte) (int, error) {
	if c.handled.Load() {
		return c.Conn.Write(p)
	}
	if c.refused.Swap(true) {
		return len(p), nil // the rest of what was replaced
	}
	if err := c.SetWriteDeadline(time.Now().Add(drainTime)); err != nil {
		return 0, err
	}
	if _, err := c.Conn.Write(libraryRefusal(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CloseWrite is how the library says that nothing more will come.
func (c *frontConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// lingerTime and lingerBytes are how long a client that was refused may take
// to notice, and how much it may send until then. A connection that is closed
// over bytes unread is reset, and the reply may be lost.
const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 1 << 20
)

// Close implements [net.Conn].
func (c *frontConn) Close() error {
	if c.refused.Load() && c.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes) // whatever comes, the connection ends now
	}
	return c.Conn.Close()
}

// A tlsFrontConn lets the library see that the connection is secure.
type tlsFrontConn struct {
	*frontConn
	tls *tls.Conn
}

// ConnectionState is what the library puts into Request.TLS.
func (c tlsFrontConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// libraryRefusal is the API's form of a reply that the library has made up.
func libraryRefusal(reply []byte) []byte {
	status := http.StatusBadRequest
	if len(reply) > len("HTTP/1.1 400") {
		if n, err := strconv.Atoi(string(reply[9:12])); err == nil && http.StatusText(n) != "" {
			status = n
		}
	}
	e := glacier.Errorf(glacier.BadRequest, "%s", http.StatusText(status))
	if status == http.StatusNotImplemented {
		e.Code = glacier.NotImplemented
	}
	if _, text, ok := bytes.Cut(reply, []byte("\r\n\r\n")); ok && len(text) > 0 {
		e.Message = string(bytes.TrimPrefix(text, []byte(strconv.Itoa(status)+" ")))
	}
	body, err := glacier.Encode(envelopeOf(e))
	if err != nil {
		body = []byte("{}") // three strings can always be encoded
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %d\r\nContent-Type: %s\r\nDate: %s\r\n%s: %s\r\n\r\n%s",
		status, http.StatusText(status), len(body), jsonType, time.Now().UTC().Format(http.TimeFormat),
		glacier.HeaderRequestID, token.NewRequestID(rand.Reader), body)
}
