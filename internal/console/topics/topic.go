package topics

import (
	"net/http"

	"firn/internal/console/frame"
	"firn/internal/sns"
)

// A topicView is what the page of a topic shows, and what was typed into it.
type topicView struct {
	ARN, Name string
	May       map[string]bool
	Attributes
	Fields        map[string]frame.Field // of the form of attributes, by their names
	Subscriptions []subscriptionRow
	Protocols     []protocolHint
	Later         bool   // it is not the first page of subscriptions
	Next          string // the next page
	HasLetters    bool
	Typed         map[string]string // by the fields' names, if it was refused
	Complaint     string
}

// Attributes are those of a topic that the page shows.
type Attributes struct {
	DisplayName, Policy, DeliveryPolicy string
	Confirmed, Pending                  string
}

// fields are those that can be changed, in the order in which they are.
func (a Attributes) fields() []frame.Field {
	return []frame.Field{
		frame.NewField("DisplayName", "the display name", a.DisplayName),
		frame.NewField("DeliveryPolicy", "the delivery policy", a.DeliveryPolicy),
		frame.NewField("Policy", "the policy", a.Policy),
	}
}

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
func showTopic(c *frame.Call) error {
	return topicPage(c, http.StatusOK, topicView{ARN: c.Query.Get("topic")})
}

func topicPage(c *frame.Call, status int, v topicView) error {
	v.Name, v.Protocols = topicName(v.ARN), protocols()
	v.May = c.MayEach(v.ARN, "sns", "GetTopicAttributes", "SetTopicAttributes", "ListSubscriptionsByTopic", "Subscribe",
		"Unsubscribe", "GetSubscriptionAttributes", "ConfirmSubscription", "Publish", "DeleteTopic", "ListDeadLetters", "ReplayDeadLetters")
	if err := describeTopic(c, &v); err != nil {
		return err
	}
	if v.May["ListDeadLetters"] {
		letters, err := deadLetters(c, v.ARN, "")
		if err != nil {
			return err
		}
		v.HasLetters = len(letters.DeadLetters.Member) > 0
	}
	return c.Render(status, "topic", frame.Page{
		Title: "Topic " + v.Name, Tab: "topics", Data: v, Crumbs: []frame.Crumb{{Text: "Topics", Link: frame.Root + "topics"}},
		Commands: frame.Allowed(v.May, topicCommands(v.ARN, v.May["ListDeadLetters"])...),
	})
}

// describeTopic adds a topic's attributes and a page of its subscriptions.
func describeTopic(c *frame.Call, v *topicView) (err error) {
	if v.Attributes, err = topicAttributes(c, v.ARN); err != nil {
		return err
	}
	if v.Fields == nil {
		v.Fields = map[string]frame.Field{}
		for _, f := range v.fields() {
			v.Fields[f.Name] = f
		}
	}
	if !v.May["ListSubscriptionsByTopic"] {
		return nil
	}
	at := placeIn(c)
	list, token, err := subscriptions(c, v.ARN, at.after)
	if err != nil {
		return err
	}
	from, to := at.bounds(len(list))
	v.Subscriptions, v.Later = list[from:to], at.later()
	v.Next = at.next("topic", v.ARN, len(list), token)
	return nil
}

func topicAttributes(c *frame.Call, arn string) (a Attributes, err error) {
	all, err := attributes(c, "GetTopicAttributes", "TopicArn", arn)
	return Attributes{
		DisplayName: all["DisplayName"], Policy: frame.Indent(all["Policy"]), DeliveryPolicy: frame.Indent(all["DeliveryPolicy"]),
		Confirmed: all["SubscriptionsConfirmed"], Pending: all["SubscriptionsPending"],
	}, err
}

// attributes asks SNS for those of something.
func attributes(c *frame.Call, action string, params ...string) (map[string]string, error) {
	var got struct {
		Attributes struct {
			Entry []struct {
				Key   string `xml:"key"`
				Value string `xml:"value"`
			} `xml:"entry"`
		}
	}
	if err := c.Sns(action, &got, params...); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, e := range got.Attributes.Entry {
		all[e.Key] = e.Value
	}
	return all, nil
}

func deadLetters(c *frame.Call, arn, after string) (page sns.ListDeadLettersResult, err error) {
	err = c.Sns("ListDeadLetters", &page, "TopicArn", arn, "NextToken", after)
	return page, err
}

func topicCommands(arn string, letters bool) []frame.Command {
	all := []frame.Command{
		frame.AwsCommand("Describe the topic", "sns", "get-topic-attributes", "topic-arn", arn),
		frame.AwsCommand("Set an attribute", "sns", "set-topic-attributes", "topic-arn", arn, "attribute-name", "DisplayName", "attribute-value", "NAME"),
		frame.AwsCommand("List its subscriptions", "sns", "list-subscriptions-by-topic", "topic-arn", arn),
		frame.AwsCommand("Subscribe", "sns", "subscribe", "topic-arn", arn, "protocol", "https", "notification-endpoint", "https://example.com/path"),
		frame.AwsCommand("Confirm a subscription", "sns", "confirm-subscription", "topic-arn", arn, "token", "TOKEN"),
		frame.AwsCommand("End a subscription", "sns", "unsubscribe", "subscription-arn", arn+":ID"),
		frame.AwsCommand("Publish a message", "sns", "publish", "topic-arn", arn, "subject", "A test", "message", "Hello"),
	}
	if letters {
		all = append(all, frame.Command{Does: "List its dead letters, with Firn’s own program", Text: "firn topic dead-letters " + frame.Quote(arn)})
	}
	return append(all, frame.AwsCommand("Delete the topic", "sns", "delete-topic", "topic-arn", arn))
}

