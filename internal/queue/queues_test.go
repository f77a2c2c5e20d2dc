package queue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/queue"
)

type attributes = map[string]string

func TestCreateQueue(t *testing.T) {
	h := build(t)
	h.other("tuned", attributes{"VisibilityTimeout": "60", "Policy": `{"a": 1}`})
	for _, tt := range []struct {
		name       string
		queue      string
		attributes attributes
		tags       map[string]string
		want       queue.Code
	}{
		{name: "again", queue: "work"},
		{name: "again with what is usual", queue: "work", attributes: attributes{"VisibilityTimeout": "30", "SqsManagedSseEnabled": "false", "FifoQueue": "false"}},
		{name: "again with something else", queue: "work", attributes: attributes{"VisibilityTimeout": "31"}, want: queue.QueueAlreadyExists},
		{name: "tuned, again without attributes", queue: "tuned"},
		{name: "tuned, again with the same in other words", queue: "tuned", attributes: attributes{"VisibilityTimeout": "060", "Policy": `{"a":1}`}},
		{name: "tuned, again with one that was not set", queue: "tuned", attributes: attributes{"DelaySeconds": "0"}},
		{name: "tuned, again with another policy", queue: "tuned", attributes: attributes{"Policy": `{"a": 2}`}, want: queue.QueueAlreadyExists},
		{name: "80 characters", queue: strings.Repeat("a", 80)},
		{name: "81 characters", queue: strings.Repeat("a", 81), want: queue.InvalidParameterValue},
		{name: "no name", queue: "", want: queue.InvalidParameterValue},
		{name: "all kinds of characters", queue: "aZ09_-"},
		{name: "a slash", queue: "a/b", want: queue.InvalidParameterValue},
		{name: "FIFO", queue: "work.fifo", want: queue.InvalidParameterValue},
		{name: "FIFO by attribute", queue: "n1", attributes: attributes{"FifoQueue": "true"}, want: queue.InvalidAttributeName},
		{name: "encryption by key", queue: "n1", attributes: attributes{"KmsMasterKeyId": "alias/aws/sqs"}, want: queue.InvalidAttributeName},
		{name: "no encryption by key", queue: "n2", attributes: attributes{"KmsMasterKeyId": ""}},
		{name: "encryption", queue: "n1", attributes: attributes{"SqsManagedSseEnabled": "true"}, want: queue.InvalidAttributeValue},
		{name: "unknown attribute", queue: "n1", attributes: attributes{"Colour": "red"}, want: queue.InvalidAttributeName},
		{name: "an attribute of ours", queue: "n1", attributes: attributes{"firn:purged": "1 1"}, want: queue.InvalidAttributeName},
		{name: "read-only attribute", queue: "n1", attributes: attributes{"QueueArn": "x"}, want: queue.InvalidAttributeName},
		{name: "visibility, most", queue: "n3", attributes: attributes{"VisibilityTimeout": "43200"}},
		{name: "visibility, too much", queue: "n1", attributes: attributes{"VisibilityTimeout": "43201"}, want: queue.InvalidAttributeValue},
		{name: "visibility, no number", queue: "n1", attributes: attributes{"VisibilityTimeout": "1s"}, want: queue.InvalidAttributeValue},
		{name: "delay, too much", queue: "n1", attributes: attributes{"DelaySeconds": "901"}, want: queue.InvalidAttributeValue},
		{name: "delay, negative", queue: "n1", attributes: attributes{"DelaySeconds": "-1"}, want: queue.InvalidAttributeValue},
		{name: "size, too little", queue: "n1", attributes: attributes{"MaximumMessageSize": "1023"}, want: queue.InvalidAttributeValue},
		{name: "size, too much", queue: "n1", attributes: attributes{"MaximumMessageSize": "262145"}, want: queue.InvalidAttributeValue},
		{name: "retention, too little", queue: "n1", attributes: attributes{"MessageRetentionPeriod": "59"}, want: queue.InvalidAttributeValue},
		{name: "retention, too much", queue: "n1", attributes: attributes{"MessageRetentionPeriod": "1209601"}, want: queue.InvalidAttributeValue},
		{name: "wait, too much", queue: "n1", attributes: attributes{"ReceiveMessageWaitTimeSeconds": "21"}, want: queue.InvalidAttributeValue},
		{name: "policy that is none", queue: "n1", attributes: attributes{"Policy": "yes"}, want: queue.InvalidAttributeValue},
		{name: "policy, too long", queue: "n1", attributes: attributes{"Policy": "{" + strings.Repeat(" ", 20<<10) + "}"}, want: queue.InvalidAttributeValue},
		{name: "tags", queue: "n4", tags: map[string]string{"a": "1", "b": ""}},
		{name: "reserved tag", queue: "n1", tags: map[string]string{"AWS:a": "1"}, want: queue.InvalidParameterValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, h.CreateQueue(t.Context(), alice, tt.queue, tt.attributes, tt.tags), tt.want)
		})
	}
	if _, exists, _ := h.Policy(t.Context(), alice, "n1"); exists {
		t.Error("a queue that was refused exists")
	}
	refused(t, h.CreateQueue(t.Context(), "me", "n1", nil, nil), queue.InvalidParameterValue)
}

