package topic

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/record"
)

func TestRetryDelays(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy retryPolicy
		want   []int // seconds
	}{
		{"SNS's default", defaultHTTP(), []int{20, 20, 20}},
		{"no retries", retryPolicy{MinDelayTarget: 1, MaxDelayTarget: 1, BackoffFunction: "linear"}, nil},
		{
			"all phases", retryPolicy{
				MinDelayTarget: 1, MaxDelayTarget: 5, NumRetries: 10, NumNoDelayRetries: 2, NumMinDelayRetries: 1, NumMaxDelayRetries: 2,
				BackoffFunction: "linear",
			}, []int{0, 0, 1, 1, 2, 3, 4, 5, 5, 5},
		},
		{"one step", retryPolicy{MinDelayTarget: 3, MaxDelayTarget: 9, NumRetries: 1, BackoffFunction: "exponential"}, []int{3}},
		{"linear", retryPolicy{MinDelayTarget: 5, MaxDelayTarget: 260, NumRetries: 6, BackoffFunction: "linear"}, []int{5, 56, 107, 158, 209, 260}},
		{"arithmetic", retryPolicy{MinDelayTarget: 5, MaxDelayTarget: 260, NumRetries: 6, BackoffFunction: "arithmetic"}, []int{5, 22, 56, 107, 175, 260}},
		{"geometric", retryPolicy{MinDelayTarget: 5, MaxDelayTarget: 260, NumRetries: 6, BackoffFunction: "geometric"}, []int{5, 11, 24, 54, 118, 260}},
		{"exponential", retryPolicy{MinDelayTarget: 5, MaxDelayTarget: 260, NumRetries: 6, BackoffFunction: "exponential"}, []int{5, 13, 30, 63, 128, 260}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []int
			for n := 1; ; n++ {
				d, ok := test.policy.delay(n)
				if !ok {
					break
				}
				got = append(got, int(d/time.Second))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("delays (-want +got):\n%s", diff)
			}
			if _, ok := test.policy.delay(0); ok {
				t.Error("there is a retry before the first")
			}
		})
	}
	other := defaultOther()
	if total := other.total(); total < 5*time.Hour || total > 7*time.Hour {
		t.Errorf("the default of other protocols takes %v", total)
	}
}

