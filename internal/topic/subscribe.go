package topic

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// Subscribe makes a subscription of a topic, by an account. If the topic has
// one with the protocol and endpoint it is that one, unless other attributes
// are asked for. An HTTP endpoint is asked to confirm, and pending until it
// has; subscribing it again asks again. A queue must be of the topic's account
// or of the subscriber's.
func (s *Service) Subscribe(
	ctx context.Context, by glacier.AccountID, topicARN, protocol, endpoint string, attributes map[string]string,
) (arn glacier.ARN, pending bool, err error) {
	n, err := s.parseTopicARN("TopicArn", topicARN)
	if err != nil {
		return "", false, err
	}
	if err := s.checkEndpoint(protocol, endpoint); err != nil {
		return "", false, err
	}
	set, err := s.subscriptionAttributes(protocol, attributes)
	if errors.Is(err, unknownAttribute) {
		err = flaw("Invalid attribute name")
	}
	if err != nil {
		return "", false, blame(inAttributes, err)
	}
	w := wish{s: s, by: by, protocol: protocol, endpoint: endpoint, given: attributes, set: set}
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		t, err := s.find(tx, n)
		if err != nil {
			return r, err
		}
		sub, err := w.grant(tx, &r, &t)
		arn, pending = subscriptionARN(s.arn(n), sub.Public), !sub.Confirmed
		return r, err
	})
	if err != nil {
		return "", false, err
	}
	if pending {
		s.Wake()
	}
	return arn, pending, nil
}

// checkEndpoint refuses what could never be sent to.
func (s *Service) checkEndpoint(protocol, endpoint string) error {
	if protocol == protocolSQS && s.queues != nil {
		if _, _, ok := s.queueAccount(endpoint); !ok {
			return invalid("SQS endpoint ARN")
		}
		return nil
	}
	sender := s.senders[protocol]
	switch {
	case sender == nil:
		return invalid("Amazon SNS does not support this protocol string: %s", clip(protocol))
	case endpoint == "":
		return invalid("Endpoint Reason: no value for required parameter")
	case len(endpoint) > maxEndpoint, !utf8.ValidString(endpoint):
		return invalid("Endpoint Reason: must be at most %d bytes of UTF-8", maxEndpoint)
	}
	err := sender.Check(endpoint)
	var sentence flaw
	switch {
	case err == nil:
		return nil
	case errors.As(err, &sentence):
		return invalid("%s", sentence)
	default:
		return invalid("Endpoint Reason: %s", scrub(err.Error(), endpoint))
	}
}

// A wish is what somebody wants to be subscribed.
type wish struct {
	s                  *Service
	by                 glacier.AccountID
	protocol, endpoint string
	given, set         map[string]string // attributes as they were asked for, and as they are kept
}

// grant adds to a record what there is to do, and returns the subscription.
func (w *wish) grant(tx *catalog.Tx, r *record.Record, t *record.Topic) (record.Subscription, error) {
	if err := w.check(tx); err != nil {
		return record.Subscription{}, err
	}
	subs, err := w.s.subscriptions(tx, t.Number)
	if err != nil {
		return record.Subscription{}, err
	}
	for _, sub := range subs {
		if sub.Protocol == w.protocol && sub.Endpoint == w.endpoint {
			return w.again(tx, r, sub)
		}
	}
	if len(subs) >= MaxSubscriptions {
		return record.Subscription{}, refuse(SubscriptionLimitExceeded,
			"The limit of %d subscriptions per topic has been reached.", MaxSubscriptions)
	}
	sub := record.Subscription{
		Topic: t.Number, Number: uint64(tx.LSN()), Account: w.by, Public: uuid(tx),
		Protocol: w.protocol, Endpoint: w.endpoint, Created: tx.Now().UnixMilli(),
		Confirmed: !isHTTP(w.protocol), Attributes: w.set,
	}
	r.Put(&sub)
	if !sub.Confirmed {
		return sub, w.s.ask(tx, r, t, &sub)
	}
	return sub, nil
}

// check looks at the queues that a wish names: they are to be ones that whoever
// subscribes may fill.
func (w *wish) check(tx *catalog.Tx) error {
	if err := w.s.checkRedrive(tx, w.by, w.set); err != nil {
		return blame(inAttributes, err)
	}
	if w.protocol != protocolSQS {
		return nil
	}
	account, _, _ := w.s.queueAccount(w.endpoint)
	if account != w.by {
		return invalid("Endpoint Reason: the queue must be of the subscriber's account")
	}
	ok, err := w.s.queues.Exists(tx, w.endpoint)
	if err == nil && !ok {
		err = invalid("Endpoint Reason: the queue does not exist")
	}
	return err
}

