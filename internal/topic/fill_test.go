package topic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPoisonInQueue makes sure that a message that a queue will never take does
// not stop those behind it.
func TestPoisonInQueue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		inbox := h.queue(alice, "inbox")
		h.subscribe(topic, "sqs", inbox, map[string]string{"RawMessageDelivery": "true"})
		for _, m := range []string{"a", "poison", "b", "poison", "c"} {
			h.publish(topic, m)
		}
		h.start()
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"a", "b", "c"}, bodies(h.queued(inbox))); diff != "" {
			t.Errorf("queue (-want +got):\n%s", diff)
		}
		list, err := h.DeadLetters(t.Context(), topic, 0, 10)
		h.must(err)
		if len(list) != 2 {
			t.Errorf("dead letters: %+v", list)
		}
	})
}

// TestQueueOfOneWhoLeft makes sure that what was read before somebody
// unsubscribed is not put into the queue afterwards.
func TestQueueOfOneWhoLeft(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		inbox := h.queue(alice, "inbox")
		sub := h.subscribe(topic, "sqs", inbox, nil)
		h.publish(topic, "hello")
		var v visit
		for number, hint := range h.hints {
			v = visit{sub: number, topic: hint.topic}
		}
		turn := &turn{s: h.Service, visit: v, began: time.Now()}
		h.must(turn.load(t.Context()))
		h.must(h.Unsubscribe(t.Context(), sub))
		h.must(h.Sweep(t.Context()))
		if _, err := turn.fill(t.Context()); err != nil {
			t.Error(err)
		}
		if got := h.queued(inbox); len(turn.page) != 1 || len(got) != 0 {
			t.Errorf("page of %d, %d messages in the queue", len(turn.page), len(got))
		}
		h.empty(topic)
	})
}
