package topic

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/catalog"
)

// TestOverdue makes sure that what an endpoint could not take for days is given
// up, and only then.
func TestOverdue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "bad", nil)
		h.far.failWith(func(string, *Outgoing) error { return errors.New("no route") })
		for range 3000 {
			h.publish(topic, "hello")
		}
		h.Start(t.Context())
		time.Sleep(time.Minute)
		h.Close()
		letters := func() int {
			n, after := 0, uint64(0)
			for {
				page, err := h.DeadLetters(t.Context(), topic, after, 500)
				h.must(err)
				n += len(page)
				if len(page) < 500 {
					return n
				}
				after = page[len(page)-1].Message
			}
		}
		if n := letters(); n != 0 {
			t.Fatalf("%d dead letters after a minute", n)
		}
		time.Sleep(MaxOverdue)
		h.Service = h.service()
		h.start()
		time.Sleep(10 * time.Minute)
		if n := letters(); n < 1500 {
			t.Errorf("%d dead letters after days", n)
		}
		messages, _ := h.left(topic)
		if messages != 3000 {
			t.Errorf("%d messages are left", messages)
		}
	})
}

func TestRedrive(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		letters := h.queue(alice, "letters")
		policy := fmt.Sprintf(`{"deadLetterTargetArn":%q}`, letters)
		inbox := h.queue(alice, "inbox")
		h.subscribe(topic, "far", "bad", map[string]string{"RedrivePolicy": policy, "RawMessageDelivery": "true"})
		h.subscribe(topic, "sqs", inbox, map[string]string{"RedrivePolicy": policy, "RawMessageDelivery": "true"})
		h.far.failWith(func(string, *Outgoing) error { return &PermanentError{errors.New("gone")} })
		h.dropQueue(inbox)
		h.start()
		h.publish(topic, "hello")
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"hello", "hello"}, bodies(h.queued(letters))); diff != "" {
			t.Errorf("queue of dead letters (-want +got):\n%s", diff)
		}
		h.empty(topic)

		h.dropQueue(letters)
		h.publish(topic, "again")
		time.Sleep(time.Minute)
		list, err := h.DeadLetters(t.Context(), topic, 0, 10)
		h.must(err)
		if len(list) != 2 {
			t.Errorf("without the queue: %+v", list)
		}
	})
}

// TestLettersAreNotKeptForever makes sure that old dead letters go when new ones
// come.
func TestLettersAreNotKeptForever(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "bad 1", nil)
		h.subscribe(topic, "far", "bad 2", nil)
		h.far.failWith(func(string, *Outgoing) error { return &PermanentError{errors.New("gone")} })
		h.start()
		for range 5 {
			h.publish(topic, "old")
		}
		time.Sleep(LetterLife)
		for range 5 {
			h.publish(topic, "new")
			time.Sleep(5 * time.Minute)
		}
		letters, err := h.DeadLetters(t.Context(), topic, 0, 100)
		h.must(err)
		messages, _ := h.left(topic)
		if len(letters) != 10 || messages != 5 {
			t.Errorf("%d dead letters of %d messages", len(letters), messages)
		}
		page, err := h.DeadLetters(t.Context(), topic, letters[1].Message, 3)
		h.must(err)
		if diff := cmp.Diff(letters[2:6], page); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
		h.far.failWith(nil)
		n, err := h.Replay(t.Context(), topic, string(letters[0].Subscription))
		h.must(err)
		time.Sleep(5 * time.Minute)
		if n != 5 || len(h.far.messages("bad 1"))+len(h.far.messages("bad 2")) != 5 {
			t.Errorf("replayed %d, of one subscription", n)
		}
		_, err = h.Replay(t.Context(), topic, topic+":80289ba6-0fd4-4079-afb4-ce8c8260f0ca")
		h.refused(err, NotFound, "Subscription does not exist")
	})
}

// TestNothingEndsInDoubt makes sure that while the clock is in doubt nothing is
// given up, removed or forgotten for its age, and that it is when that is over.
func TestNothingEndsInDoubt(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var steady atomic.Bool
		h := newHouse(t, func(c *Config) { c.Steady = steady.Load })
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "bad", map[string]string{
			"DeliveryPolicy": `{"healthyRetryPolicy":{"numRetries":60,"minDelayTarget":60,"maxDelayTarget":60}}`,
		})
		h.subscribe(topic, "far", "gone", nil)
		_, pending, err := h.Subscribe(t.Context(), alice, topic, "http", "http://127.0.0.1:1/", nil)
		h.must(err)
		h.far.failWith(func(endpoint string, _ *Outgoing) error {
			if endpoint == "gone" {
				return &PermanentError{errors.New("410")}
			}
			return errors.New("no route")
		})
		h.publish(topic, "old")
		records := func() (subs int, letters []string) {
			h.must(h.store.View(t.Context(), func(tx *catalog.Tx) error {
				n, err := h.parseTopicARN("TopicArn", topic)
				h.must(err)
				of, err := h.find(tx, n)
				h.must(err)
				all, err := tx.Subscriptions(of.Number, 0, 10)
				subs = len(all)
				return err
			}))
			list, err := h.DeadLetters(t.Context(), topic, 0, 100)
			h.must(err)
			for _, l := range list {
				letters = append(letters, l.Endpoint+": "+l.Reason)
			}
			return subs, letters
		}
		h.Start(t.Context())
		time.Sleep(time.Minute)
		h.Close()
		time.Sleep(LetterLife) // everything that can be over is
		h.Service = h.service(func(c *Config) { c.Steady = steady.Load })
		h.start()
		h.publish(topic, "new")
		time.Sleep(10 * time.Minute)
		subs, letters := records()
		if diff := cmp.Diff([]string{"gone: 410", "gone: 410"}, letters); !pending || subs != 3 || diff != "" {
			t.Errorf("in doubt: %d subscriptions, dead letters (-want +got):\n%s", subs, diff)
		}
		steady.Store(true)
		h.publish(topic, "newer")
		time.Sleep(10 * time.Minute)
		subs, letters = records()
		if diff := cmp.Diff([]string{"gone: 410", "gone: 410"}, letters); subs != 2 || diff != "" {
			t.Errorf("steady: %d subscriptions, dead letters (-want +got):\n%s", subs, diff)
		}
	})
}

// TestOverdueGoesToQueue makes sure that what was due for too long goes where
// dead letters go, except while the clock is in doubt.
func TestOverdueGoesToQueue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var doubt atomic.Bool
		doubt.Store(true)
		h := newHouse(t, func(c *Config) { c.Steady = func() bool { return !doubt.Load() } })
		topic := h.topic("jobs")
		letters := h.queue(alice, "letters")
		h.subscribe(topic, "far", "bad", map[string]string{
			"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q}`, letters), "RawMessageDelivery": "true",
		})
		h.far.failWith(func(string, *Outgoing) error { return errors.New("no route") })
		for range 600 {
			h.publish(topic, strings.Repeat("x", 10<<10))
		}
		time.Sleep(MaxOverdue + time.Hour)
		h.start()
		time.Sleep(3 * time.Minute)
		if n := len(h.queued(letters)); n != 0 {
			t.Errorf("in doubt: %d messages in the queue", n)
		}
		doubt.Store(false)
		time.Sleep(10 * time.Minute)
		if n := len(h.queued(letters)); n < 500 {
			t.Errorf("%d messages in the queue", n)
		}
		list, err := h.DeadLetters(t.Context(), topic, 0, 10)
		h.must(err)
		if len(list) != 0 {
			t.Errorf("dead letters: %+v", list)
		}
	})
}
