package forward_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"firn/internal/forward"
)

// peer listens and treats every connection in one way.
func peer(t *testing.T, treat func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { <-done; c.Close() })
			all.Go(func() { treat(c) })
		}
	})
	t.Cleanup(func() { l.Close(); close(done); all.Wait() })
	return l.Addr().(*net.TCPAddr).Port
}

// Whatever the other side does, a try ends soon, fails, and leaves nothing behind.
func TestHostilePeers(t *testing.T) {
	const timeout = 300 * time.Millisecond
	closing := func(c net.Conn) { c.Close() }
	for name, treat := range map[string]func(net.Conn){
		"says nothing":            func(net.Conn) {},
		"reads and says nothing":  func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"closes":                  closing,
		"says garbage without an": func(c net.Conn) { _, _ = io.Copy(c, rand.Reader) },
		"says zeros without an":   func(c net.Conn) { _, _ = io.Copy(c, zeros{}) },
		"lines without an end":    func(c net.Conn) { _, _ = io.Copy(c, letters{}) },
		"a header without an end": func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nA: "); _, _ = io.Copy(c, letters{}) },
		"a slow greeting": func(c net.Conn) {
			_, _ = io.WriteString(c, `INFO {"server_id":"a","version":"2.9.0","max_payload":1048576,"headers":true}`+"\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			port := peer(t, treat)
			f := open(t, forward.Config{AllowPrivate: true, Timeout: timeout})
			for protocol, endpoint := range endpoints("127.0.0.1", port) {
				began := time.Now()
				err := send(t, f.Senders()[protocol], endpoint, outgoing("a"))
				if err == nil || isPermanent(err) {
					t.Errorf("%s: %v", protocol, err)
				}
				if took := time.Since(began); took > timeout+2*time.Second {
					t.Errorf("%s took %v", protocol, took)
				}
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// Close ends what is under way.
func TestCloseWhileSending(t *testing.T) {
	port := peer(t, func(net.Conn) {})
	f := open(t, forward.Config{AllowPrivate: true})
	var all sync.WaitGroup
	for protocol, endpoint := range endpoints("127.0.0.1", port) {
		for range 3 {
			all.Go(func() {
				if err := f.Senders()[protocol].Send(context.Background(), endpoint, outgoing("a")); err == nil {
					t.Errorf("%s: sent", protocol)
				}
			})
		}
	}
	f.Close()
	all.Wait()
	for protocol, endpoint := range endpoints("127.0.0.1", port) {
		mustFail(t, f.Senders()[protocol], endpoint, outgoing("a"), "shutting down")
	}
}

// The caller's context counts too.
func TestCancelled(t *testing.T) {
	port := peer(t, func(net.Conn) {})
	f := open(t, forward.Config{AllowPrivate: true})
	for protocol, endpoint := range endpoints("127.0.0.1", port) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		if err := f.Senders()[protocol].Send(ctx, endpoint, outgoing("a")); err == nil || isPermanent(err) {
			t.Errorf("%s: %v", protocol, err)
		}
		cancel()
	}
}

func TestNobodyListens(t *testing.T) {
	f := open(t, forward.Config{AllowPrivate: true, Timeout: 3 * time.Second})
	for protocol, endpoint := range endpoints("127.0.0.1", freePort(t)) {
		mustFail(t, f.Senders()[protocol], endpoint, outgoing("a"), "refused")
	}
}
