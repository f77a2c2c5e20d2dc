package queue

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"firn/internal/record"
)

// An Outgoing message is one that is to be sent.
type Outgoing struct {
	ID         string // of the entry in a batch
	Body       string
	Attributes map[string]record.Attribute
	Trace      string // the system attribute AWSTraceHeader; "" is none
	Delay      *int   // seconds; nil is the queue's
	Sender     string // the id of who sends it
}

// A Sent message has been sent, or was refused.
type Sent struct {
	ID            string // of the entry in a batch
	MessageID     string
	MD5           string // of the body
	AttributesMD5 string // "" if there are none
	TraceMD5      string // of the system attributes; "" if there are none
	Err           error  // an *Error: it was not sent
}

// A Message has been received.
type Message struct {
	ID            string
	Handle        string
	Body          string
	MD5           string
	System        map[string]string // the system attributes that were asked for
	Attributes    map[string]record.Attribute
	AttributesMD5 string // of those
}

// The system attributes of a message, by the API's names.
const (
	sysSender   = "SenderId"
	sysSent     = "SentTimestamp"
	sysReceives = "ApproximateReceiveCount"
	sysFirst    = "ApproximateFirstReceiveTimestamp"
	sysTrace    = "AWSTraceHeader"
	sysSource   = "DeadLetterQueueSourceArn"
)

// The system attributes that have to be kept are kept among the attributes of
// the message, under names that no attribute may have.
const (
	keptTrace  = "AWS.TraceHeader"
	keptSource = "AWS.DeadLetterQueueSourceArn"
)

// systemNames are the system attributes that may be asked for. Those of FIFO
// queues have no value.
func systemNames() []string {
	return []string{sysSender, sysSent, sysReceives, sysFirst, sysTrace, sysSource, "SequenceNumber", "MessageDeduplicationId", "MessageGroupId"}
}

// The logical types of attributes.
const (
	typeString = "String"
	typeNumber = "Number"
	typeBinary = "Binary"
)

// size is how many bytes count against the limit. It is not known of
// attributes that check refuses.
func (m *Outgoing) size() int {
	n := len(m.Body)
	for name, a := range m.Attributes {
		n += len(name) + len(a.Type) + len(a.Value)
		if logicalType(a) == typeBinary {
			raw, _ := base64.StdEncoding.DecodeString(a.Value)
			n += len(raw) - len(a.Value)
		}
	}
	return n
}