// changeTopic does what the forms of a topic's page are for.
func changeTopic(c *frame.Call) error {
	return c.Choose(map[string]func(*frame.Call) error{
		"subscribe": subscribe, "confirm": confirmSubscription, "publish": publish, "attributes": setAttributes,
	})
}

// again shows the page of a topic with what was typed and why it was refused,
// and any other error as it is.
func again(c *frame.Call, err error, fields ...string) error {
	e := frame.AsRefusal(err)
	if e == nil {
		return err
	}
	v := topicView{ARN: c.Query.Get("topic"), Complaint: e.Text, Typed: map[string]string{}}
	for _, name := range fields {
		v.Typed[name] = c.Form.Get(name)
	}
	return topicPage(c, e.Status, v)
}

func hereTopic(c *frame.Call) (arn, page string) {
	arn = c.Query.Get("topic")
	return arn, frame.Link("topic", "topic", arn)
}

// subscribe makes a subscription. An endpoint may have a password in it, so it
// is not shown again when it is refused.
func subscribe(c *frame.Call) error {
	arn, page := hereTopic(c)
	params := []string{"TopicArn", arn, "Protocol", c.Form.Get("protocol"), "Endpoint", c.Form.Get("endpoint")}
	n := "1"
	if c.Form.Get("raw") != "" {
		params = append(params, "Attributes.entry.1.key", "RawMessageDelivery", "Attributes.entry.1.value", "true")
		n = "2"
	}
	if filter := c.Text("filter"); filter != "" {
		params = append(params, "Attributes.entry."+n+".key", "FilterPolicy", "Attributes.entry."+n+".value", filter)
	}
	var made struct{ SubscriptionArn string }
	if err := c.Sns("Subscribe", &made, params...); err != nil {
		return again(c, err, "protocol", "filter", "raw")
	}
	if made.SubscriptionArn == "pending confirmation" {
		return c.Done(page, "The endpoint was asked to confirm. It is sent nothing else before it has.")
	}
	return c.Done(page, "The subscription is there.")
}

// confirmSubscription is for who has the token of the first message, and no
// way to follow its link.
func confirmSubscription(c *frame.Call) error {
	arn, page := hereTopic(c)
	if err := c.Sns("ConfirmSubscription", nil, "TopicArn", arn, "Token", c.Form.Get("token")); err != nil {
		return c.Instead(page, err)
	}
	return c.Done(page, "The subscription is confirmed.")
}

func publish(c *frame.Call) error {
	arn, page := hereTopic(c)
	var sent struct {
		MessageID string `xml:"MessageId"`
	}
	err := c.Sns("Publish", &sent, "TopicArn", arn, "Subject", c.Form.Get("subject"), "Message", c.Text("message"))
	if err != nil {
		return again(c, err, "subject", "message")
	}
	return c.Done(page, "The message %s is on its way.", sent.MessageID)
}

// setAttributes sets those attributes that were changed in the form, unless
// somebody else has changed one of them meanwhile.
func setAttributes(c *frame.Call) error {
	arn, page := hereTopic(c)
	has, err := topicAttributes(c, arn)
	if err != nil {
		return c.Instead(page, err)
	}
	fields := has.fields()
	for i, f := range fields {
		fields[i] = f.Sent(c)
	}
	changed, err := set(c, fields, "SetTopicAttributes", "TopicArn", arn)
	if e := frame.AsRefusal(err); e != nil {
		v := topicView{ARN: arn, Complaint: e.Text, Fields: map[string]frame.Field{}}
		for _, f := range fields {
			v.Fields[f.Name] = f
		}
		return topicPage(c, e.Status, v)
	}
	if err != nil {
		return err
	}
	return c.Done(page, "%s", whatChanged("topic", changed))
}

// set sets the attributes that were changed in a form, and says how many. One
// that is set begins anew.
func set(c *frame.Call, fields []frame.Field, action string, of ...string) (changed int, err error) {
	if err := frame.Overtaken(fields...); err != nil {
		return 0, err
	}
	for i, f := range fields {
		if !f.Changed {
			continue
		}
		if err := c.Sns(action, nil, append(of, "AttributeName", f.Name, "AttributeValue", f.Typed)...); err != nil {
			return changed, err
		}
		fields[i] = frame.NewField(f.Name, f.Says, f.Typed)
		changed++
	}
	return changed, nil
}

func whatChanged(noun string, fields int) string {
	if fields == 0 {
		return "Nothing was changed."
	}
	return "The " + noun + " is changed."
}

// showDeleteTopic asks before a topic is deleted.
func showDeleteTopic(c *frame.Call) error {
	arn, back := hereTopic(c)
	a, err := topicAttributes(c, arn)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "topic-delete", frame.Page{
		Title: "Delete topic " + topicName(arn), Tab: "topics", Data: topicView{ARN: arn, Name: topicName(arn), Attributes: a},
		Crumbs:   []frame.Crumb{{Text: "Topics", Link: frame.Root + "topics"}, {Text: topicName(arn), Link: back}},
		Commands: []frame.Command{frame.AwsCommand("Delete the topic", "sns", "delete-topic", "topic-arn", arn)},
	})
}

func deleteTopic(c *frame.Call) error {
	arn, back := hereTopic(c)
	if err := c.Typed(topicName(arn)); err != nil {
		return c.Instead(frame.Link("topic-delete", "topic", arn), err)
	}
	if err := c.Sns("DeleteTopic", nil, "TopicArn", arn); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(frame.Root+"topics", "The topic %s is deleted.", topicName(arn))
}