func TestQueuesPerAccount(t *testing.T) {
	h := build(t)
	for i := range queue.MaxQueues - 1 {
		h.other(fmt.Sprintf("q%d", i), nil)
	}
	refused(t, h.CreateQueue(t.Context(), alice, "more", nil, nil), queue.OverLimit)
	h.must(h.CreateQueue(t.Context(), bob, "more", nil, nil))
	h.must(h.DeleteQueue(t.Context(), alice, "q0"))
	h.other("more", nil)
	names, err := h.Queues(t.Context(), alice, "", "", 5000)
	if h.must(err); len(names) != queue.MaxQueues || !slices.IsSorted(names) {
		t.Errorf("%d queues, sorted: %t", len(names), slices.IsSorted(names))
	}
}

func TestQueuesByPrefix(t *testing.T) {
	h := build(t)
	for _, name := range []string{"a", "ab", "ab-1", "ab1", "abc", "b"} {
		h.other(name, nil)
	}
	h.must(h.CreateQueue(t.Context(), bob, "abz", nil, nil))
	for _, tt := range []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 100, "a ab ab-1 ab1 abc b work"},
		{"", "ab1", 2, "abc b"},
		{"ab", "", 100, "ab ab-1 ab1 abc"},
		{"ab", "", 2, "ab ab-1"},
		{"ab", "ab-1", 100, "ab1 abc"},
		{"ab", "zz", 100, ""},
		{"a", "", 1, "a"},
		{"zz", "", 100, ""},
		{"ab", "", 0, ""},
	} {
		names, err := h.Queues(t.Context(), alice, tt.prefix, tt.after, tt.limit)
		if h.must(err); strings.Join(names, " ") != tt.want {
			t.Errorf("with %q after %q, %d: %q, want %q", tt.prefix, tt.after, tt.limit, names, tt.want)
		}
	}
}

