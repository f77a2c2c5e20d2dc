package rest_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firn/internal/rest"
)

// lookalike is what the library writes when it refuses a request. An archive
// may have the same bytes.
const lookalike = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"

// startFront serves a handler that says whether the connection is secure and
// then sends the lookalike in a write of its own.
func startFront(t *testing.T, wrap func(net.Listener) net.Listener) (addr string) {
	t.Helper()
	s := &http.Server{
		ReadHeaderTimeout: 100 * time.Millisecond,
		IdleTimeout:       100 * time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text := fmt.Sprint(r.TLS != nil)
			w.Header().Set("Content-Length", fmt.Sprint(len(text)+len(lookalike)))
			io.WriteString(w, text)
			http.NewResponseController(w).Flush()
			io.WriteString(w, lookalike)
		}),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	l = rest.Front(s, wrap(l))
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func plain(l net.Listener) net.Listener { return l }

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

func TestFrontLeavesTheHandlersBytesAlone(t *testing.T) {
	c := dial(t, startFront(t, plain))
	r := bufio.NewReader(c)
	for range 3 {
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		checkReply(t, r, 200, "false"+lookalike)
	}
	io.WriteString(c, "nonsense\r\n\r\n")
	checkReply(t, r, 400, `{"code":"BadRequest","message":"Bad Request","type":"Client"}`)
	checkEnd(t, r)
}

func TestFrontWithRequestsOneAfterTheOther(t *testing.T) {
	c := dial(t, startFront(t, plain))
	r := bufio.NewReader(c)
	io.WriteString(c, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 3)+"nonsense\r\n\r\n")
	for range 3 {
		checkReply(t, r, 200, "false"+lookalike)
	}
	checkReply(t, r, 400, `{"code":"BadRequest","message":"Bad Request","type":"Client"}`)
	checkEnd(t, r)
}

func TestFrontOfTLS(t *testing.T) {
	// For its certificate.
	known := httptest.NewTLSServer(http.NotFoundHandler())
	defer known.Close()
	addr := startFront(t, func(l net.Listener) net.Listener {
		return tls.NewListener(l, &tls.Config{Certificates: known.TLS.Certificates})
	})
	c := tls.Client(dial(t, addr), &tls.Config{InsecureSkipVerify: true})
	r := bufio.NewReader(c)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	checkReply(t, r, 200, "true"+lookalike)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")
	checkReply(t, r, 501, `{"code":"NotImplementedException","message":"Unsupported transfer encoding","type":"Server"}`)
	checkEnd(t, r)
}

// A client that sends on is told all the same: its bytes are read and thrown
// away, and do not reset the connection under the reply.
func TestFrontReadsOnAfterARefusal(t *testing.T) {
	c := dial(t, startFront(t, plain))
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"+strings.Repeat("x", 200_000))
	r := bufio.NewReader(c)
	checkReply(t, r, 501, `{"code":"NotImplementedException","message":"Unsupported transfer encoding","type":"Server"}`)
}

func TestFrontHangsUpOnSlowHeaders(t *testing.T) {
	addr := startFront(t, plain)
	for _, test := range []struct {
		name, begun string
		refused     bool
	}{
		{"nothing", "", false},
		{"a part of the request line", "GET / HT", true}, // which the library takes for the whole
		{"a part of the headers", "GET / HTTP/1.1\r\nHost: x\r\nx-a: b", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, before := range []int{0, 1} { // requests on the same connection
				c := dial(t, addr)
				r := bufio.NewReader(c)
				for range before {
					io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
					checkReply(t, r, 200, "false"+lookalike)
				}
				io.WriteString(c, test.begun)
				if test.refused {
					checkReply(t, r, 400, `{"code":"BadRequest","message":"Bad Request","type":"Client"}`)
				}
				checkEnd(t, r)
			}
		})
	}
}

func checkReply(t *testing.T, r *bufio.Reader, status int, body string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("read reply: %v", err)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read body: %v", err)
	}
	if resp.StatusCode != status || string(got) != body {
		t.Fatalf("status %d with %q, want %d with %q", resp.StatusCode, got, status, body)
	}
	if status >= 400 && (!resp.Close || resp.Header["X-Amzn-Requestid"] == nil || resp.Header.Get("Date") == "" ||
		resp.Header.Get("Content-Type") != "application/json") {
		t.Fatalf("headers of the refusal: %v", resp.Header)
	}
}

func checkEnd(t *testing.T, r *bufio.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Fatalf("after the end: %q, %v", rest, err)
	}
}
