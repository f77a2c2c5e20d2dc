package queue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"firn/internal/queue"
)

func TestReceiveRefuses(t *testing.T) {
	h := build(t)
	for _, tt := range []struct {
		name string
		d    queue.Demand
		want queue.Code
	}{
		{"no messages", queue.Demand{Max: number(0)}, queue.InvalidParameterValue},
		{"eleven messages", queue.Demand{Max: number(11)}, queue.InvalidParameterValue},
		{"ten messages", queue.Demand{Max: number(10)}, ""},
		{"negative visibility", queue.Demand{Visibility: number(-1)}, queue.InvalidParameterValue},
		{"more than twelve hours", queue.Demand{Visibility: number(43201)}, queue.InvalidParameterValue},
		{"twelve hours", queue.Demand{Visibility: number(43200)}, ""},
		{"negative wait", queue.Demand{Wait: number(-1)}, queue.InvalidParameterValue},
		{"long wait", queue.Demand{Wait: number(21)}, queue.InvalidParameterValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.ReceiveMessages(t.Context(), alice, work, tt.d)
			refused(t, err, tt.want)
		})
	}
}

func TestVisibility(t *testing.T) {
	h := build(t)
	h.send("a", "b")
	first := h.demand(queue.Demand{System: []string{"All"}})
	h.wantBodies(first, "a")
	if n := first[0].System["ApproximateReceiveCount"]; n != "1" {
		t.Errorf("received %s times", n)
	}
	if c := h.counts(); c != "1 1 0" {
		t.Errorf("counts %s", c)
	}
	h.wantBodies(h.demand(queue.Demand{Max: number(10), Visibility: number(100)}), "b")
	h.pass(29 * time.Second)
	h.wantBodies(h.take(10), "")
	h.pass(2 * time.Second)
	if c := h.counts(); c != "1 1 0" {
		t.Errorf("counts %s after the first is visible again", c)
	}
	again := h.demand(queue.Demand{System: []string{"All"}})
	h.wantBodies(again, "a")
	if n := again[0].System["ApproximateReceiveCount"]; n != "2" || again[0].ID != first[0].ID || again[0].Handle == first[0].Handle {
		t.Errorf("received %s times, %s with %s, then %s with %s", n, first[0].ID, first[0].Handle, again[0].ID, again[0].Handle)
	}
	if a, b := first[0].System["ApproximateFirstReceiveTimestamp"], again[0].System["ApproximateFirstReceiveTimestamp"]; a != b {
		t.Errorf("first received at %s, then at %s", a, b)
	}
	h.pass(71 * time.Second)
	if got := bodies(h.take(10)); got != "a b" && got != "b a" {
		t.Errorf("received %q after all are visible again", got)
	}
}

func TestVisibilityOfTheQueue(t *testing.T) {
	h := build(t)
	h.set("VisibilityTimeout", "5")
	h.send("a")
	h.wantBodies(h.take(1), "a")
	h.pass(6 * time.Second)
	h.set("VisibilityTimeout", "0")
	h.wantBodies(h.take(1), "a")
	h.wantBodies(h.take(1), "a")
}

func TestChangeVisibility(t *testing.T) {
	h := build(t)
	ctx := t.Context()
	h.send("a", "b", "c")
	got := h.take(3)
	a, b, c := got[0].Handle, got[1].Handle, got[2].Handle
	h.must(h.ChangeVisibility(ctx, alice, work, a, 100))
	h.must(h.ChangeVisibility(ctx, alice, work, b, 0))
	again := h.take(10)
	h.wantBodies(again, "b")
	h.must(h.DeleteMessage(ctx, alice, work, c))
	for _, tt := range []struct {
		name    string
		handle  string
		seconds int
		want    queue.Code
	}{
		{"of an earlier receive", b, 10, queue.MessageNotInflight},
		{"of the last receive", again[0].Handle, 10, ""},
		{"of a message that is gone", c, 10, queue.InvalidParameterValue},
		{"negative", a, -1, queue.InvalidParameterValue},
		{"more than twelve hours", a, 43201, queue.InvalidParameterValue},
		{"none", "", 1, queue.MissingParameter},
		{"of nothing", "AAAA", 1, queue.ReceiptHandleIsInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, h.ChangeVisibility(ctx, alice, work, tt.handle, tt.seconds), tt.want)
		})
	}
	h.pass(50 * time.Second)
	h.wantBodies(h.take(10), "b")
	refused(t, h.ChangeVisibility(ctx, alice, work, a, 43200), queue.InvalidParameterValue) // 50 s have passed
	h.must(h.ChangeVisibility(ctx, alice, work, a, 43100))
	h.pass(60 * time.Second)
	h.wantBodies(h.take(10), "b")
	h.pass(43100 * time.Second)
	refused(t, h.ChangeVisibility(ctx, alice, work, a, 1), queue.MessageNotInflight)

	h.other("other", nil)
	refused(t, h.ChangeVisibility(ctx, alice, "other", a, 1), queue.ReceiptHandleIsInvalid)
}

