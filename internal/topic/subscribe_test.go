package topic

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

func TestSubscribe(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.AllowPrivate = false
		c.CheckFilter = func(policy, scope string) error {
			if policy == "limit" {
				return &Error{FilterPolicyLimitExceeded, "too many"}
			}
			if !strings.HasPrefix(policy, "{") {
				return errors.New("FilterPolicy: failed to parse JSON. " + scope)
			}
			return nil
		}
	})
	topic := h.topic("jobs")
	inbox, foreign := h.queue(alice, "inbox"), h.queue(bob, "inbox")
	type m = map[string]string
	const ip = "Invalid parameter: "
	for _, test := range []struct {
		name, topic, protocol, endpoint string
		attributes                      m
		code                            Code
		message                         string
		pending                         bool
	}{
		{name: "queue", protocol: "sqs", endpoint: inbox},
		{name: "queue, with attributes", protocol: "sqs", endpoint: h.queue(alice, "q2"), attributes: m{"RawMessageDelivery": "TRUE", "FilterPolicy": "{}", "FilterPolicyScope": "MessageBody", "RedrivePolicy": `{"deadLetterTargetArn":"` + inbox + `"}`}},
		{name: "another's queue", protocol: "sqs", endpoint: foreign, code: InvalidParameter, message: ip + "Endpoint Reason: the queue must be of the subscriber's account"},
		{name: "no such queue", protocol: "sqs", endpoint: inbox + "x", code: InvalidParameter, message: ip + "Endpoint Reason: the queue does not exist"},
		{name: "no queue", protocol: "sqs", endpoint: "inbox", code: InvalidParameter, message: ip + "SQS endpoint ARN"},
		{name: "delivery policy for a queue", protocol: "sqs", endpoint: inbox, attributes: m{"DeliveryPolicy": `{}`}, code: InvalidParameter, message: ip + "Attributes Reason: DeliveryPolicy: protocol sqs does not take"},
		{name: "http", protocol: "http", endpoint: "http://example.com/a", pending: true},
		{name: "https", protocol: "https", endpoint: "https://user:secret@example.com/a", pending: true},
		{name: "further protocol", protocol: "far", endpoint: "a"},
		{name: "further protocol, refused", protocol: "far", endpoint: "never", code: InvalidParameter, message: ip + "Endpoint Reason: there is no way to never"},
		{name: "unknown protocol", protocol: "test-protocol", endpoint: "a", code: InvalidParameter, message: ip + "Amazon SNS does not support this protocol string: test-protocol"},
		{name: "scheme", protocol: "https", endpoint: "http://example.com", code: InvalidParameter, message: ip + "Endpoint must match the specified protocol"},
		{name: "no host", protocol: "http", endpoint: "http:///a", code: InvalidParameter, message: ip + "Endpoint Reason: no host"},
		{name: "no URL", protocol: "http", endpoint: "http://a b", code: InvalidParameter, message: ip + "Endpoint Reason: not a URL"},
		{name: "loopback", protocol: "http", endpoint: "http://127.0.0.1:80", code: InvalidParameter, message: ip + "Endpoint Reason: the address is not one of the Internet's"},
		{name: "link-local", protocol: "http", endpoint: "http://169.254.169.254/latest", code: InvalidParameter, message: ip + "Endpoint Reason: the address is not one of the Internet's"},
		{name: "mapped", protocol: "http", endpoint: "http://[::ffff:10.0.0.1]/", code: InvalidParameter, message: ip + "Endpoint Reason: the address is not one of the Internet's"},
		{name: "localhost", protocol: "http", endpoint: "http://localhost/", code: InvalidParameter, message: ip + "Endpoint Reason: the address is not one of the Internet's"},
		{name: "no endpoint", protocol: "http", code: InvalidParameter, message: ip + "Endpoint Reason: no value"},
		{name: "long endpoint", protocol: "http", endpoint: "http://" + strings.Repeat("x", maxEndpoint), code: InvalidParameter, message: ip + "Endpoint Reason: must be at most"},
		{name: "no UTF-8", protocol: "far", endpoint: "\xff", code: InvalidParameter, message: "UTF-8"},
		{name: "unknown topic", topic: topic + "x", protocol: "far", endpoint: "a", code: NotFound, message: "Topic does not exist"},
		{name: "another region", topic: "arn:aws:sns:us-west-2:111122223333:jobs", protocol: "far", endpoint: "a", code: InvalidParameter, message: ip + "TopicArn"},
		{name: "raw", protocol: "far", endpoint: "a", attributes: m{"RawMessageDelivery": "x"}, code: InvalidParameter, message: ip + "Attributes Reason: RawMessageDelivery: Invalid value [x]. Must be true or false."},
		{name: "attribute", protocol: "far", endpoint: "a", attributes: m{"Colour": "x"}, code: InvalidParameter, message: ip + "Attributes Reason: "},
		{name: "filter", protocol: "far", endpoint: "a", attributes: m{"FilterPolicy": "x"}, code: InvalidParameter, message: ip + "Attributes Reason: FilterPolicy: failed to parse JSON. MessageAttributes"},
		{name: "filter of the body", protocol: "far", endpoint: "a", attributes: m{"FilterPolicy": "x", "FilterPolicyScope": "MessageBody"}, code: InvalidParameter, message: ip + "Attributes Reason: FilterPolicy: failed to parse JSON. MessageBody"},
		{name: "filter, limit", protocol: "far", endpoint: "a", attributes: m{"FilterPolicy": "limit"}, code: FilterPolicyLimitExceeded, message: "too many"},
		{name: "scope", protocol: "far", endpoint: "a", attributes: m{"FilterPolicyScope": "x"}, code: InvalidParameter, message: ip + "Attributes Reason: FilterPolicyScope: Invalid value [x]"},
		{name: "redrive, no JSON", protocol: "far", endpoint: "a", attributes: m{"RedrivePolicy": "x"}, code: InvalidParameter, message: ip + "Attributes Reason: RedrivePolicy: failed to parse JSON."},
		{name: "redrive, no ARN", protocol: "far", endpoint: "a", attributes: m{"RedrivePolicy": `{"deadLetterTargetArn":"x"}`}, code: InvalidParameter, message: ip + "Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn"},
		{name: "redrive, another's", protocol: "far", endpoint: "a", attributes: m{"RedrivePolicy": `{"deadLetterTargetArn":"` + foreign + `"}`}, code: InvalidParameter, message: ip + "Attributes Reason: RedrivePolicy: deadLetterTargetArn must be of the same account"},
		{name: "redrive, none such", protocol: "far", endpoint: "a", attributes: m{"RedrivePolicy": `{"deadLetterTargetArn":"` + inbox + `x"}`}, code: InvalidParameter, message: ip + "Attributes Reason: RedrivePolicy: the queue of deadLetterTargetArn does not exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := *h
			h.t = t
			arn := test.topic
			if arn == "" {
				arn = topic
			}
			sub, pending, err := h.Subscribe(t.Context(), alice, arn, test.protocol, test.endpoint, test.attributes)
			if test.code != "" {
				h.refused(err, test.code, test.message)
				return
			}
			h.must(err)
			if pending != test.pending || !strings.HasPrefix(string(sub), topic+":") {
				t.Errorf("got %s, pending %v", sub, pending)
			}
			of, by, err := h.SubscriptionOwner(t.Context(), string(sub))
			if string(of) != topic || by != alice || err != nil {
				t.Errorf("owner: %s, %s, %v", of, by, err)
			}
		})
	}
	// Whoever owns a queue may subscribe it to a topic of another's, if that lets him.
	_, pending, err := h.Subscribe(t.Context(), bob, topic, "sqs", foreign, nil)
	if err != nil || pending {
		t.Errorf("own queue: pending %v, %v", pending, err)
	}
	list, err := h.SubscriptionsByTopic(t.Context(), topic, 0, 100)
	h.must(err)
	for _, sub := range list {
		if strings.Contains(sub.Endpoint, "secret") {
			t.Errorf("listed: %s", sub.Endpoint)
		}
	}
	page, err := h.SubscriptionsByTopic(t.Context(), topic, list[1].Number, 2)
	h.must(err)
	if diff := cmp.Diff(list[2:4], page); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	mine, err := h.Subscriptions(t.Context(), bob, 0, 100)
	h.must(err)
	if len(mine) != 1 || mine[0].Endpoint != foreign || mine[0].Owner != bob {
		t.Errorf("bob's: %+v", mine)
	}
}

