package sns_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/audit"
	"firn/internal/awsapi"
	"firn/internal/sns"
)

func TestTrail(t *testing.T) {
	h := build(t, nil)
	s := h.subscriber()
	h.ask(h.root, "CreateTopic", "Name", "t")
	if e := h.trail.last(); e.Source != "sns.amazonaws.com" || e.APIVersion != sns.Version || e.Response["topicArn"] != aTopic || e.ReadOnly || e.Account != string(owner) {
		t.Errorf("%+v", e)
	}
	h.ask(h.root, "Publish", "TopicArn", aTopic, "Message", "s3cret", "Subject", "s3cret", "MessageAttributes.entry.1.Name", "s3cret",
		"MessageAttributes.entry.1.Value.DataType", "String", "MessageAttributes.entry.1.Value.StringValue", "s3cret")
	e := h.trail.last()
	want := map[string]string{"topicArn": aTopic, "message": awsapi.Hidden, "subject": awsapi.Hidden, "messageAttributes": awsapi.Hidden}
	if diff := cmp.Diff(want, e.Request); diff != "" || e.Response["messageId"] == "" {
		t.Errorf("%+v, %s", e, diff)
	}
	h.ask(h.root, "PublishBatch", "TopicArn", aTopic, "PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.1.Message", "s3cret")
	h.ask(h.root, "Subscribe", "TopicArn", aTopic, "Protocol", "http", "Endpoint", strings.Replace(s.url, "http://", "http://me:s3cret@", 1), "ReturnSubscriptionArn", "TRUE")
	token, _ := (<-s.got)["Token"].(string)
	h.refused(h.root, "InvalidParameter", "Subscribe", "TopicArn", aTopic, "Protocol", "http", "Endpoint", "http://me:s3cret@host/", "ReturnSubscriptionArn", "s")
	if e := h.trail.last(); !strings.HasPrefix(e.Request["endpoint"], "http://me:") || e.ErrorCode != "InvalidParameter" {
		t.Errorf("%+v", e)
	}
	r, err := http.NewRequest("GET", h.url+"/?Action=ConfirmSubscription&TopicArn="+url.QueryEscape(aTopic)+"&Token="+token, nil)
	h.must(err)
	if status, text := h.send(r); status != 200 {
		t.Fatal(text)
	}
	e = h.trail.last()
	if e.Name != "ConfirmSubscription" || e.Identity != (audit.Identity{Type: audit.Unknown}) || e.Account != string(owner) || e.Response["subscriptionArn"] == "" {
		t.Errorf("%+v", e)
	}
	for _, e := range h.trail.events {
		if all := fmt.Sprint(e); strings.Contains(all, "s3cret") || strings.Contains(all, token) {
			t.Errorf("the trail has %s", all)
		}
	}
}
