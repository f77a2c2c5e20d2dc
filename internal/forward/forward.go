// Package forward hands a topic's messages to brokers and services outside: an Amazon SNS topic, NATS, Kafka, RabbitMQ, or whoever takes
// an HTTP POST. Each is named by a URL, which has the credentials in it.
//
//	webhook  https://[user:password@]host/path, https://hmac:secret@host/path, and both with http
//	sns      sns+https://KEY:SECRET@sns.eu-west-1.amazonaws.com/arn:aws:sns:eu-west-1:111122223333:name, or sns+http
//	nats     nats://[user:password@|token@]host[:4222]/subject, or nats+tls
//	amqp     amqp://[user:password@]host[:5672]/vhost?exchange=name&key=routing, or amqps
//	kafka    kafka://[user:password@]host[:9092][,host…]/topic[?sasl=plain|scram-sha-256|scram-sha-512], or kafka+tls
//
// What is in a URL and is no letter or digit is escaped with percent signs, as everywhere. Whoever has no exchange uses the default one,
// whose routing key is the name of a queue; the virtual host is / if the path is empty, and %2F is / as well.
//
// What is sent is the topic's signed envelope, or the message alone if the subscription wants it raw. Amazon SNS makes an envelope of its
// own, and is always given message, subject and attributes. The others have beside the body, as headers: Firn-Topic, Firn-Subscription,
// Firn-Message-Id, Firn-Subject, and Firn-Attribute-NAME with the value of each attribute that is no Binary; a webhook has the first three.
// Their prefix keeps a publisher from using headers that mean something to a broker.
//
// What it promises: when Send returns nil, the other side has said that it has the message. With a failure the message may have arrived
// all the same, and the next try brings it twice; Firn-Message-Id tells. What "has" means differs:
//
//   - webhook: the status was 2xx. Any other but 408, 429 and 5xx is a refusal for good, as with SNS; redirects are not followed.
//   - sns: it answered with a message id.
//   - nats: the stream that the subject is bound to has stored it, under an id by which a repetition is dropped. Of a subject without a
//     stream, the server has it, and passes it on to those who listen at that moment, be it nobody; and so it is if the user may not ask
//     the server for its streams.
//   - amqp: it was routed to a queue at least, and the broker has confirmed it; the message is persistent, so a durable queue has written
//     it. What cannot be routed is a failure.
//   - kafka: all replicas in sync have it. Messages of one topic of ours go to one partition, so they keep their order.
//
// Connections are kept, one for each URL, up to a limit; the one that was not used for longest goes first. One that failed is closed, and
// the next try makes another. Nothing takes longer than a limit either, whatever the other side does. Unless allowed, nothing is sent to
// addresses that are not public; what a name stands for is looked at when the connection is made, and proxies are not used.
// Certificates are verified. Passwords are in no error.
package forward

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"firn/internal/topic"
)

// Defaults and limits.
const (
	defaultTimeout     = 15 * time.Second
	defaultConnections = 64
	maxEndpoint        = 2048 // bytes
	maxHosts           = 16
	closeTimeout       = time.Second // that a broker has to say goodbye
)

// A Config is what a Forwarder is made of. The zero value is good.
type Config struct {
	// AllowPrivate lets messages go to loopback, link-local, private and other addresses that are not public.
	AllowPrivate bool
	// Timeout is how long one try may take; default 15 seconds.
	Timeout time.Duration
	// Connections is how many connections to brokers are kept; default 64. Those in use may be more.
	Connections int
	// RootCAs are the authorities that certificates are verified with; default the system's.
	RootCAs *x509.CertPool
	// Now is the clock that dates signatures; default time.Now.
	Now func() time.Time
}

// A Forwarder sends messages. It may be used concurrently.
type Forwarder struct {
	cfg    Config
	http   *http.Client
	pool   *pool
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
}

// New returns a Forwarder. It connects to nothing yet.
func New(cfg Config) *Forwarder {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Connections <= 0 {
		cfg.Connections = defaultConnections
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Forwarder{cfg: cfg, pool: newPool(cfg.Connections)}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.http = &http.Client{
		Transport: &http.Transport{
			DialContext:         f.dialer().DialContext,
			TLSClientConfig:     f.tls(""),
			TLSHandshakeTimeout: cfg.Timeout,
			MaxIdleConns:        cfg.Connections,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return f
}

// Senders are the protocols of subscriptions and what sends for them.
func (f *Forwarder) Senders() map[string]topic.Sender {
	return map[string]topic.Sender{
		"webhook": &sender{f, parseWebhook, f.sendWebhook},
		"sns":     &sender{f, parseSNS, f.sendSNS},
		"nats":    &sender{f, parseNATS, f.pooled(f.dialNATS)},
		"amqp":    &sender{f, parseAMQP, f.pooled(f.dialAMQP)},
		"kafka":   &sender{f, parseKafka, f.pooled(f.dialKafka)},
	}
}

// Close ends what is under way, and returns when all connections are closed. After it nothing is sent.
func (f *Forwarder) Close() {
	f.cancel()
	f.pool.close()
	f.http.CloseIdleConnections()
}

var errClosed = errors.New("the server is shutting down")

// tls is how connections to a host are made safe.
func (f *Forwarder) tls(host string) *tls.Config {
	return &tls.Config{RootCAs: f.cfg.RootCAs, ServerName: host, MinVersion: tls.VersionTLS12}
}

// A sender is a topic.Sender.
type sender struct {
	f     *Forwarder
	parse func(endpoint string) (*target, error)
	send  func(ctx context.Context, t *target, m *topic.Outgoing) error
}

// Check refuses what is no URL of the protocol, or has an address that is not public.
func (s *sender) Check(endpoint string) error {
	t, err := s.parse(endpoint)
	if err != nil {
		return err
	}
	return s.f.checkHosts(t)
}

// Send makes one try.
func (s *sender) Send(ctx context.Context, endpoint string, m *topic.Outgoing) error {
	t, err := s.parse(endpoint)
	if err == nil {
		err = s.f.checkHosts(t)
	}
	if err != nil {
		return permanent(err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.f.cfg.Timeout, fmt.Errorf("no answer within %v", s.f.cfg.Timeout))
	defer cancel()
	stop := context.AfterFunc(s.f.ctx, cancel)
	defer stop()
	if err = s.send(ctx, t, m); err == nil {
		return nil
	}
	var refusal *topic.PermanentError
	isPermanent := errors.As(err, &refusal)
	switch {
	case s.f.ctx.Err() != nil:
		err = errClosed
	case ctx.Err() != nil && !isPermanent: // says more than what became of the connection
		err = context.Cause(ctx)
	}
	err = t.scrub(err)
	if isPermanent {
		return permanent(err)
	}
	return err
}

func permanent(err error) error { return &topic.PermanentError{Err: err} }

// pooled sends over connections that are kept.
func (f *Forwarder) pooled(dial func(context.Context, *target) (link, error)) func(context.Context, *target, *topic.Outgoing) error {
	return func(ctx context.Context, t *target, m *topic.Outgoing) error {
		c, err := f.pool.get(ctx, t.endpoint, func(ctx context.Context) (link, error) { return dial(ctx, t) })
		if err != nil {
			return err
		}
		healthy, err := c.link.send(ctx, m)
		f.pool.put(c, healthy)
		return err
	}
}