func TestSubscribeAgain(t *testing.T) {
	h := newHouse(t)
	topic := h.topic("jobs")
	first := h.subscribe(topic, "far", "a", map[string]string{"RawMessageDelivery": "true"})
	for name, attributes := range map[string]map[string]string{
		"the same": {"RawMessageDelivery": "true"}, "none": nil, "in capitals": {"RawMessageDelivery": "True"},
	} {
		if again := h.subscribe(topic, "far", "a", attributes); again != first {
			t.Errorf("%s: %s, then %s", name, first, again)
		}
	}
	_, _, err := h.Subscribe(t.Context(), alice, topic, "far", "a", map[string]string{"RawMessageDelivery": "false"})
	h.refused(err, InvalidParameter, "Invalid parameter: Attributes Reason: Subscription already exists with different attributes")
	if other := h.subscribe(topic, "far", "b", nil); other == first {
		t.Error("another endpoint is the same subscription")
	}
	for i := range MaxSubscriptions - 2 {
		h.subscribe(topic, "far", fmt.Sprintf("more %d", i), nil)
	}
	_, _, err = h.Subscribe(t.Context(), alice, topic, "far", "one more", nil)
	h.refused(err, SubscriptionLimitExceeded, "200")
	h.start()
	h.publish(topic, "to all")
	h.must(h.DeleteTopic(t.Context(), topic))
}

