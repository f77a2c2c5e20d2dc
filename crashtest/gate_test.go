package crashtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A gate stands between a client's verb and the server. It counts what goes
// through, and at a moment of our choice the verb is killed.
type gate struct {
	t   testing.TB
	url string

	open sync.WaitGroup // connections

	mu     sync.Mutex
	passed int            // requests of this life of the verb
	parts  map[string]int // how often the server has taken a part, by its tree hash
	moment moment
	first  *first    // nil if no reply is withheld
	victim *exec.Cmd // nil if it is not to be killed, or is dead
	killed bool
}

// A moment is within the n-th request: before the server hears of it, in the
// middle of what is sent, after the server has done it and before the verb
// knows, or in the middle of the reply.
type moment struct {
	n     int
	phase phase
}

type phase int

const (
	unheard phase = iota
	inBody
	unanswered
	inReply
	phases
)

// newGate makes a gate before a server. It ends with the test.
func newGate(t testing.TB, server string) *gate {
	t.Helper()
	g := &gate{t: t, parts: map[string]int{}}
	g.url = g.before(server)
	return g
}

// before puts the gate before one more server, and returns where that is to be
// found now.
func (g *gate) before(server string) string {
	g.t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		g.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport:     roundTrip(func(r *http.Request) (*http.Response, error) { return g.pass(transport, r) }),
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What the server has heard it does, whether somebody waits for the reply or not.
		proxy.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	})}
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			g.open.Add(1)
		case http.StateClosed:
			g.open.Done()
		}
	}
	go s.Serve(l)
	g.t.Cleanup(func() {
		s.Close()
		transport.CloseIdleConnections()
	})
	return "http://" + l.Addr().String()
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errKilled = errors.New("the verb is dead")

// pass lets a request through.
func (g *gate) pass(to http.RoundTripper, r *http.Request) (*http.Response, error) {
	if g.first != nil && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/archives") {
		return g.first.pass(g, to, r)
	}
	g.mu.Lock()
	g.passed++
	now := g.victim != nil && g.passed == g.moment.n
	g.mu.Unlock()
	at := func(p phase) bool { return now && g.moment.phase == p }
	if at(unheard) || at(inBody) && r.ContentLength <= 1 {
		g.kill()
		return nil, errKilled
	}
	if at(inBody) {
		r.Body = &trap{ReadCloser: r.Body, left: r.ContentLength / 2, sprung: g.kill}
	}
	resp, err := to.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/multipart-uploads/") && resp.StatusCode == http.StatusNoContent {
		g.mu.Lock()
		g.parts[r.Header.Get("x-amz-sha256-tree-hash")]++
		g.mu.Unlock()
	}
	switch {
	case at(unanswered), now && resp.ContentLength == 0:
		g.kill()
	case at(inReply):
		resp.Body = &trap{ReadCloser: resp.Body, left: max(1, resp.ContentLength/2), sprung: g.kill}
	}
	return resp, nil
}

// A first is the first archive of a life: the server stores it, and the verb is
// killed before it hears of that, when it comes with so many others. So those before
// the last are known.
type first struct {
	others int
	n      atomic.Int64
	stored chan struct{}
}

func (f *first) pass(g *gate, to http.RoundTripper, r *http.Request) (*http.Response, error) {
	switch f.n.Add(1) {
	case 1:
		resp, err := to.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		close(f.stored)
		<-r.Context().Done()
		return nil, errKilled
	case int64(f.others) + 1:
		<-f.stored
		g.kill()
		return nil, errKilled
	}
	return to.RoundTrip(r)
}

// A trap is a body that springs after some bytes.
type trap struct {
	io.ReadCloser
	left   int64
	sprung func()
}

func (b *trap) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.sprung()
		return 0, errKilled
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// kill kills the verb. The request goes no further: what it was about is what
// the server has heard until now.
func (g *gate) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.victim == nil {
		return
	}
	if err := g.victim.Process.Kill(); err != nil {
		g.t.Errorf("kill the verb: %v", err)
	}
	g.victim, g.killed = nil, true
}

// A verb is a command of the client with all that it needs around it.
type verb struct {
	env   []string
	dir   string
	args  []string
	stdin func() *bytes.Reader // of each life; nil is none
}

// run lets a verb live once. A moment of the 0th request does not come. It
// reports whether the verb was killed, and what it printed.
func (g *gate) run(v verb, m moment) (killed bool, stdout, stderr string) {
	g.t.Helper()
	cmd := exec.Command(binary, v.args...)
	cmd.Env, cmd.Dir = append(v.env, "AWS_ENDPOINT_URL="+g.url), v.dir
	if v.stdin != nil {
		cmd.Stdin = v.stdin()
	}
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	g.mu.Lock()
	g.passed, g.moment, g.killed = 0, m, false
	err := cmd.Start()
	if err == nil && m.n > 0 {
		g.victim = cmd
	}
	g.mu.Unlock()
	if err != nil {
		g.t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	err = cmd.Wait()
	g.open.Wait() // the next life finds the server as this one has left it
	g.mu.Lock()
	defer g.mu.Unlock()
	g.victim = nil
	if err != nil && !g.killed {
		g.t.Fatalf("firn %s: %v\n%s%s", strings.Join(v.args, " "), err, &out, &complaint)
	}
	return g.killed, out.String(), complaint.String()
}

// untilDone runs a verb again and again: each life is killed at a later
// moment than the one before, until one comes to its end. It returns how many
// lives were killed, and what the last one printed.
func (g *gate) untilDone(v verb, first phase, step int) (kills int, stdout string) {
	g.t.Helper()
	for n := 1; ; n += step {
		killed, stdout, _ := g.run(v, moment{n, (first + phase(kills)) % phases})
		if !killed {
			return kills, stdout
		}
		kills++
	}
}

// oncePerPart fails the test if the server has taken a part twice.
func (g *gate) oncePerPart() {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for tree, n := range g.parts {
		if n > 1 {
			g.t.Errorf("the part with tree hash %.16s… was taken %d times", tree, n)
		}
	}
}
