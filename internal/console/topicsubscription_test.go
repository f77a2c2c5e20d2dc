package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestASubscriptionIsSetUp(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	v.askSQS("CreateQueue", "QueueName", "dead")
	arn := between(v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "nats", "Endpoint", "nats://me:hushhush@example.com/s"),
		"<SubscriptionArn>", "<")
	here := "/console/subscription?subscription=" + url.QueryEscape(arn)
	if !strings.Contains(v.page(topicPage("done")).body, `href="`+here+`"`) {
		t.Error("the topic does not lead there")
	}
	a := v.page(here)
	v.says(a, "A subscription of done", "nats://me:****@example.com/s", "confirmed", "aws sns get-subscription-attributes")
	v.lacks(a, "hushhush")
	v.says(v.submit(here, "filter", "", "delivery", "", "redrive", ""), "Nothing was changed.")

	const nested = `{"a": {"b": ["c"]}}` // which only a filter of bodies may have
	v.says(v.submit(here, "raw", "true", "filter", nested, "body", "true", "delivery", `{"throttlePolicy": {"maxReceivesPerSecond": 7}}`,
		"redrive", `{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:111122223333:dead"}`), "The subscription is changed.")
	got := v.askSNS("GetSubscriptionAttributes", "SubscriptionArn", arn)
	for _, want := range []string{"<key>RawMessageDelivery</key><value>true<", "MessageBody", "maxReceivesPerSecond", "deadLetterTargetArn"} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s: %s", want, got)
		}
	}
	bad := v.submit(here, "raw", "true", "filter", nested, "delivery", "", "redrive", "")
	if bad.status != http.StatusBadRequest {
		t.Errorf("status %d", bad.status)
	}
	v.says(bad, "Invalid parameter", nested)
	bad = v.submit(here, "filter", `["<b>x"]`, "body", "true")
	v.says(bad, "Invalid parameter", `["<b>x"]`)
	v.lacks(bad, "<b>x", "hushhush")
	v.says(v.submit(here, "filter", `{"kind": ["tape"]}`), "The subscription is changed.")
	if got := v.askSNS("GetSubscriptionAttributes", "SubscriptionArn", arn); strings.Contains(got, "MessageBody") || strings.Contains(got, "<key>RawMessageDelivery</key><value>true<") {
		t.Errorf("it has %s", got)
	}
}

func TestSubscriptionsAreForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	arn := between(v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "nats", "Endpoint", "nats://example.com/s"), "<SubscriptionArn>", "<")
	here := "/console/subscription?subscription=" + url.QueryEscape(arn)
	reader := newcomer(t, v, "reader", "sns:Get*")
	reader.lacks(reader.page(here), "Save settings")
	reader.says(reader.submit(here, "filter", `{"kind":["tape"]}`), "is not authorized to perform: sns:SetSubscriptionAttributes")
	nobody := newcomer(t, v, "nobody", "iam:ListUsers")
	for _, path := range []string{here, "/console/subscription", "/console/subscription?subscription=..", "/console/subscription?subscription=" + url.QueryEscape(topicARN+"done:<b>x")} {
		a := nobody.get(path)
		if a.status != http.StatusForbidden && a.status != http.StatusBadRequest && a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
		nobody.lacks(a, "<b>x")
	}
}