func TestDeliveryPolicy(t *testing.T) {
	const none = `"healthyRetryPolicy":null,"sicklyRetryPolicy":null,`
	for _, test := range []struct{ name, text, want, flaw string }{
		{name: "empty", text: `{}`, want: `{` + none + `"throttlePolicy":null,"requestPolicy":null,"guaranteed":false}`},
		{
			name: "some", text: ` {"healthyRetryPolicy":{"numRetries":5}}`,
			want: `{"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":5,"numMaxDelayRetries":0,"numNoDelayRetries":0,` +
				`"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":null,"guaranteed":false}`,
		},
		{
			name: "of old", text: `{"sicklyRetryPolicy":{"numRetries":5},"guaranteed":true,"throttlePolicy":{"maxReceivesPerSecond":7},"requestPolicy":{"headerContentType":"text/csv"}}`,
			want: `{` + none + `"throttlePolicy":{"maxReceivesPerSecond":7},"requestPolicy":{"headerContentType":"text/csv"},"guaranteed":false}`,
		},
		{name: "no JSON", text: `invalid`, flaw: "DeliveryPolicy: failed to parse JSON."},
		{name: "half", text: `{"healthyRetryPolicy":`, flaw: "DeliveryPolicy: failed to parse JSON."},
		{name: "two", text: `{}{}`, flaw: "DeliveryPolicy: failed to parse JSON."},
		{name: "null", text: `null`, flaw: "DeliveryPolicy: failed to parse JSON."},
		{name: "array", text: `[]`, flaw: "DeliveryPolicy: failed to parse JSON."},
		{name: "unknown member", text: `{"http":{}}`, flaw: "DeliveryPolicy: Unexpected JSON member: http"},
		{name: "unknown member within", text: `{"healthyRetryPolicy":{"x":1}}`, flaw: "DeliveryPolicy: Unexpected JSON member: x"},
		{name: "text for number", text: `{"throttlePolicy":{"maxReceivesPerSecond":"1"}}`, flaw: "DeliveryPolicy: throttlePolicy.maxReceivesPerSecond must not be a string"},
		{name: "too many", text: `{"healthyRetryPolicy":{"numRetries":101}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.numRetries must be less than or equal to 100"},
		{name: "negative", text: `{"healthyRetryPolicy":{"numRetries":-1}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.numRetries must be greater than or equal to 0"},
		{name: "no pause", text: `{"healthyRetryPolicy":{"minDelayTarget":0}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be greater than or equal to 1"},
		{name: "long pause", text: `{"healthyRetryPolicy":{"maxDelayTarget":3601}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600"},
		{name: "pauses crossed", text: `{"healthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":3}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget"},
		{name: "phases do not fit", text: `{"healthyRetryPolicy":{"numRetries":3,"numNoDelayRetries":2,"numMinDelayRetries":2}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.numRetries must be greater than or equal to total of"},
		{name: "function", text: `{"healthyRetryPolicy":{"backoffFunction":"cubic"}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.backoffFunction must be one of"},
		{name: "more than an hour", text: `{"healthyRetryPolicy":{"numRetries":100,"minDelayTarget":60,"maxDelayTarget":60}}`, flaw: "DeliveryPolicy: healthyRetryPolicy.numRetries: all retries must be within 3600 seconds"},
		{name: "no receives", text: `{"throttlePolicy":{"maxReceivesPerSecond":0}}`, flaw: "DeliveryPolicy: throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1"},
		{name: "content type", text: `{"requestPolicy":{"headerContentType":"image/png"}}`, flaw: "DeliveryPolicy: requestPolicy.headerContentType is not supported"},
		{name: "content type with a line break", text: `{"requestPolicy":{"headerContentType":"text/plain; a\r\nX: y"}}`, flaw: "DeliveryPolicy: requestPolicy.headerContentType is not supported"},
		{name: "long", text: `{"guaranteed":` + strings.Repeat(" ", maxDeliveryPolicy) + `true}`, flaw: "DeliveryPolicy: longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := parseSubscriptionPolicy(test.text)
			if err != nil {
				if test.flaw == "" || !strings.HasPrefix(err.Error(), test.flaw) {
					t.Errorf("got %q, want %q", err, test.flaw)
				}
				return
			}
			if diff := cmp.Diff(test.want, document(p)); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
		})
	}
	for text, want := range map[string]string{
		`{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}`: "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
		`{"healthyRetryPolicy":{}}`:                                 "DeliveryPolicy: Unexpected JSON member: healthyRetryPolicy",
	} {
		if _, err := parseTopicPolicy(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEffectivePolicy(t *testing.T) {
	const ofTopic = `{"http":{"defaultHealthyRetryPolicy":{"numRetries":1},"defaultThrottlePolicy":{"maxReceivesPerSecond":9},"disableSubscriptionOverrides":%v}}`
	const own = `{"healthyRetryPolicy":{"numRetries":2},"requestPolicy":{"headerContentType":"text/csv"}}`
	for _, test := range []struct {
		name, protocol, topic, own string
		retries, perSecond         int
		contentType                string
	}{
		{name: "defaults", protocol: "http", retries: 3},
		{name: "defaults of others", protocol: "nats", retries: 50},
		{name: "topic's", protocol: "https", topic: fmt.Sprintf(ofTopic, false), retries: 1, perSecond: 9},
		{name: "topic's, of others", protocol: "nats", topic: fmt.Sprintf(ofTopic, false), retries: 50},
		{name: "own", protocol: "http", topic: fmt.Sprintf(ofTopic, false), own: own, retries: 2, perSecond: 9, contentType: "text/csv"},
		{name: "own, of others", protocol: "nats", own: own, retries: 2, contentType: "text/csv"},
		{name: "overrides disabled", protocol: "http", topic: fmt.Sprintf(ofTopic, true), own: own, retries: 1, perSecond: 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := effective(
				&record.Topic{Attributes: map[string]string{attrDelivery: test.topic}},
				&record.Subscription{Protocol: test.protocol, Attributes: map[string]string{attrDelivery: test.own}},
			)
			if p.retry.NumRetries != test.retries || p.perSecond != test.perSecond || p.contentType != test.contentType {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func FuzzDeliveryPolicy(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parseSubscriptionPolicy(text); err == nil {
			again, err := parseSubscriptionPolicy(document(p))
			if err != nil {
				t.Fatalf("%s is kept as %s: %v", text, document(p), err)
			}
			if diff := cmp.Diff(p, again); diff != "" {
				t.Fatalf("%s (-first +again):\n%s", text, diff)
			}
			sane(t, p.Healthy)
		}
		if p, err := parseTopicPolicy(text); err == nil {
			if _, err := parseTopicPolicy(document(p)); err != nil {
				t.Fatalf("%s is kept as %s: %v", text, document(p), err)
			}
			sane(t, p.HTTP.Healthy)
		}
	})
}

// sane makes sure that a policy's pauses are within its bounds and grow.
func sane(t *testing.T, p *retryPolicy) {
	t.Helper()
	if p == nil {
		return
	}
	var all []time.Duration
	for n := 1; ; n++ {
		d, ok := p.delay(n)
		if !ok {
			break
		}
		all = append(all, d)
	}
	if len(all) != p.NumRetries || !slices.IsSorted(all) {
		t.Fatalf("%+v: %v", p, all)
	}
	for _, d := range all[p.NumNoDelayRetries:] {
		if d < time.Duration(p.MinDelayTarget)*time.Second || d > time.Duration(p.MaxDelayTarget)*time.Second {
			t.Fatalf("%+v: %v", p, all)
		}
	}
}
