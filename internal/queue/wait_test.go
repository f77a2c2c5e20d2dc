package queue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firn/internal/catalog"
	"firn/internal/queue"
	"firn/internal/record"
)

// A poll is a receive that waits.
type poll struct {
	got  []queue.Message
	err  error
	took time.Duration
	done chan struct{}
}

// poll begins to wait for a message of the queue work.
func (h *house) poll(ctx context.Context, seconds int) *poll {
	p := &poll{done: make(chan struct{})}
	began := time.Now()
	go func() {
		defer close(p.done)
		p.got, p.err = h.ReceiveMessages(ctx, alice, work, queue.Demand{Wait: &seconds})
		p.took = time.Since(began)
	}()
	return p
}

func (p *poll) want(t *testing.T, bodiesWanted string, took time.Duration) {
	t.Helper()
	<-p.done
	if b := bodies(p.got); p.err != nil || b != bodiesWanted || p.took != took {
		t.Errorf("received %q after %v, %v; want %q after %v", b, p.took, p.err, bodiesWanted, took)
	}
}

// in runs a test in a bubble, where time passes when everybody waits.
func in(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		test(t, build(t))
	})
}

func TestWaitForNothing(t *testing.T) {
	in(t, func(t *testing.T, h *house) {
		h.poll(t.Context(), 20).want(t, "", 20*time.Second)
		h.poll(t.Context(), 0).want(t, "", 0)
		h.set("ReceiveMessageWaitTimeSeconds", "7")
		began := time.Now()
		h.wantBodies(h.take(1), "")
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("waited %v", took)
		}
		h.poll(t.Context(), 0).want(t, "", 0)
		if h.Waiting() != 0 {
			t.Errorf("%d wait", h.Waiting())
		}
	})
}

func TestWaitIsOverAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		happen func(h *house) // after 3 seconds
		want   string
		took   time.Duration
	}{
		{"a message is sent", func(h *house) { h.send("a") }, "a", 3 * time.Second},
		{"a topic sends one", func(h *house) { h.must(h.put(string(h.ARN(alice, work)), "a", nil)) }, "a", 3 * time.Second},
		{"one is sent with a delay", func(h *house) {
			_, err := h.SendMessage(h.t.Context(), alice, work, queue.Outgoing{Body: "a", Delay: number(4)})
			h.must(err)
		}, "a", 7 * time.Second},
		{"one is sent with too long a delay", func(h *house) {
			_, err := h.SendMessage(h.t.Context(), alice, work, queue.Outgoing{Body: "a", Delay: number(400)})
			h.must(err)
		}, "", 20 * time.Second},
		{"the house closes", func(h *house) { h.Close() }, "", 3 * time.Second},
		{"woken for nothing", func(h *house) { h.Wake(string(h.ARN(alice, work))) }, "", 20 * time.Second},
		{"the queue is purged", func(h *house) { h.must(h.PurgeQueue(h.t.Context(), alice, work)) }, "", 20 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in(t, func(t *testing.T, h *house) {
				h.t = t
				p := h.poll(t.Context(), 20)
				time.Sleep(3 * time.Second)
				tt.happen(h)
				p.want(t, tt.want, tt.took)
			})
		})
	}
}

func TestWaitUntilVisibleAgain(t *testing.T) {
	in(t, func(t *testing.T, h *house) {
		h.send("a")
		got := h.demand(queue.Demand{Visibility: number(8)})
		p, q := h.poll(t.Context(), 20), h.poll(t.Context(), 10)
		time.Sleep(time.Second)
		h.must(h.ChangeVisibility(t.Context(), alice, work, got[0].Handle, 4))
		<-p.done
		<-q.done
		if p.took+q.took != 5*time.Second+20*time.Second && p.took+q.took != 5*time.Second+10*time.Second {
			t.Errorf("waited %v and %v", p.took, q.took)
		}
		if len(p.got)+len(q.got) != 1 {
			t.Errorf("received %q and %q", bodies(p.got), bodies(q.got))
		}
	})
}

func TestWaitEndsWithItsClient(t *testing.T) {
	in(t, func(t *testing.T, h *house) {
		ctx, cancel := context.WithCancel(t.Context())
		p, q := h.poll(ctx, 20), h.poll(t.Context(), 20)
		time.Sleep(time.Second)
		cancel()
		<-p.done
		if p.err != context.Canceled || p.took != time.Second {
			t.Errorf("%v after %v", p.err, p.took)
		}
		h.send("a")
		q.want(t, "a", time.Second)
	})
}

