package topic

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"firn/glacier"
	"firn/internal/record"
)

// An envelope is what SNS wraps a message in.
type envelope struct {
	kind       string // TypeNotification or TypeSubscriptionConfirmation
	id         string
	token      string // of a request to confirm
	topic      glacier.ARN
	subject    string // "" if there is none
	message    string
	subscribe  string // of a request to confirm: the link
	timestamp  string
	version    string // of the signature
	signature  string
	cert       string
	leave      string // of a notification: the link to unsubscribe
	attributes map[string]record.Attribute
}

// canonical is the text that is signed: names and values in byte order of the
// names, each on a line of its own.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func (e *envelope) canonical() string {
	var b strings.Builder
	put := func(name, value string) {
		b.WriteString(name)
		b.WriteByte('\n')
		b.WriteString(value)
		b.WriteByte('\n')
	}
	put("Message", e.message)
	put("MessageId", e.id)
	if e.kind == TypeNotification {
		if e.subject != "" {
			put("Subject", e.subject)
		}
		put("Timestamp", e.timestamp)
	} else {
		put("SubscribeURL", e.subscribe)
		put("Timestamp", e.timestamp)
		put("Token", e.token)
	}
	put("TopicArn", string(e.topic))
	put("Type", e.kind)
	return b.String()
}

// document is the envelope as it is sent, spaced and ordered as SNS's is.
func (e *envelope) document() []byte {
	var b bytes.Buffer
	separator := "{\n"
	put := func(name string, value []byte) {
		b.WriteString(separator)
		separator = ",\n"
		b.WriteString(`  "` + name + `" : `)
		b.Write(value)
	}
	put("Type", quote(e.kind))
	put("MessageId", quote(e.id))
	if e.kind != TypeNotification {
		put("Token", quote(e.token))
	}
	put("TopicArn", quote(string(e.topic)))
	if e.subject != "" {
		put("Subject", quote(e.subject))
	}
	put("Message", quote(e.message))
	if e.kind != TypeNotification {
		put("SubscribeURL", quote(e.subscribe))
	}
	put("Timestamp", quote(e.timestamp))
	put("SignatureVersion", quote(e.version))
	put("Signature", quote(e.signature))
	put("SigningCertURL", quote(e.cert))
	if e.kind == TypeNotification {
		put("UnsubscribeURL", quote(e.leave))
		if len(e.attributes) > 0 {
			put("MessageAttributes", attributeDocument(e.attributes))
		}
	}
	b.WriteString("\n}")
	return b.Bytes()
}

// attributeDocument is the part of an envelope with the message's attributes.
func attributeDocument(attributes map[string]record.Attribute) []byte {
	var b bytes.Buffer
	separator := "{\n"
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		b.WriteString(separator)
		separator = ",\n"
		b.WriteString("    ")
		b.Write(quote(name))
		b.WriteString(` : {"Type":`)
		b.Write(quote(a.Type))
		b.WriteString(`,"Value":`)
		b.Write(quote(a.Value))
		b.WriteString("}")
	}
	b.WriteString("\n  }")
	return b.Bytes()
}

// quote returns s as a JSON string that is safe nowhere but in JSON: < and &
// are as they are. What XML has no place for is escaped: a queue may have to
// answer in it.
func quote(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\ufffe"), []byte(`\ufffe`))
	return bytes.ReplaceAll(text, []byte("\uffff"), []byte(`\uffff`))
}

// signatures remembers signatures that were made not long ago: those of a
// message are the same for all subscriptions, and each costs a millisecond.
type signatures struct {
	mu  sync.Mutex // guards what follows
	new map[signed]string
	old map[signed]string // those before; forgotten when new is full
}

// signed is what a signature depends on. A message never changes.
type signed struct {
	topic, message uint64
	version        string
}

// maxSignatures is how many are remembered, twice.
const maxSignatures = 1024

func (c *signatures) get(k signed) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.new[k]
	if !ok {
		v, ok = c.old[k]
	}
	return v, ok
}

func (c *signatures) put(k signed, v string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.new == nil || len(c.new) >= maxSignatures {
		c.old, c.new = c.new, make(map[signed]string, maxSignatures)
	}
	c.new[k] = v
}
