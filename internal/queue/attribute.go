package queue

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// The attributes of a queue, by the API's names.
const (
	attrVisibility = "VisibilityTimeout"
	attrDelay      = "DelaySeconds"
	attrMaxSize    = "MaximumMessageSize"
	attrRetention  = "MessageRetentionPeriod"
	attrWait       = "ReceiveMessageWaitTimeSeconds"
	attrPolicy     = "Policy"
	attrRedrive    = "RedrivePolicy"

	attrVisible   = "ApproximateNumberOfMessages"
	attrInFlight  = "ApproximateNumberOfMessagesNotVisible"
	attrDelayed   = "ApproximateNumberOfMessagesDelayed"
	attrCreated   = "CreatedTimestamp"
	attrModified  = "LastModifiedTimestamp"
	attrARN       = "QueueArn"
	attrEncrypted = "SqsManagedSseEnabled"

	attrAll = "All"
)

// purgedKey is where a queue keeps up to which message it was purged, and when:
// two numbers and a space between them. No attribute that a client can set has
// a colon.
const purgedKey = "firn:purged"

// A number is an attribute that is one.
type number struct {
	name              string
	usual, least, top int64
}

func numbers() []number {
	return []number{
		{attrVisibility, 30, 0, int64(MaxVisibility / time.Second)},
		{attrDelay, 0, 0, maxDelay},
		{attrMaxSize, MaxMessage, 1 << 10, MaxMessage},
		{attrRetention, 4 * 24 * 3600, 60, 14 * 24 * 3600},
		{attrWait, 0, 0, int64(MaxWait / time.Second)},
	}
}

// lacking are attributes of SQS's that queues here do not have: those of FIFO
// queues and of encryption. They may be asked for, and have no value.
func lacking() []string {
	return []string{
		"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit",
		"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "RedriveAllowPolicy",
	}
}

// readOnly are attributes that nobody can set.
func readOnly() []string {
	return []string{attrVisible, attrInFlight, attrDelayed, attrCreated, attrModified, attrARN}
}

// A setting is what a queue's attributes come to.
type setting struct {
	visibility, delay, retention, wait time.Duration
	maxMessage                         int64
	redrive                            *redrive // nil if there is none
	purged                             uint64   // messages up to this one are gone
	purgedAt                           int64    // Unix ms
}

// A redrive says where messages go that were received too often.
type redrive struct {
	target string
	most   int64
}

// settingOf reads the attributes of a queue, which were checked when they were
// set.
func settingOf(q *record.Queue) setting {
	seconds := func(name string) time.Duration { return time.Duration(numberOf(q, name)) * time.Second }
	s := setting{
		visibility: seconds(attrVisibility),
		delay:      seconds(attrDelay),
		retention:  seconds(attrRetention),
		wait:       seconds(attrWait),
		maxMessage: numberOf(q, attrMaxSize),
	}
	if text := q.Attributes[attrRedrive]; text != "" {
		s.redrive, _ = parseRedrive(text)
	}
	through, at, _ := strings.Cut(q.Attributes[purgedKey], " ")
	s.purged, _ = strconv.ParseUint(through, 10, 64)
	s.purgedAt, _ = strconv.ParseInt(at, 10, 64)
	return s
}

// numberOf is the value of a numeric attribute, be it set or not.
func numberOf(q *record.Queue, name string) int64 {
	for _, a := range numbers() {
		if a.name != name {
			continue
		}
		if n, err := strconv.ParseInt(q.Attributes[name], 10, 64); err == nil {
			return n
		}
		return a.usual
	}
	return 0
}

// valueOf is the value of an attribute that can be set, "" if it has none.
func valueOf(q *record.Queue, name string) string {
	for _, a := range numbers() {
		if a.name == name {
			return strconv.FormatInt(numberOf(q, name), 10)
		}
	}
	if name == attrEncrypted {
		return "false"
	}
	return q.Attributes[name]
}

