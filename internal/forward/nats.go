package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"firn/internal/topic"
)

const (
	// streamLookup is how long a server has to say which stream takes a subject. One without streams says so at once, but one that does
	// not let us ask says nothing.
	streamLookup = 2 * time.Second
	// streamMemory is for how long the answer holds.
	streamMemory = time.Minute
)

func parseNATS(endpoint string) (*target, error) {
	g := grammar{schemes: map[string]string{"nats": "4222", "nats+tls": "4222"}, hosts: 1, query: []string{}}
	t, err := g.parse(endpoint)
	if err != nil {
		return nil, err
	}
	if !validSubject(t.path) {
		return nil, errors.New("the path of the endpoint must be a subject without wildcards")
	}
	return t, nil
}

// validSubject keeps to what can be published to, and from what the server keeps for itself.
func validSubject(s string) bool {
	if s == "" || strings.HasPrefix(s, "$") || strings.ContainsAny(s, " *>/") {
		return false
	}
	for token := range strings.SplitSeq(s, ".") {
		if token == "" {
			return false
		}
	}
	return true
}

// A natsLink publishes to one subject.
type natsLink struct {
	conn    *nats.Conn
	raw     net.Conn
	subject string
	turn    turn

	// Whose turn it is owns these.
	stream bool // whether a stream takes the subject
	asked  time.Time
	known  string // what the server had against the question
}

// A natsDialer hands the library's connections to ours.
type natsDialer struct {
	dialer *net.Dialer
	ctx    context.Context
	raw    net.Conn // what came of it
	err    error
}

// Dial is called while the library connects, which it does once.
func (d *natsDialer) Dial(network, address string) (net.Conn, error) {
	if d.raw, d.err = d.dialer.DialContext(d.ctx, network, address); d.err != nil {
		return nil, d.err
	}
	c := d.raw
	context.AfterFunc(d.ctx, func() { _ = c.Close() }) // the library does not look at a context while it connects
	return d.raw, nil
}

func (f *Forwarder) dialNATS(ctx context.Context, t *target) (link, error) {
	// The context that ends with the dialling must not end the connection that it has made.
	dialling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	d := &natsDialer{dialer: f.dialer(), ctx: dialling}
	host, _, _ := net.SplitHostPort(t.hosts[0])
	options := []nats.Option{
		nats.Name(userAgent), nats.Timeout(f.cfg.Timeout), nats.SetCustomDialer(d), nats.SkipHostLookup(),
		nats.NoReconnect(), nats.IgnoreDiscoveredServers(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // the default prints
		func(o *nats.Options) error { o.TLSConfig = f.tls(host); return nil },
	}
	if t.scheme == "nats+tls" {
		options = append(options, nats.Secure(f.tls(host)))
	}
	if t.token() != "" {
		options = append(options, nats.Token(t.user))
	} else if t.user != "" {
		options = append(options, nats.UserInfo(t.user, t.password))
	}
	c, err := nats.Connect("nats://"+t.hosts[0], options...)
	if err != nil {
		cancel()
		stop()
		if d.err != nil { // says more than that no server is available
			err = d.err
		}
		return nil, err
	}
	if !stop() { // too late: what was connected has been closed
		c.Close()
		return nil, context.Cause(ctx)
	}
	return &natsLink{conn: c, raw: d.raw, subject: t.path, turn: newTurn()}, nil
}

func (l *natsLink) send(ctx context.Context, m *topic.Outgoing) (healthy bool, err error) {
	if err := l.turn.take(ctx); err != nil {
		return true, err
	}
	defer l.turn.give()
	msg := &nats.Msg{Subject: l.subject, Data: body(m), Header: nats.Header{}}
	size := len(msg.Data)
	for _, h := range append(headers(m), header{"Content-Type", contentType(m)}) {
		if printable(h.value) && tokenOnly(h.name) {
			msg.Header.Set(h.name, h.value)
			size += len(h.name) + len(h.value) + len(": \r\n")
		}
	}
	if limit := l.conn.MaxPayload(); int64(size) > limit {
		return true, permanent(fmt.Errorf("the message has %d bytes with its headers, and the server takes %d", size, limit))
	}
	if time.Since(l.asked) > streamMemory {
		if l.stream, err = l.hasStream(ctx); err != nil {
			return false, err
		}
		l.asked, l.known = time.Now(), l.complaint()
	}
	if l.stream {
		// The same message may go to a stream once for each subscription.
		msg.Header.Set(nats.MsgIdHdr, string(m.Subscription)+"/"+m.MessageID)
		err = l.store(ctx, msg)
	} else {
		err = l.publish(ctx, msg)
	}
	return err == nil, err
}

// hasStream asks the server whether a stream takes the subject.
func (l *natsLink) hasStream(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, streamLookup)
	defer cancel()
	question, err := json.Marshal(map[string]string{"subject": l.subject})
	if err != nil {
		return false, err
	}
	answer, err := l.conn.RequestWithContext(ctx, "$JS.API.STREAM.NAMES", question)
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded) && l.conn.IsConnected():
		return false, nil
	case err != nil:
		return false, err
	}
	var names struct {
		Streams []string `json:"streams"`
	}
	return json.Unmarshal(answer.Data, &names) == nil && len(names.Streams) > 0, nil
}

// store publishes and waits until the stream has it.
func (l *natsLink) store(ctx context.Context, msg *nats.Msg) error {
	answer, err := l.conn.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return err
	}
	var ack struct {
		Stream string `json:"stream"`
		Error  *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(answer.Data, &ack); {
	case err == nil && ack.Error != nil:
		return fmt.Errorf("the stream did not take the message: %s", ack.Error.Description)
	case err != nil || ack.Stream == "":
		return errors.New("somebody else than a stream answered")
	}
	return nil
}

// publish publishes and waits until the server has it. What the server has against it, it says before the answer to a ping.
func (l *natsLink) publish(ctx context.Context, msg *nats.Msg) error {
	if err := l.conn.PublishMsg(msg); err != nil {
		return err
	}
	if err := l.conn.FlushWithContext(ctx); err != nil {
		return err
	}
	if complaint := l.complaint(); complaint != l.known {
		return errors.New(complaint)
	}
	return nil
}

// complaint is what the server last had against something.
func (l *natsLink) complaint() string {
	if err := l.conn.LastError(); err != nil {
		return err.Error()
	}
	return ""
}

// close does not wait for the other side.
func (l *natsLink) close() {
	_ = l.raw.Close()
	l.conn.Close()
}