func TestChangeVisibilityBatch(t *testing.T) {
	h := build(t)
	h.send("a", "b")
	got := h.take(2)
	results, err := h.ChangeVisibilities(t.Context(), alice, work, []queue.Entry{
		{ID: "x", Handle: got[0].Handle}, {ID: "y", Handle: "no"}, {ID: "z", Handle: got[1].Handle, Visibility: number(99999)},
	})
	h.must(err)
	for i, want := range []queue.Code{"", queue.ReceiptHandleIsInvalid, queue.InvalidParameterValue} {
		refused(t, results[i].Err, want)
	}
	h.wantBodies(h.take(10), "a")
	_, err = h.ChangeVisibilities(t.Context(), alice, work, nil)
	refused(t, err, queue.EmptyBatchRequest)
}

func TestDeleteMessage(t *testing.T) {
	h := build(t)
	ctx := t.Context()
	h.send("a", "b", "c")
	got := h.take(10)
	a, b, c := got[0].Handle, got[1].Handle, got[2].Handle
	h.must(h.DeleteMessage(ctx, alice, work, a))
	h.must(h.DeleteMessage(ctx, alice, work, a))
	h.other("other", nil)
	h.must(h.CreateQueue(ctx, bob, work, nil, nil))
	refused(t, h.DeleteMessage(ctx, alice, "other", b), queue.ReceiptHandleIsInvalid)
	refused(t, h.DeleteMessage(ctx, bob, work, b), queue.ReceiptHandleIsInvalid)
	refused(t, h.DeleteMessage(ctx, alice, work, "AAAA"), queue.ReceiptHandleIsInvalid)
	refused(t, h.DeleteMessage(ctx, alice, work, strings.Repeat("\x00", 500)), queue.ReceiptHandleIsInvalid)
	refused(t, h.DeleteMessage(ctx, alice, work, ""), queue.MissingParameter)
	results, err := h.DeleteMessages(ctx, alice, work, []queue.Entry{
		{ID: "x", Handle: b}, {ID: "y", Handle: b}, {ID: "z", Handle: "no"}, {ID: "w", Handle: a},
	})
	h.must(err)
	for i, want := range []queue.Code{"", "", queue.ReceiptHandleIsInvalid, ""} {
		refused(t, results[i].Err, want)
	}
	if _, err = h.DeleteMessages(ctx, alice, work, []queue.Entry{{ID: "x"}, {ID: "x"}}); err != nil {
		refused(t, err, queue.BatchEntryIDsNotDistinct)
	}
	if h.left() != 1 {
		t.Errorf("%d messages are left, want 1", h.left())
	}
	h.pass(time.Minute)
	h.wantBodies(h.take(10), "c")
	h.must(h.DeleteMessage(ctx, alice, work, c)) // that of the first receive will do
	h.pass(time.Minute)
	h.wantBodies(h.take(10), "")
	if c := h.counts(); c != "0 0 0" || h.Tracked() != 0 {
		t.Errorf("counts %s, %d remembered", c, h.Tracked())
	}
}

func TestDelay(t *testing.T) {
	h := build(t)
	h.take(1) // so that somebody has asked
	_, err := h.SendMessage(t.Context(), alice, work, queue.Outgoing{Body: "late", Delay: number(60)})
	h.must(err)
	h.send("now")
	if c := h.counts(); c != "1 0 1" {
		t.Errorf("counts %s", c)
	}
	h.wantBodies(h.take(10), "now")
	if c := h.counts(); c != "0 1 1" {
		t.Errorf("counts %s", c)
	}
	h.restart()
	h.wantBodies(h.take(10), "now")
	h.pass(59 * time.Second)
	h.set("DelaySeconds", "10")
	h.send("later")
	_, err = h.SendMessage(t.Context(), alice, work, queue.Outgoing{Body: "at once", Delay: number(0)})
	h.must(err)
	h.must(h.put(string(h.ARN(alice, work)), "from a topic", nil))
	got := h.demand(queue.Demand{Max: number(10), Visibility: number(1000)})
	if b := bodies(got); b != "now at once" && b != "at once now" {
		t.Errorf("received %q", b)
	}
	h.pass(2 * time.Second)
	h.wantBodies(h.take(10), "late")
	h.pass(10 * time.Second)
	// Their delays end within a millisecond: no order is promised.
	if b := bodies(h.take(10)); b != "later from a topic" && b != "from a topic later" {
		t.Errorf("received %q", b)
	}
}

