package server

import (
	"errors"
	"fmt"
	"sync"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/filter"
	"firn/internal/forward"
	"firn/internal/policy"
	"firn/internal/queue"
	"firn/internal/record"
	"firn/internal/topic"
)

// signerFile is where the key that signs notifications is kept.
const signerFile = "sns.pem"

// openTopics builds topics, queues, and what hands messages on to others.
func (s *Server) openTopics() (err error) {
	secret, err := s.store.Secret(signerFile, topic.MakeSigner)
	if err != nil {
		return err
	}
	if s.signer, err = topic.ParseSigner(secret); err != nil {
		return fmt.Errorf("read the key of notifications: %w", err)
	}
	s.queues, err = queue.New(queue.Config{
		Store: s.store, Region: s.cfg.Region, IDs: s.store.IDKey(), CheckPolicy: checkPolicy, Now: s.cfg.Now, Log: s.log,
		MaxWaiting: min(queue.DefaultMaxWaiting, max(1, s.cfg.MaxConnections/2)), // the rest of the connections is for others
	})
	if err != nil {
		return err
	}
	s.forwarder = forward.New(forward.Config{AllowPrivate: s.cfg.AllowPrivate})
	filters := &filters{}
	s.topics, err = topic.New(topic.Config{
		Store: s.store, Region: s.cfg.Region, Signer: s.signer, BaseURL: s.publicURL, AllowPrivate: s.cfg.AllowPrivate,
		Queues: queues{s.queues}, Senders: s.forwarder.Senders(), Matcher: filters.matcher, CheckFilter: checkFilter,
		CheckPolicy: checkPolicy, MayPublish: s.access.MayPublish, Now: s.cfg.Now, Log: s.log,
		Steady: func() bool { ok, _ := s.store.ClockSteady(); return ok },
	})
	return err
}

// publicURL is where others reach this server.
func (s *Server) publicURL() string {
	if s.cfg.PublicURL != "" {
		return s.cfg.PublicURL
	}
	return s.URL()
}

// checkPolicy returns what is wrong with the policy of a topic or a queue.
func checkPolicy(text string, arn glacier.ARN) error {
	p, err := policy.Parse(policy.Elsewhere, text)
	if err != nil {
		return err
	}
	return p.Covers(string(arn))
}

// queues are the queues as topics know them.
type queues struct{ *queue.Service }

// Put implements [topic.Queues].
func (q queues) Put(tx *catalog.Tx, r *record.Record, arn, body string, attributes map[string]record.Attribute) error {
	err := q.Service.Put(tx, r, arn, body, attributes)
	if errors.Is(err, queue.ErrNoQueue) {
		return topic.ErrNoQueue
	}
	var refused *queue.Error
	if errors.As(err, &refused) {
		return &topic.PermanentError{Err: err}
	}
	return err
}

func checkFilter(text, scope string) error {
	_, err := parseFilter(text, scope)
	return err
}

func parseFilter(text, scope string) (*filter.Policy, error) {
	in := filter.MessageAttributes
	if scope == "MessageBody" {
		in = filter.MessageBody
	}
	return filter.Parse(text, in)
}

// maxFilters bounds the bytes of the filter policies that are remembered, compiled ones and their texts. All of one topic's
// subscriptions may have the longest.
const maxFilters = 16 << 20

// entrySize is about what a policy takes beside its text and conditions.
const entrySize = 512

// filters remembers filter policies by their text and scope.
type filters struct {
	mu    sync.Mutex
	known map[[2]string]*filter.Policy
	size  int // bytes
}

// matcher returns what matches policies with a message. The message's work is shared, and its body decoded once.
func (f *filters) matcher(attributes map[string]record.Attribute) func(policy, scope, body string) (bool, error) {
	typed := make(map[string]filter.Attribute, len(attributes))
	for name, a := range attributes {
		typed[name] = filter.Attribute{Type: a.Type, Value: a.Value}
	}
	m := filter.NewMessage(typed)
	return func(text, scope, body string) (bool, error) {
		p, err := f.parse(text, scope)
		if err != nil {
			return false, err
		}
		return p.Match(m, body), nil
	}
}

func (f *filters) parse(text, scope string) (*filter.Policy, error) {
	key := [2]string{text, scope}
	f.mu.Lock()
	p := f.known[key]
	f.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := parseFilter(text, scope)
	if err != nil {
		return nil, err
	}
	f.remember(key, p)
	return p, nil
}

// remember forgets all others when there is no room for one more.
func (f *filters) remember(key [2]string, p *filter.Policy) {
	size := entrySize + len(key[0]) + p.Size()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[key] != nil {
		return
	}
	if f.known == nil || f.size+size > maxFilters {
		f.known, f.size = map[[2]string]*filter.Policy{}, 0
	}
	f.known[key] = p
	f.size += size
}
