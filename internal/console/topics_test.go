package console_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
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
	bad := v.submit("/console/topics", "topic", "do<b>ne")
	v.says(bad, "Invalid parameter: Topic Name")
	if bad.status != http.StatusBadRequest || !strings.Contains(bad.body, `value="do&lt;b&gt;ne"`) {
		t.Errorf("status %d; what was typed is gone:\n%s", bad.status, bad.body)
	}
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
	arn, err := url.QueryUnescape(between(page.body, `href="/console/subscription?subscription=`, `"`))
	if err != nil {
		t.Fatal(err)
	}
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
	const end = "/console/subscription-end?subscription="
	v.says(v.page(end+url.QueryEscape(arn)), "End this subscription of done?", "arn:aws:sqs:us-east-1:111122223333:inbox", "aws sns unsubscribe")
	v.says(v.page(topicPage("done")), "confirmed")
	v.says(v.submit(end+url.QueryEscape(arn)), "The subscription is ended.", "Nobody has subscribed.")
	v.says(v.submit(end+"nonsense"), "Invalid parameter")
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
			a := v.submit(topicPage("done"), append(row.form, v.attributesWere()...)...)
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
		"Policy", html.UnescapeString(between(page.body, `name="Policy" class="code" rows="8" spellcheck="false">`+"\n", "</textarea>")), "DeliveryPolicy", "",
		"was-DisplayName", wasIn(page, "DisplayName"), "was-Policy", wasIn(page, "Policy"), "was-DeliveryPolicy", wasIn(page, "DeliveryPolicy")), "Nothing was changed.")
	v.says(v.submit(topicPage("done"), append(v.attributesWere(), "do", "attributes", "DisplayName", "All <done>", "Policy", policy,
		"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}`)...), "The topic is changed.", "All <done>")
	got := v.askSNS("GetTopicAttributes", "TopicArn", topicARN+"done")
	for _, want := range []string{"All &lt;done&gt;", "sns:Publish", "numRetries&#34;:5"} {
		if !strings.Contains(got, want) {
			t.Errorf("the topic lacks %s: %s", want, got)
		}
	}
	v.says(v.page(topicPage("done")), `"numRetries": 5`, `"Action": "sns:Publish"`)
}

// attributesWere are the digests of the form of the topic done.
func (v *visitor) attributesWere() []string {
	v.t.Helper()
	page := v.page(topicPage("done"))
	return []string{"was-DisplayName", wasIn(page, "DisplayName"), "was-Policy", wasIn(page, "Policy"), "was-DeliveryPolicy", wasIn(page, "DeliveryPolicy")}
}

// A form that has been open for long undoes nothing.
func TestWhatOthersHaveChangedOfATopicStays(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	set := func(name, value string) {
		v.askSNS("SetTopicAttributes", "TopicArn", topicARN+"done", "AttributeName", name, "AttributeValue", value)
	}
	delivery := func(tries int) string {
		return fmt.Sprintf(`{"http":{"defaultHealthyRetryPolicy":{"numRetries":%d}}}`, tries)
	}
	has := func(wants ...string) {
		t.Helper()
		got := html.UnescapeString(v.askSNS("GetTopicAttributes", "TopicArn", topicARN+"done"))
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("the topic lacks %s: %s", want, got)
			}
		}
	}
	form := v.page(topicPage("done"))
	policy := html.UnescapeString(between(form.body, `name="Policy" class="code" rows="8" spellcheck="false">`+"\n", "</textarea>"))
	were := func(a answer) []string {
		return []string{"do", "attributes", "Policy", policy, "was-Policy", wasIn(a, "Policy"), "was-DisplayName", wasIn(a, "DisplayName"), "was-DeliveryPolicy", wasIn(a, "DeliveryPolicy")}
	}
	set("DeliveryPolicy", delivery(7))
	v.says(v.submit(topicPage("done"), append(were(form), "DisplayName", "Mine", "DeliveryPolicy", "")...), "The topic is changed.")
	has("numRetries\":7", "Mine")

	set("DisplayName", "Theirs")
	a := v.submit(topicPage("done"), append(were(form), "DisplayName", "Hers", "DeliveryPolicy", delivery(5))...)
	v.says(a, "somebody else has changed the display name, and the delivery policy meanwhile", "What is there now: Theirs", `"numRetries": 7`)
	if a.status != http.StatusConflict || !strings.Contains(a.body, `value="Hers"`) {
		t.Errorf("status %d, and what was typed", a.status)
	}
	has("Theirs", "numRetries\":7")
	v.says(v.submit(topicPage("done"), append(were(a), "DisplayName", "Hers", "DeliveryPolicy", delivery(5))...), "The topic is changed.")
	has("Hers", "numRetries\":5")

	// What is set before another is refused is not somebody else's doing.
	form = v.page(topicPage("done"))
	a = v.submit(topicPage("done"), append(were(form), "DisplayName", "Half", "DeliveryPolicy", "{oops")...)
	v.says(a, "Invalid parameter", "{oops")
	v.says(v.submit(topicPage("done"), append(were(a), "DisplayName", "Whole", "DeliveryPolicy", delivery(4))...), "The topic is changed.")
	has("Whole", "numRetries\":4")
}