// check refuses a message that no queue would take.
func (m *Outgoing) check() error {
	if m.Body == "" {
		return refuse(MissingParameter, "The request must contain the parameter MessageBody.")
	}
	if err := m.checkText(); err != nil {
		return err
	}
	if d := m.Delay; d != nil && (*d < 0 || *d > maxDelay) {
		return invalid("DelaySeconds", *d, fmt.Sprintf("DelaySeconds must be >= 0 and <= %d.", maxDelay))
	}
	if len(m.Attributes) > maxAttributes {
		return refuse(InvalidParameterValue, "Number of message attributes [%d] exceeds the allowed maximum [%d].", len(m.Attributes), maxAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if err := checkAttributeValue(name, m.Attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses a message with characters that a queue cannot answer with.
func (m *Outgoing) checkText() error {
	plain := plainText(m.Body) && plainText(m.Trace)
	for _, a := range m.Attributes {
		plain = plain && plainText(a.Type) && plainText(a.Value)
	}
	if !plain {
		return badText()
	}
	return nil
}

func checkAttributeName(name string) error {
	bad := func(why string) error {
		return refuse(InvalidParameterValue, "The message attribute name '%s' is invalid. %s", name, why)
	}
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > maxAttributeName:
		return bad(fmt.Sprintf("It must have 1 to %d characters.", maxAttributeName))
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return bad("Attribute name can not begin with a reserved prefix.")
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return bad("It must neither begin nor end with a period, nor have two in succession.")
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.':
		default:
			return bad("Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.")
		}
	}
	return nil
}

func checkAttributeValue(name string, a record.Attribute) error {
	bad := func(why string) error {
		return refuse(InvalidParameterValue, "The message attribute '%s' %s", name, why)
	}
	logical := logicalType(a)
	switch {
	case a.Type == "":
		return bad("must contain non-empty message attribute type.")
	case logical == "":
		return bad(fmt.Sprintf("has an invalid message attribute type, the set of supported type prefixes is %s, %s, and %s.", typeBinary, typeNumber, typeString))
	case len(a.Type) > maxAttributeType:
		return bad(fmt.Sprintf("has a type that is longer than %d bytes.", maxAttributeType))
	case a.Value == "":
		return bad(fmt.Sprintf("must contain non-empty message attribute value for message attribute type '%s'.", logical))
	case logical == typeBinary:
		if _, err := base64.StdEncoding.DecodeString(a.Value); err != nil {
			return bad("has a value that is not base64.")
		}
		return nil
	}
	if logical == typeNumber && !isNumber(a.Value) {
		return refuse(InvalidParameterValue, "Can't cast the value of message attribute '%s' to a number.", name)
	}
	return nil
}

// isNumber reports whether a text is a decimal number, however large.
func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return strings.Trim(s, "0123456789+-.eE") == "" && (err == nil || errors.Is(err, strconv.ErrRange))
}

// logicalType is what stands before the first period of an attribute's type,
// "" if that is none.
func logicalType(a record.Attribute) string {
	switch t, _, _ := strings.Cut(a.Type, "."); t {
	case typeString, typeNumber, typeBinary:
		return t
	}
	return ""
}

func badText() *Error {
	return refuse(InvalidMessageContents, "Invalid characters found. Valid unicode characters are "+
		"#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
}

// plainText reports whether a text has characters only that XML 1.0 allows.
func plainText(s string) bool {
	for i, c := range s {
		switch {
		case c == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r', c == 0xFFFE, c == 0xFFFF:
			return false
		}
	}
	return true
}

// bodyMD5 is the digest of a body.
func bodyMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// The transport types in the digest of attributes.
const (
	transportText   = 1
	transportBinary = 2
)

// attributesMD5 is the digest of attributes, "" of none: of each, in the order
// of the names, the name, the type, one byte for the sort of its value, and the
// value, with its length in front of all but that byte.
func attributesMD5(attributes map[string]record.Attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	h := md5.New()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		writeCounted(h, name)
		writeCounted(h, a.Type)
		if logicalType(a) == typeBinary {
			raw, _ := base64.StdEncoding.DecodeString(a.Value) // it was checked when it came
			_, _ = h.Write([]byte{transportBinary})            // a hash never fails
			writeCounted(h, string(raw))
			continue
		}
		_, _ = h.Write([]byte{transportText})
		writeCounted(h, a.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeCounted(h hash.Hash, s string) {
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) // a hash never fails
	_, _ = io.WriteString(h, s)
}

// traceMD5 is the digest of the system attributes that were sent along.
func traceMD5(trace string) string {
	if trace == "" {
		return ""
	}
	return attributesMD5(map[string]record.Attribute{sysTrace: {Type: typeString, Value: trace}})
}

// selected are the attributes of a message that are asked for: by name, all of
// them by All or .*, or those that begin with something by that and .*
func selected(attributes map[string]record.Attribute, names []string) map[string]record.Attribute {
	var some map[string]record.Attribute
	for name, a := range attributes {
		if name == keptTrace || name == keptSource || !slices.ContainsFunc(names, func(n string) bool { return asksFor(n, name) }) {
			continue
		}
		if some == nil {
			some = map[string]record.Attribute{}
		}
		some[name] = a
	}
	return some
}

func asksFor(pattern, name string) bool {
	if pattern == attrAll || pattern == name {
		return true
	}
	prefix, ok := strings.CutSuffix(pattern, ".*")
	return ok && strings.HasPrefix(name, prefix)
}
