package topic

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/catalog"
	"firn/internal/record"
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

// TestLargeLetters makes sure that messages that are small only in their bodies
// get into a queue, although not all in one record.
func TestLargeLetters(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		inbox := h.queue(alice, "inbox")
		h.subscribe(topic, "sqs", inbox, nil)
		large := map[string]record.Attribute{"a": {Type: "String", Value: strings.Repeat(`"\`, 125<<10)}}
		for i := range 70 {
			_, err := h.Publish(t.Context(), topic, Publication{Message: fmt.Sprint(i), Attributes: large})
			h.must(err)
		}
		h.start()
		time.Sleep(time.Minute)
		if got := h.queued(inbox); len(got) != 70 {
			t.Errorf("%d messages in the queue", len(got))
		}
		h.empty(topic)
	})
}

// TestLettersFitInRecord makes sure that what grows on its way into a queue does
// not make a record too long.
func TestLettersFitInRecord(t *testing.T) {
	h := newHouse(t)
	turn := &turn{s: h.Service, of: record.Topic{Account: alice, Name: "jobs"}}
	for range pageSize {
		turn.page = append(turn.page, parcel{message: record.Message{Body: strings.Repeat("\x01", 60<<10)}})
	}
	letters, err := turn.letters()
	h.must(err)
	if len(letters) != 3 || len(turn.page) != 3 { // of 360 KiB each
		t.Errorf("%d letters, page of %d", len(letters), len(turn.page))
	}
}

// bloated are queues in which a message "huge" is more than a record takes.
type bloated struct{ *fakeQueues }

// Put implements [Queues].
func (q bloated) Put(tx *catalog.Tx, r *record.Record, arn string, body string, attributes map[string]record.Attribute) error {
	if body == "huge" {
		body = strings.Repeat("x", 17<<20)
	}
	return q.fakeQueues.Put(tx, r, arn, body, attributes)
}

// TestOneTooLong makes sure that a message that cannot be recorded does not hold
// the others, neither on the way to a queue nor as a dead letter.
func TestOneTooLong(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: each try moves 17 MiB")
	}
	inBubble(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) { c.Queues = bloated{c.Queues.(*fakeQueues)} })
		topic := h.topic("jobs")
		inbox, letters := h.queue(alice, "inbox"), h.queue(alice, "letters")
		redrive := map[string]string{
			"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q}`, letters), "RawMessageDelivery": "true",
		}
		h.subscribe(topic, "sqs", inbox, redrive)
		h.subscribe(topic, "far", "bad", redrive)
		h.far.failWith(func(string, *Outgoing) error { return &PermanentError{errors.New("gone")} })
		want := []string{"a", "b", "c"}
		for _, m := range []string{"a", "huge", "b", "c"} {
			h.publish(topic, m)
		}
		h.start()
		time.Sleep(10 * time.Minute)
		if diff := cmp.Diff(want, bodies(h.queued(inbox))); diff != "" {
			t.Errorf("queue (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, bodies(h.queued(letters))); diff != "" {
			t.Errorf("queue of dead letters (-want +got):\n%s", diff)
		}
		time.Sleep(24 * time.Hour)
		list, err := h.DeadLetters(t.Context(), topic, 0, 10)
		h.must(err)
		if len(list) != 2 {
			t.Errorf("dead letters: %+v", list)
		}
	})
}