func TestSubscriptionAttributes(t *testing.T) {
	h := newHouse(t)
	topic := h.topic("jobs")
	arn, _, err := h.Subscribe(t.Context(), alice, topic, "https", "https://user:secret@example.com/a", nil)
	h.must(err)
	want := map[string]string{
		"SubscriptionArn": string(arn), "TopicArn": topic, "Owner": string(alice), "Protocol": "https",
		"Endpoint": "https://user:****@example.com/a", "PendingConfirmation": "true", "ConfirmationWasAuthenticated": "false",
		"SubscriptionPrincipal": "arn:aws:iam::111122223333:root", "RawMessageDelivery": "false",
		"EffectiveDeliveryPolicy": `{"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,` +
			`"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":null,` +
			`"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`,
	}
	check := func() {
		t.Helper()
		got, err := h.SubscriptionAttributes(t.Context(), string(arn))
		h.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
	}
	check()
	set := func(name, value string) { h.must(h.SetSubscriptionAttribute(t.Context(), string(arn), name, value)) }
	set("RawMessageDelivery", "TRUE")
	set("FilterPolicy", `{"a":["b"]}`)
	want["RawMessageDelivery"], want["FilterPolicy"], want["FilterPolicyScope"] = "true", `{"a":["b"]}`, "MessageAttributes"
	check()
	set("FilterPolicyScope", "MessageBody")
	want["FilterPolicyScope"] = "MessageBody"
	check()
	set("FilterPolicy", "{}")
	delete(want, "FilterPolicy")
	delete(want, "FilterPolicyScope")
	check()
	for name, value := range map[string]string{"Endpoint": "x", "RawMessageDelivery": "", "FilterPolicyScope": "", "RedrivePolicy": "x", "DeliveryPolicy": "x"} {
		h.refused(h.SetSubscriptionAttribute(t.Context(), string(arn), name, value), InvalidParameter, "Invalid parameter: ")
	}
	h.refused(h.SetSubscriptionAttribute(t.Context(), topic+":80289ba6-0fd4-4079-afb4-ce8c8260f0ca", "RawMessageDelivery", "true"), NotFound, "Subscription does not exist")
	wrong := strings.Replace(string(arn), ":jobs:", ":other:", 1)
	_, err = h.SubscriptionAttributes(t.Context(), wrong)
	h.refused(err, NotFound, "Subscription does not exist")
	check()
}

