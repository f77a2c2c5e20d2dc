package sns_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/sns"
)

// masks hide what differs from run to run.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "DATE"},
}

func masked(document string) string {
	for _, m := range masks {
		document = m.what.ReplaceAllString(document, m.with)
	}
	return document
}

// entries is a map as replies have it.
func entries(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<entry><key>%s</key><value>%s</value></entry>", pairs[i], html.EscapeString(pairs[i+1]))
	}
	return "<Attributes>" + b.String() + "</Attributes>"
}

const (
	retries = `"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"`
	aPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["sns:Publish","sns:Subscribe"],"Resource":"` + aTopic + `"}]}`
)

// TestActions is a session of root's: one row after the other, each with the
// whole result of its reply. SUB is the last subscription, URL the subscriber.
func TestActions(t *testing.T) {
	h := build(t, nil)
	s := h.subscriber()
	sub, token := "", ""
	arn := regexp.MustCompile(aTopic + `:[0-9a-f-]{36}`)
	seen := map[string]bool{}
	for _, tt := range []struct {
		name   string
		query  []string // the action, then names and values
		result string   // what is in the Result element; "-" if there is none
		after  func(document string)
	}{
		{"no topics", []string{"ListTopics"}, "<Topics></Topics>", nil},
		{"a topic", []string{"CreateTopic", "Name", "t", "Attributes.entry.1.key", "DisplayName", "Attributes.entry.1.value", "<T>", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"},
			"<TopicArn>" + aTopic + "</TopicArn>", nil},
		{"the same again", []string{"CreateTopic", "Name", "t"}, "<TopicArn>" + aTopic + "</TopicArn>", nil},
		{"another", []string{"CreateTopic", "Name", "gone", "Unknown", "x"}, "<TopicArn>arn:aws:sns:eu-north-1:111122223333:gone</TopicArn>", nil},
		{"deleted", []string{"DeleteTopic", "TopicArn", "arn:aws:sns:eu-north-1:111122223333:gone"}, "-", nil},
		{"deleted again", []string{"DeleteTopic", "TopicArn", "arn:aws:sns:eu-north-1:111122223333:gone"}, "-", nil},
		{"the topics", []string{"ListTopics"}, "<Topics><member><TopicArn>" + aTopic + "</TopicArn></member></Topics>", nil},
		{"a policy", []string{"SetTopicAttributes", "TopicArn", aTopic, "AttributeName", "Policy", "AttributeValue", aPolicy}, "-", nil},
		{"the attributes", []string{"GetTopicAttributes", "TopicArn", aTopic}, entries(
			"DisplayName", "<T>",
			"EffectiveDeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{`+retries+`},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
			"Owner", "111122223333", "Policy", aPolicy, "SubscriptionsConfirmed", "0", "SubscriptionsDeleted", "0", "SubscriptionsPending", "0", "TopicArn", aTopic,
		), nil},
		{"no name anymore", []string{"SetTopicAttributes", "TopicArn", aTopic, "AttributeName", "DisplayName"}, "-", nil},

		{"tags", []string{"TagResource", "ResourceArn", aTopic, "Tags.member.1.Key", "a", "Tags.member.1.Value", "", "Tags.member.2.Key", "b", "Tags.member.2.Value", "2"}, "", nil},
		{"the tags", []string{"ListTagsForResource", "ResourceArn", aTopic},
			"<Tags><member><Key>a</Key><Value></Value></member><member><Key>b</Key><Value>2</Value></member><member><Key>k</Key><Value>v</Value></member></Tags>", nil},
		{"fewer tags", []string{"UntagResource", "ResourceArn", aTopic, "TagKeys.member.1", "a", "TagKeys.member.2", "b"}, "", nil},
		{"the tags that are left", []string{"ListTagsForResource", "ResourceArn", aTopic}, "<Tags><member><Key>k</Key><Value>v</Value></member></Tags>", nil},

		{"no subscriptions", []string{"ListSubscriptions"}, "<Subscriptions></Subscriptions>", nil},
		{"an HTTP subscription", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "http", "Endpoint", "URL"}, "<SubscriptionArn>pending confirmation</SubscriptionArn>", func(string) {
			token, _ = (<-s.got)["Token"].(string)
		}},
		{"pending", []string{"ListSubscriptionsByTopic", "TopicArn", aTopic},
			"<Subscriptions><member><TopicArn>" + aTopic + "</TopicArn><Protocol>http</Protocol><SubscriptionArn>PendingConfirmation</SubscriptionArn>" +
				"<Owner>111122223333</Owner><Endpoint>URL</Endpoint></member></Subscriptions>", nil},
		{"the same, with its name", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "http", "Endpoint", "URL", "ReturnSubscriptionArn", "true"},
			"<SubscriptionArn>" + aTopic + ":UUID</SubscriptionArn>", func(string) { <-s.got }},
		{"confirmed", []string{"ConfirmSubscription", "TopicArn", aTopic, "Token", "TOKEN", "AuthenticateOnUnsubscribe", "true"}, "<SubscriptionArn>" + aTopic + ":UUID</SubscriptionArn>", nil},
		{"ended", []string{"Unsubscribe", "SubscriptionArn", "SUB"}, "-", nil},
		{"a subscription at once", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "b", "Attributes.entry.1.key", "RawMessageDelivery", "Attributes.entry.1.value", "true"},
			"<SubscriptionArn>" + aTopic + ":UUID</SubscriptionArn>", nil},
		{"all of the account's", []string{"ListSubscriptions"},
			"<Subscriptions><member><TopicArn>" + aTopic + "</TopicArn><Protocol>box</Protocol><SubscriptionArn>" + aTopic + ":UUID</SubscriptionArn>" +
				"<Owner>111122223333</Owner><Endpoint>b</Endpoint></member></Subscriptions>", nil},
		{"filtered", []string{"SetSubscriptionAttributes", "SubscriptionArn", "SUB", "AttributeName", "FilterPolicy", "AttributeValue", `{"color":["red"]}`}, "-", nil},
		{"its attributes", []string{"GetSubscriptionAttributes", "SubscriptionArn", "SUB"}, entries(
			"ConfirmationWasAuthenticated", "true",
			"EffectiveDeliveryPolicy", `{"healthyRetryPolicy":{"minDelayTarget":10,"maxDelayTarget":600,"numRetries":50,"numMaxDelayRetries":38,"numNoDelayRetries":0,"numMinDelayRetries":2,`+
				`"backoffFunction":"exponential"},"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`,
			"Endpoint", "b", "FilterPolicy", `{"color":["red"]}`, "FilterPolicyScope", "MessageAttributes", "Owner", "111122223333", "PendingConfirmation", "false", "Protocol", "box",
			"RawMessageDelivery", "true", "SubscriptionArn", aTopic+":UUID", "SubscriptionPrincipal", "arn:aws:iam::111122223333:root", "TopicArn", aTopic,
		), nil},

		{"a message", []string{"Publish", "TopicArn", aTopic, "Message", "hello & <bye>", "Subject", "s",
			"MessageAttributes.entry.1.Name", "color", "MessageAttributes.entry.1.Value.DataType", "String", "MessageAttributes.entry.1.Value.StringValue", "red",
			"MessageAttributes.entry.2.Name", "raw", "MessageAttributes.entry.2.Value.DataType", "Binary", "MessageAttributes.entry.2.Value.BinaryValue", "AP8="},
			"<MessageId>UUID</MessageId>", func(string) { h.boxed("b: s|hello & <bye>|map[color:{{} String red} raw:{{} Binary AP8=}]") }},
		{"a message for each protocol", []string{"Publish", "TargetArn", aTopic, "Message", `{"default":"d","box":"x"}`, "MessageStructure", "json"},
			"<MessageId>UUID</MessageId>", func(string) { h.boxed("b: |x|map[]") }},
		{"a batch", []string{"PublishBatch", "TopicArn", aTopic,
			"PublishBatchRequestEntries.member.1.Id", "one", "PublishBatchRequestEntries.member.1.Message", "1",
			"PublishBatchRequestEntries.member.2.Id", "two", "PublishBatchRequestEntries.member.2.Message", "",
			"PublishBatchRequestEntries.member.3.Id", "three", "PublishBatchRequestEntries.member.3.Message", "3", "PublishBatchRequestEntries.member.3.Subject", "s"},
			"<Successful><member><Id>one</Id><MessageId>UUID</MessageId></member><member><Id>three</Id><MessageId>UUID</MessageId></member></Successful>" +
				"<Failed><member><Id>two</Id><Code>InvalidParameter</Code><Message>Invalid parameter: Empty message</Message><SenderFault>true</SenderFault></member></Failed>",
			func(string) { h.boxed("b: |1|map[]"); h.boxed("b: s|3|map[]") }},

		{"one that breaks", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "broken"}, "<SubscriptionArn>" + aTopic + ":UUID</SubscriptionArn>", nil},
		{"a message for nobody", []string{"Publish", "TopicArn", aTopic, "Message", "m", "Subject", "s"}, "<MessageId>UUID</MessageId>", func(string) {
			h.boxed("b: s|m|map[]")
			h.dead(aTopic)
		}},
		{"dead letters", []string{"ListDeadLetters", "TopicArn", aTopic},
			"<DeadLetters><member><SubscriptionArn>" + aTopic + ":UUID</SubscriptionArn><Protocol>box</Protocol><Endpoint>broken</Endpoint><MessageId>UUID</MessageId>" +
				"<Subject>s</Subject><Published>DATE</Published><GivenUp>DATE</GivenUp><Attempts>1</Attempts><Reason>the box is broken</Reason></member></DeadLetters>", nil},
		{"once more", []string{"ReplayDeadLetters", "TopicArn", aTopic, "SubscriptionArn", "SUB"}, "<Replayed>1</Replayed>", func(string) { h.dead(aTopic) }},
		{"everything once more", []string{"ReplayDeadLetters", "TopicArn", aTopic}, "<Replayed>1</Replayed>", nil},
	} {
		action, pairs := tt.query[0], slices.Clone(tt.query[1:])
		seen[action] = true
		for i := range pairs {
			pairs[i] = strings.NewReplacer("SUB", sub, "URL", s.url, "TOKEN", token).Replace(pairs[i])
		}
		document := h.ask(h.root, action, pairs...)
		if found := arn.FindString(document); found != "" && action == "Subscribe" || action == "ConfirmSubscription" {
			sub = found
		}
		if tt.after != nil {
			tt.after(document)
		}
		want := "<" + action + "Result>" + strings.ReplaceAll(tt.result, "URL", s.url) + "</" + action + "Result>"
		if tt.result == "-" {
			want = ""
		}
		want = "<" + action + `Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/">` + want +
			"<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></" + action + "Response>"
		if diff := cmp.Diff(want, masked(document)); diff != "" {
			t.Errorf("%s: %v: %s", tt.name, tt.query, diff)
		}
	}
	for _, name := range sns.ActionNames() {
		if !seen[name] {
			t.Errorf("no row is about %s", name)
		}
	}
}

// boxed waits for what the boxes get next.
func (h *house) boxed(want string) {
	h.t.Helper()
	if got := <-h.box.got; got != want {
		h.t.Errorf("the box has got %s, want %s", got, want)
	}
}

// dead waits until a topic has a dead letter.
func (h *house) dead(arn string) {
	h.t.Helper()
	for strings.Contains(h.ask(h.root, "ListDeadLetters", "TopicArn", arn), "<DeadLetters></DeadLetters>") {
		if h.t.Context().Err() != nil {
			return
		}
	}
}
