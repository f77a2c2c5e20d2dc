// Package topic keeps topics of the shape of Amazon's SNS, and hands their
// messages on to whoever has subscribed.
//
// What it promises: a message whose publishing was confirmed, or that was
// enqueued in the record of something else, is on the medium together with one
// delivery for each subscription that is to have it. A delivery ends when its
// endpoint has taken the message, and not before; it is then removed by a
// record of its own, or one for several. So a message may come twice, after a
// crash or when a receiver's answer is lost, and it is never lost. Into a queue
// of the same store it is put exactly once: both happen in one record.
//
// A subscription's deliveries go in the order in which the messages were
// published, one at a time, while none fails. One that failed is set aside
// until its delivery policy lets it be tried again, and the next one goes on.
// One that has used up its tries, or that the endpoint refused for good, is a
// dead letter: kept, listed, and tried anew on demand. An endpoint that keeps
// failing is tried ever more rarely, down to once a minute; what has been due
// for [MaxOverdue] by then is given up, too, so that a dead endpoint does not
// fill the disk. While the clock is in doubt nothing is given up, removed or
// forgotten because its time is over. Nothing that publishes waits for a
// delivery. So many subscriptions are served at a time, for some seconds each;
// those whose endpoints are slow or fail share some of the places, so that
// they may wait for each other, but do not take those of the ones that do well.
//
// What hangs on a deleted subscription is removed afterwards, in bounded
// records, invisible to everybody: see [Service.Sweep]. A subscription that
// was deleted leaves an image without a topic behind, so that a restart finds
// what is still to be removed.
//
// A message's number is the LSN of its record times 256, plus its index in
// that record: one record may publish several.
//
// Refusals meant for a client are an [*Error]; any other error is a failure of
// the store or of this program. The package does not know who is calling, nor
// whether they may, except that [Service.Enqueue] asks the topic's policy.
package topic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
)

// DefaultWorkers is how many subscriptions are served at a time.
const DefaultWorkers = 256

// minWorkers is the fewest that can be shared out among the ranks.
const minWorkers = 8

// A Config is what a Service is made of.
type Config struct {
	Store  store.Store // required
	Region string      // as it stands in ARNs; required
	Signer *Signer     // required

	// BaseURL returns where this server is reached, without a slash at the
	// end: the links in envelopes point there. Required.
	BaseURL func() string

	// AllowPrivate lets messages be delivered to loopback, link-local, private
	// and other addresses that are not the Internet's.
	AllowPrivate bool

	Queues  Queues            // takes what is sent to protocol sqs; nil: that protocol is refused
	Senders map[string]Sender // further protocols by name; http and https are built in

	// Matcher is asked once for a message, and what it returns, called by one
	// goroutine, reports whether a filter policy lets the message through.
	// scope is MessageAttributes or MessageBody. An error lets it through: too
	// much is better than a loss. It is called by a rule, and has to be quick
	// for all subscriptions of a topic together. Nil lets everything through.
	Matcher func(attributes map[string]record.Attribute) func(policy, scope, body string) (bool, error)

	// CheckFilter returns what is wrong with a filter policy, as an *Error or
	// in words. Nil accepts every one.
	CheckFilter func(policy, scope string) error

	// CheckPolicy returns what is wrong with a topic's policy, as an *Error or
	// in words. Nil accepts every one.
	CheckPolicy func(text string, topic glacier.ARN) error

	// MayPublish reports whether an account's things may send to a topic of
	// owner's with that policy, "" if it has none. Nil: the owner's may.
	MayPublish func(from, owner glacier.AccountID, topic glacier.ARN, policy string) bool

	// Workers is how many subscriptions are served at a time, at least 8.
	// Default DefaultWorkers.
	Workers int

	Now func() time.Time // what the pauses between tries go by; default time.Now

	// Steady reports whether the clock can be trusted to end things. While it
	// cannot, nothing is given up or removed for its age. It may be called
	// concurrently. Nil: always.
	Steady func() bool

	Log *slog.Logger // default: nothing is logged
}

