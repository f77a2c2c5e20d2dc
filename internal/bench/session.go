package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// An endpoint is a server as its clients see it. It may be used concurrently.
type endpoint struct {
	host  string // host:port
	stuff *material
	// sign signs a request, of which the payload's hash is given in
	// hexadecimal; nil if the server wants no signature.
	sign func(r *http.Request, hash string)
}

// A session is one connection to an endpoint, for one request at a time. It
// is a client that does next to nothing: net/http's own costs as much as a
// small request costs the server, and they share the processors.
type session struct {
	*endpoint
	ctx  context.Context
	conn net.Conn
	in   *bufio.Reader
	buf  []byte // for what comes back
}

// open makes a session; it connects when it must. The session ends with ctx.
func (e *endpoint) open(ctx context.Context) *session { return &session{endpoint: e, ctx: ctx} }

// close ends the connection; the next request makes a new one.
func (s *session) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

func (s *session) connect() error {
	if s.conn != nil {
		return nil
	}
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(s.ctx, "tcp", s.host)
	if err != nil {
		return err
	}
	s.conn, s.in = conn, bufio.NewReaderSize(conn, 64<<10)
	context.AfterFunc(s.ctx, func() { conn.Close() })
	return nil
}

// do sends a request with a content as its body and returns the reply, which
// is to be drained before the next request. A status of 400 or more is an
// error.
func (s *session) do(method, path string, header http.Header, body content) (*http.Response, error) {
	r, err := http.NewRequest(method, "http://"+s.host+path, nil)
	if err != nil {
		return nil, err
	}
	for name, v := range header {
		r.Header[http.CanonicalHeaderKey(name)] = v
	}
	if s.sign != nil {
		s.sign(r, hex.EncodeToString(body.linear[:]))
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	sent := s.send(r, body)
	resp, err := http.ReadResponse(s.in, r)
	if err != nil {
		s.close()
		return nil, fmt.Errorf("%s %s: %w", method, path, errors.Join(sent, err))
	}
	if resp.StatusCode >= 400 || sent != nil {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		s.close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(text))
	}
	return resp, nil
}

// send writes the request, the head and the first MiB with one call.
func (s *session) send(r *http.Request, body content) error {
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.URL.RequestURI(), s.host)
	r.Header.Set("Content-Length", strconv.FormatInt(body.size, 10))
	if err := r.Header.Write(&head); err != nil {
		return err
	}
	head.WriteString("\r\n")
	first := min(body.size, mib)
	vec := net.Buffers{head.Bytes(), s.stuff.block[:first]}
	if _, err := vec.WriteTo(s.conn); err != nil {
		return err
	}
	return s.stuff.each(first, body.size, func(p []byte) error { _, err := s.conn.Write(p); return err })
}

// drain reads a reply to its end and returns its size. If offset is not
// negative, what comes back is what was sent at that offset: of every 16th
// read this is checked.
func (s *session) drain(resp *http.Response, offset int64) (n int64, err error) {
	defer resp.Body.Close()
	if s.buf == nil {
		s.buf = make([]byte, mib)
	}
	for i := 0; ; i++ {
		m, err := resp.Body.Read(s.buf)
		if offset >= 0 && i%16 == 0 {
			if err := s.stuff.compare(offset+n, s.buf[:m]); err != nil {
				return n, err
			}
		}
		n += int64(m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.close()
			return n, err
		}
	}
	if resp.Close {
		s.close()
	}
	if resp.ContentLength >= 0 && n != resp.ContentLength {
		return n, fmt.Errorf("%d bytes of %d came back", n, resp.ContentLength)
	}
	return n, nil
}

// ask is do and drain.
func (s *session) ask(method, path string, header http.Header, body content) (http.Header, error) {
	resp, err := s.do(method, path, header, body)
	if err != nil {
		return nil, err
	}
	_, err = s.drain(resp, -1)
	return resp.Header, err
}
