package topic

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/catalog"
	"firn/internal/record"
)

func texts(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("message %d", i))
	}
	return all
}

func TestDeliveryInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "a", nil)
		h.subscribe(topic, "far", "b", nil)
		queue := h.queue(alice, "inbox")
		h.subscribe(topic, "sqs", queue, map[string]string{"RawMessageDelivery": "true"})
		want := texts(0, 300)
		for _, m := range want[:150] {
			h.publish(topic, m)
		}
		h.start() // half of it was there before
		for _, m := range want[150:] {
			h.publish(topic, m)
		}
		synctest.Wait()
		for name, got := range map[string][]string{"a": h.far.messages("a"), "b": h.far.messages("b"), "queue": bodies(h.queued(queue))} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		h.empty(topic)
		if h.queues.woken[queue] == 0 {
			t.Error("nobody was told that the queue has messages")
		}
	})
}

func TestRetries(t *testing.T) {
	down := errors.New("connection refused")
	for _, test := range []struct {
		name       string
		attributes map[string]string
		fail       error
		failures   int // then it succeeds
		want       []time.Duration
		letter     string
	}{
		{
			name: "succeeds at the second try", fail: down, failures: 1,
			want: []time.Duration{0, 10 * time.Second},
		},
		{
			name: "own policy, used up", fail: down, failures: 100,
			attributes: map[string]string{"DeliveryPolicy": `{"healthyRetryPolicy":{"numRetries":2,"minDelayTarget":5,"maxDelayTarget":7}}`},
			want:       []time.Duration{0, 5 * time.Second, 12 * time.Second},
			letter:     "connection refused",
		},
		{
			name: "no pause at first, then rest", fail: down, failures: 100,
			attributes: map[string]string{"DeliveryPolicy": `{"healthyRetryPolicy":{"numRetries":4,"numNoDelayRetries":4}}`},
			// The third failure in a row lets the endpoint rest, the fourth for twice as long.
			want:   []time.Duration{0, 0, 0, time.Second, 3 * time.Second},
			letter: "connection refused",
		},
		{
			name: "refused for good", fail: &PermanentError{errors.New("410")}, failures: 1,
			want:   []time.Duration{0},
			letter: "410",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := newHouse(t)
				topic := h.topic("jobs")
				sub := h.subscribe(topic, "far", "bad", test.attributes)
				failed := 0
				h.far.failWith(func(string, *Outgoing) error {
					if failed++; failed <= test.failures {
						return test.fail
					}
					return nil
				})
				h.start()
				start := time.Now()
				h.publish(topic, "hello")
				time.Sleep(time.Hour)
				if diff := cmp.Diff(test.want, h.far.tries("bad", start)); diff != "" {
					t.Errorf("tries (-want +got):\n%s", diff)
				}
				letters, err := h.DeadLetters(t.Context(), topic, 0, 10)
				h.must(err)
				if test.letter == "" {
					if len(letters) != 0 {
						t.Errorf("dead letters: %+v", letters)
					}
					h.empty(topic)
					return
				}
				if len(letters) != 1 || letters[0].Reason != test.letter || string(letters[0].Subscription) != sub {
					t.Fatalf("dead letters: %+v", letters)
				}

				// It is tried anew on demand.
				h.far.failWith(nil)
				n, err := h.Replay(t.Context(), topic, "")
				h.must(err)
				time.Sleep(2 * time.Minute)
				if got := h.far.messages("bad"); n != 1 || len(got) != 1 {
					t.Errorf("replayed %d, delivered %q", n, got)
				}
				h.empty(topic)
			})
		})
	}
}

// TestFailureIsSetAside makes sure that what comes after a message that fails
// need not wait for it.
func TestFailureIsSetAside(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "bad", nil)
		h.far.failWith(func(_ string, m *Outgoing) error {
			if m.Message == "message 1" {
				return errors.New("not now")
			}
			return nil
		})
		for _, m := range texts(0, 4) {
			h.publish(topic, m)
		}
		h.start()
		synctest.Wait()
		if diff := cmp.Diff([]string{"message 0", "message 2", "message 3"}, h.far.messages("bad")); diff != "" {
			t.Errorf("at once (-want +got):\n%s", diff)
		}
		h.far.failWith(nil)
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"message 0", "message 2", "message 3", "message 1"}, h.far.messages("bad")); diff != "" {
			t.Errorf("after a while (-want +got):\n%s", diff)
		}
		h.empty(topic)
	})
}

