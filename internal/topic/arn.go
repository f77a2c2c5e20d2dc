package topic

import (
	"strings"

	"firn/glacier"
)

// TopicARN is the resource name of a topic.
func TopicARN(region string, account glacier.AccountID, name string) glacier.ARN { //nolint:revive // a subscription has one, too
	return glacier.ARN("arn:aws:sns:" + region + ":" + string(account) + ":" + name)
}

// A subscription's name is its topic's, and a UUID.
func subscriptionARN(topic glacier.ARN, public string) glacier.ARN {
	return topic + ":" + glacier.ARN(public)
}

// A resource is what an ARN of a topic or a subscription says.
type resource struct {
	account glacier.AccountID
	topic   string
	public  string // of a subscription; "" in a topic's
}

// The elements of an ARN: arn, partition, service, region, account, and the
// resource, which may have more.
const arnElements = 6

// parseTopicARN reads a topic's ARN. parameter is where it stood.
func (s *Service) parseTopicARN(parameter, arn string) (resource, error) {
	n, elements, ok := s.parseARN(arn)
	switch {
	case elements < arnElements:
		return resource{}, invalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, elements)
	case !ok, n.public != "":
		return resource{}, invalid("%s", parameter)
	}
	return n, nil
}

// parseSubscriptionARN reads a subscription's ARN.
func (s *Service) parseSubscriptionARN(arn string) (resource, error) {
	const parameter = "SubscriptionArn"
	n, elements, ok := s.parseARN(arn)
	switch {
	case arn == "":
		return resource{}, invalid("%s Reason: no value for required parameter", parameter)
	case elements < arnElements:
		return resource{}, invalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, elements)
	case !ok:
		return resource{}, invalid("%s", parameter)
	case n.public == "":
		return resource{}, invalid("SubscriptionId")
	}
	return n, nil
}

// parseARN reads an ARN of this region's, of a topic or of a subscription, and
// counts its elements.
func (s *Service) parseARN(arn string) (n resource, elements int, ok bool) {
	parts := strings.SplitN(arn, ":", arnElements+2)
	elements = len(parts)
	if elements < arnElements || elements > arnElements+1 {
		return resource{}, elements, false
	}
	n = resource{account: glacier.AccountID(parts[4]), topic: parts[5]}
	if elements == arnElements+1 {
		n.public = parts[6]
		if !validPublic(n.public) {
			return resource{}, elements, false
		}
	}
	ok = parts[0] == "arn" && parts[1] == "aws" && parts[2] == "sns" && parts[3] == s.region &&
		n.account.Valid() && validName(n.topic)
	return n, elements, ok
}

// arn is the resource name of a topic that n names.
func (s *Service) arn(n resource) glacier.ARN { return TopicARN(s.region, n.account, n.topic) }

// queueAccount reads the ARN of a queue of this region's.
func (s *Service) queueAccount(arn string) (account glacier.AccountID, queue string, ok bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != arnElements || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "sqs" ||
		parts[3] != s.region || parts[5] == "" {
		return "", "", false
	}
	account = glacier.AccountID(parts[4])
	return account, parts[5], account.Valid()
}

// validName reports whether a topic may have the name.
func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for _, c := range []byte(name) {
		if !alphanumeric(c) && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// validPublic reports whether a subscription may have the public id: whether it
// looks like a UUID.
func validPublic(s string) bool {
	if len(s) != 36 {
		return false
	}
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '-' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
