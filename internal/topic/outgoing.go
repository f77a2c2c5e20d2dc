package topic

import (
	"encoding/json"
	"time"

	"firn/glacier"
	"firn/internal/record"
)

// The types of messages, as they are kept.
const (
	keptNotification = ""
	keptPerProtocol  = "json" // a notification whose body is an object with a text for each protocol
	keptConfirmation = TypeSubscriptionConfirmation
)

// bodyFor is a message's text for a protocol.
func bodyFor(m *record.Message, protocol string) string {
	if m.Type != keptPerProtocol {
		return m.Body
	}
	var texts map[string]string
	if json.Unmarshal([]byte(m.Body), &texts) != nil {
		return m.Body // it was checked when it was published
	}
	if text, ok := texts[protocol]; ok {
		return text
	}
	return texts[defaultText]
}

// outgoing makes a message ready for a subscription. It signs, and is no work
// for a rule.
func (s *Service) outgoing(t *record.Topic, sub *record.Subscription, m *record.Message) (*Outgoing, error) {
	topic := TopicARN(s.region, t.Account, t.Name)
	out := &Outgoing{
		Type:         TypeNotification,
		Topic:        topic,
		Subscription: subscriptionARN(topic, sub.Public),
		MessageID:    m.Public,
		Subject:      m.Subject,
		Message:      bodyFor(m, sub.Protocol),
		Attributes:   m.Attributes,
		Published:    time.UnixMilli(m.Published).UTC(),
		Raw:          sub.Attributes[attrRaw] == "true",
		ContentType:  defaultContentType,
	}
	if m.Type == keptConfirmation {
		out.Type, out.Raw = TypeSubscriptionConfirmation, false
	} else if p := effective(t, sub); p.contentType != "" {
		out.ContentType = p.contentType
	}
	if out.Raw {
		return out, nil
	}
	var err error
	out.Envelope, err = s.wrap(t, sub, m, out)
	return out, err
}

// wrap returns the signed envelope of a message.
func (s *Service) wrap(t *record.Topic, sub *record.Subscription, m *record.Message, out *Outgoing) ([]byte, error) {
	base := s.baseURL()
	e := envelope{
		kind: out.Type, id: m.Public, topic: out.Topic, subject: m.Subject, message: out.Message,
		timestamp: glacier.At(m.Published).String(), version: signatureSHA1,
		cert: base + s.signer.Path(), attributes: m.Attributes,
	}
	if t.Attributes[attrSignature] == signatureSHA256 {
		e.version = signatureSHA256
	}
	if e.kind == TypeNotification {
		e.leave = base + "/?Action=Unsubscribe&SubscriptionArn=" + string(out.Subscription)
	} else {
		e.token = s.token(sub)
		e.subscribe = base + "/?Action=ConfirmSubscription&TopicArn=" + string(out.Topic) + "&Token=" + e.token
	}
	var err error
	e.signature, err = s.signature(&e, t, m)
	return e.document(), err
}

// signature signs an envelope, unless that was done already.
func (s *Service) signature(e *envelope, t *record.Topic, m *record.Message) (string, error) {
	if m.Type != keptNotification {
		return s.signer.sign(e.version, e.canonical())
	}
	k := signed{t.Number, m.Number, e.version}
	if v, ok := s.signatures.get(k); ok {
		return v, nil
	}
	v, err := s.signer.sign(e.version, e.canonical())
	if err == nil {
		s.signatures.put(k, v)
	}
	return v, err
}
