package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const topicARN = "arn:aws:sns:us-east-1:111122223333:"

func topicPage(name string) string { return "/console/topic?topic=" + url.QueryEscape(topicARN+name) }

func TestATopicIsMadeListedAndDeleted(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/topics"), "There is no topic yet.", "aws sns list-topics")
	v.says(v.submit("/console/topics", "topic", "done"), "The topic done is there.", topicARN+"done", "Nobody has subscribed.")
	v.says(v.submit("/console/topics", "topic", "<b>"), "Invalid parameter: Topic Name")
	v.says(v.page("/console/topics"), "done", topicARN+"done")
	gone := "/console/topic-delete?topic=" + url.QueryEscape(topicARN+"done")
	v.says(v.page(gone), "Delete the topic done?")
	v.says(v.submit(gone, "name", "don"), "Nothing was done: what you typed is not done.")
	v.askSNS("GetTopicAttributes", "TopicArn", topicARN+"done")
	v.says(v.submit(gone, "name", "done"), "The topic done is deleted.")
	if got := v.askSNS("ListTopics"); strings.Contains(got, "done") {
		t.Errorf("SNS lists %s", got)
	}
	if a := v.get(topicPage("done")); a.status != http.StatusNotFound {
		t.Errorf("a topic that is gone: %d", a.status)
	}
}

func TestTopicsHavePages(t *testing.T) {
	v := signedIn(t)
	for i := range 101 {
		v.askSNS("CreateTopic", "Name", fmt.Sprintf("topic-%03d", i))
	}
	first := v.page("/console/topics")
	v.says(first, "topic-000", "topic-099", "Next page")
	v.lacks(first, "topic-100")
	v.says(v.page("/console/topics?after="+between(first.body, `/console/topics?after=`, `"`)), "topic-100", "First page")
}

func TestAQueueSubscribesAndHears(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	v.askSQS("CreateQueue", "QueueName", "inbox")
	page := v.submit(topicPage("done"), "do", "subscribe", "protocol", "sqs", "endpoint", "arn:aws:sqs:us-east-1:111122223333:inbox",
		"raw", "true", "filter", `{"kind":["tape"]}`)
	v.says(page, "The subscription is there.", "confirmed")
	arn := between(page.body, `name="subscription" value="`, `"`)
	got := v.askSNS("GetSubscriptionAttributes", "SubscriptionArn", arn)
	if !strings.Contains(got, "<key>RawMessageDelivery</key><value>true<") || !strings.Contains(got, "tape") {
		t.Errorf("the subscription has %s", got)
	}
	v.askSNS("SetSubscriptionAttributes", "SubscriptionArn", arn, "AttributeName", "FilterPolicy", "AttributeValue", "{}")
	v.says(v.submit(topicPage("done"), "do", "publish", "subject", "A test", "message", "<hello>"), "is on its way.")
	body := v.askSQS("ReceiveMessage", "QueueUrl", "/111122223333/inbox", "WaitTimeSeconds", "10")
	if !strings.Contains(body, "hello") {
		t.Errorf("the queue has %s", body)
	}
	v.says(v.submit(topicPage("done"), "do", "unsubscribe", "subscription", arn), "The subscription is ended.", "Nobody has subscribed.")
	v.says(v.submit(topicPage("done"), "do", "unsubscribe", "subscription", "nonsense"), "Invalid parameter")
}

// What is refused is shown again with what was typed, but for endpoints: a
// password may be in one.
func TestWhatWasTypedAboutATopicStays(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	for name, row := range map[string]struct {
		form  []string
		says  []string
		lacks string
	}{
		"subscribe": {
			[]string{"do", "subscribe", "protocol", "amqp", "endpoint", "amqp//user:secretpassword@host", "filter", `{"a":["b"]}`},
			[]string{`{"a":["b"]}`, "Invalid parameter"}, "secretpassword",
		},
		"publish nothing": {[]string{"do", "publish", "subject", "My subject", "message", ""}, []string{"Message"}, "is on its way"},
		"publish too long a subject": {
			[]string{"do", "publish", "subject", strings.Repeat("s", 101), "message", "My <text>"},
			[]string{"Subject", "My <text>"}, "is on its way",
		},
		"policy":          {[]string{"do", "attributes", "Policy", `{"x": "<y>"}`}, []string{"Policy", `{"x": "<y>"}`}, "is changed"},
		"delivery policy": {[]string{"do", "attributes", "DeliveryPolicy", `{"z": 1}`}, []string{"DeliveryPolicy", `{"z": 1}`}, "is changed"},
	} {
		t.Run(name, func(t *testing.T) {
			a := v.submit(topicPage("done"), row.form...)
			if a.status != http.StatusBadRequest {
				t.Errorf("status %d", a.status)
			}
			v.says(a, row.says...)
			v.lacks(a, row.lacks)
		})
	}
}

func TestTopicAttributesAreSet(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"` + topicARN + `done"}]}`
	page := v.page(topicPage("done"))
	v.says(v.submit(topicPage("done"), "do", "attributes", "DisplayName", "",
		"Policy", between(page.body, `name="Policy" class="code" rows="8" spellcheck="false">`+"\n", "</textarea>"), "DeliveryPolicy", ""), "Nothing was changed.")
	v.says(v.submit(topicPage("done"), "do", "attributes", "DisplayName", "All <done>", "Policy", policy,
		"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}`), "The topic is changed.", "All <done>")
	got := v.askSNS("GetTopicAttributes", "TopicArn", topicARN+"done")
	for _, want := range []string{"All &lt;done&gt;", "sns:Publish", "numRetries&#34;:5"} {
		if !strings.Contains(got, want) {
			t.Errorf("the topic lacks %s: %s", want, got)
		}
	}
	v.says(v.page(topicPage("done")), `"numRetries": 5`, `"Action": "sns:Publish"`)
}

