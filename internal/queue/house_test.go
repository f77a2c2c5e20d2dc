package queue_test

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/queue"
	"firn/internal/record"
	"firn/internal/store/local"
)

const (
	region = "eu-north-1"
	alice  = glacier.AccountID("111122223333")
	bob    = glacier.AccountID("444455556666")
	work   = "work"
)

// A house is a Service over the real store, on a disk in memory.
type house struct {
	*queue.Service
	t       *testing.T
	disk    *disk.Mem
	catalog string
	store   *local.Store
	log     *lockedBuffer

	mu    sync.Mutex
	ahead time.Duration // of time.Now
}

// build builds a house with an empty queue called work.
func build(t *testing.T, change ...func(*queue.Config)) *house {
	t.Helper()
	h := &house{t: t, disk: disk.NewMem(0), catalog: filepath.Join(t.TempDir(), "catalog.db"), log: &lockedBuffer{}}
	h.open(change...)
	t.Cleanup(h.close)
	h.must(h.CreateQueue(t.Context(), alice, work, nil, nil))
	return h
}

// open opens the store and a Service over it, which is started.
func (h *house) open(change ...func(*queue.Config)) {
	h.t.Helper()
	var err error
	h.store, err = local.Open(local.Config{FS: h.disk, Catalog: h.catalog, Now: h.now})
	h.must(err)
	cfg := queue.Config{
		Store: h.store, Region: region, IDs: h.store.IDKey(), Now: h.now, Log: slog.New(slog.NewTextHandler(h.log, nil)),
		CheckPolicy: func(text string, _ glacier.ARN) error {
			if !strings.HasPrefix(text, "{") {
				return errors.New("it is not JSON")
			}
			return nil
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	h.Service, err = queue.New(cfg)
	h.must(err)
	h.Start(h.t.Context())
}

func (h *house) close() {
	h.t.Helper()
	h.Close()
	if err := h.store.Close(); err != nil {
		h.t.Errorf("close store: %v", err)
	}
}

// restart closes the store and opens it again.
func (h *house) restart() {
	h.t.Helper()
	h.close()
	h.open()
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

// pass lets time pass, for the store and for the Service.
func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead += d
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// send sends messages to the queue work.
func (h *house) send(bodies ...string) {
	h.t.Helper()
	for _, body := range bodies {
		_, err := h.SendMessage(h.t.Context(), alice, work, queue.Outgoing{Body: body})
		h.must(err)
	}
}

func number(n int) *int { return &n }

// take receives up to n messages of the queue work, without waiting.
func (h *house) take(n int) []queue.Message {
	h.t.Helper()
	return h.demand(queue.Demand{Max: &n})
}

func (h *house) demand(d queue.Demand) []queue.Message {
	h.t.Helper()
	got, err := h.ReceiveMessages(h.t.Context(), alice, work, d)
	h.must(err)
	return got
}

func bodies(messages []queue.Message) string {
	var list []string
	for _, m := range messages {
		list = append(list, m.Body)
	}
	return strings.Join(list, " ")
}

// wantBodies fails unless the messages are these, in this order.
func (h *house) wantBodies(got []queue.Message, want string) {
	h.t.Helper()
	if b := bodies(got); b != want {
		h.t.Errorf("received %q, want %q", b, want)
	}
}

// drain receives and deletes until nothing is left, and returns the bodies,
// sorted.
func (h *house) drain() string {
	h.t.Helper()
	var all []string
	for {
		got := h.take(10)
		if len(got) == 0 {
			slices.Sort(all)
			return strings.Join(all, " ")
		}
		for _, m := range got {
			all = append(all, m.Body)
			h.must(h.DeleteMessage(h.t.Context(), alice, work, m.Handle))
		}
	}
}

// attribute is one of the queue work's.
func (h *house) attribute(name string) string {
	h.t.Helper()
	all, err := h.Attributes(h.t.Context(), alice, work, []string{name})
	h.must(err)
	return all[name]
}

// counts are the queue's numbers of messages: visible, in flight, delayed.
func (h *house) counts() string {
	h.t.Helper()
	return h.attribute("ApproximateNumberOfMessages") + " " + h.attribute("ApproximateNumberOfMessagesNotVisible") + " " +
		h.attribute("ApproximateNumberOfMessagesDelayed")
}

// left is how many messages the store has, of all queues.
func (h *house) left() (n int64) {
	h.t.Helper()
	h.must(h.store.View(h.t.Context(), func(tx *catalog.Tx) error {
		n = 0
		queues, err := tx.AllQueues(0, 10_000)
		for _, q := range queues {
			m, err := tx.CountQueueMessages(q.Number)
			if err != nil {
				return err
			}
			n += m
		}
		return err
	}))
	return n
}

// put sends a message as a topic does.
func (h *house) put(arn, body string, attributes map[string]record.Attribute) error {
	h.t.Helper()
	err := h.store.Update(h.t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
		err = h.Put(tx, &r, arn, body, attributes)
		return r, err
	})
	h.Wake(arn)
	return err
}

// refused fails unless the error is a refusal with the code.
func refused(t *testing.T, err error, code queue.Code) {
	t.Helper()
	var e *queue.Error
	if code == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// A lockedBuffer takes what many goroutines log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// other makes another queue of alice's.
func (h *house) other(name string, attributes map[string]string) {
	h.t.Helper()
	h.must(h.CreateQueue(h.t.Context(), alice, name, attributes, nil))
}

// set sets an attribute of the queue work.
func (h *house) set(name, value string) {
	h.t.Helper()
	h.must(h.SetAttributes(h.t.Context(), alice, work, map[string]string{name: value}))
}

// keys are a map's, sorted.
func keys[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

// digest is that of one attribute, as the SQS Developer Guide describes it.
func digest(name, kind string, transport byte, value string) string {
	var b []byte
	for _, s := range []string{name, kind} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	b = append(b, transport)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
	return fmt.Sprintf("%x", md5.Sum(b))
}
