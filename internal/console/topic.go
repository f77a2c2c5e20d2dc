package console

import (
	"net/http"

	"firn/internal/awsapi"
	"firn/internal/sns"
)

// A topicView is what the page of a topic shows, and what was typed into it.
type topicView struct {
	ARN, Name string
	May       map[string]bool
	Attributes
	Subscriptions []subscriptionRow
	Protocols     []protocolHint
	After, Next   string // tokens of the subscriptions
	HasLetters    bool
	Typed         map[string]string // by the fields' names, if it was refused
	Complaint     string
	At            string // the form that it is about
}

// Attributes are those of a topic that the page shows.
type Attributes struct {
	DisplayName, Policy, DeliveryPolicy string
	Confirmed, Pending                  string
}

// A subscriptionRow is a subscription as SNS lists it. One that waits to be
// confirmed has no ARN there.
type subscriptionRow struct {
	Protocol        string
	SubscriptionArn string
	Owner           string
	Endpoint        string
}

// Pending reports whether nobody has confirmed the subscription yet.
func (s subscriptionRow) Pending() bool { return s.SubscriptionArn == "PendingConfirmation" }

// A protocolHint says what an endpoint of a protocol looks like.
type protocolHint struct{ Name, Endpoint, Note string }

func protocols() []protocolHint {
	return []protocolHint{
		{"https", "https://example.com/path", "a URL; SNS’s signed envelope, once the subscriber has followed the link in a first message"},
		{"http", "http://example.com/path", "the same in the clear"},
		{"sqs", "arn:aws:sqs:REGION:ACCOUNT:QUEUE", "a queue of yours, by its ARN; confirmed at once"},
		{"webhook", "https://[user:password@]host/path", "a plain POST of the message; with hmac:SECRET@ for user and password it is signed"},
		{"sns", "sns+https://KEY:SECRET@sns.eu-west-1.amazonaws.com/arn:aws:sns:…", "a topic of Amazon’s, or compatible"},
		{"nats", "nats://[user:password@]host[:4222]/subject", "or nats+tls://…; acknowledged by JetStream if a stream takes the subject"},
		{"amqp", "amqp://[user:password@]host[:5672]/vhost?exchange=E&key=K", "or amqps://…; RabbitMQ: confirmed, persistent, mandatory"},
		{"kafka", "kafka://[user:password@]host[:9092][,host…]/topic[?sasl=scram-sha-256]", "or kafka+tls://…; acknowledged by all replicas"},
	}
}

// showTopic describes a topic.
func showTopic(c *call) error {
	return c.topicPage(http.StatusOK, topicView{ARN: c.query.Get("topic")})
}

func (c *call) topicPage(status int, v topicView) error {
	v.Name, v.Protocols, v.After = topicName(v.ARN), protocols(), c.query.Get("after")
	v.May = c.mayEach(v.ARN, "sns", "GetTopicAttributes", "SetTopicAttributes", "ListSubscriptionsByTopic", "Subscribe",
		"Unsubscribe", "GetSubscriptionAttributes", "ConfirmSubscription", "Publish", "DeleteTopic", "ListDeadLetters", "ReplayDeadLetters")
	var err error
	if v.Attributes, err = c.topicAttributes(v.ARN); err != nil {
		return err
	}
	if v.May["ListSubscriptionsByTopic"] {
		if v.Subscriptions, v.Next, err = c.subscriptions(v.ARN, v.After); err != nil {
			return err
		}
	}
	if v.May["ListDeadLetters"] {
		letters, err := c.deadLetters(v.ARN, "")
		if err != nil {
			return err
		}
		v.HasLetters = len(letters.DeadLetters.Member) > 0
	}
	return c.render(status, "topic", page{
		Title: "Topic " + v.Name, Tab: "topics", Data: v, Crumbs: []crumb{{"Topics", Root + "topics"}}, Commands: topicCommands(v.ARN),
	})
}

func (c *call) topicAttributes(arn string) (a Attributes, err error) {
	all, err := c.attributes("GetTopicAttributes", "TopicArn", arn)
	return Attributes{
		DisplayName: all["DisplayName"], Policy: indent(all["Policy"]), DeliveryPolicy: indent(all["DeliveryPolicy"]),
		Confirmed: all["SubscriptionsConfirmed"], Pending: all["SubscriptionsPending"],
	}, err
}

// attributes asks SNS for those of something.
func (c *call) attributes(action string, params ...string) (map[string]string, error) {
	var got struct {
		Attributes struct {
			Entry []struct {
				Key   string `xml:"key"`
				Value string `xml:"value"`
			} `xml:"entry"`
		}
	}
	if err := c.sns(action, &got, params...); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, e := range got.Attributes.Entry {
		all[e.Key] = e.Value
	}
	return all, nil
}

func (c *call) subscriptions(arn, after string) (list []subscriptionRow, next string, err error) {
	var got struct {
		Subscriptions awsapi.Members[subscriptionRow]
		NextToken     string
	}
	err = c.sns("ListSubscriptionsByTopic", &got, "TopicArn", arn, "NextToken", after)
	return got.Subscriptions.Member, got.NextToken, err
}

func (c *call) deadLetters(arn, after string) (page sns.ListDeadLettersResult, err error) {
	err = c.sns("ListDeadLetters", &page, "TopicArn", arn, "NextToken", after)
	return page, err
}

