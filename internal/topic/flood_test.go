package topic

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/record"
	"firn/internal/store/local"
)

// TestFlood lets many jobs end at once, with one subscriber that is dead, one
// that is slow, one that is well, and a queue. Nothing is lost, nobody waits
// for another, and memory does not grow with what waits. FIRN_LONG=1 makes it
// 10,000 jobs.
func TestFlood(t *testing.T) {
	jobs := 400
	if long() {
		jobs = 10_000
	}
	h := floodHouse(t)
	topic := h.topic("jobs")
	inbox := h.queue(alice, "inbox")
	h.subscribe(topic, "sqs", inbox, map[string]string{"RawMessageDelivery": "true"})
	well, slow, dead := newSink(t, 0), newSink(t, 2*time.Millisecond), newSink(t, 0)
	dead.down.Store(true)
	for _, s := range []*sink{well, slow, dead} {
		h.subscribe(topic, "web", s.URL, map[string]string{
			"RawMessageDelivery": "true",
			"DeliveryPolicy":     `{"healthyRetryPolicy":{"numRetries":50,"minDelayTarget":1,"maxDelayTarget":1}}`,
		})
	}
	h.start()
	peak := watchHeap(t)
	before := peak()

	start := time.Now()
	floodEnqueue(h, topic, jobs)
	enqueued := time.Since(start)
	well.wait(t, jobs)
	healthy := time.Since(start)
	slow.wait(t, jobs)
	last := time.Since(start)
	grown := (peak() - before) >> 20
	t.Logf("%d jobs: enqueued in %v (%.0f/s), well in %v, slow in %v; the dead one was tried %d times; the heap grew by at most %d MiB",
		jobs, enqueued, float64(jobs)/enqueued.Seconds(), healthy, last, dead.tries.Load(), grown)
	if grown > 48 {
		t.Errorf("the heap grew by %d MiB", grown)
	}
	if n := len(h.queued(inbox)); n != jobs {
		t.Errorf("%d messages in the queue", n)
	}

	// The dead one is back, and has lost nothing.
	dead.down.Store(false)
	dead.wait(t, jobs)
	t.Logf("the dead one had everything after %v", time.Since(start))
	h.settle(topic)
	if !slow.ordered() || !well.ordered() {
		t.Error("out of order where nothing failed")
	}
}

// floodHouse is a house on a disk, which has a protocol web: http without
// confirmation.
func floodHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	st, err := local.Open(local.Config{FS: disk.OS(dir), Catalog: filepath.Join(dir, "catalog.db"), Reserve: -1, Buffers: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	h := &house{t: t, store: st, queues: &fakeQueues{}, far: &endpoint{}}
	h.Service = h.service(func(c *Config) {
		c.Senders = map[string]Sender{"web": &httpSender{scheme: "http", client: newClient(true), allowPrivate: true}}
	})
	return h
}

// floodEnqueue publishes as rules do, from many goroutines, and in the order of
// the numbers that messages get.
func floodEnqueue(h *house, topic string, jobs int) {
	h.t.Helper()
	body := strings.Repeat("x", 8<<10)
	var next atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for next.Add(1) <= int64(jobs) {
				err := h.store.Update(h.t.Context(), func(tx *catalog.Tx) (record.Record, error) {
					var r record.Record
					_, err := h.Enqueue(tx, &r, alice, topic, "", fmt.Sprintf("%020d %s", tx.LSN(), body))
					return r, err
				})
				if err != nil {
					h.t.Error(err)
					return
				}
				h.Wake()
			}
		})
	}
	all.Wait()
}

// settle waits until it is recorded that nothing is left to be delivered.
func (h *house) settle(topic string) {
	h.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if messages, waiting := h.left(topic); messages+waiting == 0 {
			return
		}
		<-tick.C
	}
	h.empty(topic)
}

// A sink is a web server that counts what it gets.
type sink struct {
	*httptest.Server
	down  atomic.Bool
	tries atomic.Int64
	mu    sync.Mutex     // guards what follows
	got   map[string]int // by the number in a message
	order []string
	more  chan struct{} // room for one
}

func newSink(t *testing.T, pause time.Duration) *sink {
	t.Helper()
	s := &sink{got: map[string]int{}, more: make(chan struct{}, 1)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.tries.Add(1)
		if s.down.Load() {
			panic(http.ErrAbortHandler)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) < 20 {
			return
		}
		if pause > 0 {
			<-time.After(pause)
		}
		s.mu.Lock()
		s.got[string(body[:20])]++
		s.order = append(s.order, string(body[:20]))
		s.mu.Unlock()
		nudge(s.more)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) wait(t *testing.T, n int) {
	t.Helper()
	limit := time.After(5 * time.Minute)
	for {
		s.mu.Lock()
		got := len(s.got)
		s.mu.Unlock()
		if got == n {
			return
		}
		select {
		case <-s.more:
		case <-limit:
			t.Fatalf("got %d of %d messages", got, n)
		}
	}
}

func (s *sink) ordered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.order); i++ {
		if s.order[i] < s.order[i-1] {
			return false
		}
	}
	return true
}

// watchHeap returns a function that tells the most that live objects have taken
// so far.
func watchHeap(t *testing.T) (peak func() int64) {
	t.Helper()
	var most atomic.Int64
	look := func() {
		// What the last collection found alive.
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		if n := int64(sample[0].Value.Uint64()); n > most.Load() {
			most.Store(n)
		}
	}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				look()
			case <-stop:
				return
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		watching.Wait()
	})
	return func() int64 {
		look()
		return most.Load()
	}
}