// A Service carries out the operations, and delivers. Its methods may be
// called concurrently.
type Service struct {
	store      store.Store
	region     string
	signer     *Signer
	baseURL    func() string
	queues     Queues
	senders    map[string]Sender
	client     *http.Client // of http and https
	cfg        Config
	log        *slog.Logger
	signatures signatures

	wake    chan struct{} // room for one: a record with deliveries is durable
	sweep   chan struct{} // room for one: there is something to remove
	stop    context.CancelFunc
	running sync.WaitGroup

	mu    sync.Mutex // guards hints
	hints map[uint64]hint
}

// A hint says that a subscription may have something to deliver as soon as
// the record with this number is durable. It comes from inside a rule, and is
// therefore no more than that: nothing depends on one that is wrong.
type hint struct {
	topic uint64
	lsn   record.LSN
}

// New returns a Service, which delivers nothing before Start. The caller closes
// the store after the last call.
func New(c Config) (*Service, error) {
	switch {
	case c.Store == nil, c.Region == "", c.Signer == nil, c.BaseURL == nil:
		return nil, errors.New("topic: a store, a region, a signer and a base URL are required")
	case c.Workers < 0:
		return nil, fmt.Errorf("topic: %d workers", c.Workers)
	case c.Workers == 0:
		c.Workers = DefaultWorkers
	}
	c.Workers = max(c.Workers, minWorkers)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Steady == nil {
		c.Steady = func() bool { return true }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		store: c.Store, region: c.Region, signer: c.Signer, baseURL: c.BaseURL,
		queues: c.Queues, cfg: c, log: c.Log,
		wake: make(chan struct{}, 1), sweep: make(chan struct{}, 1),
		hints: map[uint64]hint{},
	}
	s.client = newClient(c.AllowPrivate)
	s.senders = map[string]Sender{
		protocolHTTP:  &httpSender{scheme: protocolHTTP, client: s.client, allowPrivate: c.AllowPrivate},
		protocolHTTPS: &httpSender{scheme: protocolHTTPS, client: s.client, allowPrivate: c.AllowPrivate},
	}
	for name, sender := range c.Senders {
		if _, taken := s.senders[name]; taken || name == protocolSQS || sender == nil {
			return nil, fmt.Errorf("topic: %q cannot be a further protocol", name)
		}
		s.senders[name] = sender
	}
	return s, nil
}

// Start begins to deliver, what an earlier process has left included, and to
// remove what hangs on deleted subscriptions. It returns at once; the work goes
// on until ctx ends or Close is called. Call it once.
func (s *Service) Start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	d := newDispatcher(s)
	s.running.Go(func() { d.run(ctx) })
	s.running.Go(func() { s.keepSwept(ctx) })
}

// Close stops the work and waits for it. A delivery in progress is broken off
// and made after the next start. The store is closed after the service.
func (s *Service) Close() {
	if s.stop != nil {
		s.stop()
	}
	s.running.Wait()
	s.client.CloseIdleConnections()
}

// Wake says that a record with what Enqueue added to it is durable. It does
// not wait.
func (s *Service) Wake() { nudge(s.wake) }

// nudge puts a signal into a channel with room for one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// expect leaves a hint for the dispatcher.
func (s *Service) expect(sub *record.Subscription, lsn record.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hints[sub.Number] = hint{topic: sub.Topic, lsn: lsn}
}

// update runs a rule, and words the store's refusal for the client.
func (s *Service) update(ctx context.Context, rule store.Rule) error {
	err := s.store.Update(ctx, rule)
	if errors.Is(err, store.ErrFull) {
		s.log.Warn("refused for lack of space", "err", err)
		return refuse(ServiceUnavailable, "There is no space left to store this request.")
	}
	return err
}

// uuid returns a random UUID, of version 4.
func uuid(tx *catalog.Tx) string {
	a, b := tx.Random(), tx.Random()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&(1<<48-1))
}
