package rest_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// A peer is a client that sees every byte.
type peer struct {
	*net.TCPConn
	r *bufio.Reader
}

func newPeer(c net.Conn) *peer { return &peer{c.(*net.TCPConn), bufio.NewReader(c)} }

// A message is a request in bytes.
type message struct {
	head  []byte // up to and with the empty line
	body  []byte
	wait  bool   // for 100 Continue, before the body
	after string // "close" or "abort"
	head1 bool   // the method is HEAD
}

// An answer is a reply as it came.
type answer struct {
	none    bool // the connection closed without one
	cut     bool // it closed in the middle of the body
	ended   bool // it is closed
	old     bool // it is of HTTP/1.0, which closes after each
	status  int
	headers []field
	body    []byte
}

// send sends the whole of a message, and reads the answer only then.
func (p *peer) send(m message) (a answer, err error) {
	// A server that refuses early may close before it has read everything.
	// What counts is whether its answer can be read all the same.
	p.Write(m.head)
	if m.wait {
		status, err := p.line()
		if err != nil || status != "HTTP/1.1 100 Continue" {
			return a, fmt.Errorf("instead of 100 Continue: %q, %v", status, err)
		}
		if empty, err := p.line(); err != nil || empty != "" {
			return a, fmt.Errorf("after 100 Continue: %q, %v", empty, err)
		}
	}
	p.Write(m.body)
	switch m.after {
	case "close":
		p.CloseWrite()
	case "abort":
		p.SetLinger(0)
		return answer{none: true, ended: true}, p.Close()
	}
	if err := p.readHead(&a); err != nil || a.none {
		return a, err
	}
	if err := p.readBody(&a, m.head1); err != nil {
		return a, err
	}
	if a.cut || a.old || a.get("Connection") == "close" {
		a.ended = true
		p.CloseWrite() // as a client that has understood; the server need not wait for more
		if b, err := p.r.ReadByte(); err == nil {
			return a, fmt.Errorf("after the reply: %q…", b)
		} else if !errors.Is(err, io.EOF) && !a.cut {
			return a, fmt.Errorf("after the reply, instead of the end: %w", err)
		}
	} else if n := p.r.Buffered(); n > 0 {
		more, _ := p.r.Peek(n)
		return a, fmt.Errorf("after the reply: %q", more)
	}
	return a, nil
}

// line reads a line without its end.
func (p *peer) line() (string, error) {
	line, err := p.r.ReadString('\n')
	text, ok := strings.CutSuffix(line, "\r\n")
	if err == nil && !ok {
		err = fmt.Errorf("line without CRLF: %q", line)
	}
	return text, err
}

func (p *peer) readHead(a *answer) error {
	status, err := p.line()
	if errors.Is(err, io.EOF) && status == "" {
		a.none, a.ended = true, true
		return nil
	}
	if err != nil {
		return fmt.Errorf("read status line: %w", err)
	}
	proto, rest, _ := strings.Cut(status, " ")
	code, _, _ := strings.Cut(rest, " ")
	if a.status, err = strconv.Atoi(code); err != nil || proto != "HTTP/1.1" && proto != "HTTP/1.0" {
		return fmt.Errorf("status line %q", status)
	}
	a.old = proto == "HTTP/1.0"
	for {
		line, err := p.line()
		if err != nil {
			return fmt.Errorf("read headers: %w", err)
		}
		if line == "" {
			return nil
		}
		a.headers = append(a.headers, parseField(line))
	}
}

func (p *peer) readBody(a *answer, head bool) error {
	length := a.get("Content-Length")
	if length == "" || head {
		return nil // nothing is ever sent in chunks
	}
	n, err := strconv.ParseInt(length, 10, 64)
	if err != nil {
		return fmt.Errorf("length of the reply: %w", err)
	}
	var b bytes.Buffer
	_, err = io.CopyN(&b, p.r, n)
	a.body = b.Bytes()
	var late net.Error
	if err != nil && !(errors.As(err, &late) && late.Timeout()) {
		a.cut = true
		return nil
	}
	return err
}

func (a *answer) get(name string) string {
	for _, f := range a.headers {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}
