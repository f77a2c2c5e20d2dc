package topic

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A Subscription is one as it is listed.
type Subscription struct {
	Number   uint64 // by which it is listed
	ARN      glacier.ARN
	Topic    glacier.ARN
	Owner    glacier.AccountID
	Protocol string
	Endpoint string // its secrets are hidden
	Pending  bool   // not confirmed yet
}

// subscriptions are a topic's, without those that were not confirmed in time.
func (s *Service) subscriptions(tx *catalog.Tx, topic uint64) (live []record.Subscription, err error) {
	err = eachSubscription(tx, topic, func(sub *record.Subscription) error {
		if !expired(sub, tx.Now()) {
			live = append(live, *sub)
		}
		return nil
	})
	return live, err
}

// eachSubscription hands over all of a topic's, by number. Those that were not
// confirmed in time are among them until they are removed, so that there may be
// more than [MaxSubscriptions].
func eachSubscription(tx *catalog.Tx, topic uint64, f func(*record.Subscription) error) error {
	for after := uint64(0); ; {
		page, err := tx.Subscriptions(topic, after, MaxSubscriptions)
		if err != nil {
			return fmt.Errorf("list subscriptions: %w", err)
		}
		for i := range page {
			after = page[i].Number
			if err := f(&page[i]); err != nil {
				return err
			}
		}
		if len(page) < MaxSubscriptions {
			return nil
		}
	}
}

// look finds a subscription by its name, if it is there.
func (s *Service) look(tx *catalog.Tx, n resource) (t record.Topic, sub record.Subscription, ok bool, err error) {
	sub, ok, err = tx.Subscription(n.public)
	if err != nil || !ok || expired(&sub, tx.Now()) {
		return t, sub, false, err
	}
	t, ok, err = tx.TopicByNumber(sub.Topic)
	return t, sub, ok && t.Account == n.account && t.Name == n.topic, err
}

// Subscriptions lists the subscriptions that an account has made, by number,
// those above after.
func (s *Service) Subscriptions(ctx context.Context, account glacier.AccountID, after uint64, limit int) (list []Subscription, err error) {
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		list = nil
		for from := after; len(list) < limit; {
			page, err := tx.SubscriptionsOf(account, from, limit)
			if err != nil || len(page) == 0 {
				return err
			}
			from = page[len(page)-1].Number
			for i := range page {
				if len(list) == limit || expired(&page[i], tx.Now()) {
					continue
				}
				t, ok, err := tx.TopicByNumber(page[i].Topic)
				if err != nil {
					return err
				}
				if ok { // else it is one that was deleted
					list = append(list, s.shown(&t, &page[i]))
				}
			}
		}
		return nil
	})
	return list, err
}

// SubscriptionsByTopic lists a topic's subscriptions, by number, those above
// after.
func (s *Service) SubscriptionsByTopic(ctx context.Context, arn string, after uint64, limit int) (list []Subscription, err error) {
	n, err := s.parseTopicARN("TopicArn", arn)
	if err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		list = nil
		t, err := s.find(tx, n)
		if err != nil {
			return err
		}
		subs, err := s.subscriptions(tx, t.Number)
		for i := range subs {
			if subs[i].Number > after && len(list) < limit {
				list = append(list, s.shown(&t, &subs[i]))
			}
		}
		return err
	})
	return list, err
}

func (s *Service) shown(t *record.Topic, sub *record.Subscription) Subscription {
	topic := TopicARN(s.region, t.Account, t.Name)
	return Subscription{
		Number: sub.Number, ARN: subscriptionARN(topic, sub.Public), Topic: topic, Owner: sub.Account,
		Protocol: sub.Protocol, Endpoint: Mask(sub.Endpoint), Pending: !sub.Confirmed,
	}
}

// SubscriptionAttributes returns a subscription's attributes as SNS shows them.
func (s *Service) SubscriptionAttributes(ctx context.Context, arn string) (attributes map[string]string, err error) {
	err = s.withSubscription(ctx, arn, func(t *record.Topic, sub *record.Subscription) {
		attributes = s.shownSubscription(t, sub)
	})
	return attributes, err
}

func (s *Service) shownSubscription(t *record.Topic, sub *record.Subscription) map[string]string {
	topic := TopicARN(s.region, t.Account, t.Name)
	shown := map[string]string{
		"SubscriptionArn":              string(subscriptionARN(topic, sub.Public)),
		"TopicArn":                     string(topic),
		"Owner":                        string(sub.Account),
		"SubscriptionPrincipal":        "arn:aws:iam::" + string(sub.Account) + ":root",
		"Protocol":                     sub.Protocol,
		"Endpoint":                     Mask(sub.Endpoint),
		"PendingConfirmation":          strconv.FormatBool(!sub.Confirmed),
		"ConfirmationWasAuthenticated": strconv.FormatBool(!isHTTP(sub.Protocol)),
		attrRaw:                        "false",
	}
	maps.Copy(shown, sub.Attributes)
	if shown[attrFilter] != "" {
		shown[attrScope] = scopeOf(sub.Attributes)
	} else {
		delete(shown, attrScope)
	}
	if sub.Protocol != protocolSQS {
		p := effective(t, sub)
		shown["EffectiveDeliveryPolicy"] = p.ofSubscription()
	}
	return shown
}

// withSubscription hands look a subscription and its topic.
func (s *Service) withSubscription(ctx context.Context, arn string, look func(*record.Topic, *record.Subscription)) error {
	n, err := s.parseSubscriptionARN(arn)
	if err != nil {
		return err
	}
	return s.store.View(ctx, func(tx *catalog.Tx) error {
		t, sub, ok, err := s.look(tx, n)
		if err != nil {
			return err
		}
		if !ok {
			return noSubscription()
		}
		look(&t, &sub)
		return nil
	})
}

// SetSubscriptionAttribute sets one attribute of a subscription. An empty value
// of a policy takes it away.
func (s *Service) SetSubscriptionAttribute(ctx context.Context, arn, name, value string) error {
	n, err := s.parseSubscriptionARN(arn)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		_, sub, ok, err := s.look(tx, n)
		if err != nil {
			return r, err
		}
		if !ok {
			return r, noSubscription()
		}
		all := maps.Clone(sub.Attributes)
		if all == nil {
			all = map[string]string{}
		}
		all[name] = value
		if sub.Attributes, err = s.subscriptionAttributes(sub.Protocol, all); err != nil {
			return r, blame("", err)
		}
		if name == attrRedrive {
			if err := s.checkRedrive(tx, sub.Account, sub.Attributes); err != nil {
				return r, blame("", err)
			}
		}
		r.Put(&sub)
		return r, nil
	})
}

// SubscriptionOwner returns of which topic a subscription is, and which account
// has made it.
func (s *Service) SubscriptionOwner(ctx context.Context, arn string) (topic glacier.ARN, by glacier.AccountID, err error) {
	err = s.withSubscription(ctx, arn, func(t *record.Topic, sub *record.Subscription) {
		topic, by = TopicARN(s.region, t.Account, t.Name), sub.Account
	})
	return topic, by, err
}
