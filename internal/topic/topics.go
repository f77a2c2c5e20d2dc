package topic

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// CreateTopic makes a topic. If the owner has one of that name, nothing
// changes; that is a success unless it is asked for with other attributes, or
// tags, than the topic has.
func (s *Service) CreateTopic(ctx context.Context, owner glacier.AccountID, name string, attributes, tags map[string]string) (glacier.ARN, error) {
	switch {
	case strings.HasSuffix(name, ".fifo"):
		return "", invalid("Topic Name Reason: FIFO topics are not supported by this server")
	case !validName(name):
		return "", invalid("Topic Name")
	}
	arn := TopicARN(s.region, owner, name)
	set, err := s.topicAttributes(arn, attributes)
	if err != nil {
		return "", err
	}
	if err := checkTags(tags); err != nil {
		return "", err
	}
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		t, exists, err := tx.Topic(owner, name)
		switch {
		case err != nil:
			return r, err
		case exists:
			return r, differs(&t, attributes, set, tags)
		}
		n, err := tx.CountTopics(owner)
		if err != nil {
			return r, err
		}
		if n >= MaxTopics {
			return r, refuse(TopicLimitExceeded, "The limit of %d topics per account has been reached.", MaxTopics)
		}
		r.Put(&record.Topic{
			Number: uint64(tx.LSN()), Account: owner, Name: name, Created: tx.Now().UnixMilli(),
			Attributes: set, Tags: tags,
		})
		return r, nil
	})
	return arn, err
}

// differs refuses to make a topic that is there already, but not like that.
// given are the attributes that were asked for, set is how they are kept.
func differs(t *record.Topic, given, set, tags map[string]string) error {
	for name := range given {
		has, wants := t.Attributes[name], set[name]
		if name == attrSignature && has == "" {
			has = signatureSHA1
		}
		if has != wants {
			return invalid("%sTopic already exists with different attributes", inAttributes)
		}
	}
	if len(tags) > 0 && !maps.Equal(tags, t.Tags) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

// DeleteTopic ends a topic and its subscriptions. What is still to be delivered
// is not. That there is no such topic is a success.
func (s *Service) DeleteTopic(ctx context.Context, arn string) error {
	n, err := s.parseTopicARN("TopicArn", arn)
	if err != nil {
		return err
	}
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		t, ok, err := tx.Topic(n.account, n.topic)
		if err != nil || !ok {
			return r, err
		}
		if err := eachSubscription(tx, t.Number, func(sub *record.Subscription) error { return bury(tx, &r, sub) }); err != nil {
			return r, err
		}
		r.Delete(t.Key())
		return r, nil
	})
	if err == nil {
		nudge(s.sweep)
	}
	return err
}

// Topics returns the names of an account's topics, those after the name given,
// in byte order.
func (s *Service) Topics(ctx context.Context, owner glacier.AccountID, after string, limit int) (names []string, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		names = nil
		topics, err := tx.Topics(owner, after, limit)
		for i := range topics {
			names = append(names, topics[i].Name)
		}
		return err
	})
	return names, err
}

// find looks a topic up.
func (s *Service) find(tx *catalog.Tx, n resource) (record.Topic, error) {
	t, ok, err := tx.Topic(n.account, n.topic)
	switch {
	case err != nil:
		return t, fmt.Errorf("look up topic: %w", err)
	case !ok:
		return t, noTopic()
	}
	return t, nil
}

// TopicAttributes returns a topic's attributes as SNS shows them.
func (s *Service) TopicAttributes(ctx context.Context, arn string) (attributes map[string]string, err error) {
	n, err := s.parseTopicARN("TopicArn", arn)
	if err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		t, err := s.find(tx, n)
		if err != nil {
			return err
		}
		subs, err := s.subscriptions(tx, t.Number)
		if err != nil {
			return err
		}
		attributes = s.shownTopic(&t, subs)
		return nil
	})
	return attributes, err
}

func (s *Service) shownTopic(t *record.Topic, subs []record.Subscription) map[string]string {
	confirmed := 0
	for i := range subs {
		if subs[i].Confirmed {
			confirmed++
		}
	}
	arn := TopicARN(s.region, t.Account, t.Name)
	shown := map[string]string{
		"TopicArn":               string(arn),
		"Owner":                  string(t.Account),
		attrDisplay:              t.Attributes[attrDisplay],
		attrPolicy:               t.Attributes[attrPolicy],
		"SubscriptionsConfirmed": strconv.Itoa(confirmed),
		"SubscriptionsPending":   strconv.Itoa(len(subs) - confirmed),
		"SubscriptionsDeleted":   "0", // SNS counts those of the last days
	}
	if shown[attrPolicy] == "" {
		shown[attrPolicy] = defaultPolicy(arn, t.Account)
	}
	if version := t.Attributes[attrSignature]; version != "" {
		shown[attrSignature] = version
	}
	var own topicPolicy
	if text := t.Attributes[attrDelivery]; text != "" {
		shown[attrDelivery] = text
		own, _ = parseTopicPolicy(text)
	}
	p := effective(t, &record.Subscription{Protocol: protocolHTTP})
	shown["EffectiveDeliveryPolicy"] = p.ofTopic(own.HTTP.DisableOverrides)
	return shown
}

// defaultPolicy is the policy that SNS shows of a topic that has none: its
// owner may do everything.
func defaultPolicy(arn glacier.ARN, owner glacier.AccountID) string {
	return `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",` +
		`"Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes",` +
		`"SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic",` +
		`"SNS:Publish"],"Resource":"` + string(arn) + `","Condition":{"StringEquals":{"AWS:SourceOwner":"` + string(owner) + `"}}}]}`
}

// SetTopicAttribute sets one attribute of a topic. An empty value of a policy
// takes it away.
func (s *Service) SetTopicAttribute(ctx context.Context, arn, name, value string) error {
	n, err := s.parseTopicARN("TopicArn", arn)
	if err != nil {
		return err
	}
	kept, err := s.topicAttribute(s.arn(n), name, value)
	if err != nil {
		return blame("", err)
	}
	return s.changeTopic(ctx, n, func(t *record.Topic) error {
		set(&t.Attributes, name, kept)
		return nil
	})
}

// changeTopic hands change a copy of a topic and keeps what it makes of it.
// change may run more than once.
func (s *Service) changeTopic(ctx context.Context, n resource, change func(*record.Topic) error) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		t, err := s.find(tx, n)
		if err != nil {
			return r, err
		}
		if err := change(&t); err != nil {
			return r, err
		}
		r.Put(&t)
		return r, nil
	})
}

// set sets an attribute, or takes it away if the value is "".
func set(attributes *map[string]string, name, value string) {
	if value == "" {
		delete(*attributes, name)
		return
	}
	if *attributes == nil {
		*attributes = map[string]string{}
	}
	(*attributes)[name] = value
}

// Policy returns whose topic it is and the policy that was set for it, "" if
// none was. Of a topic that does not exist the owner is the one in the ARN.
func (s *Service) Policy(ctx context.Context, arn string) (owner glacier.AccountID, policy string, err error) {
	n, err := s.parseTopicARN("TopicArn", arn)
	if err != nil {
		return "", "", err
	}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		t, _, err := tx.Topic(n.account, n.topic)
		policy = t.Attributes[attrPolicy]
		return err
	})
	return n.account, policy, err
}