// again is for a subscription that is there already.
func (w *wish) again(tx *catalog.Tx, r *record.Record, sub record.Subscription) (record.Subscription, error) {
	for name := range w.given {
		has := sub.Attributes[name]
		if name == attrRaw && has == "" {
			has = "false"
		}
		if has != w.set[name] {
			return sub, invalid("%sSubscription already exists with different attributes", inAttributes)
		}
	}
	if sub.Confirmed {
		return sub, nil
	}
	t, ok, err := tx.TopicByNumber(sub.Topic)
	if err != nil || !ok {
		return sub, err
	}
	if err := w.s.unask(tx, r, &sub); err != nil {
		return sub, err
	}
	sub.Created = tx.Now().UnixMilli() // the time to confirm it begins anew
	r.Put(&sub)
	return sub, w.s.ask(tx, r, &t, &sub)
}

// ask adds the request to confirm a subscription. Its delivery stays until the
// subscription is confirmed or its time is over: it is what remembers that.
func (s *Service) ask(tx *catalog.Tx, r *record.Record, t *record.Topic, sub *record.Subscription) error {
	number, err := messageNumber(tx, r)
	if err != nil {
		return err
	}
	now := tx.Now().UnixMilli()
	m := record.Message{
		Topic: t.Number, Number: number, Public: uuid(tx), Published: now, Type: keptConfirmation,
		Body: "You have chosen to subscribe to the topic " + string(TopicARN(s.region, t.Account, t.Name)) +
			".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
	}
	r.Put(&m)
	r.Put(&record.Delivery{Subscription: sub.Number, Message: number, Topic: t.Number, Next: now})
	s.expect(sub, tx.LSN())
	return nil
}

// unask removes the requests to confirm a subscription that is pending: all of
// its deliveries are such.
func (s *Service) unask(tx *catalog.Tx, r *record.Record, sub *record.Subscription) error {
	const most = 8 // there is one
	deliveries, err := tx.Deliveries(sub.Number, 0, most)
	if err != nil {
		return err
	}
	for i := range deliveries {
		if err := end(tx, r, &deliveries[i]); err != nil {
			return err
		}
	}
	return nil
}

// expired reports whether a subscription was not confirmed in time.
func expired(sub *record.Subscription, now time.Time) bool {
	return !sub.Confirmed && confirmBy(sub) <= now.UnixMilli()
}

// confirmBy is when the time to confirm a subscription is over, in Unix ms.
func confirmBy(sub *record.Subscription) int64 { return sub.Created + ConfirmationLife.Milliseconds() }

// ConfirmSubscription confirms the subscription that the token is of, and
// returns its name. It may be called again. Nobody needs to be known to call
// it, and whoever has no good token learns nothing from the refusal.
func (s *Service) ConfirmSubscription(ctx context.Context, topicARN, token string) (arn glacier.ARN, err error) {
	n, err := s.parseTopicARN("TopicArn", topicARN)
	if err != nil {
		return "", invalid("Topic")
	}
	// A stranger with a wrong token does not get as far as an update.
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		_, err := s.confirmed(tx, n, token)
		return err
	})
	if err != nil {
		return "", err
	}
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		sub, err := s.confirmed(tx, n, token)
		if err != nil {
			return r, err
		}
		arn = subscriptionARN(s.arn(n), sub.Public)
		if sub.Confirmed {
			return r, nil
		}
		if err := s.unask(tx, &r, &sub); err != nil {
			return r, err
		}
		sub.Confirmed = true
		r.Put(&sub)
		return r, nil
	})
	return arn, err
}

// confirmed is the subscription to the topic that the token confirms.
func (s *Service) confirmed(tx *catalog.Tx, n resource, token string) (record.Subscription, error) {
	topic, number, ok := tokenNumbersOf(token)
	if !ok {
		return record.Subscription{}, invalid("Token")
	}
	t, ok, err := tx.Topic(n.account, n.topic)
	if err != nil {
		return record.Subscription{}, err
	}
	if !ok || t.Number != topic {
		return record.Subscription{}, invalid("Token")
	}
	sub, ok, err := tx.SubscriptionByNumber(topic, number)
	if err == nil && (!ok || !s.tokenIs(token, &sub) || expired(&sub, tx.Now())) {
		err = invalid("Token")
	}
	return sub, err
}

// Unsubscribe ends a subscription. What is still to be delivered to it is not.
// That there is no such subscription is a success.
func (s *Service) Unsubscribe(ctx context.Context, arn string) error {
	n, err := s.parseSubscriptionARN(arn)
	if err != nil {
		return err
	}
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		_, sub, ok, err := s.look(tx, n)
		if err != nil || !ok {
			return r, err
		}
		return r, bury(tx, &r, &sub)
	})
	if err == nil {
		nudge(s.sweep)
	}
	return err
}
