package topic

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/catalog"
)

// The attributes that can be set, of topics and of subscriptions.
const (
	attrPolicy    = "Policy"
	attrDisplay   = "DisplayName"
	attrSignature = "SignatureVersion"
	attrDelivery  = "DeliveryPolicy" // of both
	attrRaw       = "RawMessageDelivery"
	attrFilter    = "FilterPolicy"
	attrScope     = "FilterPolicyScope"
	attrRedrive   = "RedrivePolicy"
)

// The scopes of a filter policy.
const (
	ScopeAttributes = "MessageAttributes" // the default
	ScopeBody       = "MessageBody"
)

// unknownAttribute is the flaw of an attribute that there is not.
const unknownAttribute = flaw("AttributeName")

// topicAttribute checks an attribute of a topic, and returns it as it is kept;
// "" is the default. Errors are flaws, or *Error.
func (s *Service) topicAttribute(topic glacier.ARN, name, value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", flawf("%s: must be UTF-8", name)
	}
	switch name {
	case attrDisplay:
		if utf8.RuneCountInString(value) > maxDisplayName || strings.ContainsFunc(value, unicode.IsControl) {
			return "", flawf("DisplayName: must be at most %d characters, without control characters", maxDisplayName)
		}
		return value, nil
	case attrSignature:
		if value != signatureSHA1 && value != signatureSHA256 {
			return "", flaw("SignatureVersion: must be 1 or 2")
		}
		return value, nil
	case attrDelivery:
		if value == "" {
			return "", nil
		}
		p, err := parseTopicPolicy(value)
		if err != nil {
			return "", err
		}
		return document(p), nil
	case attrPolicy:
		if value == "" {
			return "", nil
		}
		return value, s.checkPolicy(topic, value)
	default:
		return "", unknownAttribute
	}
}

func (s *Service) checkPolicy(topic glacier.ARN, text string) error {
	if len(text) > maxPolicy {
		return flawf("Policy Error: longer than %d bytes", maxPolicy)
	}
	if s.cfg.CheckPolicy == nil {
		return nil
	}
	return inWords("Policy Error: ", s.cfg.CheckPolicy(text, topic))
}

// topicAttributes checks the attributes that a topic is to be made with.
func (s *Service) topicAttributes(topic glacier.ARN, attributes map[string]string) (map[string]string, error) {
	set := map[string]string{}
	for name, value := range attributes {
		switch name {
		case "FifoTopic", "ContentBasedDeduplication":
			if value == "false" {
				continue
			}
			return nil, invalid("%sFIFO topics are not supported by this server", inAttributes)
		}
		kept, err := s.topicAttribute(topic, name, value)
		if errors.Is(err, unknownAttribute) {
			err = flawf("Invalid attribute name: %s", name)
		}
		if err != nil {
			return nil, blame(inAttributes, err)
		}
		if kept != "" {
			set[name] = kept
		}
	}
	return set, nil
}

// subscriptionAttributes checks what a subscription is to have, and returns it
// as it is kept. all are all of its attributes, also those that it has. Errors
// are flaws, or *Error.
func (s *Service) subscriptionAttributes(protocol string, all map[string]string) (map[string]string, error) {
	set := map[string]string{}
	for name, value := range all {
		kept, err := s.subscriptionAttribute(protocol, name, value)
		if err != nil {
			return nil, err
		}
		if kept != "" {
			set[name] = kept
		}
	}
	filter := set[attrFilter]
	if filter == "" || s.cfg.CheckFilter == nil {
		return set, nil
	}
	return set, inWords("FilterPolicy: ", s.cfg.CheckFilter(filter, scopeOf(set)))
}

// subscriptionAttribute checks an attribute of a subscription, except that a
// filter policy is only looked at.
func (s *Service) subscriptionAttribute(protocol, name, value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", flawf("%s: must be UTF-8", name)
	}
	switch name {
	case attrRaw:
		raw := strings.ToLower(value)
		if raw != "true" && raw != "false" {
			return "", flawf("RawMessageDelivery: Invalid value [%s]. Must be true or false.", clip(value))
		}
		return raw, nil
	case attrScope:
		if value != ScopeAttributes && value != ScopeBody {
			return "", flawf("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", clip(value))
		}
		return value, nil
	case attrFilter:
		if len(value) > maxFilterPolicy {
			return "", flawf("FilterPolicy: longer than %d bytes", maxFilterPolicy)
		}
		if trimmed := strings.TrimSpace(value); trimmed == "" || trimmed == "{}" {
			return "", nil
		}
		return value, nil
	case attrDelivery:
		return deliveryAttribute(protocol, value)
	case attrRedrive:
		return s.redriveAttribute(value)
	default:
		return "", unknownAttribute
	}
}

func deliveryAttribute(protocol, value string) (string, error) {
	switch {
	case value == "":
		return "", nil
	case protocol == protocolSQS:
		return "", flawf("DeliveryPolicy: protocol %s does not take a delivery policy", protocol)
	}
	p, err := parseSubscriptionPolicy(value)
	if err != nil {
		return "", err
	}
	return document(p), nil
}

func (s *Service) redriveAttribute(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	arn, err := redriveTarget(value)
	if err != nil {
		return "", flaw("RedrivePolicy: failed to parse JSON.")
	}
	if _, _, ok := s.queueAccount(arn); !ok {
		return "", flaw("RedrivePolicy: deadLetterTargetArn is an invalid arn")
	}
	if s.queues == nil {
		return "", flaw("RedrivePolicy: this server has no queues")
	}
	return value, nil
}

// redriveTarget reads the queue in a redrive policy, "" if there is none.
func redriveTarget(policy string) (string, error) {
	var p struct {
		DeadLetterTargetArn string `json:"deadLetterTargetArn"`
	}
	if len(policy) > maxDeliveryPolicy {
		return "", flaw("too long")
	}
	err := json.Unmarshal([]byte(policy), &p)
	return p.DeadLetterTargetArn, err
}

// checkRedrive makes sure that the queue which a subscription names for its dead
// letters is one that whoever subscribes may fill.
func (s *Service) checkRedrive(tx *catalog.Tx, by glacier.AccountID, attributes map[string]string) error {
	policy := attributes[attrRedrive]
	if policy == "" {
		return nil
	}
	arn, err := redriveTarget(policy)
	if err != nil {
		return err
	}
	if account, _, _ := s.queueAccount(arn); account != by {
		return flaw("RedrivePolicy: deadLetterTargetArn must be of the same account")
	}
	ok, err := s.queues.Exists(tx, arn)
	if err == nil && !ok {
		err = flaw("RedrivePolicy: the queue of deadLetterTargetArn does not exist")
	}
	return err
}

// scopeOf is the scope of a subscription's filter policy.
func scopeOf(attributes map[string]string) string {
	if scope := attributes[attrScope]; scope != "" {
		return scope
	}
	return ScopeAttributes
}

// clip shortens what a refusal quotes.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "?")
}