func TestRetention(t *testing.T) {
	h := build(t)
	h.set("MessageRetentionPeriod", "60")
	h.send("old")
	h.pass(50 * time.Second)
	h.send("young")
	got := h.demand(queue.Demand{Visibility: number(5)})
	h.wantBodies(got, "old")
	h.pass(10 * time.Second)
	h.wantBodies(h.take(10), "young")
	h.wantBodies(h.take(10), "")
	h.must(h.DeleteMessage(t.Context(), alice, work, got[0].Handle)) // it is still there
	h.send("x", "y")
	h.pass(61 * time.Second)
	h.wantBodies(h.take(10), "")
	h.set("MessageRetentionPeriod", "3600")
	if b := bodies(h.take(10)); len(strings.Fields(b)) != 3 {
		t.Errorf("received %q after the retention was prolonged", b)
	}
	h.set("MessageRetentionPeriod", "60")
	for i := range 300 {
		h.send(fmt.Sprint(i))
	}
	h.pass(59 * time.Second)
	h.send("young")
	h.must(h.Sweep(t.Context()))
	if h.left() != 301 {
		t.Errorf("%d messages are left, want 301", h.left())
	}
	h.pass(2 * time.Second)
	h.must(h.Sweep(t.Context()))
	if h.left() != 1 || h.Tracked() != 0 {
		t.Errorf("%d messages are left, want 1; %d remembered", h.left(), h.Tracked())
	}
	h.wantBodies(h.take(10), "young")
}

// TestTurns: neither a message that comes back again and again nor a long
// backlog keeps the other from being delivered.
func TestTurns(t *testing.T) {
	h := build(t)
	for i := range 20 {
		h.send(fmt.Sprint(i))
	}
	seen := map[string]int{}
	for range 40 {
		for _, m := range h.demand(queue.Demand{Visibility: number(0)}) {
			seen[m.Body]++
		}
	}
	if len(seen) < 18 || seen["0"] < 2 {
		t.Errorf("received %v", seen)
	}
	seen = map[string]int{}
	for _, m := range h.demand(queue.Demand{Max: number(10), Visibility: number(0)}) {
		seen[m.Body]++
	}
	if len(seen) != 10 {
		t.Errorf("received %v", seen)
	}
}

func TestOverLimit(t *testing.T) {
	h := build(t)
	h.SetLimits(5, 100, 1000)
	for i := range 8 {
		h.send(fmt.Sprint(i))
	}
	got := h.take(10)
	h.wantBodies(got, "0 1 2 3 4")
	_, err := h.ReceiveMessages(t.Context(), alice, work, queue.Demand{})
	refused(t, err, queue.OverLimit)
	h.must(h.DeleteMessage(t.Context(), alice, work, got[0].Handle))
	h.wantBodies(h.take(10), "5")
	h.must(h.ChangeVisibility(t.Context(), alice, work, got[1].Handle, 0))
	if n := len(h.take(10)); n != 1 {
		t.Errorf("received %d where one had room", n)
	}
	h.pass(time.Minute)
	if n := len(h.take(10)); n != 5 {
		t.Errorf("received %d where 5 had room", n)
	}
}

