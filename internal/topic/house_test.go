package topic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/record"
	"firn/internal/store/local"
)

const (
	region = "eu-west-1"
	alice  = glacier.AccountID("111122223333")
	bob    = glacier.AccountID("444455556666")
	base   = "https://firn.example"
)

// signerPEM is one signer for all tests: making a key takes a while.
var signerPEM = sync.OnceValues(MakeSigner)

// long reports whether the long versions of tests were asked for.
func long() bool { return os.Getenv("FIRN_LONG") != "" }

// A house is a store with a Service on it, which is not started.
type house struct {
	*Service
	t      *testing.T
	store  *local.Store
	queues *fakeQueues
	far    *endpoint // what protocol far leads to
}

// newHouse makes a house on a disk in memory.
func newHouse(t *testing.T, change ...func(*Config)) *house {
	t.Helper()
	h := &house{t: t, queues: &fakeQueues{}, far: &endpoint{}}
	h.store = openStore(t, disk.NewMem(256<<20))
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	h.Service = h.service(change...)
	return h
}

func openStore(t *testing.T, fsys disk.FS) *local.Store {
	t.Helper()
	s, err := local.Open(storeConfig(t, fsys))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func storeConfig(t *testing.T, fsys disk.FS) local.Config {
	return local.Config{
		FS: fsys, Catalog: filepath.Join(memoryDir(t), "catalog.db"), SegmentSize: 4 << 20, Reserve: -1, Buffers: 16,
	}
}

// memoryDir returns a directory for a catalog, in memory if the machine has
// such a place.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "firn")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// service makes another Service on the house's store.
func (h *house) service(change ...func(*Config)) *Service {
	h.t.Helper()
	pem, err := signerPEM()
	h.must(err)
	signer, err := ParseSigner(pem)
	h.must(err)
	cfg := Config{
		Store: h.store, Region: region, Signer: signer, BaseURL: func() string { return base }, AllowPrivate: true,
		Queues: h.queues, Senders: map[string]Sender{"far": h.far},
		Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	h.must(err)
	return s
}

// start starts the service for the length of the test.
func (h *house) start() {
	h.Start(context.Background())
	h.t.Cleanup(h.Close)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// refused makes sure that an error is a refusal, in these words.
func (h *house) refused(err error, code Code, message string) {
	h.t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		h.t.Fatalf("got %v, want a refusal", err)
	}
	if e.Code != code || !strings.Contains(e.Message, message) {
		h.t.Fatalf("got %v, want %s: %s", e, code, message)
	}
}

// topic makes a topic of alice's.
func (h *house) topic(name string) string {
	h.t.Helper()
	arn, err := h.CreateTopic(h.t.Context(), alice, name, nil, nil)
	h.must(err)
	return string(arn)
}

// subscribe makes a subscription that needs no confirmation.
func (h *house) subscribe(topic, protocol, endpoint string, attributes map[string]string) string {
	h.t.Helper()
	arn, pending, err := h.Subscribe(h.t.Context(), alice, topic, protocol, endpoint, attributes)
	h.must(err)
	if pending {
		h.t.Fatalf("subscription to %s is pending", endpoint)
	}
	return string(arn)
}

func (h *house) publish(topic, message string) string {
	h.t.Helper()
	id, err := h.Publish(h.t.Context(), topic, Publication{Message: message})
	h.must(err)
	return id
}

// left counts what there is of a topic's messages, and of the deliveries of
// all subscriptions that wait.
func (h *house) left(topic string) (messages, waiting int) {
	h.t.Helper()
	n, err := h.parseTopicARN("TopicArn", topic)
	h.must(err)
	h.must(h.store.View(h.t.Context(), func(tx *catalog.Tx) error {
		t, err := h.find(tx, n)
		if err != nil {
			return err
		}
		all, err := tx.Messages(t.Number, 0, 1<<20)
		if err != nil {
			return err
		}
		messages = len(all)
		w, err := tx.WaitingSubscriptions(0, 1000)
		waiting = len(w)
		return err
	}))
	return messages, waiting
}

// empty makes sure that nothing of a topic's is left to be delivered.
func (h *house) empty(topic string) {
	h.t.Helper()
	if messages, waiting := h.left(topic); messages != 0 || waiting != 0 {
		h.t.Fatalf("left: %d messages, %d subscriptions that wait", messages, waiting)
	}
}

// inBubble runs a test in which time passes only when everybody waits.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// An endpoint is a Sender whose receivers are in memory. Endpoints named
// bad… fail.
type endpoint struct {
	mu   sync.Mutex // guards what follows
	got  map[string][]*Outgoing
	at   map[string][]time.Time
	fail func(endpoint string, m *Outgoing) error // nil: all succeed
	hang map[string]bool                          // these answer only when they are made to
}

// Check implements [Sender].
func (e *endpoint) Check(endpoint string) error {
	if strings.HasPrefix(endpoint, "never") {
		return fmt.Errorf("there is no way to %s", endpoint)
	}
	return nil
}

// Send implements [Sender].
func (e *endpoint) Send(ctx context.Context, endpoint string, m *Outgoing) error {
	e.mu.Lock()
	if e.got == nil {
		e.got, e.at = map[string][]*Outgoing{}, map[string][]time.Time{}
	}
	e.at[endpoint] = append(e.at[endpoint], time.Now())
	fail, hang := e.fail, e.hang[endpoint]
	e.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if fail != nil {
		if err := fail(endpoint, m); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got[endpoint] = append(e.got[endpoint], m)
	return nil
}

// failWith sets what becomes of further tries.
func (e *endpoint) failWith(f func(endpoint string, m *Outgoing) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = f
}

// messages are the texts that an endpoint has got.
func (e *endpoint) messages(endpoint string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var texts []string
	for _, m := range e.got[endpoint] {
		texts = append(texts, m.Message)
	}
	return texts
}

// tries are when an endpoint was tried, from an instant.
func (e *endpoint) tries(endpoint string, from time.Time) []time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []time.Duration
	for _, at := range e.at[endpoint] {
		all = append(all, at.Sub(from))
	}
	return all
}

// fakeQueues are queues whose messages are records of the store.
type fakeQueues struct {
	mu    sync.Mutex // guards what follows
	woken map[string]int
}

func queueARN(account glacier.AccountID, name string) string {
	return "arn:aws:sqs:" + region + ":" + string(account) + ":" + name
}

func (q *fakeQueues) find(tx *catalog.Tx, arn string) (record.Queue, bool, error) {
	parts := strings.Split(arn, ":")
	return tx.Queue(glacier.AccountID(parts[4]), parts[5])
}

// Put implements [Queues]. A queue takes no message "poison".
func (q *fakeQueues) Put(tx *catalog.Tx, r *record.Record, arn string, body string, attributes map[string]record.Attribute) error {
	queue, ok, err := q.find(tx, arn)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("put: %w", ErrNoQueue)
	}
	if body == "poison" {
		return &PermanentError{errors.New("the queue does not like it")}
	}
	number := uint64(tx.LSN()) << 10
	for _, im := range r.Images {
		if im.Key.Kind == record.KindQueueMessage {
			number++
		}
	}
	r.Put(&record.QueueMessage{Queue: queue.Number, Number: number, Body: body, Attributes: attributes})
	return nil
}

// Wake implements [Queues].
func (q *fakeQueues) Wake(arn string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.woken == nil {
		q.woken = map[string]int{}
	}
	q.woken[arn]++
}

// Exists implements [Queues].
func (q *fakeQueues) Exists(tx *catalog.Tx, arn string) (bool, error) {
	_, ok, err := q.find(tx, arn)
	return ok, err
}

// queue makes a queue and returns its ARN.
func (h *house) queue(account glacier.AccountID, name string) string {
	h.t.Helper()
	h.must(h.store.Update(h.t.Context(), createQueue(account, name)))
	return queueARN(account, name)
}

func createQueue(account glacier.AccountID, name string) func(*catalog.Tx) (record.Record, error) {
	return func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		r.Put(&record.Queue{Number: uint64(tx.LSN()), Account: account, Name: name})
		return r, nil
	}
}

// dropQueue ends a queue.
func (h *house) dropQueue(arn string) {
	h.t.Helper()
	h.must(h.store.Update(h.t.Context(), func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		q, _, err := h.queues.find(tx, arn)
		r.Delete(q.Key())
		return r, err
	}))
}

// queued are the messages in a queue.
func (h *house) queued(arn string) (messages []record.QueueMessage) {
	h.t.Helper()
	h.must(h.store.View(h.t.Context(), func(tx *catalog.Tx) error {
		q, _, err := h.queues.find(tx, arn)
		if err != nil {
			return err
		}
		messages, err = tx.QueueMessages(q.Number, 0, 1<<20)
		return err
	}))
	return messages
}

func bodies(messages []record.QueueMessage) (all []string) {
	for _, m := range messages {
		all = append(all, m.Body)
	}
	return all
}
