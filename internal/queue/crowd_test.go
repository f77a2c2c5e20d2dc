package queue_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"firn/internal/queue"
)

// TestCrowd: many send, receive, change, and delete at the same time. Nobody
// gets a message that somebody has, and none is lost.
func TestCrowd(t *testing.T) {
	h := build(t)
	const senders, each, consumers = 4, 100, 8
	var mu sync.Mutex
	holder := map[string]string{} // receive handle by message, while it is held
	ended := map[string]int{}
	var sending, consuming sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for i := range each / 5 {
				batch := make([]queue.Outgoing, 5)
				for j := range batch {
					batch[j] = queue.Outgoing{ID: fmt.Sprint(j), Body: fmt.Sprint(s, "-", i, "-", j)}
				}
				if _, err := h.SendMessages(t.Context(), alice, work, batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	consume := func(rng *rand.Rand) {
		for {
			select {
			case <-done:
				return
			default:
			}
			got, err := h.ReceiveMessages(t.Context(), alice, work, queue.Demand{Max: number(1 + rng.IntN(10)), Wait: number(1), Visibility: number(3600)})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			for _, m := range got {
				if other, held := holder[m.Body]; held || ended[m.Body] > 0 {
					t.Errorf("%s is received with %s while it is held with %s, ended %d", m.Body, m.Handle, other, ended[m.Body])
				}
				holder[m.Body] = m.Handle
			}
			mu.Unlock()
			for _, m := range got {
				mu.Lock()
				delete(holder, m.Body) // from here on somebody else may have it
				back := rng.IntN(4) == 0
				if !back {
					ended[m.Body]++
				}
				all := len(ended) == senders*each
				mu.Unlock()
				if back {
					err = h.ChangeVisibility(t.Context(), alice, work, m.Handle, 0)
				} else {
					err = h.DeleteMessage(t.Context(), alice, work, m.Handle)
				}
				if err != nil {
					t.Error(err)
				}
				if all {
					mu.Lock()
					select {
					case <-done:
					default:
						close(done)
					}
					mu.Unlock()
				}
			}
		}
	}
	for c := range consumers {
		consuming.Go(func() { consume(rand.New(rand.NewPCG(uint64(c), 1))) })
	}
	sending.Wait()
	consuming.Wait()
	if h.left() != 0 || h.Tracked() != 0 {
		t.Errorf("%d messages are left, %d remembered", h.left(), h.Tracked())
	}
	for body, n := range ended {
		if n != 1 {
			t.Errorf("%s ended %d times", body, n)
		}
	}
}

// TestDrain empties a long queue: nothing is lost, and memory stays flat.
func TestDrain(t *testing.T) {
	messages := 3_000
	switch {
	case long():
		messages = 100_000
	case testing.Short():
		messages = 500
	}
	h := build(t)
	began := time.Now()
	var senders sync.WaitGroup
	for s := range 20 {
		senders.Go(func() {
			for i := range messages / 200 {
				batch := make([]queue.Outgoing, 10)
				for j := range batch {
					batch[j] = queue.Outgoing{ID: fmt.Sprint(j), Body: fmt.Sprint(s, "-", i, "-", j)}
				}
				if _, err := h.SendMessages(t.Context(), alice, work, batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	total := messages / 200 * 200
	t.Logf("%d messages sent in %v", total, time.Since(began))
	before, most := inUse(), uint64(0)
	began = time.Now()
	seen := make(map[string]bool, total)
	var held []queue.Message // a good part stays in flight for a while
	end := func(n int) {
		for len(held) > n {
			batch := make([]queue.Entry, 0, 10)
			for _, m := range held[:min(10, len(held))] {
				batch = append(batch, queue.Entry{ID: fmt.Sprint(len(batch)), Handle: m.Handle})
			}
			held = held[len(batch):]
			results, err := h.DeleteMessages(t.Context(), alice, work, batch)
			h.must(err)
			for _, r := range results {
				h.must(r.Err)
			}
		}
	}
	for i := 0; ; i++ {
		got := h.demand(queue.Demand{Max: number(10), Visibility: number(40_000)})
		if len(got) == 0 {
			break
		}
		for _, m := range got {
			if seen[m.Body] {
				t.Fatalf("%s is received twice", m.Body)
			}
			seen[m.Body] = true
		}
		held = append(held, got...)
		end(total / 4)
		if i%1000 == 0 {
			most = max(most, inUse())
		}
	}
	end(0)
	t.Logf("drained in %v; %d KiB in use before, %d KiB at most", time.Since(began), before>>10, most>>10)
	if len(seen) != total || h.left() != 0 || h.Tracked() != 0 {
		t.Errorf("received %d of %d; %d are left, %d remembered", len(seen), total, h.left(), h.Tracked())
	}
	// What is in flight, and what this test knows of each message.
	if limit := before + 16<<20 + uint64(total)*600; most > limit {
		t.Errorf("%d KiB are in use, where %d KiB should do", most>>10, limit>>10)
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