// TestMemoryIsBounded: what came back is remembered up to a limit, and then
// nothing new is taken until that is gone; delayed messages beyond it are found
// again when they are due.
func TestMemoryIsBounded(t *testing.T) {
	h := build(t)
	h.SetLimits(20, 10, 1000)
	for i := range 60 {
		h.send(fmt.Sprint(i))
	}
	seen := map[string]bool{}
	for range 100 {
		for _, m := range h.demand(queue.Demand{Max: number(10), Visibility: number(0)}) {
			seen[m.Body] = true
		}
		if h.Tracked() > 30 {
			t.Fatalf("%d are remembered", h.Tracked())
		}
	}
	if n := len(strings.Fields(h.drain())); n != 60 {
		t.Errorf("drained %d of 60", n)
	}
	for i := range 50 {
		_, err := h.SendMessage(t.Context(), alice, work, queue.Outgoing{Body: fmt.Sprint(i), Delay: number(10 + i%7)})
		h.must(err)
	}
	h.send("now")
	h.wantBodies(h.take(10), "now")
	if h.Tracked() > 30 {
		t.Errorf("%d are remembered", h.Tracked())
	}
	got := 0
	for range 10 {
		h.pass(2 * time.Second)
		for {
			page := h.demand(queue.Demand{Max: number(10), Visibility: number(10_000)})
			if len(page) == 0 {
				break
			}
			for _, m := range page {
				h.must(h.DeleteMessage(t.Context(), alice, work, m.Handle))
			}
			got += len(page)
		}
	}
	if got != 50 {
		t.Errorf("received %d of 50 delayed messages", got)
	}
	h.SetLimits(20, 10, 3)
	h.send("a", "b", "c", "d")
	if n := len(h.take(10)); n == 0 {
		t.Error("nothing although there is room")
	}
	for range 4 {
		_, err := h.ReceiveMessages(t.Context(), alice, work, queue.Demand{})
		if err != nil {
			refused(t, err, queue.OverLimit)
			return
		}
	}
	t.Errorf("%d are remembered and nothing was refused", h.Tracked())
}

func TestCancelledReceiveTakesNothing(t *testing.T) {
	h := build(t)
	h.send("a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.ReceiveMessages(ctx, alice, work, queue.Demand{}); err == nil {
		t.Error("no error")
	}
	h.wantBodies(h.take(1), "a")
}

func TestRedrive(t *testing.T) {
	h := build(t)
	ctx := t.Context()
	h.other("dead", nil)
	target := string(h.ARN(alice, "dead"))
	for name, text := range map[string]string{
		"no JSON": "yes", "no target": `{"maxReceiveCount": 3}`, "no count": `{"deadLetterTargetArn":"` + target + `"}`,
		"count of none": `{"deadLetterTargetArn":"` + target + `","maxReceiveCount":0}`,
		"a long count":  `{"deadLetterTargetArn":"` + target + `","maxReceiveCount":"1001"}`,
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, h.SetAttributes(ctx, alice, work, attributes{"RedrivePolicy": text}), queue.InvalidAttributeValue)
		})
	}
	for name, arn := range map[string]string{"no queue": string(h.ARN(alice, "none")), "itself": string(h.ARN(alice, work)), "no ARN": "dead"} {
		t.Run(name, func(t *testing.T) {
			refused(t, h.SetAttributes(ctx, alice, work, attributes{"RedrivePolicy": `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":1}`}), queue.InvalidParameterValue)
		})
	}
	h.set("RedrivePolicy", `{"deadLetterTargetArn":"`+target+`","maxReceiveCount":"2"}`)
	if names, err := h.Sources(ctx, alice, "dead", "", 10); len(names) != 1 || names[0] != work || err != nil {
		t.Errorf("sources %q, %v", names, err)
	}
	h.set("VisibilityTimeout", "0")
	_, err := h.SendMessage(ctx, alice, work, queue.Outgoing{Body: "bad", Attributes: typed{"a": text("1")}})
	h.must(err)
	first := h.demand(queue.Demand{System: []string{"All"}})
	h.wantBodies(first, "bad")
	h.wantBodies(h.take(1), "bad")
	h.wantBodies(h.take(1), "")
	if h.left() != 1 || h.Tracked() != 0 {
		t.Errorf("%d messages are left, %d remembered", h.left(), h.Tracked())
	}
	moved, err := h.ReceiveMessages(ctx, alice, "dead", queue.Demand{System: []string{"All"}, Attributes: []string{"All"}})
	h.must(err)
	h.wantBodies(moved, "bad")
	m := moved[0]
	if m.ID != first[0].ID || m.System["SentTimestamp"] != first[0].System["SentTimestamp"] || m.System["ApproximateReceiveCount"] != "1" ||
		m.System["DeadLetterQueueSourceArn"] != string(h.ARN(alice, work)) || keys(m.Attributes) != "a" {
		t.Errorf("moved %+v, was %+v", m, first[0])
	}

	h.must(h.DeleteQueue(ctx, alice, "dead"))
	h.send("stays")
	for range 4 {
		h.wantBodies(h.take(1), "stays")
	}
	h.set("RedrivePolicy", "")
	if got := h.attribute("RedrivePolicy"); got != "" {
		t.Errorf("policy %s", got)
	}
}
