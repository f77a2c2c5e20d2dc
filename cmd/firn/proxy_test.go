package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

type proxyKey struct{}

// A proxy stands between the client and a server, and makes their lives
// difficult.
type proxy struct {
	behind http.Handler

	mu     sync.Mutex
	log    bytes.Buffer // METHOD PATH, a line for each request
	faults []*fault
	strike *strike // nil if no program is to be struck
}

// A fault befalls the next requests that it matches.
type fault struct {
	kind         string // a status; or cut: the reply ends in the middle; or flip: a bit in its middle is another
	left         int
	method, part string // part of the path
}

// A strike is a signal to a program at its n-th request of a method.
type strike struct {
	left   int
	method string
	signal syscall.Signal
	to     *os.Process
	struck bool
}

// startProxy puts a proxy before the server: proxy. Its URL is then in $url.
func startProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: proxy")
	}
	u, err := url.Parse(ts.Getenv("url"))
	ts.Check(err)
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host // which is signed
			r.Out.URL.RawQuery = r.In.URL.RawQuery
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p := ts.Value(proxyKey{}).(*proxy)
	p.behind = forward
	s := httptest.NewServer(p)
	ts.Defer(s.Close)
	ts.Setenv("url", s.URL)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, done := context.WithCancel(context.WithoutCancel(r.Context())) // what was asked is done, whoever waits for it
	defer done()
	r = r.WithContext(ctx)
	f := p.next(r)
	switch {
	case f == nil:
		p.behind.ServeHTTP(w, r)
	case f.kind == "cut" || f.kind == "flip":
		rec := httptest.NewRecorder()
		p.behind.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		body, middle := rec.Body.Bytes(), rec.Body.Len()/2
		if f.kind == "flip" {
			body[middle] ^= 1
			w.Write(body)
			return
		}
		w.Write(body[:middle])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		status, _ := strconv.Atoi(f.kind)
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}
}

// next notes a request, and returns the fault that befalls it, if one does.
func (p *proxy) next(r *http.Request) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.WriteString(r.Method + " " + r.URL.RequestURI() + "\n")
	if s := p.strike; s != nil && !s.struck && r.Method == s.method {
		if s.left--; s.left == 0 {
			s.struck = true
			s.to.Signal(s.signal)
		}
	}
	for _, f := range p.faults {
		if f.left > 0 && r.Method == f.method && strings.Contains(r.URL.Path, f.part) {
			f.left--
			return f
		}
	}
	return nil
}

// addFault makes requests fail: fault STATUS|cut|flip N METHOD PART-OF-PATH.
func addFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: fault STATUS|cut|flip N METHOD PART-OF-PATH")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	p := ts.Value(proxyKey{}).(*proxy)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &fault{kind: args[0], left: n, method: args[2], part: args[3]})
}

// writeRequests writes to a file what has come through the proxy since it was
// last asked: requests FILE.
func writeRequests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: requests FILE")
	}
	p := ts.Value(proxyKey{}).(*proxy)
	p.mu.Lock()
	defer p.mu.Unlock()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), p.log.Bytes(), 0o600))
	p.log.Reset()
}

// strikeProgram runs a program and strikes it amid its work: strike KILL|INT N
// METHOD PROGRAM ARGUMENTS... sends the signal at the N-th request of that method
// that comes through the proxy. The program must end by it, or with exit code 130.
func strikeProgram(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "INT": syscall.SIGINT}
	if neg || len(args) < 4 || signals[args[0]] == 0 {
		ts.Fatalf("usage: strike KILL|INT N METHOD PROGRAM ARGUMENTS...")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	path, err := exec.LookPath(args[3])
	ts.Check(err)
	cmd := exec.Command(path, args[4:]...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range strings.Fields("HOME TMPDIR PATH AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL XDG_DATA_HOME FIRN_NAMES") {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	p := ts.Value(proxyKey{}).(*proxy)
	p.mu.Lock() // so that no request is counted before there is a process
	ts.Check(cmd.Start())
	s := &strike{left: n, method: args[2], signal: signals[args[0]], to: cmd.Process}
	p.strike = s
	p.mu.Unlock()
	err = cmd.Wait()
	p.mu.Lock()
	p.strike = nil
	p.mu.Unlock()
	var exit *exec.ExitError
	if !s.struck || !errors.As(err, &exit) || exit.ExitCode() != map[string]int{"KILL": -1, "INT": 130}[args[0]] {
		ts.Fatalf("struck: %t; it ended with: %v", s.struck, err)
	}
}
