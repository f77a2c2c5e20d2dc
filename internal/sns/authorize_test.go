package sns_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firn/internal/awsapi"
	"firn/internal/sns"
)

// parameters are such that every action has what it needs.
func parameters(action string) []string {
	values := map[string][]string{
		"Name": {"Name", "t"}, "TopicArn": {"TopicArn", aTopic}, "ResourceArn": {"ResourceArn", aTopic}, "Message": {"Message", "m"},
		"AttributeName": {"AttributeName", "DisplayName"}, "Protocol": {"Protocol", "box"}, "Token": {"Token", "x"},
		"SubscriptionArn": {"SubscriptionArn", aTopic + ":00000000-0000-4000-8000-000000000000"},
		"Tags":            {"Tags.member.1.Key", "k"}, "TagKeys": {"TagKeys.member.1", "k"},
		"PublishBatchRequestEntries": {"PublishBatchRequestEntries.member.1.Id", "a", "PublishBatchRequestEntries.member.1.Message", "m"},
	}
	var pairs []string
	for name := range strings.FieldsSeq(sns.Needs(action)) {
		pairs = append(pairs, values[name]...)
	}
	if action == "Publish" {
		pairs = append(pairs, "TopicArn", aTopic)
	}
	return pairs
}

// allow is a policy that allows actions on a resource.
func allow(resource string, actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"%s"}]}`, strings.Join(actions, `","`), resource)
}

// TestDenyByDefault: who may nothing does nothing, and is not told what there
// is. Another account's root may make and list what is his own.
func TestDenyByDefault(t *testing.T) {
	h := build(t, nil)
	nobody := h.user("nobody", "")
	own := map[string]bool{"CreateTopic": true, "ListTopics": true, "ListSubscriptions": true, "ConfirmSubscription": true}
	for _, exists := range []bool{false, true} {
		if exists {
			h.ask(h.root, "CreateTopic", "Name", "t")
		}
		for _, action := range sns.ActionNames() {
			text := h.refused(nobody, "AuthorizationError", action, parameters(action)...)
			if want := "User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: sns:" + strings.TrimSuffix(action, "Batch") + " on resource: arn:aws:sns:eu-north-1:111122223333:"; !strings.Contains(text, want) {
				t.Errorf("%s: %s", action, text)
			}
			if !own[action] {
				h.refused(h.foreign, "AuthorizationError", action, parameters(action)...)
			}
		}
	}
}

func TestPolicies(t *testing.T) {
	h := build(t, nil)
	h.ask(h.root, "CreateTopic", "Name", "t")
	h.ask(h.root, "CreateTopic", "Name", "u")
	alice := h.user("alice", allow(aTopic, "sns:Publish", "sns:Subscribe", "sns:CreateTopic"))
	h.ask(alice, "CreateTopic", "Name", "t")
	h.ask(alice, "Publish", "TopicArn", aTopic, "Message", "m")
	h.ask(alice, "PublishBatch", append([]string{"TopicArn", aTopic}, parameters("PublishBatch")[2:]...)...)
	h.refused(alice, "AuthorizationError", "CreateTopic", "Name", "t", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v")
	h.refused(alice, "AuthorizationError", "CreateTopic", "Name", "u")
	h.refused(alice, "AuthorizationError", "Publish", "TopicArn", "arn:aws:sns:eu-north-1:111122223333:u", "Message", "m")
	h.refused(alice, "AuthorizationError", "DeleteTopic", "TopicArn", aTopic)
	lister := h.user("lister", allow("arn:aws:sns:eu-north-1:111122223333:*", "sns:List*"))
	h.ask(lister, "ListTopics")
	h.ask(lister, "ListSubscriptions")
	h.ask(lister, "ListSubscriptionsByTopic", "TopicArn", aTopic)
	h.refused(lister, "AuthorizationError", "GetTopicAttributes", "TopicArn", aTopic)
	confirmer := h.user("confirmer", allow("*", "sns:ConfirmSubscription"))
	h.refused(confirmer, "InvalidParameter", "ConfirmSubscription", "TopicArn", aTopic, "Token", "x")
}

// TestOtherAccounts: a topic's policy lets another account in, as far as it
// goes; what that account has subscribed is both's to end.
func TestOtherAccounts(t *testing.T) {
	h := build(t, nil)
	h.ask(h.root, "CreateTopic", "Name", "t")
	stranger := h.rootOf("777788889999")
	h.refused(h.foreign, "AuthorizationError", "Publish", "TopicArn", aTopic, "Message", "m")
	h.ask(h.root, "SetTopicAttributes", "TopicArn", aTopic, "AttributeName", "Policy", "AttributeValue", aPolicy)
	h.ask(h.foreign, "Publish", "TopicArn", aTopic, "Message", "m")
	h.refused(h.foreign, "AuthorizationError", "GetTopicAttributes", "TopicArn", aTopic)
	h.refused(stranger, "AuthorizationError", "Publish", "TopicArn", aTopic, "Message", "m")

	subscribe := func() string {
		return h.find(h.ask(h.foreign, "Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "b"), "<SubscriptionArn>(.*)</SubscriptionArn>")
	}
	sub := subscribe()
	raw := []string{"SubscriptionArn", sub, "AttributeName", "RawMessageDelivery", "AttributeValue", "true"}
	for _, list := range []string{h.ask(h.foreign, "ListSubscriptions"), h.ask(h.root, "ListSubscriptionsByTopic", "TopicArn", aTopic)} {
		if !strings.Contains(list, "<Owner>444455556666</Owner>") {
			t.Error(list)
		}
	}
	if list := h.ask(h.root, "ListSubscriptions"); strings.Contains(list, sub) {
		t.Error(list)
	}
	h.ask(h.foreign, "GetSubscriptionAttributes", "SubscriptionArn", sub)
	h.ask(h.root, "GetSubscriptionAttributes", "SubscriptionArn", sub)
	h.ask(h.foreign, "SetSubscriptionAttributes", raw...)
	h.refused(h.root, "AuthorizationError", "SetSubscriptionAttributes", raw...)
	h.refused(stranger, "AuthorizationError", "Unsubscribe", "SubscriptionArn", sub)
	h.refused(stranger, "AuthorizationError", "GetSubscriptionAttributes", "SubscriptionArn", sub)
	h.ask(h.root, "Unsubscribe", "SubscriptionArn", sub)
	h.ask(h.foreign, "Unsubscribe", "SubscriptionArn", subscribe())
	if e := h.trail.last(); e.Account != string(owner) || e.Identity.AccountID != string(other) {
		t.Errorf("%+v", e)
	}

	h.ask(h.root, "SetTopicAttributes", "TopicArn", aTopic, "AttributeName", "Policy", "AttributeValue", "")
	h.refused(h.foreign, "AuthorizationError", "Publish", "TopicArn", aTopic, "Message", "m")
}

// TestUnsigned: without a signature there is the certificate, and a
// subscription can be confirmed; nothing else.
func TestUnsigned(t *testing.T) {
	h := build(t, nil)
	s := h.subscriber()
	h.ask(h.root, "CreateTopic", "Name", "t")
	const (
		get, post, head = "GET", "POST", "HEAD"
		anonymous       = "AuthorizationError"
		nobody          = "MissingAuthenticationToken"
	)
	var link string
	for _, tt := range []struct {
		name, method, path, body string
		ours                     bool // for this API to answer
		status                   int
		code                     string
	}{
		{"certificate", get, signer().Path(), "", true, 200, ""},
		{"certificate, its head", head, signer().Path(), "", true, 200, ""},
		{"posted to the certificate", post, signer().Path(), "", false, 400, "InvalidAction"},
		{"another certificate", get, signer().Path() + "x", "", false, 400, "InvalidAction"},

		{"confirmed by its link", get, "LINK", "", true, 200, ""},
		{"again", get, "LINK", "", true, 200, ""},
		{"confirmed by post", post, "LINK", "", true, 200, ""},
		{"confirmed by post, with a body that is not read", post, "LINK", "Action=DeleteTopic&TopicArn=" + aTopic, true, 200, ""},
		{"looked at", head, "LINK", "", false, 400, ""},
		{"put", "PUT", "LINK", "", false, 400, "InvalidAction"},
		{"wrong token", get, "LINK0", "", true, 400, "InvalidParameter"},
		{"no token", get, "/?Action=ConfirmSubscription&TopicArn=" + aTopic, "", true, 400, "InvalidParameter"},
		{"another topic", get, "OTHER", "", true, 400, "InvalidParameter"},
		{"another path", get, "/x?Action=ConfirmSubscription", "", false, 400, "InvalidAction"},

		{"unsubscribe", get, "/?Action=Unsubscribe&SubscriptionArn=SUB", "", true, 403, anonymous},
		{"unsubscribe nothing", get, "/?Action=Unsubscribe", "", true, 400, "InvalidParameter"},
		{"unsubscribe by post", post, "/?Action=Unsubscribe&SubscriptionArn=SUB", "", true, 403, anonymous},
		{"unsubscribe in the body", post, "/", "Action=Unsubscribe&SubscriptionArn=SUB", false, 403, nobody},
		{"confirm in the body", post, "/", "Action=ConfirmSubscription", false, 403, nobody},
		{"confirm, or something else", get, "/?Action=DeleteTopic&Action=ConfirmSubscription&TopicArn=" + aTopic, "", false, 403, nobody},
		{"confirm, and something else", get, "LINK&Action=DeleteTopic", "", true, 200, ""},
		{"publish", get, "/?Action=Publish&TopicArn=" + aTopic + "&Message=m", "", false, 403, nobody},
		{"nothing", get, "/", "", false, 403, nobody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if link == "" {
				h.ask(h.root, "Subscribe", "TopicArn", aTopic, "Protocol", "http", "Endpoint", s.url)
				text, _ := (<-s.got)["SubscribeURL"].(string)
				link = strings.TrimPrefix(text, h.url)
			}
			sub := h.find(h.ask(h.root, "ListSubscriptionsByTopic", "TopicArn", aTopic), "<SubscriptionArn>(.*)</SubscriptionArn>")
			path := strings.NewReplacer("LINK", link, "SUB", sub, "OTHER", strings.Replace(link, aTopic, aTopic+"x", 1)).Replace(tt.path)
			r, err := http.NewRequest(tt.method, h.url+path, strings.NewReader(tt.body))
			h.must(err)
			if ours := h.handler.Unsigned(r); ours != tt.ours {
				t.Errorf("this API's to answer: %t", ours)
			}
			status, text := h.send(r)
			if status != tt.status || tt.code != "" && !strings.Contains(text, "<Code>"+tt.code+"</Code>") {
				t.Errorf("status %d with %s", status, text)
			}
		})
	}
	h.ask(h.root, "GetTopicAttributes", "TopicArn", aTopic)
	if list := h.ask(h.root, "ListSubscriptionsByTopic", "TopicArn", aTopic); strings.Contains(list, "PendingConfirmation") {
		t.Error(list)
	}

	// A link with a signature is a request of whoever signs.
	r, err := http.NewRequest("GET", h.url+link, nil)
	h.must(err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x")
	if status, _ := h.send(r); h.handler.Unsigned(r) || status < 400 {
		t.Errorf("status %d", status)
	}
}

func TestCertificate(t *testing.T) {
	h := build(t, nil)
	resp, err := http.Get(h.url + signer().Path())
	h.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	h.must(err)
	if !bytes.Equal(text, signer().Certificate()) || resp.Header.Get("Content-Type") != "application/x-pem-file" || bytes.Contains(text, []byte("PRIVATE")) {
		t.Errorf("%v: %s", resp.Header, text)
	}
	without := sns.New(sns.Config{Config: awsapi.Config{Access: h.access, Region: region}, Topics: h.topics})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", signer().Path(), nil)
	if without.ServeHTTP(w, r); w.Code != 400 || without.Unsigned(r) {
		t.Errorf("status %d", w.Code)
	}
}

// TestWhereMessagesGo: a policy may ask for the protocol and the endpoint of a
// subscription.
func TestWhereMessagesGo(t *testing.T) {
	h := build(t, nil)
	h.ask(h.root, "CreateTopic", "Name", "t")
	ann := h.user("ann", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:*","Resource":"*"},`+
		`{"Effect":"Deny","Action":"sns:Subscribe","Resource":"*","Condition":{"StringNotEquals":{"sns:Protocol":"box"}}},`+
		`{"Effect":"Deny","Action":"sns:Subscribe","Resource":"*","Condition":{"StringLike":{"sns:Endpoint":"*evil*"}}}]}`)
	h.ask(ann, "Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "good")
	h.refused(ann, "AuthorizationError", "Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "an evil one")
	h.refused(ann, "AuthorizationError", "Subscribe", "TopicArn", aTopic, "Protocol", "https", "Endpoint", "https://example.com/")
}
