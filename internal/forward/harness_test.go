package forward_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"firn/internal/forward"
	"firn/internal/record"
	"firn/internal/topic"
)

const (
	topicARN        = "arn:aws:sns:eu-west-1:111122223333:done"
	subscriptionARN = topicARN + ":0e3b1f2a-9a1d-4c55-8a6e-1f7d2c3b4a5e"
)

// outgoing is a message like those of a job.
func outgoing(id string) *topic.Outgoing {
	return &topic.Outgoing{
		Type: topic.TypeNotification, Topic: topicARN, Subscription: subscriptionARN, MessageID: id, Subject: "done", Message: `{"Completed":true}`,
		Attributes: map[string]record.Attribute{
			"store": {Type: "String", Value: "fans ❄"}, "price": {Type: "Number", Value: "7.5"}, "bytes": {Type: "Binary", Value: "AAEC"},
			"lines": {Type: "String", Value: "one\r\nFirn-Topic: another"},
		},
		Published: time.Unix(1764072000, 0).UTC(),
		Envelope:  []byte(`{"Type":"Notification","MessageId":"` + id + `","Message":"{\"Completed\":true}"}`),
	}
}

func raw(id string) *topic.Outgoing {
	m := outgoing(id)
	m.Raw, m.Envelope = true, nil
	return m
}

// opened counts the forwarders that are open.
var opened atomic.Int32

// open makes a forwarder that is closed with the test, which fails if the last one leaves a goroutine behind.
func open(t *testing.T, cfg forward.Config) *forward.Forwarder {
	t.Helper()
	f := forward.New(cfg)
	opened.Add(1)
	t.Cleanup(func() {
		f.Close()
		if opened.Add(-1) == 0 {
			noLeaks(t)
		}
	})
	return f
}

// noLeaks waits until no goroutine is in the package or one of the libraries.
func noLeaks(t *testing.T) {
	t.Helper()
	var left []string
	ok := eventually(5*time.Second, func() bool {
		left = nil
		stacks := make([]byte, 1<<20)
		for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			for _, place := range []string{"firn/internal/forward.", "nats-io/nats.go", "amqp091", "franz-go/pkg/kgo", "net/http.(*persistConn)"} {
				if strings.Contains(stack, place) {
					left = append(left, stack)
					break
				}
			}
		}
		return len(left) == 0
	})
	if !ok {
		t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
	}
}

// eventually tries until it is so, or too late.
func eventually(limit time.Duration, so func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(limit)
	defer late.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-late.C:
			return false
		}
	}
	return true
}

func isPermanent(err error) bool {
	var p *topic.PermanentError
	return errors.As(err, &p)
}

// freePort is a port of the loopback that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// program finds a program that may be where only root looks.
func program(t *testing.T, name string, places ...string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil && len(places) == 0 {
		return path
	}
	for _, place := range append(places, "/usr/sbin", "/usr/local/sbin") {
		path := filepath.Join(place, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	t.Skipf("there is no %s: install its package", name)
	return ""
}

// start runs a server until the test ends, or stop is called.
func start(t *testing.T, env []string, name string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, tail(output.String(), 4000))
		}
	}
	t.Cleanup(stop)
	return stop
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// send makes one try that must not take long.
func send(t *testing.T, s topic.Sender, endpoint string, m *topic.Outgoing) error {
	t.Helper()
	began := time.Now()
	err := s.Send(context.Background(), endpoint, m)
	if took := time.Since(began); took > 18*time.Second {
		t.Errorf("one try took %v", took)
	}
	if err != nil {
		for _, secret := range []string{"s3cr", "s3%", "AKIDEXAMPLE"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells a secret: %v", err)
			}
		}
	}
	return err
}

func mustSend(t *testing.T, s topic.Sender, endpoint string, m *topic.Outgoing) {
	t.Helper()
	if err := send(t, s, endpoint, m); err != nil {
		t.Fatal(err)
	}
}

// mustFail wants a failure that another try may mend.
func mustFail(t *testing.T, s topic.Sender, endpoint string, m *topic.Outgoing, want string) {
	t.Helper()
	err := send(t, s, endpoint, m)
	if err == nil || isPermanent(err) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, permanent %v; want %q", err, isPermanent(err), want)
	}
}

func id(i int) string { return fmt.Sprintf("id-%d", i) }

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