// TestDeadEndpointCostsLittle makes sure that an endpoint that keeps failing is
// tried ever more rarely, that nobody waits for it, and that it gets everything
// when it is back.
func TestDeadEndpointCostsLittle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "bad", nil)
		h.subscribe(topic, "far", "good", nil)
		h.far.failWith(func(endpoint string, _ *Outgoing) error {
			if endpoint == "bad" {
				return errors.New("no route")
			}
			return nil
		})
		h.start()
		start := time.Now()
		want := texts(0, 200)
		for _, m := range want {
			h.publish(topic, m)
		}
		synctest.Wait()
		if diff := cmp.Diff(want, h.far.messages("good")); diff != "" || time.Since(start) != 0 {
			t.Errorf("good, after %v (-want +got):\n%s", time.Since(start), diff)
		}
		time.Sleep(time.Hour)
		if n := len(h.far.tries("bad", start)); n < 60 || n > 75 {
			t.Errorf("the dead endpoint was tried %d times in an hour", n)
		}
		h.far.failWith(nil)
		time.Sleep(10 * time.Minute)
		if n := len(h.far.messages("bad")); n != len(want) {
			t.Errorf("when it was back it got %d messages", n)
		}
		h.empty(topic)
	})
}

// TestHangingEndpoints makes sure that more endpoints that hang than there are
// workers do not keep another from being served, neither when they are new nor
// later.
func TestHangingEndpoints(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) { c.Workers = minWorkers })
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "good", nil)
		h.start()
		h.publish(topic, "first")
		synctest.Wait()
		h.far.hang = map[string]bool{}
		for i := range 50 {
			name := fmt.Sprintf("bad %d", i)
			h.far.hang[name] = true
			h.subscribe(topic, "far", name, nil)
		}
		for i := range 40 {
			h.publish(topic, fmt.Sprint(i))
			time.Sleep(time.Millisecond)
			if got := h.far.messages("good"); len(got) != i+2 {
				t.Fatalf("message %d had to wait", i)
			}
			time.Sleep(sendTimeout)
		}
	})
}

// TestSlowEndpoints makes sure that endpoints that take all, but slowly, do not
// keep one that is quick from being served.
func TestSlowEndpoints(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) { c.Workers = minWorkers })
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "good", nil)
		h.start()
		h.publish(topic, "first")
		synctest.Wait()
		h.far.failWith(func(endpoint string, _ *Outgoing) error {
			if endpoint != "good" {
				time.Sleep(3 * time.Second)
			}
			return nil
		})
		for i := range 50 {
			h.subscribe(topic, "far", fmt.Sprintf("slow %d", i), nil)
		}
		for i := range 40 {
			h.publish(topic, fmt.Sprint(i))
			time.Sleep(time.Millisecond)
			if got := h.far.messages("good"); len(got) != i+2 {
				t.Fatalf("message %d had to wait", i)
			}
			time.Sleep(10 * time.Second)
		}
		time.Sleep(time.Hour)
		for i := range 50 {
			if got := h.far.messages(fmt.Sprintf("slow %d", i)); len(got) != 40 {
				t.Errorf("slow %d has %d messages", i, len(got))
			}
		}
	})
}

func TestThrottle(t *testing.T) {
	for _, rate := range []int{1, 10, 100} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := newHouse(t)
				topic := h.topic("jobs")
				h.subscribe(topic, "far", "slow", map[string]string{
					"DeliveryPolicy": fmt.Sprintf(`{"throttlePolicy":{"maxReceivesPerSecond":%d}}`, rate),
				})
				h.start()
				start := time.Now()
				for i := range 5 * rate {
					h.publish(topic, "hello")
					if i%2 == 0 {
						time.Sleep(time.Millisecond) // so that some come alone
					}
				}
				time.Sleep(time.Minute)
				tries := h.far.tries("slow", start)
				if len(tries) != 5*rate {
					t.Fatalf("%d deliveries", len(tries))
				}
				for i := rate; i < len(tries); i++ {
					if tries[i]-tries[i-rate] < time.Second {
						t.Fatalf("more than %d within %v", rate, tries[i]-tries[i-rate])
					}
				}
				if last := tries[len(tries)-1]; last > 6*time.Second {
					t.Errorf("the last came after %v", last)
				}
			})
		})
	}
}

