package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/sigv4"
)

// A proxy stands between a client and a server, counts what passes, and does damage.
type proxy struct {
	URL    string
	server *firntest.Server

	mu     sync.Mutex
	active int            // requests
	ended  *sync.Cond     // one of them
	parts  map[string]int // how often the server has taken each part
	calls  map[string]int // how often the server was asked for each kind of thing: "PUT part", "GET output"
	hurt   func(kind string, r *http.Request) *fault
}

// A fault is what happens to one request. The zero fault is none.
type fault struct {
	status   int    // is answered instead of the server
	cutBody  int64  // the connection ends after so many bytes of the request, if not 0
	lost     bool   // the connection ends before the reply, which the server has given
	cutReply int64  // it ends after so many bytes of it, if not 0
	flip     int64  // the byte at this position of the reply is another, if not 0
	unhashed bool   // the reply does not say a tree hash
	whole    bool   // the server does not know ranges
	short    int64  // the reply is whole and has so many bytes less, if not 0
	held     func() // is called before the server hears of it
	then     func() // is called when the server has answered
}

func newProxy(t testing.TB, server *firntest.Server) *proxy {
	t.Helper()
	p := &proxy{server: server, parts: map[string]int{}, calls: map[string]int{}}
	p.ended = sync.NewCond(&p.mu)
	s := httptest.NewServer(p)
	p.URL = s.URL
	t.Cleanup(s.Close)
	return p
}

// damage sets what happens to requests from now on.
func (p *proxy) damage(hurt func(kind string, r *http.Request) *fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurt = hurt
}

// once damages the n-th request of a kind, from 1.
func (p *proxy) once(kind string, n int, f fault) {
	p.damage(func(k string, _ *http.Request) *fault {
		if k != kind {
			return nil
		}
		if n--; n != 0 {
			return nil
		}
		return &f
	})
}

// count returns how often the server was asked for a kind.
func (p *proxy) count(kind string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[kind]
}

// forget begins to count anew.
func (p *proxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.calls)
}

// wantPartsOnce holds that the server has taken each part once.
func (p *proxy) wantPartsOnce(t *testing.T, parts int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for part, n := range p.parts {
		if n != 1 {
			t.Errorf("part %s was taken %d times", part, n)
		}
	}
	if len(p.parts) != parts {
		t.Errorf("%d parts were taken, want %d", len(p.parts), parts)
	}
}

// kindOf names what is asked for.
func kindOf(r *http.Request) string {
	elements := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(elements) == 5 && elements[3] == "multipart-uploads":
		return r.Method + " upload" // PUT: a part, POST: complete, GET: parts, DELETE: abort
	case len(elements) >= 4:
		return r.Method + " " + elements[len(elements)-1]
	}
	return r.Method
}

// end is the end of a request.
func (p *proxy) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active--
	p.ended.Broadcast()
}

// rest waits until no request is under way.
func (p *proxy) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.active > 0 {
		p.ended.Wait()
	}
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer p.end()
	kind := kindOf(r)
	p.mu.Lock()
	p.active++
	f := &fault{}
	if p.hurt != nil {
		if hurt := p.hurt(kind, r); hurt != nil {
			f = hurt
		}
	}
	p.mu.Unlock()
	if f.held != nil {
		f.held()
	}
	switch {
	case f.status != 0:
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(f.status)
		return
	case f.cutBody != 0:
		io.CopyN(io.Discard, r.Body, f.cutBody)
		panic(http.ErrAbortHandler)
	}
	resp, err := http.DefaultTransport.RoundTrip(p.forward(r, f))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	p.note(kind, r, resp)
	if f.then != nil {
		f.then()
	}
	if f.lost {
		panic(http.ErrAbortHandler)
	}
	p.reply(w, resp, f)
}

// forward makes the server's request of the client's.
func (p *proxy) forward(r *http.Request, f *fault) *http.Request {
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, p.server.URL+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(err)
	}
	out.Host, out.ContentLength, out.Header = r.Host, r.ContentLength, r.Header.Clone()
	if r.ContentLength == 0 {
		out.Body = http.NoBody
	}
	if f.whole {
		out.Header.Del("Range")
		key := sigv4.Credentials{AccessKeyID: p.server.AccessKey, SecretAccessKey: p.server.SecretKey}
		nothing := sha256.Sum256(nil)
		sigv4.Sign(out, key, p.server.Region, glacier.Service, hex.EncodeToString(nothing[:]), time.Now())
	}
	return out
}

func (p *proxy) note(kind string, r *http.Request, resp *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[kind]++
	if kind == "PUT upload" && resp.StatusCode == http.StatusNoContent {
		p.parts[r.Header.Get("Content-Range")+" of "+r.URL.Path]++
	}
}

// reply hands the server's reply on, with damage.
func (p *proxy) reply(w http.ResponseWriter, resp *http.Response, f *fault) {
	if f.unhashed {
		resp.Header.Del(glacier.HeaderTreeHash)
	}
	body := resp.Body.(io.Reader)
	if f.flip != 0 || f.short != 0 {
		data, err := io.ReadAll(body)
		if err != nil {
			panic(err)
		}
		if f.flip != 0 {
			data[f.flip] ^= 1
		}
		data = data[:int64(len(data))-f.short]
		if f.short != 0 {
			resp.Header.Del("Content-Length")
		}
		body = bytes.NewReader(data)
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	if f.cutReply != 0 {
		io.CopyN(w, body, f.cutReply)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	io.Copy(w, body)
}
