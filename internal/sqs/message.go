package sqs

import (
	"slices"

	"firn/internal/awsapi"
	"firn/internal/queue"
)

// A message is one to be sent.
type message struct {
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]messageAttribute `param:"MessageAttribute Name Value"`
	MessageSystemAttributes map[string]messageAttribute `param:"MessageSystemAttribute Name Value"`
	MessageDeduplicationID  string                      `json:"MessageDeduplicationId" param:"MessageDeduplicationId"`
	MessageGroupID          string                      `json:"MessageGroupId" param:"MessageGroupId"`
}

// The parameters and the results of what is about messages.
type (
	sendMessageInput struct {
		onQueue
		message
	}
	sent struct {
		MessageID     string `xml:"MessageId" json:"MessageId"`
		MD5           string `xml:"MD5OfMessageBody" json:"MD5OfMessageBody"`
		AttributesMD5 string `xml:"MD5OfMessageAttributes,omitempty" json:"MD5OfMessageAttributes,omitempty"`
		SystemMD5     string `xml:"MD5OfMessageSystemAttributes,omitempty" json:"MD5OfMessageSystemAttributes,omitempty"`
	}

	sendBatchInput struct {
		onQueue
		Entries []messageEntry `param:"SendMessageBatchRequestEntry"`
	}
	messageEntry struct {
		ID string `json:"Id" param:"Id"`
		message
	}
	sentEntry struct {
		ID string `xml:"Id" json:"Id"`
		sent
	}
	sendBatchResult struct {
		Successful []sentEntry `xml:"SendMessageBatchResultEntry" json:",omitempty"`
		failures
	}

	receiveInput struct {
		onQueue
		AttributeNames              []string `param:"AttributeName"`
		MessageSystemAttributeNames []string `param:"MessageSystemAttributeName"`
		MessageAttributeNames       []string `param:"MessageAttributeName"`
		MaxNumberOfMessages         *int
		VisibilityTimeout           *int
		WaitTimeSeconds             *int
	}
	received struct {
		MessageID         string `xml:"MessageId" json:"MessageId"`
		ReceiptHandle     string
		MD5               string   `xml:"MD5OfBody" json:"MD5OfBody"`
		Body              string   // as the client sent it
		Attributes        settings `xml:"Attribute,omitempty" json:",omitempty"`
		AttributesMD5     string   `xml:"MD5OfMessageAttributes,omitempty" json:"MD5OfMessageAttributes,omitempty"`
		MessageAttributes values   `xml:"MessageAttribute,omitempty" json:",omitempty"`
	}
	receiveResult struct {
		Messages []received `xml:"Message" json:",omitempty"`
	}

	onMessage struct {
		onQueue
		ReceiptHandle     string
		VisibilityTimeout *int
	}
	handleEntry struct {
		ID                string `json:"Id" param:"Id"`
		ReceiptHandle     string
		VisibilityTimeout *int
	}
	deleteBatchInput struct {
		onQueue
		Entries []handleEntry `param:"DeleteMessageBatchRequestEntry"`
	}
	deleteBatchResult struct {
		Successful []doneEntry `xml:"DeleteMessageBatchResultEntry" json:",omitempty"`
		failures
	}
	visibilityBatchInput struct {
		onQueue
		Entries []handleEntry `param:"ChangeMessageVisibilityBatchRequestEntry"`
	}
	visibilityBatchResult struct {
		Successful []doneEntry `xml:"ChangeMessageVisibilityBatchResultEntry" json:",omitempty"`
		failures
	}
	doneEntry struct {
		ID string `xml:"Id" json:"Id"`
	}

	failures struct {
		Failed []failedEntry `xml:"BatchResultErrorEntry" json:",omitempty"`
	}
	failedEntry struct {
		ID          string `xml:"Id" json:"Id"`
		SenderFault bool
		Code        awsapi.Code
		Message     string
	}
)

// traceHeader is the one system attribute that a message may be sent with.
const traceHeader = "AWSTraceHeader"

// outgoing makes a message as the rules have it.
func (c *call) outgoing(id string, m *message) (queue.Outgoing, error) {
	if m.MessageDeduplicationID != "" || m.MessageGroupID != "" {
		return queue.Outgoing{}, refuse(queue.InvalidParameterValue, "The request includes a parameter that is not valid for this queue type.")
	}
	out := queue.Outgoing{
		ID: id, Body: m.MessageBody, Attributes: attributesOf(m.MessageAttributes), Delay: m.DelaySeconds, Sender: c.Caller.ID(),
	}
	for name, a := range m.MessageSystemAttributes {
		if name != traceHeader || a.DataType != "String" || a.StringValue == nil || *a.StringValue == "" {
			return queue.Outgoing{}, refuse(queue.InvalidParameterValue, "Message system attribute name '%s' is invalid.", name)
		}
		out.Trace = *a.StringValue
	}
	return out, nil
}

