package topic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"firn/internal/record"
)

// A retryPolicy says when a delivery that failed is tried again: first without
// a pause, then with the shortest one, then with pauses that grow from the
// shortest to the longest, then with the longest.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
type retryPolicy struct {
	MinDelayTarget     int    `json:"minDelayTarget"` // seconds
	MaxDelayTarget     int    `json:"maxDelayTarget"` // seconds
	NumRetries         int    `json:"numRetries"`     // in all
	NumMaxDelayRetries int    `json:"numMaxDelayRetries"`
	NumNoDelayRetries  int    `json:"numNoDelayRetries"`
	NumMinDelayRetries int    `json:"numMinDelayRetries"`
	BackoffFunction    string `json:"backoffFunction"`
}

const (
	maxRetries   = 100
	maxDelaySecs = 3600 // also of all pauses of a policy together
)

// defaultHTTP is the policy of HTTP endpoints that have none of their own.
func defaultHTTP() retryPolicy {
	return retryPolicy{MinDelayTarget: 20, MaxDelayTarget: 20, NumRetries: 3, BackoffFunction: "linear"}
}

// defaultOther is SNS's policy for other endpoints of customers: 50 tries in
// six hours.
func defaultOther() retryPolicy {
	return retryPolicy{
		MinDelayTarget: 10, MaxDelayTarget: 600, NumRetries: 50, NumMinDelayRetries: 2, NumMaxDelayRetries: 38,
		BackoffFunction: "exponential",
	}
}

// A throttlePolicy bounds how many deliveries a subscription has in a second.
type throttlePolicy struct {
	MaxReceivesPerSecond int `json:"maxReceivesPerSecond"`
}

// A requestPolicy says with which content type notifications are sent.
type requestPolicy struct {
	HeaderContentType string `json:"headerContentType"`
}

const defaultContentType = "text/plain; charset=UTF-8"

// A subscriptionPolicy is the DeliveryPolicy of a subscription, as it is kept
// and shown.
type subscriptionPolicy struct {
	Healthy    *retryPolicy    `json:"healthyRetryPolicy"`
	Sickly     *retryPolicy    `json:"sicklyRetryPolicy"` // of old; accepted, and not kept
	Throttle   *throttlePolicy `json:"throttlePolicy"`
	Request    *requestPolicy  `json:"requestPolicy"`
	Guaranteed bool            `json:"guaranteed"` // of old; accepted, and not kept
}

// A topicPolicy is the DeliveryPolicy of a topic, as it is kept and shown.
type topicPolicy struct {
	HTTP topicHTTPPolicy `json:"http"`
}

type topicHTTPPolicy struct {
	Healthy          *retryPolicy    `json:"defaultHealthyRetryPolicy,omitempty"`
	Sickly           *retryPolicy    `json:"defaultSicklyRetryPolicy,omitempty"` // of old; accepted, and not kept
	DisableOverrides bool            `json:"disableSubscriptionOverrides"`
	Throttle         *throttlePolicy `json:"defaultThrottlePolicy,omitempty"`
	Request          *requestPolicy  `json:"defaultRequestPolicy,omitempty"`
}

// UnmarshalJSON leaves what is not mentioned as it is by default.
func (p *retryPolicy) UnmarshalJSON(text []byte) error {
	type plain retryPolicy
	v := plain(defaultHTTP())
	if err := decodeStrictly(text, &v); err != nil {
		return err
	}
	*p = retryPolicy(v)
	return nil
}

// decodeStrictly decodes one JSON object, all of whose members are known.
func decodeStrictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}

// parsePolicy decodes a DeliveryPolicy into v. Errors are flaws.
func parsePolicy(text string, v any) error {
	if len(text) > maxDeliveryPolicy {
		return flawf("DeliveryPolicy: longer than %d bytes", maxDeliveryPolicy)
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return flaw("DeliveryPolicy: failed to parse JSON.")
	}
	err := decodeStrictly([]byte(text), v)
	if err == nil {
		return nil
	}
	if _, field, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return flawf("DeliveryPolicy: Unexpected JSON member: %s", strings.Trim(field, `"`))
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return flawf("DeliveryPolicy: %s must not be a %s", kind.Field, kind.Value)
	}
	return flaw("DeliveryPolicy: failed to parse JSON.")
}