// checkAttributes refuses attributes that a queue cannot have. What depends on
// other queues is checked in the rule, by checkRedrive.
func (s *Service) checkAttributes(owner glacier.AccountID, name string, given map[string]string) error {
	for attr, value := range given {
		if err := s.checkAttribute(owner, name, attr, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkAttribute(owner glacier.AccountID, name, attr, value string) error {
	for _, a := range numbers() {
		if a.name != attr {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < a.least || n > a.top {
			return refuse(InvalidAttributeValue, "Invalid value for the parameter %s. It must be a number from %d to %d.", attr, a.least, a.top)
		}
		return nil
	}
	switch attr {
	case attrPolicy:
		if value == "" {
			return nil
		}
		if len(value) > maxPolicy {
			return refuse(InvalidAttributeValue, "Invalid value for the parameter Policy. It is longer than %d bytes.", maxPolicy)
		}
		if err := s.cfg.CheckPolicy(value, s.ARN(owner, name)); err != nil {
			return refuse(InvalidAttributeValue, "Invalid value for the parameter Policy. %s", err)
		}
		return nil
	case attrRedrive:
		if value == "" {
			return nil
		}
		_, err := parseRedrive(value)
		return err
	case attrEncrypted:
		if value != "false" {
			return refuse(InvalidAttributeValue, "Invalid value for the parameter %s. Firn does not encrypt queues.", attr)
		}
		return nil
	}
	for _, a := range lacking() {
		if a == attr && (value == "" || value == "false" && strings.HasPrefix(attr, "Fifo")) {
			return nil
		}
		if a == attr {
			return refuse(InvalidAttributeName, "Unknown Attribute %s. Firn's queues do not have it.", attr)
		}
	}
	return refuse(InvalidAttributeName, "Unknown Attribute %s.", attr)
}

// parseRedrive reads a redrive policy. Consoles write the count as a string.
func parseRedrive(text string) (*redrive, error) {
	bad := func(why string) error {
		return refuse(InvalidAttributeValue, "Value %s for parameter RedrivePolicy is invalid. Reason: %s", text, why)
	}
	var p struct {
		Target string          `json:"deadLetterTargetArn"`
		Most   json.RawMessage `json:"maxReceiveCount"`
	}
	if len(text) > maxPolicy || json.Unmarshal([]byte(text), &p) != nil {
		return nil, bad("Redrive policy is not a valid JSON map.")
	}
	if p.Target == "" {
		return nil, bad("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	}
	if len(p.Most) == 0 {
		return nil, bad("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	n, err := strconv.ParseInt(strings.Trim(string(p.Most), `"`), 10, 64)
	if err != nil || n < 1 || n > maxReceiveCount {
		return nil, bad("Invalid value for maxReceiveCount: it must be from 1 to " + strconv.Itoa(maxReceiveCount) + ".")
	}
	return &redrive{target: p.Target, most: n}, nil
}

// checkRedrive makes sure that the queue named in a redrive policy is there.
func (s *Service) checkRedrive(tx *catalog.Tx, owner glacier.AccountID, name string, given map[string]string) error {
	text := given[attrRedrive]
	if text == "" {
		return nil
	}
	p, err := parseRedrive(text)
	if err != nil {
		return err
	}
	q, ok, err := s.byARN(tx, p.target)
	switch {
	case err != nil:
		return err
	case !ok || q.Account != owner:
		return refuse(InvalidParameterValue, "Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", text)
	case q.Name == name:
		return refuse(InvalidParameterValue, "Value %s for parameter RedrivePolicy is invalid. Reason: A queue cannot be its own dead letter target.", text)
	}
	return nil
}

// kept is what a queue keeps of attributes that are being set, on top of those
// that it has. An empty value takes an attribute away.
func kept(has, given map[string]string) map[string]string {
	all := make(map[string]string, len(has)+len(given))
	for attr, value := range has {
		all[attr] = value
	}
	for attr, value := range given {
		switch attr {
		case attrPolicy, attrRedrive:
			if value == "" {
				delete(all, attr)
				continue
			}
		case attrEncrypted:
			continue
		}
		if value != "" {
			all[attr] = value
		}
	}
	for _, attr := range lacking() {
		delete(all, attr)
	}
	return all
}

// differs returns the first attribute that a queue has another value for than
// the one given.
func differs(q *record.Queue, given map[string]string) (attr string, yes bool) {
	for attr, value := range given {
		has := valueOf(q, attr)
		switch {
		case has == value, sameJSON(has, value), has == "" && value == "false":
		default:
			if a, err := strconv.ParseInt(value, 10, 64); err != nil || strconv.FormatInt(a, 10) != has {
				return attr, true
			}
		}
	}
	return "", false
}

// sameJSON reports whether two texts are objects that say the same.
func sameJSON(a, b string) bool {
	var x, y map[string]any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
