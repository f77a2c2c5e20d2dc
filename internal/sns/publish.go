package sns

import (
	"encoding/base64"
	"strings"

	"firn/internal/awsapi"
	"firn/internal/record"
	"firn/internal/topic"
)

const (
	maxBatch   = 10 // messages
	maxBatchID = 80 // bytes
)

// A messageAttribute is what goes with a message, and is typed.
type messageAttribute struct {
	DataType    string
	StringValue *string
	BinaryValue *[]byte
}

// A message is one to be published.
type message struct {
	Message                string
	Subject                *string
	MessageStructure       string
	MessageAttributes      map[string]messageAttribute `param:"MessageAttributes.entry Name Value"`
	MessageDeduplicationId string
	MessageGroupId         string
}

// The parameters and the results of what publishes.
type (
	publishInput struct {
		message
		TopicArn    string
		TargetArn   string
		PhoneNumber string
	}
	publishResult struct {
		MessageID string `xml:"MessageId"`
	}

	publishBatchInput struct {
		onTopic
		PublishBatchRequestEntries []batchEntry
	}
	batchEntry struct {
		ID string `json:"Id"`
		message
	}
	publishBatchResult struct {
		Successful awsapi.Members[batchSuccess]
		Failed     awsapi.Members[batchFailure]
	}
	batchSuccess struct {
		ID        string `xml:"Id"`
		MessageID string `xml:"MessageId"`
	}
	batchFailure struct {
		ID          string `xml:"Id"`
		Code        Code
		Message     string
		SenderFault bool
	}
)

// allow implements [subject]. A topic may be named as a target, too; the other
// targets that SNS has are telephones.
func (in *publishInput) allow(c *call, action string) error {
	switch {
	case in.PhoneNumber != "":
		return invalid("PhoneNumber Reason: Firn sends no text messages")
	case in.TopicArn == "":
		in.TopicArn = in.TargetArn
	case in.TargetArn != "":
		return invalid("TopicArn or TargetArn Reason: only one of them can be given")
	}
	if in.TopicArn == "" {
		return invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	return c.allowTopic(action, in.TopicArn, nil)
}

func publish(c *call, in *publishInput) (any, error) {
	id, err := c.publish(in.TopicArn, &in.message)
	c.Gave = map[string]string{"messageId": id}
	return publishResult{id}, err
}

// publish publishes a message.
func (c *call) publish(arn string, m *message) (id string, err error) {
	switch {
	case m.MessageDeduplicationId != "":
		return "", invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case m.MessageGroupId != "":
		return "", invalid("MessageGroupId Reason: The request includes MessageGroupId parameter that is not valid for this topic type")
	case m.Subject != nil && *m.Subject == "":
		return "", invalid("Subject")
	}
	attributes, err := attributesOf(m.MessageAttributes)
	if err != nil {
		return "", err
	}
	p := topic.Publication{Message: m.Message, Structure: m.MessageStructure, Attributes: attributes}
	if m.Subject != nil {
		p.Subject = *m.Subject
	}
	return c.topics.Publish(c.Context, arn, p)
}

// attributesOf makes attributes of a message's of those that came. Which types
// there are is for the rules to say.
func attributesOf(in map[string]messageAttribute) (map[string]record.Attribute, error) {
	out := map[string]record.Attribute{}
	for name, a := range in {
		value := a.StringValue
		if strings.HasPrefix(a.DataType, "Binary") && a.BinaryValue != nil {
			text := base64.StdEncoding.EncodeToString(*a.BinaryValue)
			a.BinaryValue, value = nil, &text
		}
		if value == nil || a.BinaryValue != nil {
			return nil, refuse(Code(topic.InvalidParameterValue),
				"The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, a.DataType)
		}
		out[name] = record.Attribute{Type: a.DataType, Value: *value}
	}
	return out, nil
}

// publishBatch publishes messages one after the other, so that they keep their
// order. Of some it may come to nothing, and of others not.
func publishBatch(c *call, in *publishBatchInput) (any, error) {
	if err := checkBatch(in.PublishBatchRequestEntries); err != nil {
		return nil, err
	}
	var r publishBatchResult
	for i := range in.PublishBatchRequestEntries {
		e := &in.PublishBatchRequestEntries[i]
		id, err := c.publish(in.TopicArn, &e.message)
		if err != nil {
			why := c.Word(err)
			r.Failed.Member = append(r.Failed.Member, batchFailure{e.ID, why.Code, why.Message, why.Sender()})
			continue
		}
		r.Successful.Member = append(r.Successful.Member, batchSuccess{e.ID, id})
	}
	return r, nil
}

// checkBatch refuses what is no batch.
func checkBatch(entries []batchEntry) error {
	switch {
	case len(entries) == 0:
		return refuse(EmptyBatchRequest, "The batch request doesn't contain any entries.")
	case len(entries) > maxBatch:
		return refuse(TooManyEntriesInBatch, "The batch request contains more entries than permissible (more than %d).", maxBatch)
	}
	size, seen := 0, map[string]bool{}
	for _, e := range entries {
		if !validBatchID(e.ID) {
			return refuse(InvalidBatchEntryID, "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		if seen[e.ID] {
			return refuse(BatchEntryIDsNotDistinct, "Two or more batch entries in the request have the same Id.")
		}
		seen[e.ID] = true
		size += len(e.Message)
		for name, a := range e.MessageAttributes {
			size += len(name) + len(a.DataType)
			if a.StringValue != nil {
				size += len(*a.StringValue)
			}
			if a.BinaryValue != nil {
				size += len(*a.BinaryValue)
			}
		}
	}
	if size > topic.MaxMessage {
		return refuse(BatchRequestTooLong, "The length of all the batch messages put together is more than the limit.")
	}
	return nil
}

func validBatchID(id string) bool {
	if id == "" || len(id) > maxBatchID {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
