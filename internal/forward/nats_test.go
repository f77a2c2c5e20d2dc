package forward_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"firn/internal/forward"
)

// startNATS runs a NATS server with streams on, and returns when it answers.
func startNATS(t *testing.T, port int, dir string, more ...string) (stop func()) {
	t.Helper()
	path := program(t, "nats-server")
	config := filepath.Join(dir, "nats.conf")
	// The second user may publish to one subject, and may not even ask for streams.
	const users = `authorization { users: [
		{ user: user, password: "s3cr/et" }
		{ user: poor, password: "s3cr/et", permissions: { publish: "jobs.done", subscribe: { deny: ">" } } }
	] }`
	if err := os.WriteFile(config, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-a", "127.0.0.1", "-p", fmt.Sprint(port), "-js", "-sd", dir, "-c", config}
	stop = start(t, nil, path, append(args, more...)...)
	if !eventually(30*time.Second, func() bool {
		insecure := func(o *nats.Options) error { o.TLSConfig = &tls.Config{InsecureSkipVerify: true}; return nil }
		c, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", port), nats.UserInfo("user", "s3cr/et"), nats.NoReconnect(), insecure)
		if err == nil {
			c.Close()
		}
		return err == nil
	}) {
		t.Fatal("the server does not start")
	}
	return stop
}

func TestNATS(t *testing.T) {
	port, dir := freePort(t), t.TempDir()
	stop := startNATS(t, port, dir)
	s := open(t, forward.Config{AllowPrivate: true, Timeout: 3 * time.Second}).Senders()["nats"]
	at := fmt.Sprintf("nats://user:s3cr%%2Fet@127.0.0.1:%d/", port)
	admin, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", port), nats.UserInfo("user", "s3cr/et"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)

	t.Run("to who listens", func(t *testing.T) {
		sub, err := admin.SubscribeSync("jobs.>")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Unsubscribe()
		if err := admin.Flush(); err != nil {
			t.Fatal(err)
		}
		mustSend(t, s, at+"jobs.done", outgoing("id-1"))
		mustSend(t, s, at+"jobs.done", raw("id-2"))
		m, err := sub.NextMsg(3 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != "jobs.done" || string(m.Data) != string(outgoing("id-1").Envelope) {
			t.Errorf("%s %s", m.Subject, m.Data)
		}
		for name, want := range map[string]string{
			"Firn-Topic": topicARN, "Firn-Subscription": subscriptionARN, "Firn-Message-Id": "id-1", "Firn-Subject": "done",
			"Firn-Attribute-store": "fans ❄", "Firn-Attribute-price": "7.5", "Firn-Attribute-bytes": "", "Firn-Attribute-lines": "",
			"Content-Type": "application/json", "Nats-Msg-Id": "",
		} {
			if got := m.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if m, err = sub.NextMsg(3 * time.Second); err != nil || string(m.Data) != outgoing("").Message {
			t.Errorf("%v, %v", m, err)
		}
	})
	t.Run("to nobody", func(t *testing.T) {
		mustSend(t, s, at+"nobody", outgoing("id-1"))
	})
	js, err := admin.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	stored := func() uint64 {
		info, err := js.StreamInfo("KEPT")
		if err != nil {
			t.Fatal(err)
		}
		return info.State.Msgs
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "KEPT", Subjects: []string{"kept.>"}}); err != nil {
		t.Fatal(err)
	}
	t.Run("to a stream", func(t *testing.T) {
		mustSend(t, s, at+"kept.done", outgoing("id-1"))
		if n := stored(); n != 1 {
			t.Errorf("%d stored", n)
		}
		mustSend(t, s, at+"kept.done", outgoing("id-1")) // again, for its answer was lost
		if n := stored(); n != 1 {
			t.Errorf("%d stored", n)
		}
		other := outgoing("id-1")
		other.Subscription += "f"
		mustSend(t, s, at+"kept.done", other)
		if n := stored(); n != 2 {
			t.Errorf("%d stored", n)
		}
	})
	t.Run("to a stream that is full", func(t *testing.T) {
		if _, err := js.AddStream(&nats.StreamConfig{Name: "FULL", Subjects: []string{"full"}, MaxMsgs: 1, Discard: nats.DiscardNew}); err != nil {
			t.Fatal(err)
		}
		mustSend(t, s, at+"full", outgoing("id-1"))
		mustFail(t, s, at+"full", outgoing("id-2"), "maximum messages exceeded")
	})
	t.Run("with few permissions", func(t *testing.T) {
		poor := strings.Replace(at, "user", "poor", 1)
		mustSend(t, s, poor+"jobs.done", outgoing("a"))
		mustSend(t, s, poor+"jobs.done", outgoing("b"))
		mustFail(t, s, poor+"jobs.other", outgoing("c"), "ermissions")
		mustFail(t, s, poor+"kept.done", outgoing("d"), "ermissions")
	})
	t.Run("wrong password", func(t *testing.T) {
		mustFail(t, s, fmt.Sprintf("nats://user:s3crets3cret@127.0.0.1:%d/jobs", port), outgoing("a"), "Authorization Violation")
		mustFail(t, s, fmt.Sprintf("nats://s3crets3cret@127.0.0.1:%d/jobs", port), outgoing("a"), "Authorization Violation")
	})
	t.Run("too large", func(t *testing.T) {
		m := raw("a")
		m.Message = strings.Repeat("a", 1<<20)
		if err := send(t, s, at+"jobs", m); !isPermanent(err) || !strings.Contains(err.Error(), "the server takes 1048576") {
			t.Error(err)
		}
		mustSend(t, s, at+"jobs", raw("b"))
	})
	t.Run("down and up again", func(t *testing.T) {
		before := stored()
		stop()
		mustFail(t, s, at+"kept.done", outgoing("id-9"), "")
		mustFail(t, s, at+"kept.done", outgoing("id-9"), "refused")
		stop = startNATS(t, port, dir)
		mustSend(t, s, at+"kept.done", outgoing("id-9"))
		if !eventually(10*time.Second, func() bool { return admin.IsConnected() }) {
			t.Fatal("the test's own connection does not come back")
		}
		if n := stored(); n != before+1 {
			t.Errorf("%d stored, after %d", n, before)
		}
	})
	admin.Close()
}

func TestNATSWithTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	dir := t.TempDir()
	cert := web.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	startNATS(t, port, dir, "--tls", "--tlscert", filepath.Join(dir, "cert"), "--tlskey", filepath.Join(dir, "key"))
	at := fmt.Sprintf("://user:s3cr%%2Fet@127.0.0.1:%d/jobs", port)
	trust := open(t, trusting(web)).Senders()["nats"]
	mustSend(t, trust, "nats+tls"+at, outgoing("a"))
	mustSend(t, trust, "nats"+at, outgoing("a")) // the server insists on it
	distrust := open(t, forward.Config{AllowPrivate: true, Timeout: 3 * time.Second}).Senders()["nats"]
	mustFail(t, distrust, "nats+tls"+at, outgoing("a"), "certificate")
	mustFail(t, distrust, "nats"+at, outgoing("a"), "certificate")

	plain := freePort(t)
	startNATS(t, plain, t.TempDir())
	mustFail(t, trust, fmt.Sprintf("nats+tls://user:s3cr%%2Fet@127.0.0.1:%d/jobs", plain), outgoing("a"), "secure connection not available")
}