// parseSubscriptionPolicy reads the DeliveryPolicy of a subscription.
func parseSubscriptionPolicy(text string) (p subscriptionPolicy, err error) {
	if err := parsePolicy(text, &p); err != nil {
		return subscriptionPolicy{}, err
	}
	p.Sickly, p.Guaranteed = nil, false
	return p, checkPolicies("", p.Healthy, p.Throttle, p.Request)
}

// parseTopicPolicy reads the DeliveryPolicy of a topic.
func parseTopicPolicy(text string) (p topicPolicy, err error) {
	if err := parsePolicy(text, &p); err != nil {
		return topicPolicy{}, err
	}
	h := &p.HTTP
	h.Sickly = nil
	return p, checkPolicies("http.default", h.Healthy, h.Throttle, h.Request)
}

// checkPolicies looks for flaws in the parts of a policy. prefix is what stands
// before their names.
func checkPolicies(prefix string, retry *retryPolicy, throttle *throttlePolicy, request *requestPolicy) error {
	named := func(part string) string {
		if prefix == "" {
			return "DeliveryPolicy: " + part
		}
		return "DeliveryPolicy: " + prefix + strings.ToUpper(part[:1]) + part[1:]
	}
	if retry != nil {
		if why := retry.flaw(); why != "" {
			return flaw(named("healthyRetryPolicy") + "." + why)
		}
	}
	if throttle != nil && throttle.MaxReceivesPerSecond < 1 {
		return flaw(named("throttlePolicy") + ".maxReceivesPerSecond must be greater than or equal to 1")
	}
	if request != nil && !validContentType(request.HeaderContentType) {
		return flaw(named("requestPolicy") + ".headerContentType is not supported")
	}
	return nil
}

// flaw returns what is wrong with a policy, "" if nothing.
func (p *retryPolicy) flaw() string {
	for _, f := range []struct {
		name           string
		value          int
		least, highest int
	}{
		{"numRetries", p.NumRetries, 0, maxRetries},
		{"minDelayTarget", p.MinDelayTarget, 1, maxDelaySecs},
		{"maxDelayTarget", p.MaxDelayTarget, 1, maxDelaySecs},
		{"numNoDelayRetries", p.NumNoDelayRetries, 0, maxRetries},
		{"numMinDelayRetries", p.NumMinDelayRetries, 0, maxRetries},
		{"numMaxDelayRetries", p.NumMaxDelayRetries, 0, maxRetries},
	} {
		if f.value < f.least {
			return fmt.Sprintf("%s must be greater than or equal to %d", f.name, f.least)
		}
		if f.value > f.highest {
			return fmt.Sprintf("%s must be less than or equal to %d", f.name, f.highest)
		}
	}
	switch {
	case p.MaxDelayTarget < p.MinDelayTarget:
		return "maxDelayTarget must be greater than or equal to minDelayTarget"
	case p.NumNoDelayRetries+p.NumMinDelayRetries+p.NumMaxDelayRetries > p.NumRetries:
		return "numRetries must be greater than or equal to total of numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries"
	case !slices.Contains([]string{"linear", "arithmetic", "geometric", "exponential"}, p.BackoffFunction):
		return "backoffFunction must be one of linear, arithmetic, geometric, exponential"
	case p.total() > maxDelaySecs*time.Second:
		return fmt.Sprintf("numRetries: all retries must be within %d seconds", maxDelaySecs)
	}
	return ""
}

// total is the time from the first try to the last.
func (p *retryPolicy) total() (sum time.Duration) {
	for n := range p.NumRetries {
		d, _ := p.delay(n + 1)
		sum += d
	}
	return sum
}

// delay is the pause before the n-th retry, from 1, in whole seconds; and
// false if there is no such retry.
func (p *retryPolicy) delay(n int) (time.Duration, bool) {
	if n < 1 || n > p.NumRetries {
		return 0, false
	}
	backoff := p.NumRetries - p.NumNoDelayRetries - p.NumMinDelayRetries - p.NumMaxDelayRetries
	secs := p.MaxDelayTarget
	switch n -= p.NumNoDelayRetries; {
	case n <= 0:
		secs = 0
	case n <= p.NumMinDelayRetries:
		secs = p.MinDelayTarget
	case n <= p.NumMinDelayRetries+backoff:
		secs = p.backoff(n-p.NumMinDelayRetries-1, backoff-1)
	}
	return time.Duration(secs) * time.Second, true
}

