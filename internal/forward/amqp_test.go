package forward_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"

	"firn/internal/forward"
)

// rabbit is a RabbitMQ server in a directory, without privileges.
type rabbit struct {
	dir              string
	port, dist, epmd int
}

func newRabbit(t *testing.T) *rabbit {
	t.Helper()
	r := &rabbit{dir: t.TempDir(), port: freePort(t), dist: freePort(t), epmd: freePort(t)}
	config := fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\ndefault_user = user\ndefault_pass = s3cr/et\n", r.port)
	if err := os.WriteFile(filepath.Join(r.dir, "rabbitmq.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, nil, program(t, "epmd", "/usr/bin"), "-port", fmt.Sprint(r.epmd), "-address", "127.0.0.1")
	return r
}

// start runs the server, and returns when it answers.
func (r *rabbit) start(t *testing.T) (stop func()) {
	t.Helper()
	in := func(name string) string { return filepath.Join(r.dir, name) }
	stop = start(t, []string{
		"HOME=" + r.dir, // the cookie is there
		"ERL_EPMD_PORT=" + fmt.Sprint(r.epmd), "RABBITMQ_NODENAME=firn@localhost",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}", "RABBITMQ_DIST_PORT=" + fmt.Sprint(r.dist),
		"RABBITMQ_MNESIA_BASE=" + in("db"), "RABBITMQ_LOG_BASE=" + in("log"), "RABBITMQ_LOGS=-", "RABBITMQ_PID_FILE=" + in("pid"),
		"RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_CONFIG_FILE=" + in("rabbitmq.conf"), "RABBITMQ_ADVANCED_CONFIG_FILE=" + in("advanced.config"),
		"RABBITMQ_GENERATED_CONFIG_DIR=" + in("generated"), "RABBITMQ_ENABLED_PLUGINS_FILE=" + in("plugins"),
	}, program(t, "rabbitmq-server", "/usr/lib/rabbitmq/bin"))
	if !eventually(90*time.Second, func() bool {
		c, err := amqp.Dial(fmt.Sprintf("amqp://user:s3cr%%2Fet@127.0.0.1:%d/", r.port))
		if err == nil {
			c.Close()
		}
		return err == nil
	}) {
		t.Fatal("the server does not start")
	}
	return stop
}

// admin is a channel to look around with.
func (r *rabbit) admin(t *testing.T) *amqp.Channel {
	t.Helper()
	c, err := amqp.Dial(fmt.Sprintf("amqp://user:s3cr%%2Fet@127.0.0.1:%d/", r.port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func TestRabbitMQ(t *testing.T) {
	program(t, "rabbitmq-server", "/usr/lib/rabbitmq/bin")
	r := newRabbit(t)
	stop := r.start(t)
	s := open(t, forward.Config{AllowPrivate: true}).Senders()["amqp"]
	at := fmt.Sprintf("amqp://user:s3cr%%2Fet@127.0.0.1:%d", r.port)

	t.Run("set up", func(t *testing.T) {
		ch := r.admin(t)
		if err := ch.ExchangeDeclare("jobs", "topic", true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.QueueDeclare("done", true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if err := ch.QueueBind("done", "#.done", "jobs", false, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.QueueDeclare("full", true, false, false, false, amqp.Table{"x-max-length": 1, "x-overflow": "reject-publish"}); err != nil {
			t.Fatal(err)
		}
	})
	if t.Failed() {
		return
	}
	take := func(t *testing.T) amqp.Delivery {
		t.Helper()
		m, ok, err := r.admin(t).Get("done", true)
		if err != nil || !ok {
			t.Fatalf("%v, %v", ok, err)
		}
		return m
	}
	t.Run("through an exchange", func(t *testing.T) {
		mustSend(t, s, at+"/?exchange=jobs&key=a.done", outgoing("id-1"))
		m := take(t)
		if m.DeliveryMode != amqp.Persistent || m.MessageId != "id-1" || m.ContentType != "application/json" || m.AppId != "firn" ||
			!m.Timestamp.Equal(outgoing("").Published) || m.RoutingKey != "a.done" || string(m.Body) != string(outgoing("id-1").Envelope) {
			t.Errorf("%+v", m)
		}
		want := amqp.Table{
			"Firn-Topic": topicARN, "Firn-Subscription": subscriptionARN, "Firn-Message-Id": "id-1", "Firn-Subject": "done",
			"Firn-Attribute-store": "fans ❄", "Firn-Attribute-price": "7.5", "Firn-Attribute-lines": "one\r\nFirn-Topic: another",
		}
		if diff := cmp.Diff(want, m.Headers); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("to a queue, raw", func(t *testing.T) {
		mustSend(t, s, at+"/%2F?key=done", raw("id-2"))
		if m := take(t); string(m.Body) != raw("").Message || m.ContentType != "text/plain; charset=UTF-8" {
			t.Errorf("%+v", m)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if err := s.Send(t.Context(), at+"?key=done", outgoing(id(i))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n, err := r.admin(t).QueuePurge("done", false); n != 50 {
			t.Errorf("%d in the queue, %v", n, err)
		}
	})
	t.Run("nowhere to route to", func(t *testing.T) {
		mustFail(t, s, at+"?exchange=jobs&key=b", outgoing("a"), "NO_ROUTE")
		mustFail(t, s, at+"?key=nothing", outgoing("a"), "NO_ROUTE")
		mustFail(t, s, at+"?exchange=jobs&key=b", outgoing("a"), "NO_ROUTE")
		mustSend(t, s, at+"?exchange=jobs&key=b.done", outgoing("b"))
		if m := take(t); m.MessageId != "b" {
			t.Errorf("%+v", m)
		}
	})
	t.Run("no such exchange", func(t *testing.T) {
		mustFail(t, s, at+"?exchange=nothing&key=b", outgoing("a"), "no exchange 'nothing'")
		mustFail(t, s, at+"?exchange=nothing&key=b", outgoing("a"), "no exchange 'nothing'")
	})
	t.Run("no such virtual host", func(t *testing.T) {
		mustFail(t, s, at+"/nothing?key=b", outgoing("a"), "")
	})
	t.Run("queue that is full", func(t *testing.T) {
		mustSend(t, s, at+"?key=full", outgoing("a"))
		mustFail(t, s, at+"?key=full", outgoing("b"), "did not take the message")
	})
	t.Run("over TLS", func(t *testing.T) {
		web := httptest.NewTLSServer(nil) // for its certificate
		defer web.Close()
		port := fmt.Sprint(portOf(t, unwrap(t, &tls.Config{Certificates: web.TLS.Certificates}, fmt.Sprintf("127.0.0.1:%d", r.port))))
		endpoint := "amqps://user:s3cr%2Fet@127.0.0.1:" + port + "/?key=done"
		mustSend(t, open(t, trusting(web)).Senders()["amqp"], endpoint, outgoing("tls"))
		if m := take(t); m.MessageId != "tls" {
			t.Errorf("%+v", m)
		}
		mustFail(t, s, endpoint, outgoing("a"), "certificate")
	})
	t.Run("wrong password", func(t *testing.T) {
		mustFail(t, s, fmt.Sprintf("amqp://user:s3crets3cret@127.0.0.1:%d/?key=done", r.port), outgoing("a"), "username or password not allowed")
	})
	t.Run("down and up again", func(t *testing.T) {
		mustSend(t, s, at+"?key=done", outgoing("id-8"))
		stop()
		mustFail(t, s, at+"?key=done", outgoing("id-9"), "")
		mustFail(t, s, at+"?key=done", outgoing("id-9"), "refused")
		stop = r.start(t)
		mustSend(t, s, at+"?key=done", outgoing("id-9"))
		if a, b := take(t), take(t); a.MessageId != "id-8" || b.MessageId != "id-9" {
			t.Errorf("%s, %s", a.MessageId, b.MessageId)
		}
	})
}

// unwrap listens with TLS, and passes on what comes to an address without it.
func unwrap(t *testing.T, config *tls.Config, to string) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				c.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, c); out.Close() }()
			go func() { _, _ = io.Copy(c, out); c.Close() }()
		}
	}()
	return l.Addr().String()
}