func TestAttributes(t *testing.T) {
	h := build(t)
	now := fmt.Sprint(h.now().Unix())
	all, err := h.Attributes(t.Context(), alice, work, []string{"All"})
	h.must(err)
	if all["CreatedTimestamp"] < now[:len(now)-2] || all["LastModifiedTimestamp"] != all["CreatedTimestamp"] {
		t.Errorf("created %s, modified %s", all["CreatedTimestamp"], all["LastModifiedTimestamp"])
	}
	delete(all, "CreatedTimestamp")
	delete(all, "LastModifiedTimestamp")
	want := attributes{
		"QueueArn": "arn:aws:sqs:eu-north-1:111122223333:work", "VisibilityTimeout": "30", "DelaySeconds": "0",
		"MaximumMessageSize": "262144", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "false",
		"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	h.pass(2 * time.Second)
	h.set("Policy", `{"Version": "2012-10-17"}`)
	h.set("DelaySeconds", "5")
	some, err := h.Attributes(t.Context(), alice, work, []string{"Policy", "DelaySeconds", "RedrivePolicy", "FifoQueue"})
	h.must(err)
	if d := cmp.Diff(attributes{"Policy": `{"Version": "2012-10-17"}`, "DelaySeconds": "5"}, some); d != "" {
		t.Error(d)
	}
	if text, exists, err := h.Policy(t.Context(), alice, work); text != `{"Version": "2012-10-17"}` || !exists || err != nil {
		t.Errorf("policy %q, %t, %v", text, exists, err)
	}
	h.set("Policy", "")
	if got := h.attribute("Policy"); got != "" {
		t.Errorf("policy %q after it was taken away", got)
	}
	if created, modified := h.attribute("CreatedTimestamp"), h.attribute("LastModifiedTimestamp"); modified <= created {
		t.Errorf("created %s, modified %s", created, modified)
	}
	_, err = h.Attributes(t.Context(), alice, work, []string{"Colour"})
	refused(t, err, queue.InvalidAttributeName)
	for _, name := range []string{"QueueArn", "Colour", "ApproximateNumberOfMessages"} {
		refused(t, h.SetAttributes(t.Context(), alice, work, attributes{name: "1"}), queue.InvalidAttributeName)
	}
	refused(t, h.SetAttributes(t.Context(), alice, work, attributes{"DelaySeconds": ""}), queue.InvalidAttributeValue)
}

// TestNoQueue: every operation says so.
func TestNoQueue(t *testing.T) {
	h := build(t)
	ctx := t.Context()
	for _, q := range []struct {
		owner glacier.AccountID
		name  string
	}{{alice, "none"}, {bob, work}, {"me", work}, {alice, "a/b"}} {
		owner := q.owner
		_, attrErr := h.Attributes(ctx, owner, q.name, []string{"All"})
		_, sendErr := h.SendMessage(ctx, owner, q.name, queue.Outgoing{Body: "a"})
		_, batchErr := h.SendMessages(ctx, owner, q.name, []queue.Outgoing{{ID: "a", Body: "a"}})
		_, takeErr := h.ReceiveMessages(ctx, owner, q.name, queue.Demand{})
		_, waitErr := h.ReceiveMessages(ctx, owner, q.name, queue.Demand{Wait: number(20)})
		_, deletesErr := h.DeleteMessages(ctx, owner, q.name, []queue.Entry{{ID: "a", Handle: "a"}})
		_, changesErr := h.ChangeVisibilities(ctx, owner, q.name, []queue.Entry{{ID: "a", Handle: "a"}})
		_, tagsErr := h.Tags(ctx, owner, q.name)
		_, sourcesErr := h.Sources(ctx, owner, q.name, "", 10)
		for name, err := range map[string]error{
			"attributes": attrErr, "send": sendErr, "send batch": batchErr, "receive": takeErr, "wait": waitErr,
			"delete batch": deletesErr, "change batch": changesErr, "tags": tagsErr, "sources": sourcesErr,
			"delete queue": h.DeleteQueue(ctx, owner, q.name), "purge": h.PurgeQueue(ctx, owner, q.name),
			"set":    h.SetAttributes(ctx, owner, q.name, attributes{"DelaySeconds": "1"}),
			"delete": h.DeleteMessage(ctx, owner, q.name, "a"), "change": h.ChangeVisibility(ctx, owner, q.name, "a", 1),
			"tag": h.Tag(ctx, owner, q.name, map[string]string{"a": "b"}), "untag": h.Untag(ctx, owner, q.name, []string{"a"}),
		} {
			t.Run(fmt.Sprintf("%s of %s, %s", name, q.owner, q.name), func(t *testing.T) { refused(t, err, queue.NonExistentQueue) })
		}
		if _, exists, err := h.Policy(ctx, owner, q.name); exists || err != nil {
			t.Errorf("%s of %s exists: %v", q.name, q.owner, err)
		}
	}
	for _, arn := range []string{
		"arn:aws:sqs:eu-north-1:111122223333:none", "arn:aws:sqs:eu-north-1:444455556666:work", "arn:aws:sqs:us-east-1:111122223333:work",
		"arn:aws:sns:eu-north-1:111122223333:work", "arn:aws:sqs:eu-north-1:111122223333", "arn:aws:sqs:eu-north-1:111122223333:", "work", "",
		"arn:aws:sqs:eu-north-1:x:work", "arn:aws:sqs:eu-north-1:111122223333:work:x",
	} {
		if err := h.put(arn, "a", nil); err != queue.ErrNoQueue {
			t.Errorf("put to %q: %v", arn, err)
		}
		h.Wake(arn)
	}
}

func TestExists(t *testing.T) {
	h := build(t)
	for arn, want := range map[string]bool{string(h.ARN(alice, work)): true, string(h.ARN(alice, "none")): false, "": false} {
		h.must(h.store.View(t.Context(), func(tx *catalog.Tx) error {
			if got, err := h.Exists(tx, arn); got != want || err != nil {
				t.Errorf("%q exists: %t, %v", arn, got, err)
			}
			return nil
		}))
	}
}

func TestDeleteQueue(t *testing.T) {
	h := build(t)
	h.send("a", "b", "c")
	got := h.take(1)
	h.must(h.DeleteQueue(t.Context(), alice, work))
	refused(t, h.DeleteQueue(t.Context(), alice, work), queue.NonExistentQueue)
	if h.Tracked() != 0 {
		t.Errorf("%d messages are remembered", h.Tracked())
	}
	h.other(work, nil)
	h.wantBodies(h.take(10), "")
	refused(t, h.DeleteMessage(t.Context(), alice, work, got[0].Handle), queue.ReceiptHandleIsInvalid)
	h.send("d")
	h.wantBodies(h.take(10), "d")
	h.settled(1)
}

// settled waits until the store has so many messages and no deleted queue.
func (h *house) settled(messages int64) {
	h.t.Helper()
	for {
		dying := false
		h.must(h.store.View(h.t.Context(), func(tx *catalog.Tx) error {
			dying = false
			queues, err := tx.AllQueues(0, 10_000)
			for _, q := range queues {
				dying = dying || q.Name == ""
			}
			return err
		}))
		if !dying && h.left() == messages {
			return
		}
		select {
		case <-h.t.Context().Done():
			h.t.Fatalf("%d messages are left, want %d", h.left(), messages)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestDeletedQueueIsClearedAfterRestart(t *testing.T) {
	h := build(t)
	h.other("dead", nil)
	h.Close() // and with it the clearing, so that something is left
	for i := range 300 {
		_, err := h.SendMessage(t.Context(), alice, "dead", queue.Outgoing{Body: fmt.Sprint(i)})
		h.must(err)
	}
	h.must(h.DeleteQueue(t.Context(), alice, "dead"))
	if n := h.left(); n != 300 {
		t.Errorf("%d messages are left before the restart, want 300", n)
	}
	h.restart()
	h.settled(0)
}

func TestPurge(t *testing.T) {
	h := build(t)
	for i := range 100 {
		h.send(fmt.Sprint(i))
	}
	got := h.take(5)
	h.must(h.PurgeQueue(t.Context(), alice, work))
	h.wantBodies(h.take(10), "")
	h.send("after")
	h.wantBodies(h.take(10), "after")
	h.must(h.DeleteMessage(t.Context(), alice, work, got[0].Handle))
	refused(t, h.ChangeVisibility(t.Context(), alice, work, got[1].Handle, 1), queue.InvalidParameterValue)
	refused(t, h.PurgeQueue(t.Context(), alice, work), queue.PurgeQueueInProgress)
	h.pass(59 * time.Second)
	refused(t, h.PurgeQueue(t.Context(), alice, work), queue.PurgeQueueInProgress)
	h.settled(1)
	if c := h.counts(); c != "1 0 0" {
		t.Errorf("counts %s", c)
	}
	h.restart()
	h.wantBodies(h.take(10), "after")
	h.pass(2 * time.Second)
	h.must(h.PurgeQueue(t.Context(), alice, work))
	h.settled(0)
	if c := h.counts(); c != "0 0 0" {
		t.Errorf("counts %s", c)
	}
	all, err := h.Attributes(t.Context(), alice, work, []string{"All"})
	if h.must(err); strings.Contains(keys(all), "firn") {
		t.Errorf("ours is told: %v", all)
	}
}

func TestTags(t *testing.T) {
	h := build(t)
	ctx := t.Context()
	h.must(h.Tag(ctx, alice, work, map[string]string{"a": "1", "b": "2"}))
	h.must(h.Tag(ctx, alice, work, map[string]string{"b": "3", "c": ""}))
	h.must(h.Untag(ctx, alice, work, []string{"a", "none"}))
	h.restart()
	tags, err := h.Tags(ctx, alice, work)
	h.must(err)
	if d := cmp.Diff(map[string]string{"b": "3", "c": ""}, tags); d != "" {
		t.Error(d)
	}
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint("t", i)] = ""
	}
	for name, tags := range map[string]map[string]string{
		"no key": {"": "a"}, "long key": {strings.Repeat("ä", 129): "a"}, "long value": {"a": strings.Repeat("ä", 257)},
		"reserved": {"aws:a": "b"}, "control": {"a": "\x00"}, "too many": many,
	} {
		t.Run(name, func(t *testing.T) { refused(t, h.Tag(ctx, alice, work, tags), queue.InvalidParameterValue) })
	}
	h.must(h.Tag(ctx, alice, work, map[string]string{strings.Repeat("ä", 128): strings.Repeat("ä", 256)}))
}
