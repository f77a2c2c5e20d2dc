package topics

import (
	"net/http"
	"strings"

	"firn/internal/console/frame"
)

// A subscriptionView is what the page of a subscription shows, and what was
// typed into it.
type subscriptionView struct {
	ARN, Topic, Name            string
	Protocol, Endpoint          string
	Pending                     bool
	Raw, Filter, Body, Delivery string
	Redrive, Effective          string
	May                         map[string]bool
	Complaint                   string
}

// scopeBody is the scope of a filter policy that looks into messages.
const scopeBody = "MessageBody"

// hereSubscription is the subscription that a page is about. A topic's ARN is
// the beginning of those of its subscriptions.
func hereSubscription(c *frame.Call) (arn, topic string) {
	arn = c.Query.Get("subscription")
	return arn, arn[:max(0, strings.LastIndexByte(arn, ':'))]
}

// showSubscription describes a subscription.
func showSubscription(c *frame.Call) error {
	v, err := subscription(c)
	if err != nil {
		return err
	}
	return subscriptionPage(c, http.StatusOK, v)
}

func subscription(c *frame.Call) (v subscriptionView, err error) {
	v.ARN, v.Topic = hereSubscription(c)
	all, err := attributes(c, "GetSubscriptionAttributes", "SubscriptionArn", v.ARN)
	if err != nil {
		return v, err
	}
	v.Protocol, v.Endpoint, v.Pending = all["Protocol"], all["Endpoint"], all["PendingConfirmation"] == "true"
	v.Raw, v.Filter, v.Body = all["RawMessageDelivery"], frame.Indent(all["FilterPolicy"]), ""
	if all["FilterPolicyScope"] == scopeBody {
		v.Body = "true"
	}
	v.Delivery, v.Redrive, v.Effective = frame.Indent(all["DeliveryPolicy"]), frame.Indent(all["RedrivePolicy"]), frame.Indent(all["EffectiveDeliveryPolicy"])
	return v, nil
}

func subscriptionPage(c *frame.Call, status int, v subscriptionView) error {
	v.Name = topicName(v.Topic)
	v.May = c.MayEach(v.ARN, "sns", "SetSubscriptionAttributes")
	set := func(does, name, value string) frame.Command {
		return frame.AwsCommand(does, "sns", "set-subscription-attributes", "subscription-arn", v.ARN, "attribute-name", name, "attribute-value", value)
	}
	return c.Render(status, "subscription", frame.Page{
		Title: "A subscription of " + v.Name, Tab: "topics", Data: v,
		Crumbs: []frame.Crumb{{Text: "Topics", Link: frame.Root + "topics"}, {Text: v.Name, Link: frame.Link("topic", "topic", v.Topic)}},
		Commands: []frame.Command{
			frame.AwsCommand("Describe the subscription", "sns", "get-subscription-attributes", "subscription-arn", v.ARN),
			set("Filter messages", "FilterPolicy", `{"kind":["tape"]}`),
			set("Deliver messages as they are", "RawMessageDelivery", "true"),
		},
	})
}

// changeSubscription sets those attributes that were changed. What was typed
// stays if it is refused.
func changeSubscription(c *frame.Call) error {
	arn, _ := hereSubscription(c)
	here := frame.Link("subscription", "subscription", arn)
	has, err := subscription(c)
	if err != nil {
		return err
	}
	v := has
	v.Filter, v.Delivery, v.Redrive, v.Raw, v.Body = c.Text("filter"), c.Text("delivery"), c.Text("redrive"), "false", c.Form.Get("body")
	if c.Form.Get("raw") != "" {
		v.Raw = "true"
	}
	changed := 0
	for _, a := range v.differences(&has) {
		err := c.Sns("SetSubscriptionAttributes", nil, "SubscriptionArn", arn, "AttributeName", a.Name, "AttributeValue", a.Value)
		if e := frame.AsRefusal(err); e != nil {
			v.Complaint = e.Text
			return subscriptionPage(c, e.Status, v)
		}
		if err != nil {
			return err
		}
		changed++
	}
	if changed == 0 {
		return c.Done(here, "Nothing was changed.")
	}
	return c.Done(here, "The subscription is changed.")
}

// differences are the attributes to be set, in an order in which each fits what
// is there already: a filter that looks into messages may have what one of
// attributes may not.
func (v *subscriptionView) differences(has *subscriptionView) (list []frame.Setting) {
	set := func(differs bool, name, value string) {
		if differs {
			list = append(list, frame.Setting{Name: name, Value: value})
		}
	}
	scope := "MessageAttributes"
	if v.Body != "" {
		scope = scopeBody
		set(has.Body == "", "FilterPolicyScope", scope)
	}
	set(v.Filter != has.Filter, "FilterPolicy", v.Filter)
	if v.Body == "" {
		set(has.Body != "", "FilterPolicyScope", scope)
	}
	set(v.Raw != has.Raw, "RawMessageDelivery", v.Raw)
	set(v.Delivery != has.Delivery, "DeliveryPolicy", v.Delivery)
	set(v.Redrive != has.Redrive, "RedrivePolicy", v.Redrive)
	return list
}