// A page of subscriptions that somebody has made as heavy as he could.
func TestAHeavyTopic(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	for i := range 120 {
		v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "nats", "Endpoint", fmt.Sprintf("nats://example.com/s%03d.", i)+strings.Repeat("&", 1500))
	}
	here, seen := topicPage("done"), map[string]bool{}
	for n := 1; ; n++ {
		a := v.page(here)
		if len(a.body) > 120_000 { // beside it there are some 30,000 of scripts and styles
			t.Errorf("page %d has %d bytes", n, len(a.body))
		}
		if got := strings.Count(a.body, ">Settings<"); got != min(25, 120-len(seen)) {
			t.Errorf("page %d has %d subscriptions", n, got)
		}
		for _, m := range regexp.MustCompile(`<code>nats://example.com/(s\d+)`).FindAllStringSubmatch(a.body, -1) {
			seen[m[1]] = true
		}
		next := regexp.MustCompile(`href="([^"]+)">Next page<`).FindStringSubmatch(a.body)
		if next == nil || n == 9 {
			v.says(a, "First page")
			break
		}
		here = html.UnescapeString(next[1])
	}
	if len(seen) != 120 {
		t.Errorf("the pages have %d subscriptions", len(seen))
	}
	for _, beyond := range []string{"&from=1000000", "&from=-7", "&from=x"} {
		v.page(topicPage("done") + beyond)
	}
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

func TestDeadLettersHavePages(t *testing.T) {
	v := signedIn(t)
	v.askSNS("CreateTopic", "Name", "done")
	for i := range 30 {
		name := fmt.Sprintf("%02d-", i) + strings.Repeat("x", 77)
		v.askSQS("CreateQueue", "QueueName", name)
		v.askSNS("Subscribe", "TopicArn", topicARN+"done", "Protocol", "sqs", "Endpoint", "arn:aws:sqs:us-east-1:111122223333:"+name)
		v.askSQS("DeleteQueue", "QueueUrl", "/111122223333/"+name)
	}
	v.askSNS("Publish", "TopicArn", topicARN+"done", "Subject", strings.Repeat("&", 100), "Message", "m")
	v.awaitLetters(30)
	first := v.page("/console/topic-letters?topic=" + url.QueryEscape(topicARN+"done"))
	next := regexp.MustCompile(`href="([^"]+)">Next page<`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatalf("there is no next page:\n%s", first.text())
	}
	second := v.page(html.UnescapeString(next[1]))
	v.says(second, "First page")
	v.lacks(second, "Next page")
	for i, a := range []answer{first, second} {
		if got := strings.Count(a.body, `<th scope="row">`); got != []int{25, 5}[i] || len(a.body) > 60_000 {
			t.Errorf("page %d has %d letters, %d bytes", i, got, len(a.body))
		}
	}
}

// awaitLetter waits until the topic done has a dead letter.
func (v *visitor) awaitLetter() {
	v.t.Helper()
	v.awaitLetters(1)
}

func (v *visitor) awaitLetters(n int) {
	v.t.Helper()
	for began := time.Now(); strings.Count(v.askSNS("ListDeadLetters", "TopicArn", topicARN+"done"), "<MessageId>") < n; {
		if time.Since(began) > time.Minute {
			v.t.Fatal("no dead letters come")
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
	reader.lacks(page, `value="subscribe"`, `value="publish"`, `value="attributes"`, "Delete topic", "aws sns subscribe", "aws sns publish")
	reader.says(page, "aws sns get-topic-attributes")
	v.says(v.page(topicPage("done")), "aws sns confirm-subscription", "aws sns unsubscribe", "aws sns set-topic-attributes", "firn topic dead-letters")
	for name, form := range map[string][]string{
		"create":    {"/console/topics", "topic", "more"},
		"subscribe": {topicPage("done"), "do", "subscribe", "protocol", "nats", "endpoint", "nats://example.com/s"},
		"publish":   {topicPage("done"), "do", "publish", "message", "m"},
		"set":       {topicPage("done"), "do", "attributes", "DisplayName", "x", "was-DisplayName", wasIn(v.page(topicPage("done")), "DisplayName")},
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