func topicCommands(arn string) []command {
	return []command{
		awsCommand("Describe the topic", "sns", "get-topic-attributes", "topic-arn", arn),
		awsCommand("List its subscriptions", "sns", "list-subscriptions-by-topic", "topic-arn", arn),
		awsCommand("Subscribe", "sns", "subscribe", "topic-arn", arn, "protocol", "https", "notification-endpoint", "https://example.com/path"),
		awsCommand("End a subscription", "sns", "unsubscribe", "subscription-arn", arn+":ID"),
		awsCommand("Publish a message", "sns", "publish", "topic-arn", arn, "subject", "A test", "message", "Hello"),
		awsCommand("Set an attribute", "sns", "set-topic-attributes", "topic-arn", arn, "attribute-name", "DisplayName", "attribute-value", "NAME"),
		{"List its dead letters, with Firn’s own program", "firn topic dead-letters " + quote(arn)},
		awsCommand("Delete the topic", "sns", "delete-topic", "topic-arn", arn),
	}
}

// changeTopic does what the forms of a topic's page are for.
func changeTopic(c *call) error {
	return c.choose(map[string]func(*call) error{
		"subscribe": subscribe, "unsubscribe": unsubscribe, "confirm": confirmSubscription, "publish": publish, "attributes": setAttributes,
	})
}

// again shows the page of a topic with what was typed and why it was refused,
// and any other error as it is.
func (c *call) again(form string, err error, fields ...string) error {
	e := asRefusal(err)
	if e == nil {
		return err
	}
	v := topicView{ARN: c.query.Get("topic"), Complaint: e.text, At: form, Typed: map[string]string{}}
	for _, name := range fields {
		v.Typed[name] = c.form.Get(name)
	}
	return c.topicPage(e.status, v)
}

func (c *call) hereTopic() (arn, page string) {
	arn = c.query.Get("topic")
	return arn, link("topic", "topic", arn)
}

// subscribe makes a subscription. An endpoint may have a password in it, so it
// is not shown again when it is refused.
func subscribe(c *call) error {
	arn, page := c.hereTopic()
	params := []string{"TopicArn", arn, "Protocol", c.form.Get("protocol"), "Endpoint", c.form.Get("endpoint")}
	n := "1"
	if c.form.Get("raw") != "" {
		params = append(params, "Attributes.entry.1.key", "RawMessageDelivery", "Attributes.entry.1.value", "true")
		n = "2"
	}
	if filter := c.text("filter"); filter != "" {
		params = append(params, "Attributes.entry."+n+".key", "FilterPolicy", "Attributes.entry."+n+".value", filter)
	}
	var made struct{ SubscriptionArn string }
	if err := c.sns("Subscribe", &made, params...); err != nil {
		return c.again("subscribe", err, "protocol", "filter", "raw")
	}
	if made.SubscriptionArn == "pending confirmation" {
		return c.done(page, "The endpoint was asked to confirm. It is sent nothing else before it has.")
	}
	return c.done(page, "The subscription is there.")
}

func unsubscribe(c *call) error {
	_, page := c.hereTopic()
	if err := c.sns("Unsubscribe", nil, "SubscriptionArn", c.form.Get("subscription")); err != nil {
		return c.instead(page, err)
	}
	return c.done(page, "The subscription is ended.")
}

// confirmSubscription is for who has the token of the first message, and no
// way to follow its link.
func confirmSubscription(c *call) error {
	arn, page := c.hereTopic()
	if err := c.sns("ConfirmSubscription", nil, "TopicArn", arn, "Token", c.form.Get("token")); err != nil {
		return c.instead(page, err)
	}
	return c.done(page, "The subscription is confirmed.")
}

func publish(c *call) error {
	arn, page := c.hereTopic()
	var sent struct {
		MessageID string `xml:"MessageId"`
	}
	err := c.sns("Publish", &sent, "TopicArn", arn, "Subject", c.form.Get("subject"), "Message", c.text("message"))
	if err != nil {
		return c.again("publish", err, "subject", "message")
	}
	return c.done(page, "The message %s is on its way.", sent.MessageID)
}

// setAttributes sets those attributes that were changed: whoever may set one
// is not told that he has set all of them.
func setAttributes(c *call) error {
	arn, page := c.hereTopic()
	has, err := c.topicAttributes(arn)
	if err != nil {
		return c.instead(page, err)
	}
	changed := 0
	for _, a := range []struct{ name, had, has string }{
		{"DisplayName", has.DisplayName, c.form.Get("DisplayName")},
		{"DeliveryPolicy", has.DeliveryPolicy, c.text("DeliveryPolicy")},
		{"Policy", has.Policy, c.text("Policy")},
	} {
		if a.had == a.has {
			continue
		}
		if err := c.sns("SetTopicAttributes", nil, "TopicArn", arn, "AttributeName", a.name, "AttributeValue", a.has); err != nil {
			return c.again("attributes", err, "DisplayName", "DeliveryPolicy", "Policy")
		}
		changed++
	}
	if changed == 0 {
		return c.done(page, "Nothing was changed.")
	}
	return c.done(page, "The topic is changed.")
}

// showDeleteTopic asks before a topic is deleted.
func showDeleteTopic(c *call) error {
	arn, back := c.hereTopic()
	a, err := c.topicAttributes(arn)
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, "topic-delete", page{
		Title: "Delete topic " + topicName(arn), Tab: "topics", Data: topicView{ARN: arn, Name: topicName(arn), Attributes: a},
		Crumbs:   []crumb{{"Topics", Root + "topics"}, {topicName(arn), back}},
		Commands: []command{awsCommand("Delete the topic", "sns", "delete-topic", "topic-arn", arn)},
	})
}

func deleteTopic(c *call) error {
	arn, back := c.hereTopic()
	if err := c.typed(topicName(arn)); err != nil {
		return c.instead(link("topic-delete", "topic", arn), err)
	}
	if err := c.sns("DeleteTopic", nil, "TopicArn", arn); err != nil {
		return c.instead(back, err)
	}
	return c.done(Root+"topics", "The topic %s is deleted.", topicName(arn))
}
