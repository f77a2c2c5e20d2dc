package topic

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// A Publication is what somebody wants to be published.
type Publication struct {
	Subject    string // "" for none
	Message    string
	Structure  string // "json": Message is an object with a text for each protocol, and one named default
	Attributes map[string]record.Attribute
}

// The one structure that a message may have, and the text in it that is for
// protocols without their own.
const (
	structureJSON = "json"
	defaultText   = "default"
)

// Publish publishes a message to a topic, and returns the message's id. When it
// returns, the message is on the medium; it is delivered afterwards.
func (s *Service) Publish(ctx context.Context, topicARN string, p Publication) (messageID string, err error) {
	n, err := s.parseTopicARN("TopicArn", topicARN)
	if err != nil {
		return "", err
	}
	m, err := p.message()
	if err != nil {
		return "", err
	}
	err = s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		t, err := s.find(tx, n)
		if err != nil {
			return r, err
		}
		m := m
		err = s.fanOut(tx, &r, &t, &m)
		messageID = m.Public
		return r, err
	})
	if err != nil {
		return "", err
	}
	s.Wake()
	return messageID, nil
}

// Enqueue adds to a record what publishing a message leaves behind: the
// message, and a delivery for each confirmed subscription that is to have it.
// It is for rules, and publishes in the same record as what the message tells
// of; call Wake when that is durable. from is the account on whose behalf it is
// sent. A topic that does not exist, or whose policy does not let from publish,
// takes nothing, and that is no error; found says so. A subject is not needed.
func (s *Service) Enqueue(
	tx *catalog.Tx, r *record.Record, from glacier.AccountID, topicARN string, subject, body string,
) (found bool, err error) {
	n, err := s.parseTopicARN("TopicArn", topicARN)
	if err != nil {
		return false, nil //nolint:nilerr // such a topic cannot exist
	}
	t, ok, err := tx.Topic(n.account, n.topic)
	if err != nil || !ok || !s.mayPublish(from, &t) {
		return false, err
	}
	return true, s.fanOut(tx, r, &t, &record.Message{
		Subject: strings.ToValidUTF8(subject, "?"), Body: strings.ToValidUTF8(body, "?"),
	})
}

func (s *Service) mayPublish(from glacier.AccountID, t *record.Topic) bool {
	if s.cfg.MayPublish == nil {
		return from == t.Account
	}
	return s.cfg.MayPublish(from, t.Account, TopicARN(s.region, t.Account, t.Name), t.Attributes[attrPolicy])
}

// fanOut adds a message and its deliveries to a record, and fills in what the
// message does not have yet. A message that nobody is to have is not kept.
func (s *Service) fanOut(tx *catalog.Tx, r *record.Record, t *record.Topic, m *record.Message) error {
	number, err := messageNumber(tx, r)
	if err != nil {
		return err
	}
	m.Topic, m.Number, m.Public, m.Published = t.Number, number, uuid(tx), tx.Now().UnixMilli()
	kept, sieve := false, &sieve{matcher: s.cfg.Matcher, message: m}
	return eachSubscription(tx, t.Number, func(sub *record.Subscription) error {
		if !sub.Confirmed || !sieve.passes(sub) {
			return nil
		}
		if !kept {
			r.Put(m)
			kept = true
		}
		r.Put(&record.Delivery{Subscription: sub.Number, Message: number, Topic: t.Number, Next: m.Published})
		s.expect(sub, tx.LSN())
		return nil
	})
}

// A sieve asks the filter policies of a topic's subscriptions about one
// message. What they share, it has from the matcher once, and the message's
// text for a protocol is found once.
type sieve struct {
	matcher func(attributes map[string]record.Attribute) func(policy, scope, body string) (bool, error)
	message *record.Message
	match   func(policy, scope, body string) (bool, error) // nil before the first policy
	texts   map[string]string                              // by protocol
}

// passes reports whether a subscription is to have the message.
func (v *sieve) passes(sub *record.Subscription) bool {
	filter := sub.Attributes[attrFilter]
	if filter == "" || v.matcher == nil {
		return true
	}
	if v.match == nil {
		v.match, v.texts = v.matcher(v.message.Attributes), map[string]string{}
	}
	text, known := v.texts[sub.Protocol]
	if !known {
		text = bodyFor(v.message, sub.Protocol)
		v.texts[sub.Protocol] = text
	}
	ok, err := v.match(filter, scopeOf(sub.Attributes), text)
	return ok || err != nil
}

// messagesPerRecord is how many messages one record may publish.
const messagesPerRecord = 256

