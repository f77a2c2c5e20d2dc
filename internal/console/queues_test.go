package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func queuePage(name string) string { return "/console/queue?queue=" + url.QueryEscape(name) }

func TestAQueueIsMadeFilledEmptiedAndDeleted(t *testing.T) {
	v := signedIn(t)
	v.says(v.page("/console/queues"), "There is no queue yet.", "aws sqs list-queues")
	v.says(v.submit("/console/queues", "queue", "inbox"), "The queue inbox is there.", "arn:aws:sqs:us-east-1:111122223333:inbox",
		v.srv.URL+"/111122223333/inbox")
	for i := range 3 {
		v.askSQS("SendMessage", "QueueUrl", "/111122223333/inbox", "MessageBody", fmt.Sprintf("top secret %d", i))
	}
	v.askSQS("ReceiveMessage", "QueueUrl", "/111122223333/inbox")
	for _, a := range []answer{v.page("/console/queues"), v.page(queuePage("inbox"))} {
		v.says(a, "Waiting", "2", "In flight", "1")
		v.lacks(a, "top secret", "firn.invalid")
	}
	for _, do := range []string{"purge", "delete"} {
		v.says(v.submit(queuePage("inbox"), "do", do, "name", "inbo"), "Nothing was done: what you typed is not inbox.")
	}
	v.says(v.submit(queuePage("inbox"), "do", "purge", "name", "inbox"), "All messages of the queue are deleted.")
	got := v.askSQS("GetQueueAttributes", "QueueUrl", "/111122223333/inbox", "AttributeName.1", "ApproximateNumberOfMessages")
	if !strings.Contains(got, "<Value>0<") {
		t.Errorf("after the purge: %s", got)
	}
	v.says(v.submit(queuePage("inbox"), "do", "delete", "name", "inbox"), "The queue inbox is deleted.")
	if got := v.askSQS("ListQueues"); strings.Contains(got, "inbox") {
		t.Errorf("SQS lists %s", got)
	}
	bad := v.submit("/console/queues", "queue", "a <b>")
	v.says(bad, "Can only include alphanumeric characters")
	if bad.status != http.StatusBadRequest || !strings.Contains(bad.body, `value="a &lt;b&gt;"`) {
		t.Errorf("status %d; what was typed is gone:\n%s", bad.status, bad.body)
	}
}

func TestQueuesHavePages(t *testing.T) {
	v := signedIn(t)
	for i := range 21 {
		v.askSQS("CreateQueue", "QueueName", fmt.Sprintf("queue-%02d", i))
	}
	first := v.page("/console/queues")
	v.says(first, "queue-00", "queue-19", "Next page")
	v.lacks(first, "queue-20")
	v.says(v.page("/console/queues?after="+between(first.body, `/console/queues?after=`, `"`)), "queue-20", "First page")
}

func TestQueuesAreForThoseWhoMay(t *testing.T) {
	v := signedIn(t)
	v.askSQS("CreateQueue", "QueueName", "inbox")
	reader := newcomer(t, v, "reader", "sqs:ListQueues")
	reader.says(reader.page("/console/queues"), "inbox", "not for you to see")
	if a := reader.get(queuePage("inbox")); a.status != http.StatusForbidden {
		t.Errorf("a queue: %d", a.status)
	}
	looker := newcomer(t, v, "looker", "sqs:Get*", "sqs:List*")
	looker.lacks(looker.page(queuePage("inbox")), `value="purge"`, `value="delete"`)
	looker.lacks(looker.page("/console/queues"), "Create a queue")
	for name, form := range map[string][]string{
		"create": {"/console/queues", "queue", "more"},
		"purge":  {queuePage("inbox"), "do", "purge", "name", "inbox"},
		"delete": {queuePage("inbox"), "do", "delete", "name", "inbox"},
	} {
		if a := looker.submit(form[0], form[1:]...); !strings.Contains(strings.ToLower(a.text()), "is not authorized to perform: sqs:") {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
	}
}

func TestHostileNamesOfQueues(t *testing.T) {
	v := signedIn(t)
	for _, name := range []string{"", "..", "<b>x", "../444455556666/theirs", strings.Repeat("x", 5000), "a?b"} {
		a := v.get(queuePage(name))
		if a.status != http.StatusNotFound && a.status != http.StatusBadRequest && a.status != http.StatusForbidden {
			t.Errorf("%q: %d", name, a.status)
		}
		v.lacks(a, "<b>x")
	}
}
