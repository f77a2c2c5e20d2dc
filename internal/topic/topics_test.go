package topic

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
)

func TestCreateTopic(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.CheckPolicy = func(text string, _ glacier.ARN) error {
			if text != "good" {
				return errors.New("not a policy")
			}
			return nil
		}
	})
	type m = map[string]string
	for _, test := range []struct {
		name, topic      string
		attributes, tags m
		code             Code
		message          string
	}{
		{name: "new", topic: "jobs"},
		{name: "again", topic: "jobs"},
		{name: "again with the defaults", topic: "jobs", attributes: m{"DisplayName": "", "SignatureVersion": "1"}},
		{name: "again with other attributes", topic: "jobs", attributes: m{"DisplayName": "x"}, code: InvalidParameter, message: "Invalid parameter: Attributes Reason: Topic already exists with different attributes"},
		{name: "again with tags", topic: "jobs", tags: m{"a": "b"}, code: InvalidParameter, message: "Invalid parameter: Tags Reason: Topic already exists with different tags"},
		{name: "with everything", topic: "all", attributes: m{"DisplayName": "All", "Policy": "good", "SignatureVersion": "2", "DeliveryPolicy": `{"http":{}}`, "FifoTopic": "false"}, tags: m{"a": "b"}},
		{name: "with everything again", topic: "all", attributes: m{"DisplayName": "All", "Policy": "good", "SignatureVersion": "2", "DeliveryPolicy": ` {"http":{}}`}, tags: m{"a": "b"}},
		{name: "a bad policy", topic: "x", attributes: m{"Policy": "bad"}, code: InvalidParameter, message: "Invalid parameter: Attributes Reason: Policy Error: not a policy"},
		{name: "a bad delivery policy", topic: "x", attributes: m{"DeliveryPolicy": "x"}, code: InvalidParameter, message: "Invalid parameter: Attributes Reason: DeliveryPolicy: failed to parse JSON."},
		{name: "an unknown attribute", topic: "x", attributes: m{"Colour": "x"}, code: InvalidParameter, message: "Invalid parameter: Attributes Reason: Invalid attribute name: Colour"},
		{name: "no name", topic: "", code: InvalidParameter, message: "Invalid parameter: Topic Name"},
		{name: "long name", topic: strings.Repeat("x", 257), code: InvalidParameter, message: "Invalid parameter: Topic Name"},
		{name: "longest name", topic: strings.Repeat("x", 256)},
		{name: "bad name", topic: "a:b", code: InvalidParameter, message: "Invalid parameter: Topic Name"},
		{name: "FIFO by name", topic: "a.fifo", code: InvalidParameter, message: "FIFO topics are not supported"},
		{name: "FIFO by attribute", topic: "a", attributes: m{"FifoTopic": "true"}, code: InvalidParameter, message: "FIFO topics are not supported"},
		{name: "reserved tag", topic: "x", tags: m{"aws:a": "b"}, code: InvalidParameter, message: "aws:"},
		{name: "no UTF-8", topic: "x", attributes: m{"Policy": "\xff"}, code: InvalidParameter, message: "UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := *h
			h.t = t
			arn, err := h.CreateTopic(t.Context(), alice, test.topic, test.attributes, test.tags)
			if test.code != "" {
				h.refused(err, test.code, test.message)
				return
			}
			h.must(err)
			if want := "arn:aws:sns:eu-west-1:111122223333:" + test.topic; string(arn) != want {
				t.Errorf("got %s", arn)
			}
		})
	}
}

