package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"firn/internal/topic"
)

const heartbeat = 10 * time.Second

// maxShort is the most bytes of a name in AMQP.
const maxShort = 255

func parseAMQP(endpoint string) (*target, error) {
	g := grammar{schemes: map[string]string{"amqp": "5672", "amqps": "5671"}, hosts: 1, query: []string{"exchange", "key"}}
	t, err := g.parse(endpoint)
	switch {
	case err != nil:
		return nil, err
	case t.query.Get("exchange") == "" && t.query.Get("key") == "":
		return nil, errors.New("the endpoint must have an exchange, or the key of a queue")
	case len(t.query.Get("exchange")) > maxShort || len(t.query.Get("key")) > maxShort || len(t.path) > maxShort:
		return nil, fmt.Errorf("virtual host, exchange and key may have %d bytes each", maxShort)
	}
	return t, nil
}

// An amqpLink publishes to one exchange.
type amqpLink struct {
	conn          *amqp.Connection
	raw           net.Conn
	channel       *amqp.Channel
	returned      chan amqp.Return
	closed        chan *amqp.Error
	exchange, key string
	turn          turn
}

func (f *Forwarder) dialAMQP(ctx context.Context, t *target) (link, error) {
	host, _, _ := net.SplitHostPort(t.hosts[0])
	l := &amqpLink{exchange: t.query.Get("exchange"), key: t.query.Get("key"), turn: newTurn()}
	l.returned, l.closed = make(chan amqp.Return, 1), make(chan *amqp.Error, 1)
	user, password, vhost := t.user, t.password, t.path
	if user == "" && password == "" {
		user, password = "guest", "guest" // as everywhere with AMQP
	}
	if vhost == "" {
		vhost = "/"
	}
	var stop func() bool
	config := amqp.Config{
		SASL:            []amqp.Authentication{&amqp.PlainAuth{Username: user, Password: password}},
		Vhost:           vhost,
		Heartbeat:       heartbeat,
		TLSClientConfig: f.tls(host),
		Properties:      amqp.Table{"product": userAgent},
		Dial: func(network, address string) (net.Conn, error) {
			c, err := f.dialer().DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			l.raw = c
			stop = context.AfterFunc(ctx, func() { _ = c.Close() }) // the only thing that ends all waiting
			return c, nil
		},
	}
	// Of the URL the library gets no more than it needs: it would read files that parameters name.
	err := l.open((&url.URL{Scheme: t.scheme, Host: t.hosts[0], Path: "/"}).String(), config)
	inTime := stop == nil || stop()
	if err == nil && !inTime {
		err = context.Cause(ctx)
	}
	if err != nil {
		if l.conn != nil {
			l.close()
		}
		return nil, err
	}
	return l, nil
}

func (l *amqpLink) open(to string, config amqp.Config) error {
	var err error
	if l.conn, err = amqp.DialConfig(to, config); err != nil {
		return err
	}
	if l.channel, err = l.conn.Channel(); err != nil {
		return err
	}
	l.channel.NotifyReturn(l.returned)
	l.channel.NotifyClose(l.closed)
	return l.channel.Confirm(false)
}

// send publishes one message at a time, so that a return is of that message.
func (l *amqpLink) send(ctx context.Context, m *topic.Outgoing) (healthy bool, err error) {
	if err := l.turn.take(ctx); err != nil {
		return true, err
	}
	defer l.turn.give()
	stop := context.AfterFunc(ctx, func() { _ = l.raw.Close() }) // a broker that is short of memory stops reading
	healthy, err = l.publish(ctx, m)
	return stop() && healthy, err
}

func (l *amqpLink) publish(ctx context.Context, m *topic.Outgoing) (healthy bool, err error) {
	table := amqp.Table{}
	for _, h := range headers(m) {
		if len(h.name) <= maxShort {
			table[h.name] = h.value
		}
	}
	confirmation, err := l.channel.PublishWithDeferredConfirmWithContext(ctx, l.exchange, l.key, true, false, amqp.Publishing{
		Headers: table, ContentType: contentType(m), DeliveryMode: amqp.Persistent, MessageId: m.MessageID,
		Timestamp: m.Published, AppId: userAgent, Body: body(m),
	})
	if err != nil {
		return false, err
	}
	confirmed, err := confirmation.WaitContext(ctx)
	if err != nil {
		return false, err
	}
	// The broker returns a message before it confirms it.
	select {
	case r, open := <-l.returned:
		if !open {
			break // as all of it
		}
		return true, fmt.Errorf("the broker could not route the message: %s", r.ReplyText)
	default:
	}
	if confirmed {
		return true, nil
	}
	select {
	case reason := <-l.closed:
		if reason != nil {
			return false, reason
		}
		return false, errors.New("the broker closed the connection")
	default:
	}
	return false, errors.New("the broker did not take the message")
}

func (l *amqpLink) close() {
	_ = l.conn.CloseDeadline(time.Now().Add(closeTimeout))
	_ = l.raw.Close()
}
