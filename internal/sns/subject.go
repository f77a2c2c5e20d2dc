package sns

import (
	"errors"
	"strings"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/topic"
)

// A subject is what an action is about. It finds out whether the caller may do
// something to it, and tells nothing else about it.
type subject interface {
	allow(c *call, action string) error
}

// authorize finds out whether the caller may do what he asks for. Nobody may
// do anything, but what takes a token instead.
func (c *call) authorize(about subject) error {
	if _, token := about.(*confirmSubscriptionInput); !token && c.Caller.Account == "" {
		return refuse(Code(topic.AuthorizationError), "Anonymous callers are not authorized to perform: %s", c.name())
	}
	return about.allow(c, c.name())
}

// name is what policies call the action. To publish a batch is to publish.
func (c *call) name() string { return "sns:" + strings.TrimSuffix(c.Action.Name, "Batch") }

// allowOwn finds out whether the caller may do something to what is his own
// account's, or nobody's.
func (c *call) allowOwn(action, resource string) error {
	return c.access.AuthorizeIdentity(access.Request{Caller: c.Caller, Client: c.Client, Action: action, Resource: glacier.ARN(resource)})
}

// allowTopic finds out whether the caller may do something to a topic. One that
// does not exist is like one of its account's that has no policy.
// values are condition keys of SNS's own.
func (c *call) allowTopic(action, arn string, values map[string]string) error {
	owner, policy, err := c.topics.Policy(c.Context, arn)
	if err != nil {
		return err
	}
	c.Owner = owner
	return c.access.AuthorizeResource(access.Request{
		Caller: c.Caller, Client: c.Client, Action: action, Owner: owner, Resource: glacier.ARN(arn), Values: values,
	}, policy)
}

// An account is the caller's own.
type account struct{}

func (account) allow(c *call, action string) error {
	return c.allowOwn(action, "arn:aws:sns:"+c.region+":"+string(c.Caller.Account)+":*")
}

// An onTopic is about a topic.
type onTopic struct{ TopicArn string }

func (s onTopic) allow(c *call, action string) error { return c.allowTopic(action, s.TopicArn, nil) }

// An onResource is about a topic, too, which has tags.
type onResource struct{ ResourceArn string }

func (s onResource) allow(c *call, action string) error {
	return c.allowTopic(action, s.ResourceArn, nil)
}

// An onSubscription is about a subscription. The accounts that have a say in
// it are whose it is and whose the topic is, except that how messages come is
// for the first alone; no topic's policy has a say.
type onSubscription struct{ SubscriptionArn string }

const setAttributes = "sns:SetSubscriptionAttributes"

func (s onSubscription) allow(c *call, action string) error {
	if err := c.allowOwn(action, s.SubscriptionArn); err != nil {
		return err
	}
	of, by, err := c.topics.SubscriptionOwner(c.Context, s.SubscriptionArn)
	var refused *topic.Error
	if errors.As(err, &refused) && refused.Code == topic.NotFound {
		of, by, err = glacier.ARN(s.SubscriptionArn), accountOf(s.SubscriptionArn), nil
	}
	if err != nil {
		return err
	}
	c.Owner = accountOf(string(of))
	if c.Caller.Account == by || c.Caller.Account == c.Owner && action != setAttributes {
		return nil
	}
	return refuse(Code(topic.AuthorizationError), "User: %s is not authorized to perform: %s on resource: %s", c.Caller.ARN(), action, s.SubscriptionArn)
}