// messageNumber is the number of the next message that a record publishes. Two
// of one record must not have the same: deliveries know their message by it.
func messageNumber(tx *catalog.Tx, r *record.Record) (uint64, error) {
	n := 0
	for _, im := range r.Images {
		if im.Key.Kind == record.KindMessage && !im.Tombstone() {
			n++
		}
	}
	if n >= messagesPerRecord {
		return 0, fmt.Errorf("more than %d messages in a record", messagesPerRecord)
	}
	return uint64(tx.LSN())*messagesPerRecord + uint64(n), nil
}

// message checks a publication, and returns what there is to keep of it.
func (p *Publication) message() (record.Message, error) {
	m := record.Message{Subject: p.Subject, Body: p.Message, Attributes: p.Attributes}
	if p.Subject != "" && !validSubject(p.Subject) {
		return m, invalid("Subject")
	}
	if p.Message == "" {
		return m, invalid("Empty message")
	}
	if !utf8.ValidString(p.Message) {
		return m, invalid("Message Reason: must be UTF-8")
	}
	size := len(p.Message)
	if len(p.Attributes) > maxAttributes {
		return m, refuse(InvalidParameterValue, "The message has more than %d attributes.", maxAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		n, err := checkAttribute(name, p.Attributes[name])
		if err != nil {
			return m, err
		}
		size += n
	}
	if size > MaxMessage {
		return m, invalid("Message too long")
	}
	switch p.Structure {
	case "":
		return m, nil
	case structureJSON:
		texts, err := perProtocol(p.Message)
		m.Type, m.Body = keptPerProtocol, texts
		return m, err
	default:
		return m, invalid("MessageStructure")
	}
}

// perProtocol returns the texts in a message with one for each protocol, and
// nothing else, as JSON. Members that are not text are ignored, as by SNS.
func perProtocol(message string) (string, error) {
	var all map[string]any
	if err := json.Unmarshal([]byte(message), &all); err != nil || all == nil {
		return "", invalid("Message Structure - JSON message body failed to parse")
	}
	texts := map[string]string{}
	for name, v := range all {
		if text, ok := v.(string); ok {
			texts[name] = text
		}
	}
	if _, ok := texts[defaultText]; !ok {
		return "", invalid("Message Structure - No default entry in JSON message body")
	}
	return document(texts), nil
}

// validSubject reports whether a message may have the subject: ASCII, one line,
// that does not begin with a space.
func validSubject(s string) bool {
	if len(s) > maxSubject || s[0] == ' ' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// checkAttribute checks an attribute of a message, and returns its size.
func checkAttribute(name string, a record.Attribute) (size int, err error) {
	if err := checkAttributeName(name); err != nil {
		return 0, err
	}
	kind, _, _ := strings.Cut(a.Type, ".")
	if kind != "String" && kind != "Number" && kind != "Binary" || len(a.Type) > maxAttributeName {
		return 0, refuse(InvalidParameterValue, "The message attribute '%s' has an invalid message attribute type, "+
			"the set of supported type prefixes is Binary, Number, and String.", name)
	}
	if !utf8.ValidString(a.Type) || !utf8.ValidString(a.Value) {
		return 0, refuse(InvalidParameterValue, "The message attribute '%s' must be UTF-8.", name)
	}
	if a.Value == "" {
		return 0, refuse(InvalidParameterValue, "The message attribute '%s' must contain non-empty message attribute value "+
			"for message attribute type '%s'.", name, a.Type)
	}
	size = len(name) + len(a.Type) + len(a.Value)
	switch kind {
	case "Number":
		if n, err := strconv.ParseFloat(a.Value, 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return 0, refuse(InvalidParameterValue, "Could not cast message attribute '%s' value to number.", name)
		}
	case "Binary":
		decoded, err := base64.StdEncoding.DecodeString(a.Value)
		if err != nil {
			return 0, refuse(InvalidParameterValue, "The message attribute '%s' must be base64.", name)
		}
		size += len(decoded) - len(a.Value)
	}
	return size, nil
}

func checkAttributeName(name string) error {
	switch {
	case name == "" || len(name) > maxAttributeName:
		return refuse(InvalidParameterValue, "Length of message attribute name must be less than 256 bytes.")
	case name[0] == '.':
		return refuse(InvalidParameterValue, "Invalid message attribute name starting with character '.' was found.")
	case name[len(name)-1] == '.':
		return refuse(InvalidParameterValue, "Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return refuse(InvalidParameterValue, "Message attribute name can not have successive '.' character.")
	}
	for _, c := range name {
		if c <= unicode.MaxASCII && (alphanumeric(byte(c)) || c == '_' || c == '-' || c == '.') {
			continue
		}
		return refuse(InvalidParameterValue, "Invalid non-alphanumeric character '#x%X' was found in the message attribute name. "+
			"Can only include alphanumeric characters, hyphens, underscores, or dots.", c)
	}
	return nil
}
