package console

import (
	"net/http"
	"strings"
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
func (c *call) hereSubscription() (arn, topic string) {
	arn = c.query.Get("subscription")
	return arn, arn[:max(0, strings.LastIndexByte(arn, ':'))]
}

// showSubscription describes a subscription.
func showSubscription(c *call) error {
	v, err := c.subscription()
	if err != nil {
		return err
	}
	return c.subscriptionPage(http.StatusOK, v)
}

func (c *call) subscription() (v subscriptionView, err error) {
	v.ARN, v.Topic = c.hereSubscription()
	all, err := c.attributes("GetSubscriptionAttributes", "SubscriptionArn", v.ARN)
	if err != nil {
		return v, err
	}
	v.Protocol, v.Endpoint, v.Pending = all["Protocol"], all["Endpoint"], all["PendingConfirmation"] == "true"
	v.Raw, v.Filter, v.Body = all["RawMessageDelivery"], indent(all["FilterPolicy"]), ""
	if all["FilterPolicyScope"] == scopeBody {
		v.Body = "true"
	}
	v.Delivery, v.Redrive, v.Effective = indent(all["DeliveryPolicy"]), indent(all["RedrivePolicy"]), indent(all["EffectiveDeliveryPolicy"])
	return v, nil
}

func (c *call) subscriptionPage(status int, v subscriptionView) error {
	v.Name = topicName(v.Topic)
	v.May = c.mayEach(v.ARN, "sns", "SetSubscriptionAttributes")
	set := func(does, name, value string) command {
		return awsCommand(does, "sns", "set-subscription-attributes", "subscription-arn", v.ARN, "attribute-name", name, "attribute-value", value)
	}
	return c.render(status, "subscription", page{
		Title: "A subscription of " + v.Name, Tab: "topics", Data: v,
		Crumbs: []crumb{{"Topics", Root + "topics"}, {v.Name, link("topic", "topic", v.Topic)}},
		Commands: []command{
			awsCommand("Describe the subscription", "sns", "get-subscription-attributes", "subscription-arn", v.ARN),
			set("Filter messages", "FilterPolicy", `{"kind":["tape"]}`),
			set("Deliver messages as they are", "RawMessageDelivery", "true"),
		},
	})
}

// changeSubscription sets those attributes that were changed. What was typed
// stays if it is refused.
func changeSubscription(c *call) error {
	arn, _ := c.hereSubscription()
	here := link("subscription", "subscription", arn)
	has, err := c.subscription()
	if err != nil {
		return err
	}
	v := has
	v.Filter, v.Delivery, v.Redrive, v.Raw, v.Body = c.text("filter"), c.text("delivery"), c.text("redrive"), "false", c.form.Get("body")
	if c.form.Get("raw") != "" {
		v.Raw = "true"
	}
	changed := 0
	for _, a := range v.differences(&has) {
		err := c.sns("SetSubscriptionAttributes", nil, "SubscriptionArn", arn, "AttributeName", a.Name, "AttributeValue", a.Value)
		if e := asRefusal(err); e != nil {
			v.Complaint = e.text
			return c.subscriptionPage(e.status, v)
		}
		if err != nil {
			return err
		}
		changed++
	}
	if changed == 0 {
		return c.done(here, "Nothing was changed.")
	}
	return c.done(here, "The subscription is changed.")
}

// differences are the attributes to be set, in an order in which each fits what
// is there already: a filter that looks into messages may have what one of
// attributes may not.
func (v *subscriptionView) differences(has *subscriptionView) (list []Setting) {
	set := func(differs bool, name, value string) {
		if differs {
			list = append(list, Setting{name, value})
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