// TestDeletedWithMuchToDeliver makes sure that nothing stays behind, whatever
// was to be delivered and whenever the process ends.
func TestDeletedWithMuchToDeliver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic, other := h.topic("jobs"), h.topic("other")
		var subs []string
		for _, name := range []string{"bad 1", "bad 2"} {
			subs = append(subs, h.subscribe(topic, "far", name, nil))
		}
		h.subscribe(other, "far", "bad 3", nil)
		h.far.failWith(func(string, *Outgoing) error { return &PermanentError{errors.New("gone")} })
		for range 2*sweepKeys + 10 {
			h.publish(topic, "hello")
		}
		h.publish(other, "hello")
		h.Start(t.Context())
		time.Sleep(time.Minute) // some have died
		h.must(h.Unsubscribe(t.Context(), subs[0]))
		h.must(h.Unsubscribe(t.Context(), subs[0]))
		h.must(h.DeleteTopic(t.Context(), topic))
		h.must(h.DeleteTopic(t.Context(), topic))
		if list, err := h.Subscriptions(t.Context(), alice, 0, 10); err != nil || len(list) != 1 {
			t.Errorf("subscriptions: %+v, %v", list, err)
		}
		h.Close()
		h.Service = h.service()
		h.start()
		time.Sleep(time.Minute)
		h.must(h.store.View(t.Context(), func(tx *catalog.Tx) error {
			for n := range uint64(10) {
				m, err := tx.Messages(n, 0, 10)
				if err != nil {
					return err
				}
				d, err := tx.Deliveries(n, 0, 10)
				if err != nil {
					return err
				}
				for _, m := range m {
					if o, _, err := tx.TopicByNumber(m.Topic); err != nil || o.Name != "other" {
						t.Errorf("message of topic %d is left", m.Topic)
					}
				}
				for _, d := range d {
					if o, _, err := tx.TopicByNumber(d.Topic); err != nil || o.Name != "other" {
						t.Errorf("delivery of topic %d is left", d.Topic)
					}
				}
			}
			graves, err := tx.Subscriptions(graveyard, 0, 10)
			if len(graves) != 0 {
				t.Errorf("%d graves are left", len(graves))
			}
			return err
		}))
		if messages, _ := h.left(other); messages != 1 {
			t.Errorf("the other topic has %d messages", messages)
		}
	})
}

// TestEnqueueTwiceInOneRecord is a job that tells its vault's topic and its own,
// which are the same, and another.
func TestEnqueueTwiceInOneRecord(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) { c.MayPublish = nil })
		topic, other := h.topic("jobs"), h.topic("other")
		foreign, err := h.CreateTopic(t.Context(), bob, "jobs", nil, nil)
		h.must(err)
		h.subscribe(topic, "far", "a", nil)
		h.subscribe(topic, "far", "b", nil)
		h.subscribe(other, "far", "c", nil)
		h.start()
		found := map[string]bool{}
		h.must(h.store.Update(t.Context(), func(tx *catalog.Tx) (record.Record, error) {
			var r record.Record
			for _, arn := range []string{topic, topic, other, string(foreign), topic + "x", "nonsense", "arn:aws:sns:us-west-2:111122223333:jobs"} {
				ok, err := h.Enqueue(tx, &r, alice, arn, "", "done")
				if err != nil {
					return r, err
				}
				found[arn] = ok
			}
			return r, nil
		}))
		h.Wake()
		synctest.Wait()
		if diff := cmp.Diff(map[string]bool{
			topic: true, other: true, string(foreign): false, topic + "x": false, "nonsense": false,
			"arn:aws:sns:us-west-2:111122223333:jobs": false,
		}, found); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
		for endpoint, n := range map[string]int{"a": 2, "b": 2, "c": 1} {
			if got := h.far.messages(endpoint); len(got) != n {
				t.Errorf("%s got %q", endpoint, got)
			}
		}
		h.empty(topic)
		h.empty(other)
	})
}

// TestRuleThatComesToNothing makes sure that what a rule enqueued and took back
// is not delivered, and does no harm.
func TestRuleThatComesToNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "a", nil)
		h.start()
		no := errors.New("no")
		err := h.store.Update(t.Context(), func(tx *catalog.Tx) (record.Record, error) {
			var r record.Record
			if _, err := h.Enqueue(tx, &r, alice, topic, "", "not this"); err != nil {
				return r, err
			}
			return r, no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		h.Wake()
		synctest.Wait()
		h.empty(topic)
		h.publish(topic, "but this")
		synctest.Wait()
		if diff := cmp.Diff([]string{"but this"}, h.far.messages("a")); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		h.empty(topic)
		if n := len(h.hints); n != 0 {
			t.Errorf("%d hints are left", n)
		}
	})
}

// TestCloseRecordsWhatWasSent makes sure that an orderly end leaves no
// duplicates behind.
func TestCloseRecordsWhatWasSent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		h.subscribe(topic, "far", "a", nil)
		reached := make(chan struct{})
		h.far.failWith(func(_ string, m *Outgoing) error {
			if m.Message == "message 7" {
				reached <- struct{}{}
				time.Sleep(time.Second)
			}
			return nil
		})
		for _, m := range texts(0, 20) {
			h.publish(topic, m)
		}
		h.Start(t.Context())
		<-reached
		h.Close()
		h.far.failWith(nil)
		h.Service = h.service()
		h.start()
		synctest.Wait()
		if diff := cmp.Diff(texts(0, 20), h.far.messages("a")); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		h.empty(topic)
	})
}