func TestConfirmation(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		asked := &endpoint{}
		h := newHouse(t)
		h.senders["http"] = asked
		h.start()
		topic, other := h.topic("jobs"), h.topic("other")
		token := func(name string) string {
			t.Helper()
			synctest.Wait()
			asked.mu.Lock()
			defer asked.mu.Unlock()
			all := asked.got[name]
			if len(all) == 0 || all[len(all)-1].Type != TypeSubscriptionConfirmation {
				t.Fatalf("%s was not asked", name)
			}
			_, after, _ := strings.Cut(string(all[len(all)-1].Envelope), `"Token" : "`)
			token, _, _ := strings.Cut(after, `"`)
			return token
		}
		subscribe := func(topic, name string) string {
			t.Helper()
			arn, pending, err := h.Subscribe(t.Context(), alice, topic, "http", name, nil)
			if err != nil || !pending {
				t.Fatalf("pending %v, %v", pending, err)
			}
			return string(arn)
		}
		confirm := func(topic, token string) error {
			_, err := h.ConfirmSubscription(t.Context(), topic, token)
			return err
		}

		a := subscribe(topic, "a")
		good := token("a")
		flipped := []byte(good)
		flipped[len(flipped)-1] ^= 1
		for name, bad := range map[string]string{
			"empty": "", "short": good[:20], "flipped": string(flipped), "capitals": strings.ToUpper(good), "no hex": "zz" + good[2:],
			"another subscription's": good[:18] + "00000000000000ff" + good[34:],
		} {
			if err := confirm(topic, bad); err == nil {
				t.Errorf("%s: confirmed", name)
			} else {
				h.refused(err, InvalidParameter, "Invalid parameter: Token")
			}
		}
		h.refused(confirm(other, good), InvalidParameter, "Invalid parameter: Token")
		h.refused(confirm(topic+"x", good), InvalidParameter, "Invalid parameter: Token")
		h.refused(confirm("nonsense", good), InvalidParameter, "Invalid parameter: Topic")
		h.must(confirm(topic, good))
		h.must(confirm(topic, good))
		h.empty(topic)

		// One that is never confirmed goes by itself.
		subscribe(topic, "b")
		late := token("b")
		time.Sleep(ConfirmationLife - time.Second)
		if again := subscribe(topic, "b"); again == a {
			t.Error("it is another's")
		}
		asked.mu.Lock()
		if n := len(asked.got["b"]); n != 1 {
			t.Errorf("asked %d times", n)
		}
		asked.mu.Unlock()
		token("b")
		time.Sleep(ConfirmationLife - time.Second)
		list, err := h.SubscriptionsByTopic(t.Context(), topic, 0, 10)
		h.must(err)
		if len(list) != 2 || !list[1].Pending {
			t.Errorf("subscriptions: %+v", list)
		}
		time.Sleep(2 * time.Second)
		h.refused(confirm(topic, late), InvalidParameter, "Invalid parameter: Token")
		synctest.Wait()
		h.empty(topic)
		h.gone(topic, 1)

		// Nor does one stay whose endpoint was never there.
		asked.failWith(func(string, *Outgoing) error { return errors.New("no route") })
		subscribe(topic, "c")
		time.Sleep(ConfirmationLife + time.Minute)
		h.gone(topic, 1)
		h.empty(topic)
		asked.mu.Lock()
		defer asked.mu.Unlock()
		if n := len(asked.at["c"]); n != 4 {
			t.Errorf("c was asked %d times", n)
		}
	})
}

// gone makes sure that a topic has so many subscriptions, those included that
// nobody is shown.
func (h *house) gone(topic string, want int) {
	h.t.Helper()
	n, err := h.parseTopicARN("TopicArn", topic)
	h.must(err)
	h.must(h.store.View(h.t.Context(), func(tx *catalog.Tx) error {
		t, err := h.find(tx, n)
		if err != nil {
			return err
		}
		subs, err := tx.Subscriptions(t.Number, 0, 1000)
		if len(subs) != want {
			h.t.Errorf("%d subscriptions, want %d", len(subs), want)
		}
		return err
	}))
}

