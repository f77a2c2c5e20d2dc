package topics

import (
	"net/http"
	"strconv"
	"strings"

	"firn/internal/console/frame"
)

// A subscriptionView is what the page of a subscription shows, and what was
// typed into it.
type subscriptionView struct {
	ARN, Topic, Name   string
	Protocol, Endpoint string
	Pending            bool
	Raw, Filter, Body  frame.Field
	Delivery, Redrive  frame.Field
	Effective          string
	May                map[string]bool
	Complaint          string
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
	v.Raw = frame.NewField("raw", "whether messages are delivered as they are", isTrue(all["RawMessageDelivery"] == "true"))
	v.Body = frame.NewField("body", "what the filter is about", isTrue(all["FilterPolicyScope"] == scopeBody))
	v.Filter = frame.NewField("filter", "the filter policy", frame.Indent(all["FilterPolicy"]))
	v.Delivery = frame.NewField("delivery", "the delivery policy", frame.Indent(all["DeliveryPolicy"]))
	v.Redrive = frame.NewField("redrive", "the redrive policy", frame.Indent(all["RedrivePolicy"]))
	v.Effective = frame.Indent(all["EffectiveDeliveryPolicy"])
	return v, nil
}

// isTrue is what a box that can be ticked has for a value.
func isTrue(ticked bool) string {
	if ticked {
		return "true"
	}
	return ""
}

// wayToSubscription leads to the topic.
func wayToSubscription(v *subscriptionView) []frame.Crumb {
	return []frame.Crumb{{Text: "Topics", Link: frame.Root + "topics"}, {Text: v.Name, Link: frame.Link("topic", "topic", v.Topic)}}
}

func subscriptionPage(c *frame.Call, status int, v subscriptionView) error {
	v.Name = topicName(v.Topic)
	v.May = c.MayEach(v.ARN, "sns", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe")
	set := func(does, name, value string) frame.Command {
		return frame.AwsCommand(does, "sns", "set-subscription-attributes", "subscription-arn", v.ARN, "attribute-name", name, "attribute-value", value)
	}
	return c.Render(status, "subscription", frame.Page{
		Title: "A subscription of " + v.Name, Tab: "topics", Data: v,
		Crumbs: wayToSubscription(&v),
		Commands: frame.Allowed(v.May,
			frame.AwsCommand("Describe the subscription", "sns", "get-subscription-attributes", "subscription-arn", v.ARN),
			set("Filter messages", "FilterPolicy", `{"kind":["tape"]}`),
			set("Deliver messages as they are", "RawMessageDelivery", "true"),
			frame.AwsCommand("End the subscription", "sns", "unsubscribe", "subscription-arn", v.ARN),
		),
	})
}

// changeSubscription sets those attributes that were changed in the form, unless
// somebody else has changed one of them meanwhile. What was typed stays if it is
// refused.
func changeSubscription(c *frame.Call) error {
	arn, _ := hereSubscription(c)
	v, err := subscription(c)
	if err != nil {
		return err
	}
	for _, f := range v.fields() {
		*f = f.Sent(c)
	}
	changed, err := v.set(c)
	if e := frame.AsRefusal(err); e != nil {
		v.Complaint = e.Text
		return subscriptionPage(c, e.Status, v)
	}
	if err != nil {
		return err
	}
	return c.Done(frame.Link("subscription", "subscription", arn), "%s", whatChanged("subscription", changed))
}

// fields are those of the form, in an order in which each fits what is there
// already: a filter that looks into messages may have what one of attributes may
// not.
func (v *subscriptionView) fields() []*frame.Field {
	if v.Body.Typed != "" {
		return []*frame.Field{&v.Body, &v.Filter, &v.Raw, &v.Delivery, &v.Redrive}
	}
	return []*frame.Field{&v.Filter, &v.Body, &v.Raw, &v.Delivery, &v.Redrive}
}

// set sets what was changed, and says how much.
func (v *subscriptionView) set(c *frame.Call) (changed int, err error) {
	fields := v.fields()
	all := make([]frame.Field, 0, len(fields))
	for _, f := range fields {
		all = append(all, *f)
	}
	if err := frame.Overtaken(all...); err != nil {
		return 0, err
	}
	for _, f := range fields {
		if !f.Changed {
			continue
		}
		a := v.attribute(f)
		if err := c.Sns("SetSubscriptionAttributes", nil, "SubscriptionArn", v.ARN, "AttributeName", a.Name, "AttributeValue", a.Value); err != nil {
			return changed, err
		}
		*f = frame.NewField(f.Name, f.Says, f.Typed)
		changed++
	}
	return changed, nil
}

// attribute is what SNS calls a field, and its value there.
func (v *subscriptionView) attribute(f *frame.Field) frame.Setting {
	switch f {
	case &v.Body:
		if f.Typed == "" {
			return frame.Setting{Name: "FilterPolicyScope", Value: "MessageAttributes"}
		}
		return frame.Setting{Name: "FilterPolicyScope", Value: scopeBody}
	case &v.Raw:
		return frame.Setting{Name: "RawMessageDelivery", Value: strconv.FormatBool(f.Typed != "")}
	case &v.Filter:
		return frame.Setting{Name: "FilterPolicy", Value: f.Typed}
	case &v.Delivery:
		return frame.Setting{Name: "DeliveryPolicy", Value: f.Typed}
	}
	return frame.Setting{Name: "RedrivePolicy", Value: f.Typed}
}
