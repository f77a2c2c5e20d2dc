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
	v.says(v.submit(here, v.settings(here, "filter", "", "delivery", "", "redrive", "")...), "Nothing was changed.")

	const nested = `{"a": {"b": ["c"]}}` // which only a filter of bodies may have
	v.says(v.submit(here, v.settings(here, "raw", "true", "filter", nested, "body", "true", "delivery", `{"throttlePolicy": {"maxReceivesPerSecond": 7}}`,
		"redrive", `{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:111122223333:dead"}`)...), "The subscription is changed.")
	got := v.askSNS("GetSubscriptionAttributes", "SubscriptionArn", arn)
	for _, want := range []string{"<key>RawMessageDelivery</key><value>true<", "MessageBody", "maxReceivesPerSecond", "deadLetterTargetArn"} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s: %s", want, got)
		}
	}
	bad := v.submit(here, v.settings(here, "raw", "true", "filter", nested, "delivery", "", "redrive", "")...)
	if bad.status != http.StatusBadRequest {
		t.Errorf("status %d", bad.status)
	}
	v.says(bad, "Invalid parameter", nested)
	bad = v.submit(here, v.settings(here, "filter", `["<b>x"]`, "body", "true")...)
	v.says(bad, "Invalid parameter", `["<b>x"]`)
	v.lacks(bad, "<b>x", "hushhush")
	v.says(v.submit(here, v.settings(here, "filter", `{"kind": ["tape"]}`)...), "The subscription is changed.")
	if got := v.askSNS("GetSubscriptionAttributes", "SubscriptionArn", arn); strings.Contains(got, "MessageBody") || strings.Contains(got, "<key>RawMessageDelivery</key><value>true<") {
		t.Errorf("it has %s", got)
	}
}

// settings are the form of a subscription as it is now, with some fields filled
// in.
func (v *visitor) settings(path string, fields ...string) []string {
	v.t.Helper()
	page := v.page(path)
	for _, name := range []string{"raw", "filter", "body", "delivery", "redrive"} {
		fields = append(fields, "was-"+name, wasIn(page, name))
	}
	return fields
}

// A form that has been open for long undoes nothing.
func TestWhatOthersHaveChangedOfASubscriptionStays(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	arn := between(v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "nats", "Endpoint", "nats://example.com/s"), "<SubscriptionArn>", "<")
	here := "/console/subscription?subscription=" + url.QueryEscape(arn)
	set := func(name, value string) {
		v.askSNS("SetSubscriptionAttributes", "SubscriptionArn", arn, "AttributeName", name, "AttributeValue", value)
	}
	has := func(wants ...string) {
		t.Helper()
		got := v.askSNS("GetSubscriptionAttributes", "SubscriptionArn", arn)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("it lacks %s: %s", want, got)
			}
		}
	}
	const raw = "<key>RawMessageDelivery</key><value>true<"
	form := v.settings(here)
	set("RawMessageDelivery", "true")
	v.says(v.submit(here, append(form, "filter", `{"kind":["mine"]}`)...), "The subscription is changed.")
	has(raw, "mine")

	form = v.settings(here)
	set("FilterPolicy", `{"kind":["theirs"]}`)
	a := v.submit(here, append(form, "filter", `{"kind":["hers"]}`)...)
	v.says(a, "somebody else has changed the filter policy meanwhile", `{"kind":["hers"]}`, `"theirs"`)
	if a.status != http.StatusConflict {
		t.Errorf("status %d", a.status)
	}
	has(raw, "theirs")
	form = v.settings(here)
	set("RawMessageDelivery", "false")
	set("RawMessageDelivery", "true")
	v.says(v.submit(here, append(form, "filter", `{"kind":["hers"]}`)...), "The subscription is changed.")
	has("hers", "<key>RawMessageDelivery</key><value>false<")
}

func TestSubscriptionsAreForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	arn := between(v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "nats", "Endpoint", "nats://example.com/s"), "<SubscriptionArn>", "<")
	here := "/console/subscription?subscription=" + url.QueryEscape(arn)
	reader := newcomer(t, v, "reader", "sns:Get*")
	page := reader.page(here)
	reader.lacks(page, "Save settings", "subscription-end", "aws sns set-subscription-attributes")
	if got := strings.Count(page.body, " readonly>") + strings.Count(page.body, " disabled>"); got != 5 {
		t.Errorf("%d fields are not to be changed, want 5", got)
	}
	end := "/console/subscription-end?subscription=" + url.QueryEscape(arn)
	if a := reader.get(end); a.status != http.StatusForbidden {
		t.Errorf("to ask: %d", a.status)
	}
	reader.says(reader.submit(end), "is not authorized to perform: sns:Unsubscribe")
	reader.says(reader.submit(here, reader.settings(here, "filter", `{"kind":["tape"]}`)...), "is not authorized to perform: sns:SetSubscriptionAttributes")
	nobody := newcomer(t, v, "nobody", "iam:ListUsers")
	for _, path := range []string{here, end, "/console/subscription-end", "/console/subscription-end?subscription=" + url.QueryEscape(topicARN+"done:<b>x"), "/console/subscription", "/console/subscription?subscription=..", "/console/subscription?subscription=" + url.QueryEscape(topicARN+"done:<b>x")} {
		a := nobody.get(path)
		if a.status != http.StatusForbidden && a.status != http.StatusBadRequest && a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
		nobody.lacks(a, "<b>x")
	}
}
