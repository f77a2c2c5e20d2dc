// Package queue keeps queues of the shape of Amazon's SQS: standard ones, whose
// messages are delivered at least once and in about the order in which they were
// sent.
//
// What it promises: a message whose sending was confirmed is on the medium, and
// is delivered until it is deleted or its retention is over. A deletion that was
// confirmed is on the medium, too. While a message is invisible nobody else gets
// it. A receive that waits gets a message as soon as there is one.
//
// What is not kept is who is at work on a message. That is memory: after a
// restart every message is visible again, its count of receives begins anew, and
// it may be delivered to a second consumer while the first is still at work.
// Receipt handles outlive a restart, so the first can still delete it.
//
// Memory is bounded: of a queue, at most [MaxInFlight] messages are in flight,
// as many are remembered because they were sent with a delay, and about as many
// because they came back; of each, some hundred bytes. Of all others nothing is
// in memory: they are paged through in the store, from where the last receive
// has stopped.
//
// Refusals meant for a client are an [*Error]; any other error is a failure of
// the store or of this program. The package does not know who is calling, nor
// whether they may, and knows nothing of HTTP.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
)

// A Config is what a Service is made of.
type Config struct {
	Store  store.Store // required
	Region string      // as it stands in ARNs; required
	IDs    token.Key   // what receipt handles are sealed with is made from it

	// CheckPolicy returns what is wrong with the policy of a queue, in words
	// for whoever wrote it. Nil accepts every policy.
	CheckPolicy func(text string, arn glacier.ARN) error

	// MaxWaiting is how many receives may wait at a time, over all queues.
	// Default DefaultMaxWaiting.
	MaxWaiting int

	// Now is the clock that visibility goes by. Default time.Now.
	Now func() time.Time

	Log *slog.Logger // default: nothing is logged
}

// DefaultMaxWaiting is how many receives may wait at a time.
const DefaultMaxWaiting = 512

// A Service carries out the operations. Its methods may be called
// concurrently.
type Service struct {
	cfg     Config
	limits  limits
	handles sealer
	began   time.Time

	waiting atomic.Int64  // receives that wait
	tracked atomic.Int64  // messages remembered, over all queues
	closing chan struct{} // closed by Close
	close   sync.Once
	running sync.WaitGroup
	untidy  chan struct{} // one token: something is to be cleared away

	mu     sync.Mutex // guards what follows
	states map[uint64]*state
	names  map[string]*state // by ARN
}

// New returns a Service. The caller closes the store after it.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Region == "" {
		return nil, errors.New("queue: a store and a region are required")
	}
	if c.MaxWaiting <= 0 {
		c.MaxWaiting = DefaultMaxWaiting
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.CheckPolicy == nil {
		c.CheckPolicy = func(string, glacier.ARN) error { return nil }
	}
	return &Service{
		cfg:     c,
		limits:  usualLimits(),
		handles: newSealer(c.IDs),
		began:   c.Now(),
		closing: make(chan struct{}),
		untidy:  make(chan struct{}, 1),
		states:  map[uint64]*state{},
		names:   map[string]*state{},
	}, nil
}

// Start begins to clear away what deleted and purged queues leave behind, that
// of an earlier process included. It returns at once; the work goes on until
// ctx ends or Close is called. Call it at most once.
func (s *Service) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	s.running.Go(func() {
		defer cancel()
		s.keepTidy(ctx)
	})
	s.running.Go(func() {
		defer cancel()
		select {
		case <-s.closing:
		case <-ctx.Done():
		}
	})
}

// Close ends receives that wait, which return what they have, and the work
// that Start has begun. The other operations go on.
func (s *Service) Close() {
	s.close.Do(func() { close(s.closing) })
	s.running.Wait()
}

// clock is the time that has passed, as visibility counts it.
func (s *Service) clock() time.Duration { return s.cfg.Now().Sub(s.began) }

// ARN is the resource name of a queue, whether it exists or not.
func (s *Service) ARN(owner glacier.AccountID, name string) glacier.ARN {
	return glacier.ARN(fmt.Sprintf("arn:aws:sqs:%s:%s:%s", s.cfg.Region, owner, name))
}

func (s *Service) arn(q *record.Queue) string { return string(s.ARN(q.Account, q.Name)) }

// parseARN takes the resource name of one of this region's queues apart.
func (s *Service) parseARN(arn string) (owner glacier.AccountID, name string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:sqs:"+s.cfg.Region+":")
	account, name, found := strings.Cut(rest, ":")
	owner = glacier.AccountID(account)
	return owner, name, ok && found && owner.Valid() && validName(name)
}

// byARN looks up the queue that an ARN names.
func (s *Service) byARN(tx *catalog.Tx, arn string) (q record.Queue, ok bool, err error) {
	owner, name, ok := s.parseARN(arn)
	if !ok {
		return q, false, nil
	}
	q, ok, err = tx.Queue(owner, name)
	if err != nil {
		return q, false, fmt.Errorf("look up queue: %w", err)
	}
	return q, ok, nil
}

// find looks up the queue that a request names.
func (s *Service) find(tx *catalog.Tx, owner glacier.AccountID, name string) (record.Queue, error) {
	if !owner.Valid() || !validName(name) {
		return record.Queue{}, noQueue()
	}
	q, ok, err := tx.Queue(owner, name)
	if err != nil {
		return q, fmt.Errorf("look up queue: %w", err)
	}
	if !ok {
		return q, noQueue()
	}
	return q, nil
}

// view looks a queue up and hands it on to look, which may run more than once.
func (s *Service) view(ctx context.Context, owner glacier.AccountID, name string, look func(tx *catalog.Tx, q *record.Queue) error) error {
	return s.cfg.Store.View(ctx, func(tx *catalog.Tx) error {
		q, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		return look(tx, &q)
	})
}

// update runs a rule about a queue, and words the store's refusal for the
// client.
func (s *Service) update(ctx context.Context, owner glacier.AccountID, name string, rule func(tx *catalog.Tx, q *record.Queue, r *record.Record) error) error {
	return s.change(ctx, func(tx *catalog.Tx, r *record.Record) error {
		q, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		return rule(tx, &q, r)
	})
}

// change runs a rule.
func (s *Service) change(ctx context.Context, rule func(tx *catalog.Tx, r *record.Record) error) error {
	err := s.cfg.Store.Update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		if err := rule(tx, &r); err != nil {
			return record.Record{}, err
		}
		return r, nil
	})
	if !errors.Is(err, store.ErrFull) {
		return err
	}
	s.cfg.Log.Warn("refused for lack of space", "err", err)
	return refuse(ServiceUnavailable, "There is no space left to store this request. Messages can still be received and deleted.")
}

// validName reports whether a name is one that a queue may have.
func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
