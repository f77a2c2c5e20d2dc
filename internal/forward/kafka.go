package forward

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"firn/internal/topic"
)

const (
	kafkaIdle    = time.Minute
	kafkaRetries = 3       // within one try of ours; a leader may have moved
	kafkaAnswer  = 4 << 20 // bytes that a broker may answer with; it is asked for little
	maxKafkaName = 249
)

func parseKafka(endpoint string) (*target, error) {
	g := grammar{schemes: map[string]string{"kafka": "9092", "kafka+tls": "9092"}, hosts: maxHosts, query: []string{"sasl"}}
	t, err := g.parse(endpoint)
	if err != nil {
		return nil, err
	}
	if t.path == "" || len(t.path) > maxKafkaName || t.path == "." || t.path == ".." || !tokenOnly(t.path) {
		return nil, errors.New("the path of the endpoint must be the name of a topic")
	}
	_, err = mechanism(t)
	return t, err
}

// mechanism is how a user is authenticated; nil if there is none.
func mechanism(t *target) (sasl.Mechanism, error) {
	name := t.query.Get("sasl")
	switch {
	case t.user == "" && name == "":
		return nil, nil
	case t.user == "" || t.password == "":
		return nil, errors.New("the endpoint must have a user and a password before the host")
	}
	switch name {
	case "", "plain":
		return plain.Auth{User: t.user, Pass: t.password}.AsMechanism(), nil
	case "scram-sha-256":
		return scram.Auth{User: t.user, Pass: t.password}.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scram.Auth{User: t.user, Pass: t.password}.AsSha512Mechanism(), nil
	}
	return nil, errors.New("the parameter sasl must be plain, scram-sha-256 or scram-sha-512")
}

// A kafkaLink produces to one topic.
type kafkaLink struct {
	client *kgo.Client
}

func (f *Forwarder) dialKafka(ctx context.Context, t *target) (link, error) {
	auth, err := mechanism(t)
	if err != nil {
		return nil, err
	}
	options := []kgo.Opt{
		kgo.ClientID(userAgent), kgo.SeedBrokers(t.hosts...), kgo.Dialer(f.kafkaDialer(t.scheme == "kafka+tls")),
		kgo.DialTimeout(f.cfg.Timeout), kgo.ConnIdleTimeout(kafkaIdle), kgo.DisableClientMetrics(),
		kgo.BrokerMaxReadBytes(kafkaAnswer), kgo.FetchMaxBytes(kafkaAnswer / 2), kgo.RequestRetries(1), kgo.RetryBackoffFn(kafkaBackoff), kgo.MetadataMinAge(kafkaBackoff(1)),
		kgo.DefaultProduceTopic(t.path), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.RecordRetries(kafkaRetries), kgo.UnknownTopicRetries(1), kgo.ProduceRequestTimeout(f.cfg.Timeout),
		// An idempotent producer keeps a message back from failing until it is sure, however long that takes. One message at a time keeps
		// the order without it.
		kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(1),
	}
	if auth != nil {
		options = append(options, kgo.SASL(auth))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil { // producing would go on trying
		client.Close()
		return nil, err
	}
	return &kafkaLink{client}, nil
}

// kafkaBackoff is how long to wait after the n-th failure.
func kafkaBackoff(n int) time.Duration { return time.Duration(n) * 100 * time.Millisecond }

// kafkaDialer connects to the brokers that are named, and to those that they name.
func (f *Forwarder) kafkaDialer(safe bool) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := f.dialer().DialContext(ctx, network, address)
		if err != nil || !safe {
			return c, err
		}
		host, _, err := net.SplitHostPort(address)
		if err == nil {
			t := tls.Client(c, f.tls(host))
			if err = t.HandshakeContext(ctx); err == nil {
				return t, nil
			}
		}
		_ = c.Close()
		return nil, err
	}
}

func (l *kafkaLink) send(ctx context.Context, m *topic.Outgoing) (healthy bool, err error) {
	record := &kgo.Record{Key: []byte(m.Topic), Value: body(m), Timestamp: m.Published}
	for _, h := range append(headers(m), header{"Content-Type", contentType(m)}) {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: h.name, Value: []byte(h.value)})
	}
	done := make(chan error, 1)
	l.client.Produce(ctx, record, func(_ *kgo.Record, err error) { done <- err })
	select {
	case err = <-done:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	if errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) || errors.Is(err, kerr.InvalidRecord) {
		return true, permanent(err)
	}
	return err == nil, err
}

func (l *kafkaLink) close() { l.client.Close() }