func TestPublish(t *testing.T) {
	attributes := func(name, kind, value string) map[string]record.Attribute {
		return map[string]record.Attribute{name: {Type: kind, Value: value}}
	}
	h := newHouse(t)
	topic := h.topic("jobs")
	const ip = "Invalid parameter: "
	for _, test := range []struct {
		name    string
		p       Publication
		code    Code
		message string
	}{
		{name: "plain", p: Publication{Message: "m"}},
		{name: "longest", p: Publication{Message: strings.Repeat("m", MaxMessage)}},
		{name: "too long", p: Publication{Message: strings.Repeat("m", MaxMessage+1)}, code: InvalidParameter, message: ip + "Message too long"},
		{name: "too long with attributes", p: Publication{Message: strings.Repeat("m", MaxMessage-5), Attributes: attributes("a", "String", "b")}, code: InvalidParameter, message: ip + "Message too long"},
		{name: "empty", p: Publication{}, code: InvalidParameter, message: ip + "Empty message"},
		{name: "no UTF-8", p: Publication{Message: "\xff"}, code: InvalidParameter, message: "UTF-8"},
		{name: "subject", p: Publication{Message: "m", Subject: strings.Repeat("s", 100)}},
		{name: "long subject", p: Publication{Message: "m", Subject: strings.Repeat("s", 101)}, code: InvalidParameter, message: ip + "Subject"},
		{name: "subject of two lines", p: Publication{Message: "m", Subject: "a\nb"}, code: InvalidParameter, message: ip + "Subject"},
		{name: "subject with a space first", p: Publication{Message: "m", Subject: " a"}, code: InvalidParameter, message: ip + "Subject"},
		{name: "structure", p: Publication{Message: "m", Structure: "xml"}, code: InvalidParameter, message: ip + "MessageStructure"},
		{name: "per protocol", p: Publication{Message: `{"default":"d","http":7}`, Structure: "json"}},
		{name: "per protocol, no JSON", p: Publication{Message: `{`, Structure: "json"}, code: InvalidParameter, message: ip + "Message Structure - JSON message body failed to parse"},
		{name: "per protocol, null", p: Publication{Message: `null`, Structure: "json"}, code: InvalidParameter, message: ip + "Message Structure - JSON message body failed to parse"},
		{name: "per protocol, no default", p: Publication{Message: `{"http":"x"}`, Structure: "json"}, code: InvalidParameter, message: ip + "Message Structure - No default entry in JSON message body"},
		{name: "per protocol, default is no text", p: Publication{Message: `{"default":{}}`, Structure: "json"}, code: InvalidParameter, message: ip + "Message Structure - No default entry in JSON message body"},
		{name: "attribute", p: Publication{Message: "m", Attributes: attributes("a.b-c_d", "String.x", "v")}},
		{name: "number", p: Publication{Message: "m", Attributes: attributes("a", "Number", "-1e3")}},
		{name: "no number", p: Publication{Message: "m", Attributes: attributes("a", "Number", "one")}, code: InvalidParameterValue, message: "Could not cast"},
		{name: "binary", p: Publication{Message: "m", Attributes: attributes("a", "Binary", "AgME")}},
		{name: "no binary", p: Publication{Message: "m", Attributes: attributes("a", "Binary", "?")}, code: InvalidParameterValue, message: "base64"},
		{name: "attribute type", p: Publication{Message: "m", Attributes: attributes("attr1", "Strin", "v")}, code: InvalidParameterValue, message: "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
		{name: "attribute value", p: Publication{Message: "m", Attributes: attributes("attr1", "String", "")}, code: InvalidParameterValue, message: "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'."},
		{name: "attribute name", p: Publication{Message: "m", Attributes: attributes("a^", "String", "v")}, code: InvalidParameterValue, message: "Invalid non-alphanumeric character '#x5E'"},
		{name: "attribute name, dot first", p: Publication{Message: "m", Attributes: attributes(".a", "String", "v")}, code: InvalidParameterValue, message: "starting with character '.'"},
		{name: "attribute name, dot last", p: Publication{Message: "m", Attributes: attributes("a.", "String", "v")}, code: InvalidParameterValue, message: "ending with character '.'"},
		{name: "attribute name, dots", p: Publication{Message: "m", Attributes: attributes("a..b", "String", "v")}, code: InvalidParameterValue, message: "successive"},
		{name: "attribute name, long", p: Publication{Message: "m", Attributes: attributes(strings.Repeat("a", 257), "String", "v")}, code: InvalidParameterValue, message: "256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := *h
			h.t = t
			id, err := h.Publish(t.Context(), topic, test.p)
			if test.code != "" {
				h.refused(err, test.code, test.message)
				return
			}
			h.must(err)
			if !validPublic(id) || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
				t.Errorf("message id %s", id)
			}
		})
	}
	_, err := h.Publish(t.Context(), topic+"x", Publication{Message: "m"})
	h.refused(err, NotFound, "Topic does not exist")
	h.empty(topic) // a message for nobody is not kept
}

