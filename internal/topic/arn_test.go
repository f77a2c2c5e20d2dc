package topic

import (
	"errors"
	"testing"
)

func TestARNs(t *testing.T) {
	s := &Service{region: region}
	const id = "80289ba6-0fd4-4079-afb4-ce8c8260f0ca"
	for _, test := range []struct{ name, arn, topic, subscription string }{
		{"topic", "arn:aws:sns:eu-west-1:111122223333:jobs", "", "Invalid parameter: SubscriptionId"},
		{"subscription", "arn:aws:sns:eu-west-1:111122223333:jobs:" + id, "Invalid parameter: TopicArn", ""},
		{
			"empty", "", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
			"Invalid parameter: SubscriptionArn Reason: no value for required parameter",
		},
		{
			"a word", "randomstring", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
			"Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1",
		},
		{
			"five elements", "arn:aws:sns:eu-west-1:111122223333", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 5",
			"Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5",
		},
		{"another region", "arn:aws:sns:us-west-2:111122223333:jobs", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"another service", "arn:aws:sqs:eu-west-1:111122223333:jobs", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"another partition", "arn:aws-cn:sns:eu-west-1:111122223333:jobs", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"account", "arn:aws:sns:eu-west-1:11112222333:jobs", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"name", "arn:aws:sns:eu-west-1:111122223333:jo bs", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"no name", "arn:aws:sns:eu-west-1:111122223333:", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"eight elements", "arn:aws:sns:eu-west-1:111122223333:jobs:" + id + ":x", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
		{"no UUID", "arn:aws:sns:eu-west-1:111122223333:jobs:x", "Invalid parameter: TopicArn", "Invalid parameter: SubscriptionArn"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, err := s.parseTopicARN("TopicArn", test.arn)
			said(t, err, test.topic)
			if err == nil && string(s.arn(n)) != test.arn {
				t.Errorf("got %+v", n)
			}
			n, err = s.parseSubscriptionARN(test.arn)
			said(t, err, test.subscription)
			if err == nil && string(subscriptionARN(s.arn(n), n.public)) != test.arn {
				t.Errorf("got %+v", n)
			}
		})
	}
	for arn, want := range map[string]bool{
		"arn:aws:sqs:eu-west-1:111122223333:q": true, "arn:aws:sqs:us-west-2:111122223333:q": false, "arn:aws:sqs:eu-west-1:1:q": false,
		"arn:aws:sns:eu-west-1:111122223333:q": false, "https://sqs/111122223333/q": false, "": false, "arn:aws:sqs:eu-west-1:111122223333:": false,
	} {
		if _, _, ok := s.queueAccount(arn); ok != want {
			t.Errorf("queue %s: %v", arn, ok)
		}
	}
}

func said(t *testing.T, err error, want string) {
	t.Helper()
	var e *Error
	switch {
	case err == nil && want == "":
	case !errors.As(err, &e), e.Code != InvalidParameter, e.Message != want:
		t.Errorf("got %v, want %q", err, want)
	}
}

func FuzzARN(f *testing.F) {
	s := &Service{region: region}
	f.Fuzz(func(t *testing.T, arn string) {
		if n, err := s.parseTopicARN("TopicArn", arn); err == nil && string(s.arn(n)) != arn {
			t.Errorf("%q is %+v", arn, n)
		}
		if n, err := s.parseSubscriptionARN(arn); err == nil && string(subscriptionARN(s.arn(n), n.public)) != arn {
			t.Errorf("%q is %+v", arn, n)
		}
		if account, name, ok := s.queueAccount(arn); ok && "arn:aws:sqs:"+region+":"+string(account)+":"+name != arn {
			t.Errorf("%q is %s of %s", arn, name, account)
		}
		if shown := Mask(arn); Mask(shown) != shown {
			t.Errorf("%q is shown as %q, and that as %q", arn, shown, Mask(shown))
		}
	})
}