// Passwords in endpoints are hidden by the API, and stay so.
func TestEndpointsHaveNoPasswords(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	page := v.submit(topicPage("done"), "do", "subscribe", "protocol", "nats", "endpoint", "nats://me:hushhush@example.com/subject")
	v.says(page, "The subscription is there.", "nats://me:****@example.com/subject")
	v.lacks(page, "hushhush")
	v.lacks(v.page(topicPage("done")), "hushhush")
}

// A message to a queue that is gone is a dead letter, which is replayed when
// there is one again.
func TestDeadLettersAreSeenAndReplayed(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	v.askSQS("CreateQueue", "QueueName", "inbox")
	v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "sqs", "Endpoint", "arn:aws:sqs:us-east-1:111122223333:inbox")
	v.askSQS("DeleteQueue", "QueueUrl", "/111122223333/inbox")
	letters := "/console/topic-letters?topic=" + url.QueryEscape(topicARN+"done")
	v.says(v.page(letters), "There is none.")
	v.askSNS("Publish", "TopicArn", topicARN+"done", "Subject", "A <b>lost</b> one", "Message", "m")
	v.awaitLetter()
	a := v.page(letters)
	v.says(a, "A <b>lost</b> one", "arn:aws:sqs:us-east-1:111122223333:inbox", "queue", "Replay all", "firn topic replay "+topicARN+"done")
	v.says(v.page(topicPage("done")), "See the dead letters")

	v.askSQS("CreateQueue", "QueueName", "inbox")
	v.says(v.submit(letters, "subscription", between(a.body, `<option value="`, `"`)), "1 letter is tried anew.")
	if got := v.askSQS("ReceiveMessage", "QueueUrl", "/111122223333/inbox", "WaitTimeSeconds", "20"); !strings.Contains(got, "lost") {
		t.Errorf("the queue has %s", got)
	}
	v.says(v.submit(letters), "0 letters are tried anew.")
	v.says(v.submit(letters, "subscription", "nonsense"), "Invalid parameter")
}

// awaitLetter waits until the topic done has a dead letter.
func (v *visitor) awaitLetter() {
	v.t.Helper()
	for began := time.Now(); !strings.Contains(v.askSNS("ListDeadLetters", "TopicArn", topicARN+"done"), "<MessageId>"); {
		if time.Since(began) > time.Minute {
			v.t.Fatal("no dead letter comes")
		}
	}
}

func TestTopicsAreForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	reader := newcomer(t, v, "reader", "sns:List*", "sns:Get*")
	list, page := reader.page("/console/topics"), reader.page(topicPage("done"))
	reader.says(list, "done")
	reader.lacks(list, "Create a topic", "/console/queues")
	reader.lacks(page, `value="subscribe"`, `value="publish"`, `value="attributes"`, "Delete topic")
	for name, form := range map[string][]string{
		"create":    {"/console/topics", "topic", "more"},
		"subscribe": {topicPage("done"), "do", "subscribe", "protocol", "nats", "endpoint", "nats://example.com/s"},
		"publish":   {topicPage("done"), "do", "publish", "message", "m"},
		"set":       {topicPage("done"), "do", "attributes", "DisplayName", "x"},
		"confirm":   {topicPage("done"), "do", "confirm", "token", "x"},
		"replay":    {"/console/topic-letters?topic=" + topicARN + "done"},
		"delete":    {"/console/topic-delete?topic=" + topicARN + "done", "name", "done"},
	} {
		if a := reader.submit(form[0], form[1:]...); !strings.Contains(a.text(), "is not authorized to perform: sns:") {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
	}
	nobody := newcomer(t, v, "nobody", "iam:ListUsers")
	nobody.lacks(nobody.page("/console/users"), `href="/console/topics"`)
	for _, path := range []string{"/console/topics", topicPage("done"), "/console/topic-letters?topic=" + topicARN + "done", "/console/topic-delete?topic=" + topicARN + "done"} {
		if a := nobody.get(path); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestHostileNamesOfTopics(t *testing.T) {
	v := signedIn(t)
	for _, arn := range []string{"", "..", `"><b>x`, topicARN + "..", topicARN + strings.Repeat("x", 5000), "arn:aws:sns:us-east-1:444455556666:theirs"} {
		for _, p := range []string{"topic", "topic-letters", "topic-delete"} {
			a := v.get("/console/" + p + "?topic=" + url.QueryEscape(arn))
			if a.status != http.StatusNotFound && a.status != http.StatusBadRequest && a.status != http.StatusForbidden {
				t.Errorf("%s of %q: %d", p, arn, a.status)
			}
			v.lacks(a, "<b>x")
		}
	}
}

func TestTheHintsNameAllProtocols(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	page := v.page(topicPage("done"))
	for _, name := range strings.Fields("http https sqs webhook sns nats amqp kafka") {
		v.says(page, name)
		if !strings.Contains(page.body, `<option value="`+name+`"`) {
			t.Errorf("%s is not offered", name)
		}
		if a := v.submit(topicPage("done"), "do", "subscribe", "protocol", name, "endpoint", ""); strings.Contains(a.text(), "does not support this protocol") {
			t.Errorf("%s is no protocol", name)
		}
	}
}