func TestFilterAndProtocol(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		h := newHouse(t, func(c *Config) {
			c.Matcher = func(attributes map[string]record.Attribute) func(policy, scope, body string) (bool, error) {
				return func(policy, scope, body string) (bool, error) {
					switch {
					case policy == "broken":
						return false, errors.New("cannot tell")
					case scope == ScopeBody:
						return strings.Contains(body, policy), nil
					default:
						_, ok := attributes[policy]
						return ok, nil
					}
				}
			}
			c.MayPublish = func(from, _ glacier.AccountID, _ glacier.ARN, policy string) bool { return policy == string(from) }
		})
		topic := h.topic("jobs")
		inbox := h.queue(alice, "inbox")
		h.subscribe(topic, "far", "all", nil)
		h.subscribe(topic, "far", "by attribute", map[string]string{"FilterPolicy": "colour"})
		h.subscribe(topic, "far", "by body", map[string]string{"FilterPolicy": "red", "FilterPolicyScope": "MessageBody"})
		h.subscribe(topic, "far", "broken", map[string]string{"FilterPolicy": "broken"})
		h.subscribe(topic, "sqs", inbox, map[string]string{"RawMessageDelivery": "true"})
		h.start()
		h.publish(topic, "plain")
		_, err := h.Publish(t.Context(), topic, Publication{Message: `{"default":"a red one","sqs":"for queues"}`, Structure: "json",
			Attributes: map[string]record.Attribute{"colour": {Type: "String", Value: "red"}}})
		h.must(err)
		synctest.Wait()
		for endpoint, want := range map[string][]string{
			"all": {"plain", "a red one"}, "by attribute": {"a red one"}, "by body": {"a red one"}, "broken": {"plain", "a red one"},
		} {
			if diff := cmp.Diff(want, h.far.messages(endpoint)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", endpoint, diff)
			}
		}
		queued := h.queued(inbox)
		if diff := cmp.Diff([]string{"plain", "for queues"}, bodies(queued)); diff != "" {
			t.Errorf("queue (-want +got):\n%s", diff)
		}
		if queued[1].Attributes["colour"].Value != "red" {
			t.Errorf("attributes: %v", queued[1].Attributes)
		}
		for _, test := range []struct {
			from  glacier.AccountID
			found bool
		}{{bob, false}, {alice, false}} {
			h.must(h.store.Update(t.Context(), func(tx *catalog.Tx) (record.Record, error) {
				var r record.Record
				found, err := h.Enqueue(tx, &r, test.from, topic, "", "x")
				if found != test.found {
					t.Errorf("%s: %v", test.from, found)
				}
				return r, err
			}))
		}
		h.must(h.SetTopicAttribute(t.Context(), topic, "Policy", string(bob)))
		h.must(h.store.Update(t.Context(), func(tx *catalog.Tx) (record.Record, error) {
			var r record.Record
			found, err := h.Enqueue(tx, &r, bob, topic, "subject", "x")
			if !found {
				t.Error("bob may not publish")
			}
			return r, err
		}))
		h.Wake()
		synctest.Wait()
		if got := h.far.messages("all"); len(got) != 3 {
			t.Errorf("got %q", got)
		}
		h.empty(topic)
	})
}

// TestLateConfirmation makes sure that a token is good for its time only, even
// if nothing has removed the subscription yet.
func TestLateConfirmation(t *testing.T) {
	for _, test := range []struct {
		name  string
		after time.Duration
		ok    bool
	}{
		{"in time", ConfirmationLife - time.Minute, true},
		{"too late", ConfirmationLife + time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				h := newHouse(t)
				topic := h.topic("jobs")
				arn, _, err := h.Subscribe(t.Context(), alice, topic, "http", "http://example.com", nil)
				h.must(err)
				var token string
				h.must(h.store.View(t.Context(), func(tx *catalog.Tx) error {
					n, err := h.parseSubscriptionARN(string(arn))
					if err != nil {
						return err
					}
					_, sub, _, err := h.look(tx, n)
					token = h.token(&sub)
					return err
				}))
				time.Sleep(test.after)
				_, err = h.ConfirmSubscription(t.Context(), topic, token)
				if (err == nil) != test.ok {
					t.Error(err)
				}
				list, err := h.SubscriptionsByTopic(t.Context(), topic, 0, 10)
				h.must(err)
				if (len(list) == 1) != test.ok {
					t.Errorf("subscriptions: %+v", list)
				}
			})
		})
	}
}