func TestTopicLimit(t *testing.T) {
	h := newHouse(t)
	for i := range MaxTopics {
		h.topic(fmt.Sprintf("t%04d", i))
	}
	_, err := h.CreateTopic(t.Context(), alice, "one-more", nil, nil)
	h.refused(err, TopicLimitExceeded, "1000")
	_, err = h.CreateTopic(t.Context(), bob, "one-more", nil, nil)
	h.must(err)
	names, err := h.Topics(t.Context(), alice, "t0997", 100)
	h.must(err)
	if diff := cmp.Diff([]string{"t0998", "t0999"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	h.must(h.DeleteTopic(t.Context(), string(TopicARN(region, alice, "t0000"))))
	h.topic("one-more")
}

func TestTopicAttributes(t *testing.T) {
	h := newHouse(t)
	arn := h.topic("jobs")
	h.subscribe(arn, "far", "a", nil)
	_, _, err := h.Subscribe(t.Context(), alice, arn, "http", "http://example.com", nil)
	h.must(err)
	const retry = `"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":%d,"numMaxDelayRetries":0,` +
		`"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":%v`
	want := map[string]string{
		"TopicArn": arn, "Owner": string(alice), "DisplayName": "",
		"SubscriptionsConfirmed": "1", "SubscriptionsPending": "1", "SubscriptionsDeleted": "0",
		"EffectiveDeliveryPolicy": `{"http":{` + fmt.Sprintf(retry, 3, false) + `,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
		"Policy": `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",` +
			`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",` +
			`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"` + arn +
			`","Condition":{"StringEquals":{"AWS:SourceOwner":"111122223333"}}}]}`,
	}
	check := func() {
		t.Helper()
		got, err := h.TopicAttributes(t.Context(), arn)
		h.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
	}
	check()
	for name, value := range map[string]string{
		"DisplayName": "Jobs", "SignatureVersion": "2", "Policy": "p",
		"DeliveryPolicy": `{"http": {"defaultHealthyRetryPolicy":{"numRetries":7},"disableSubscriptionOverrides":true}}`,
	} {
		h.must(h.SetTopicAttribute(t.Context(), arn, name, value))
		want[name] = value
	}
	want["DeliveryPolicy"] = `{"http":{` + fmt.Sprintf(retry, 7, true) + `}}`
	want["EffectiveDeliveryPolicy"] = `{"http":{` + fmt.Sprintf(retry, 7, true) + `,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`
	check()
	owner, policy, err := h.Policy(t.Context(), arn)
	if err != nil || owner != alice || policy != "p" {
		t.Errorf("policy: %s, %s, %v", owner, policy, err)
	}
	owner, policy, err = h.Policy(t.Context(), string(TopicARN(region, bob, "none")))
	if err != nil || owner != bob || policy != "" {
		t.Errorf("policy of none: %s, %s, %v", owner, policy, err)
	}
	for name, value := range map[string]string{
		"SignatureVersion": "3", "TopicArn": "x", "DisplayName": strings.Repeat("x", 101), "Owner": "x", "DeliveryPolicy": "{",
		"KmsMasterKeyId": "x", "Policy": strings.Repeat("x", maxPolicy+1),
	} {
		h.refused(h.SetTopicAttribute(t.Context(), arn, name, value), InvalidParameter, "Invalid parameter: ")
	}
	h.refused(h.SetTopicAttribute(t.Context(), arn+"x", "DisplayName", ""), NotFound, "Topic does not exist")
	_, err = h.TopicAttributes(t.Context(), arn+"x")
	h.refused(err, NotFound, "Topic does not exist")
	check()
}

func TestTags(t *testing.T) {
	h := newHouse(t)
	arn := h.topic("jobs")
	h.must(h.Tag(t.Context(), arn, map[string]string{"a": "1", "b": "2"}))
	h.must(h.Tag(t.Context(), arn, map[string]string{"b": "3", "c": ""}))
	h.must(h.Untag(t.Context(), arn, []string{"a", "z"}))
	tags, err := h.Tags(t.Context(), arn)
	h.must(err)
	if diff := cmp.Diff(map[string]string{"b": "3", "c": ""}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	many := map[string]string{}
	for i := range MaxTags {
		many[fmt.Sprint(i)] = ""
	}
	h.refused(h.Tag(t.Context(), arn, many), TagLimitExceeded, "50")
	h.refused(h.Tag(t.Context(), arn+"x", nil), ResourceNotFound, "Resource does not exist")
	_, err = h.Tags(t.Context(), arn+"x")
	h.refused(err, ResourceNotFound, "Resource does not exist")
	h.must(h.DeleteTopic(t.Context(), arn))
	h.topic("jobs")
	if tags, err := h.Tags(t.Context(), arn); err != nil || len(tags) != 0 {
		t.Errorf("after a new start: %v, %v", tags, err)
	}
}

func TestNew(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no store":           func(c *Config) { c.Store = nil },
		"no signer":          func(c *Config) { c.Signer = nil },
		"no region":          func(c *Config) { c.Region = "" },
		"no base URL":        func(c *Config) { c.BaseURL = nil },
		"workers":            func(c *Config) { c.Workers = -1 },
		"sender for http":    func(c *Config) { c.Senders = map[string]Sender{"http": &endpoint{}} },
		"sender for sqs":     func(c *Config) { c.Senders = map[string]Sender{"sqs": &endpoint{}} },
		"sender that is nil": func(c *Config) { c.Senders = map[string]Sender{"far": nil} },
	} {
		pem, err := signerPEM()
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ParseSigner(pem)
		if err != nil {
			t.Fatal(err)
		}
		h := newHouse(t)
		c := Config{Store: h.store, Signer: signer, Region: region, BaseURL: func() string { return "" }}
		if _, err := New(c); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestTopicWithMany: those that were not confirmed in time, and are not removed
// yet, hide nobody, and go with the topic.
func TestTopicWithMany(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t)
		topic := h.topic("jobs")
		for range 3 {
			for i := range MaxSubscriptions {
				_, _, err := h.Subscribe(t.Context(), alice, topic, "http", fmt.Sprintf("http://127.0.0.1:1/%d", i), nil)
				h.must(err)
			}
			time.Sleep(ConfirmationLife)
		}
		_, public, _ := strings.Cut(h.subscribe(topic, "far", "late", nil), topic+":")
		h.publish(topic, "x")
		h.must(h.store.View(t.Context(), func(tx *catalog.Tx) error {
			sub, _, err := tx.Subscription(public)
			if err != nil {
				return err
			}
			due, err := tx.DueDeliveries(sub.Number, tx.Now().UnixMilli(), 10)
			if len(due) != 1 {
				t.Errorf("%d deliveries for the one that came last", len(due))
			}
			return err
		}))
		h.must(h.DeleteTopic(t.Context(), topic))
		h.must(h.Sweep(t.Context()))
		h.must(h.store.View(t.Context(), func(tx *catalog.Tx) error {
			subs, err := tx.SubscriptionsOf(alice, 0, 1)
			if err != nil {
				return err
			}
			waiting, err := tx.WaitingSubscriptions(0, 1)
			if len(subs) != 0 || len(waiting) != 0 {
				t.Errorf("left: %+v, %+v", subs, waiting)
			}
			return err
		}))
	})
}
