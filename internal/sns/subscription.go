package sns

import (
	"strconv"

	"firn/glacier"
	"firn/internal/awsapi"
	"firn/internal/topic"
)

// What stands for the ARN of a subscription that nobody has confirmed: as
// Subscribe says it, and as lists do.
const (
	notConfirmed = "pending confirmation"
	pending      = "PendingConfirmation"
)

// A subscription is one as lists describe it.
type subscription struct {
	TopicArn        glacier.ARN
	Protocol        string
	SubscriptionArn glacier.ARN
	Owner           glacier.AccountID
	Endpoint        string
}

// The parameters and the results of actions on subscriptions.
type (
	subscribeInput struct {
		onTopic
		Protocol              string
		Endpoint              string
		Attributes            map[string]string
		ReturnSubscriptionArn bool
	}
	subscribeResult struct{ SubscriptionArn glacier.ARN }

	confirmSubscriptionInput struct {
		TopicArn string
		Token    string
	}

	unsubscribeInput struct{ onSubscription }

	listSubscriptionsInput struct {
		account
		NextToken string
	}
	listSubscriptionsByTopicInput struct {
		onTopic
		NextToken string
	}
	listSubscriptionsResult struct {
		Subscriptions awsapi.Members[subscription]
		NextToken     string `xml:",omitempty"`
	}

	getSubscriptionAttributesInput  struct{ onSubscription }
	getSubscriptionAttributesResult struct{ Attributes awsapi.Entries }

	setSubscriptionAttributesInput struct {
		onSubscription
		AttributeName  string
		AttributeValue string
	}
)

// allow implements [subject]. Policies may ask where messages are to go.
func (in *subscribeInput) allow(c *call, action string) error {
	return c.allowTopic(action, in.TopicArn, map[string]string{"sns:protocol": in.Protocol, "sns:endpoint": in.Endpoint})
}

func subscribe(c *call, in *subscribeInput) (any, error) {
	arn, waits, err := c.topics.Subscribe(c.Context, c.Caller.Account, in.TopicArn, in.Protocol, in.Endpoint, in.Attributes)
	if err != nil {
		return nil, err
	}
	c.Gave = map[string]string{"subscriptionArn": string(arn)}
	if waits && !in.ReturnSubscriptionArn {
		arn = notConfirmed
	}
	return subscribeResult{arn}, nil
}

// allow implements [subject]. The token is the right to confirm; but whoever
// signs may do what his policies allow, and no more.
func (in *confirmSubscriptionInput) allow(c *call, action string) error {
	c.Owner = accountOf(in.TopicArn)
	if c.Caller.Account == "" {
		return nil
	}
	return c.allowOwn(action, in.TopicArn)
}

func confirmSubscription(c *call, in *confirmSubscriptionInput) (any, error) {
	arn, err := c.topics.ConfirmSubscription(c.Context, in.TopicArn, in.Token)
	c.Gave = map[string]string{"subscriptionArn": string(arn)}
	return subscribeResult{arn}, err
}

func unsubscribe(c *call, in *unsubscribeInput) (any, error) {
	return nil, c.topics.Unsubscribe(c.Context, in.SubscriptionArn)
}

func listSubscriptions(c *call, in *listSubscriptionsInput) (any, error) {
	after, err := c.number(in.NextToken)
	if err != nil {
		return nil, err
	}
	list, err := c.topics.Subscriptions(c.Context, c.Caller.Account, after, pageSize+1)
	return pageOf(list), err
}

func listSubscriptionsByTopic(c *call, in *listSubscriptionsByTopicInput) (any, error) {
	after, err := c.number(in.NextToken)
	if err != nil {
		return nil, err
	}
	list, err := c.topics.SubscriptionsByTopic(c.Context, in.TopicArn, after, pageSize+1)
	return pageOf(list), err
}

// pageOf is a page of subscriptions, of a list that has one more if there is a
// next page.
func pageOf(list []topic.Subscription) listSubscriptionsResult {
	var r listSubscriptionsResult
	if len(list) > pageSize {
		list = list[:pageSize]
		r.NextToken = awsapi.NewToken(strconv.FormatUint(list[pageSize-1].Number, 10))
	}
	for _, s := range list {
		arn := s.ARN
		if s.Pending {
			arn = pending
		}
		r.Subscriptions.Member = append(r.Subscriptions.Member, subscription{
			TopicArn: s.Topic, Protocol: s.Protocol, SubscriptionArn: arn, Owner: s.Owner, Endpoint: s.Endpoint,
		})
	}
	return r
}

func getSubscriptionAttributes(c *call, in *getSubscriptionAttributesInput) (any, error) {
	attributes, err := c.topics.SubscriptionAttributes(c.Context, in.SubscriptionArn)
	return getSubscriptionAttributesResult{attributes}, err
}

func setSubscriptionAttributes(c *call, in *setSubscriptionAttributesInput) (any, error) {
	return nil, c.topics.SetSubscriptionAttribute(c.Context, in.SubscriptionArn, in.AttributeName, in.AttributeValue)
}