func TestWaitForADeletedQueue(t *testing.T) {
	in(t, func(t *testing.T, h *house) {
		var polls []*poll
		for range 3 {
			polls = append(polls, h.poll(t.Context(), 20))
		}
		time.Sleep(time.Second)
		h.must(h.DeleteQueue(t.Context(), alice, work))
		for _, p := range polls {
			<-p.done
			if refused(t, p.err, queue.NonExistentQueue); p.took != time.Second {
				t.Errorf("after %v", p.took)
			}
		}
		if h.States() != 0 {
			t.Errorf("%d states are left", h.States())
		}
	})
}

// TestManyWait: each message goes to one, and each of those who wait gets one
// as soon as there is one.
func TestManyWait(t *testing.T) {
	in(t, func(t *testing.T, h *house) {
		const n = 100
		var polls []*poll
		for range n {
			polls = append(polls, h.poll(t.Context(), 20))
		}
		time.Sleep(time.Second)
		batch := make([]queue.Outgoing, 10)
		for i := range n / 10 {
			for j := range batch {
				batch[j] = queue.Outgoing{ID: fmt.Sprint(j), Body: fmt.Sprint(i, "-", j)}
			}
			_, err := h.SendMessages(t.Context(), alice, work, batch)
			h.must(err)
		}
		seen := map[string]bool{}
		for _, p := range polls {
			<-p.done
			if p.err != nil || len(p.got) != 1 || p.took != time.Second || seen[p.got[0].ID] {
				t.Fatalf("received %q after %v: %v", bodies(p.got), p.took, p.err)
			}
			seen[p.got[0].ID] = true
		}
	})
}

func TestTooManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := build(t, func(c *queue.Config) { c.MaxWaiting = 3 })
		var polls []*poll
		for range 3 {
			polls = append(polls, h.poll(t.Context(), 20))
		}
		time.Sleep(time.Second)
		_, err := h.ReceiveMessages(t.Context(), alice, work, queue.Demand{Wait: number(1)})
		refused(t, err, queue.RequestThrottled)
		h.send("a")
		_, err = h.ReceiveMessages(t.Context(), alice, work, queue.Demand{Wait: number(1)})
		refused(t, err, "")
		for _, p := range polls {
			<-p.done
		}
		h.poll(t.Context(), 1).want(t, "", time.Second)
	})
}

func TestWaitWhereTooMuchIsInFlight(t *testing.T) {
	in(t, func(t *testing.T, h *house) {
		h.SetLimits(1, 10, 100)
		h.send("a", "b")
		got := h.demand(queue.Demand{})
		p := h.poll(t.Context(), 20)
		time.Sleep(time.Second)
		h.must(h.DeleteMessage(t.Context(), alice, work, got[0].Handle))
		p.want(t, "b", time.Second)
	})
}

// TestOneRecord: a topic puts messages for several queues, and several for
// one, into one record.
func TestOneRecord(t *testing.T) {
	h := build(t)
	h.other("other", nil)
	h.must(h.store.Update(t.Context(), func(tx *catalog.Tx) (r record.Record, err error) {
		for i, name := range strings.Fields("work other work other work") {
			if err = h.Put(tx, &r, string(h.ARN(alice, name)), fmt.Sprint(i), typed{"a": text("1")}); err != nil {
				break
			}
		}
		return r, err
	}))
	got := h.demand(queue.Demand{Max: number(10), Attributes: []string{"All"}, System: []string{"All"}})
	h.wantBodies(got, "0 2 4")
	if keys(got[0].Attributes) != "a" || got[0].System["SenderId"] != string(alice) {
		t.Errorf("received %+v", got[0])
	}
	h.must(h.put(string(h.ARN(alice, work)), strings.Repeat("a", 300<<10), nil)) // no length is too much for a topic
	if got := h.take(1); len(got) != 1 || len(got[0].Body) != 300<<10 {
		t.Error("the long one was not received")
	}
}

// What XML has no place for no queue takes, from a topic neither: it could not
// be answered with.
func TestPutRefusesWhatCannotBeReceived(t *testing.T) {
	h := build(t)
	arn := string(h.ARN(alice, work))
	refused(t, h.put(arn, "a\uffffb", nil), queue.InvalidMessageContents)
	refused(t, h.put(arn, "a", typed{"a": text("\x01")}), queue.InvalidMessageContents)
	h.must(h.put(arn, "a", nil))
	if got := h.take(10); len(got) != 1 {
		t.Errorf("received %d", len(got))
	}
}