func sentOf(s queue.Sent) sent { return sent{s.MessageID, s.MD5, s.AttributesMD5, s.TraceMD5} }

func sendMessage(c *call, in *sendMessageInput) (any, error) {
	m, err := c.outgoing("", &in.message)
	if err != nil {
		return nil, err
	}
	s, err := c.queues.SendMessage(c.Context, c.about.owner, c.about.name, m)
	if err != nil {
		return nil, err
	}
	c.Gave = map[string]string{"messageId": s.MessageID}
	return sentOf(s), nil
}

func sendMessageBatch(c *call, in *sendBatchInput) (any, error) {
	batch := make([]queue.Outgoing, len(in.Entries))
	for i := range in.Entries {
		var err error
		if batch[i], err = c.outgoing(in.Entries[i].ID, &in.Entries[i].message); err != nil {
			return nil, err
		}
	}
	results, err := c.queues.SendMessages(c.Context, c.about.owner, c.about.name, batch)
	if err != nil {
		return nil, err
	}
	var r sendBatchResult
	for _, s := range results {
		if s.Err != nil {
			r.add(c, s.ID, s.Err)
			continue
		}
		r.Successful = append(r.Successful, sentEntry{s.ID, sentOf(s)})
	}
	return r, nil
}

// add adds an entry that was refused.
func (f *failures) add(c *call, id string, err error) {
	why := c.Word(err)
	f.Failed = append(f.Failed, failedEntry{id, why.Sender(), why.Code, why.Message})
}

func receiveMessage(c *call, in *receiveInput) (any, error) {
	got, err := c.queues.ReceiveMessages(c.Context, c.about.owner, c.about.name, queue.Demand{
		Max: in.MaxNumberOfMessages, Visibility: in.VisibilityTimeout, Wait: in.WaitTimeSeconds,
		System: slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames), Attributes: in.MessageAttributeNames,
	})
	if err != nil {
		return nil, err
	}
	var r receiveResult
	for i := range got {
		m := &got[i]
		r.Messages = append(r.Messages, received{
			MessageID: m.ID, ReceiptHandle: m.Handle, MD5: m.MD5, Body: m.Body, Attributes: m.System,
			AttributesMD5: m.AttributesMD5, MessageAttributes: valuesOf(m.Attributes),
		})
	}
	return r, nil
}

func deleteMessage(c *call, in *onMessage) (any, error) {
	return nil, c.queues.DeleteMessage(c.Context, c.about.owner, c.about.name, in.ReceiptHandle)
}

func changeVisibility(c *call, in *onMessage) (any, error) {
	return nil, c.queues.ChangeVisibility(c.Context, c.about.owner, c.about.name, in.ReceiptHandle, *in.VisibilityTimeout)
}

func deleteMessageBatch(c *call, in *deleteBatchInput) (any, error) {
	results, err := c.queues.DeleteMessages(c.Context, c.about.owner, c.about.name, entriesOf(in.Entries))
	if err != nil {
		return nil, err
	}
	var r deleteBatchResult
	r.Successful = r.split(c, results)
	return r, nil
}

func changeVisibilityBatch(c *call, in *visibilityBatchInput) (any, error) {
	results, err := c.queues.ChangeVisibilities(c.Context, c.about.owner, c.about.name, entriesOf(in.Entries))
	if err != nil {
		return nil, err
	}
	var r visibilityBatchResult
	r.Successful = r.split(c, results)
	return r, nil
}

func entriesOf(in []handleEntry) []queue.Entry {
	out := make([]queue.Entry, len(in))
	for i, e := range in {
		out[i] = queue.Entry{ID: e.ID, Handle: e.ReceiptHandle, Visibility: e.VisibilityTimeout}
	}
	return out
}

// split keeps the entries that were refused, and returns the others.
func (f *failures) split(c *call, results []queue.Result) (done []doneEntry) {
	for _, r := range results {
		if r.Err != nil {
			f.add(c, r.ID, r.Err)
			continue
		}
		done = append(done, doneEntry{r.ID})
	}
	return done
}