// backoff is the i-th of the pauses that grow, from 0 to last, in seconds. The
// first is the shortest and the last the longest. SNS names its four functions
// and shows a picture; here, linear pauses grow by the same amount each time,
// arithmetic ones by an amount that itself grows so, geometric ones by the
// same factor, and exponential ones by an amount that doubles.
func (p *retryPolicy) backoff(i, last int) int {
	if last == 0 {
		return p.MinDelayTarget
	}
	least, most := float64(p.MinDelayTarget), float64(p.MaxDelayTarget)
	x, y := float64(i), float64(last)
	var secs float64
	switch p.BackoffFunction {
	case "arithmetic":
		secs = least + (most-least)*(x*(x+1))/(y*(y+1))
	case "geometric":
		secs = least * math.Pow(most/least, x/y)
	case "exponential":
		secs = least + (most-least)*(math.Exp2(x)-1)/(math.Exp2(y)-1)
	default:
		secs = least + (most-least)*x/y
	}
	return int(math.Round(secs))
}

// validContentType reports whether SNS lets an endpoint ask for the type.
func validContentType(s string) bool {
	kind, parameters, _ := strings.Cut(s, ";")
	if strings.ContainsFunc(parameters, func(r rune) bool { return r < ' ' || r > '~' }) || len(s) > 100 {
		return false
	}
	return slices.Contains([]string{
		"application/atom+xml", "application/json", "application/octet-stream", "application/soap+xml",
		"application/x-www-form-urlencoded", "application/xhtml+xml", "application/xml",
		"text/css", "text/csv", "text/html", "text/plain", "text/xml",
	}, strings.TrimSpace(kind))
}

// An effectivePolicy is what a subscription's own policy, its topic's and the
// defaults amount to.
type effectivePolicy struct {
	retry       retryPolicy
	perSecond   int    // 0 is no bound
	contentType string // "" is the default
}

// effective is the policy of a subscription. What was kept was checked before.
func effective(t *record.Topic, sub *record.Subscription) effectivePolicy {
	p := effectivePolicy{retry: defaultOther()}
	var overrides = true
	if isHTTP(sub.Protocol) {
		p.retry = defaultHTTP()
		var of topicPolicy
		if text := t.Attributes[attrDelivery]; text != "" {
			of, _ = parseTopicPolicy(text)
		}
		p.apply(of.HTTP.Healthy, of.HTTP.Throttle, of.HTTP.Request)
		overrides = !of.HTTP.DisableOverrides
	}
	if text := sub.Attributes[attrDelivery]; text != "" && overrides {
		own, _ := parseSubscriptionPolicy(text)
		p.apply(own.Healthy, own.Throttle, own.Request)
	}
	return p
}

func (p *effectivePolicy) apply(retry *retryPolicy, throttle *throttlePolicy, request *requestPolicy) {
	if retry != nil {
		p.retry = *retry
	}
	if throttle != nil {
		p.perSecond = throttle.MaxReceivesPerSecond
	}
	if request != nil {
		p.contentType = request.HeaderContentType
	}
}

// ofSubscription is the policy as a subscription shows it.
func (p *effectivePolicy) ofSubscription() string {
	return document(subscriptionPolicy{Healthy: &p.retry, Throttle: p.throttle(), Request: p.request()})
}

// ofTopic is the policy as a topic shows it.
func (p *effectivePolicy) ofTopic(disableOverrides bool) string {
	return document(topicPolicy{topicHTTPPolicy{
		Healthy: &p.retry, DisableOverrides: disableOverrides, Throttle: p.throttle(), Request: p.request(),
	}})
}

func (p *effectivePolicy) throttle() *throttlePolicy {
	if p.perSecond == 0 {
		return nil
	}
	return &throttlePolicy{p.perSecond}
}

func (p *effectivePolicy) request() *requestPolicy {
	if p.contentType == "" {
		return &requestPolicy{defaultContentType}
	}
	return &requestPolicy{p.contentType}
}

func isHTTP(protocol string) bool { return protocol == protocolHTTP || protocol == protocolHTTPS }

// document is v as JSON. v is one of the policies, which can be encoded.
func document(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("topic: " + err.Error())
	}
	return string(text)
}
