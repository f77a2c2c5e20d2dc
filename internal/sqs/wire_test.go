package sqs_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"firn/internal/access"
	"firn/internal/queue"
	"firn/internal/sqs"
)

// plain makes what is different each time the same: ids, handles, instants,
// and the address of the server.
func (h *house) plain(text string) string {
	text = strings.ReplaceAll(text, h.url, "URL")
	for pattern, word := range map[string]string{
		`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`: "UUID",
		`\bA[A-Za-z0-9_-]{54}\b`:                    "HANDLE",
		`<RequestId>[A-Za-z0-9_-]+</RequestId>`:     "<RequestId/>",
		`\b1[0-9]{12}\b`:                            "MILLIS",
		`\b1[0-9]{9}\b`:                             "SECONDS",
		` xmlns="http://queue.amazonaws.com/[^"]*"`: "",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, word)
	}
	return text
}

// handle is the receipt handle in a reply.
func (r reply) handle() string {
	return regexp.MustCompile(`\bA[A-Za-z0-9_-]{54}\b`).FindString(r.body)
}

// TestSession holds a session in both protocols, and what comes back to the
// letter.
func TestSession(t *testing.T) {
	h := build(t)
	at := h.queueURL("work")
	last := map[bool]string{} // handle by protocol
	steps := []struct {
		action string
		query  []string
		xml    string
		json   string
		want   string
	}{
		{"CreateQueue", []string{"QueueName", "work", "Attribute.1.Name", "VisibilityTimeout", "Attribute.1.Value", "60", "Tag.1.Key", "k", "Tag.1.Value", "v"},
			`<CreateQueueResult><QueueUrl>URL/111122223333/work</QueueUrl></CreateQueueResult>`,
			`{"QueueName":"work","Attributes":{"VisibilityTimeout":"60"},"tags":{"k":"v"}}`, `{"QueueUrl":"URL/111122223333/work"}`},
		{"GetQueueUrl", []string{"QueueName", "work"}, `<GetQueueUrlResult><QueueUrl>URL/111122223333/work</QueueUrl></GetQueueUrlResult>`,
			`{"QueueName":"work"}`, `{"QueueUrl":"URL/111122223333/work"}`},
		{"ListQueues", nil, `<ListQueuesResult><QueueUrl>URL/111122223333/work</QueueUrl></ListQueuesResult>`, `{}`, `{"QueueUrls":["URL/111122223333/work"]}`},
		{"ListQueues", []string{"QueueNamePrefix", "x"}, `<ListQueuesResult></ListQueuesResult>`, `{"QueueNamePrefix":"x"}`, `{}`},
		{"ListQueueTags", []string{"QueueUrl", at}, `<ListQueueTagsResult><Tag><Key>k</Key><Value>v</Value></Tag></ListQueueTagsResult>`,
			`{"QueueUrl":"` + at + `"}`, `{"Tags":{"k":"v"}}`},
		{"TagQueue", []string{"QueueUrl", at, "Tag.1.Key", "l", "Tag.1.Value", ""}, ``, `{"QueueUrl":"` + at + `","Tags":{"l":""}}`, `{}`},
		{"UntagQueue", []string{"QueueUrl", at, "TagKey.1", "k", "TagKey.2", "l"}, ``, `{"QueueUrl":"` + at + `","TagKeys":["k","l"]}`, `{}`},
		{"ListQueueTags", []string{"QueueUrl", at}, `<ListQueueTagsResult></ListQueueTagsResult>`, `{"QueueUrl":"` + at + `"}`, `{}`},
		{"SetQueueAttributes", []string{"QueueUrl", at, "Attribute.1.Name", "DelaySeconds", "Attribute.1.Value", "0"}, ``,
			`{"QueueUrl":"` + at + `","Attributes":{"DelaySeconds":"0"}}`, `{}`},
		{"GetQueueAttributes", []string{"QueueUrl", at, "AttributeName.1", "VisibilityTimeout", "AttributeName.2", "CreatedTimestamp"},
			`<GetQueueAttributesResult><Attribute><Name>CreatedTimestamp</Name><Value>SECONDS</Value></Attribute><Attribute><Name>VisibilityTimeout</Name><Value>60</Value></Attribute></GetQueueAttributesResult>`,
			`{"QueueUrl":"` + at + `","AttributeNames":["VisibilityTimeout","CreatedTimestamp"]}`, `{"Attributes":{"CreatedTimestamp":"SECONDS","VisibilityTimeout":"60"}}`},
		{"GetQueueAttributes", []string{"QueueUrl", at}, `<GetQueueAttributesResult></GetQueueAttributesResult>`, `{"QueueUrl":"` + at + `"}`, `{}`},
		{"ReceiveMessage", []string{"QueueUrl", at}, `<ReceiveMessageResult></ReceiveMessageResult>`, `{"QueueUrl":"` + at + `"}`, `{}`},
		{"SendMessage", []string{"QueueUrl", at, "MessageBody", "<ä&\r\n>", "MessageAttribute.1.Name", "a", "MessageAttribute.1.Value.DataType", "String", "MessageAttribute.1.Value.StringValue", "x",
			"MessageAttribute.2.Name", "b", "MessageAttribute.2.Value.DataType", "Binary", "MessageAttribute.2.Value.BinaryValue", "aGVsbG8=",
			"MessageSystemAttribute.1.Name", "AWSTraceHeader", "MessageSystemAttribute.1.Value.DataType", "String", "MessageSystemAttribute.1.Value.StringValue", "t"},
			`<SendMessageResult><MessageId>UUID</MessageId><MD5OfMessageBody>6faf3b884460734b3f0e15028376de7c</MD5OfMessageBody><MD5OfMessageAttributes>e237e78fe3b1fe8f6d7d51f665ca0fb1</MD5OfMessageAttributes><MD5OfMessageSystemAttributes>a3221fa5030202f7abd1a8cdf4c7cbd3</MD5OfMessageSystemAttributes></SendMessageResult>`,
			`{"QueueUrl":"` + at + `","MessageBody":"<ä&\r\n>","MessageAttributes":{"a":{"DataType":"String","StringValue":"x"},"b":{"DataType":"Binary","BinaryValue":"aGVsbG8="}},"MessageSystemAttributes":{"AWSTraceHeader":{"DataType":"String","StringValue":"t"}}}`,
			`{"MessageId":"UUID","MD5OfMessageBody":"6faf3b884460734b3f0e15028376de7c","MD5OfMessageAttributes":"e237e78fe3b1fe8f6d7d51f665ca0fb1","MD5OfMessageSystemAttributes":"a3221fa5030202f7abd1a8cdf4c7cbd3"}`},
		{"ReceiveMessage", []string{"QueueUrl", at, "AttributeName.1", "ApproximateReceiveCount", "MessageSystemAttributeName.1", "SenderId", "MessageAttributeName.1", "All", "MaxNumberOfMessages", "10", "VisibilityTimeout", "100", "WaitTimeSeconds", "1"},
			`<ReceiveMessageResult><Message><MessageId>UUID</MessageId><ReceiptHandle>HANDLE</ReceiptHandle><MD5OfBody>6faf3b884460734b3f0e15028376de7c</MD5OfBody><Body>&lt;ä&amp;&#xD;&#xA;&gt;</Body><Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute><Attribute><Name>SenderId</Name><Value>111122223333</Value></Attribute><MD5OfMessageAttributes>e237e78fe3b1fe8f6d7d51f665ca0fb1</MD5OfMessageAttributes><MessageAttribute><Name>a</Name><Value><DataType>String</DataType><StringValue>x</StringValue></Value></MessageAttribute><MessageAttribute><Name>b</Name><Value><DataType>Binary</DataType><BinaryValue>aGVsbG8=</BinaryValue></Value></MessageAttribute></Message></ReceiveMessageResult>`,
			`{"QueueUrl":"` + at + `","AttributeNames":["ApproximateReceiveCount"],"MessageSystemAttributeNames":["SenderId"],"MessageAttributeNames":["All"],"MaxNumberOfMessages":10,"VisibilityTimeout":100,"WaitTimeSeconds":1}`,
			`{"Messages":[{"MessageId":"UUID","ReceiptHandle":"HANDLE","MD5OfBody":"6faf3b884460734b3f0e15028376de7c","Body":"\u003cä\u0026\r\n\u003e","Attributes":{"ApproximateReceiveCount":"1","SenderId":"111122223333"},"MD5OfMessageAttributes":"e237e78fe3b1fe8f6d7d51f665ca0fb1","MessageAttributes":{"a":{"DataType":"String","StringValue":"x"},"b":{"DataType":"Binary","BinaryValue":"aGVsbG8="}}}]}`},
		{"ChangeMessageVisibility", []string{"QueueUrl", at, "ReceiptHandle", "LAST", "VisibilityTimeout", "200"}, ``,
			`{"QueueUrl":"` + at + `","ReceiptHandle":"LAST","VisibilityTimeout":200}`, `{}`},
		{"ChangeMessageVisibilityBatch", []string{"QueueUrl", at, "ChangeMessageVisibilityBatchRequestEntry.1.Id", "e1", "ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle", "LAST", "ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout", "300",
			"ChangeMessageVisibilityBatchRequestEntry.2.Id", "e2", "ChangeMessageVisibilityBatchRequestEntry.2.ReceiptHandle", "no"},
			`<ChangeMessageVisibilityBatchResult><ChangeMessageVisibilityBatchResultEntry><Id>e1</Id></ChangeMessageVisibilityBatchResultEntry><BatchResultErrorEntry><Id>e2</Id><SenderFault>true</SenderFault><Code>ReceiptHandleIsInvalid</Code><Message>The input receipt handle &#34;no&#34; is not a valid receipt handle.</Message></BatchResultErrorEntry></ChangeMessageVisibilityBatchResult>`,
			`{"QueueUrl":"` + at + `","Entries":[{"Id":"e1","ReceiptHandle":"LAST","VisibilityTimeout":300},{"Id":"e2","ReceiptHandle":"no"}]}`,
			`{"Successful":[{"Id":"e1"}],"Failed":[{"Id":"e2","SenderFault":true,"Code":"ReceiptHandleIsInvalid","Message":"The input receipt handle \"no\" is not a valid receipt handle."}]}`},
		{"DeleteMessage", []string{"QueueUrl", at, "ReceiptHandle", "LAST"}, ``, `{"QueueUrl":"` + at + `","ReceiptHandle":"LAST"}`, `{}`},
		{"DeleteMessageBatch", []string{"QueueUrl", at, "DeleteMessageBatchRequestEntry.1.Id", "e1", "DeleteMessageBatchRequestEntry.1.ReceiptHandle", "LAST"},
			`<DeleteMessageBatchResult><DeleteMessageBatchResultEntry><Id>e1</Id></DeleteMessageBatchResultEntry></DeleteMessageBatchResult>`,
			`{"QueueUrl":"` + at + `","Entries":[{"Id":"e1","ReceiptHandle":"LAST"}]}`, `{"Successful":[{"Id":"e1"}]}`},
		{"SendMessageBatch", []string{"QueueUrl", at, "SendMessageBatchRequestEntry.1.Id", "e1", "SendMessageBatchRequestEntry.1.MessageBody", "hello", "SendMessageBatchRequestEntry.1.DelaySeconds", "1",
			"SendMessageBatchRequestEntry.1.MessageAttribute.1.Name", "a", "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType", "Number", "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue", "1",
			"SendMessageBatchRequestEntry.2.Id", "e2", "SendMessageBatchRequestEntry.2.MessageBody", ""},
			`<SendMessageBatchResult><SendMessageBatchResultEntry><Id>e1</Id><MessageId>UUID</MessageId><MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody><MD5OfMessageAttributes>8e98c0849f1a47652424907534f26ca0</MD5OfMessageAttributes></SendMessageBatchResultEntry><BatchResultErrorEntry><Id>e2</Id><SenderFault>true</SenderFault><Code>MissingParameter</Code><Message>The request must contain the parameter MessageBody.</Message></BatchResultErrorEntry></SendMessageBatchResult>`,
			`{"QueueUrl":"` + at + `","Entries":[{"Id":"e1","MessageBody":"hello","DelaySeconds":1,"MessageAttributes":{"a":{"DataType":"Number","StringValue":"1"}}},{"Id":"e2","MessageBody":""}]}`,
			`{"Successful":[{"Id":"e1","MessageId":"UUID","MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592","MD5OfMessageAttributes":"8e98c0849f1a47652424907534f26ca0"}],"Failed":[{"Id":"e2","SenderFault":true,"Code":"MissingParameter","Message":"The request must contain the parameter MessageBody."}]}`},
		{"ListDeadLetterSourceQueues", []string{"QueueUrl", at}, `<ListDeadLetterSourceQueuesResult></ListDeadLetterSourceQueuesResult>`, `{"QueueUrl":"` + at + `"}`, `{"queueUrls":[]}`},
		{"PurgeQueue", []string{"QueueUrl", at}, ``, `{"QueueUrl":"` + at + `"}`, `{}`},
		{"DeleteQueue", []string{"QueueUrl", at}, ``, `{"QueueUrl":"` + at + `"}`, `{}`},
	}
	for _, inJSON := range []bool{false, true} {
		for i, step := range steps {
			t.Run(fmt.Sprintf("%d %s, JSON %t", i, step.action, inJSON), func(t *testing.T) {
				var r reply
				want := step.want
				if inJSON {
					r = h.root.json(step.action, strings.ReplaceAll(step.json, "LAST", last[inJSON]))
				} else {
					pairs := slices.Clone(step.query)
					for i := range pairs {
						pairs[i] = strings.ReplaceAll(pairs[i], "LAST", last[inJSON])
					}
					r = h.root.query(step.action, pairs...)
					want = "<" + step.action + "Response>" + step.xml + "<ResponseMetadata><RequestId/></ResponseMetadata></" + step.action + "Response>"
				}
				if handle := r.handle(); handle != "" && step.action == "ReceiveMessage" {
					last[inJSON] = handle
				}
				if got := h.plain(r.body); r.status != 200 || got != want {
					t.Errorf("status %d, reply\n%s\nwant\n%s", r.status, got, want)
				}
			})
		}
	}
	if h.log.Len() > 0 {
		t.Errorf("log: %s", h.log)
	}
}

// TestRefusals: in both protocols a refusal has its code, its name and its
// status.
func TestRefusals(t *testing.T) {
	h := build(t)
	for _, name := range []string{"work", "purged"} {
		h.must(h.queues.CreateQueue(t.Context(), alice, name, nil, nil))
	}
	h.must(h.queues.PurgeQueue(t.Context(), alice, "purged"))
	at := h.queueURL("work")
	long := strings.Repeat("a", 256<<10+1)
	for _, tt := range []struct {
		name, action string
		pairs        []string // of texts
		json         string   // "" is those
		status       int
		code, kind   string // kind is the name in the JSON protocol
	}{
		{"no queue", "SendMessage", []string{"QueueUrl", h.queueURL("none"), "MessageBody", "a"}, "", 400, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"},
		{"no queue of the name", "GetQueueUrl", []string{"QueueName", "none"}, "", 400, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"},
		{"a strange name", "GetQueueUrl", []string{"QueueName", "a/b"}, "", 400, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"},
		{"a strange owner", "GetQueueUrl", []string{"QueueName", "work", "QueueOwnerAWSAccountId", "me"}, "", 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"a queue that exists", "CreateQueue", []string{"QueueName", "work", "Attribute.1.Name", "DelaySeconds", "Attribute.1.Value", "5"}, `{"QueueName":"work","Attributes":{"DelaySeconds":"5"}}`, 400, "QueueAlreadyExists", "QueueNameExists"},
		{"FIFO", "CreateQueue", []string{"QueueName", "work.fifo"}, "", 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"no name", "CreateQueue", nil, "{}", 400, "MissingParameter", "MissingParameter"},
		{"no URL", "SendMessage", []string{"MessageBody", "a"}, "", 400, "MissingParameter", "MissingParameter"},
		{"no body", "SendMessage", []string{"QueueUrl", at}, "", 400, "MissingParameter", "MissingParameter"},
		{"no handle", "DeleteMessage", []string{"QueueUrl", at}, "", 400, "MissingParameter", "MissingParameter"},
		{"no timeout", "ChangeMessageVisibility", []string{"QueueUrl", at, "ReceiptHandle", "a"}, "", 400, "MissingParameter", "MissingParameter"},
		{"no attributes", "SetQueueAttributes", []string{"QueueUrl", at}, "", 400, "MissingParameter", "MissingParameter"},
		{"a URL that is none", "SendMessage", []string{"QueueUrl", "work", "MessageBody", "a"}, "", 404, "InvalidAddress", "InvalidAddress"},
		{"a URL without an account", "SendMessage", []string{"QueueUrl", h.url + "/queue/work", "MessageBody", "a"}, "", 404, "InvalidAddress", "InvalidAddress"},
		{"a body that is too long", "SendMessage", []string{"QueueUrl", at, "MessageBody", long}, "", 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"a control character", "SendMessage", []string{"QueueUrl", at, "MessageBody", "\x01"}, "", 400, "InvalidMessageContents", "InvalidMessageContents"},
		{"a deduplication id", "SendMessage", []string{"QueueUrl", at, "MessageBody", "a", "MessageDeduplicationId", "a"}, "", 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"a group", "SendMessage", []string{"QueueUrl", at, "MessageBody", "a", "MessageGroupId", "a"}, "", 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"an unknown system attribute", "SendMessage", []string{"QueueUrl", at, "MessageBody", "a", "MessageSystemAttribute.1.Name", "x", "MessageSystemAttribute.1.Value.DataType", "String", "MessageSystemAttribute.1.Value.StringValue", "x"},
			`{"QueueUrl":"` + at + `","MessageBody":"a","MessageSystemAttributes":{"x":{"DataType":"String","StringValue":"x"}}}`, 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"a list as a value", "SendMessage", []string{"QueueUrl", at, "MessageBody", "a", "MessageAttribute.1.Name", "x", "MessageAttribute.1.Value.DataType", "String", "MessageAttribute.1.Value.StringListValue.1", "x"},
			`{"QueueUrl":"` + at + `","MessageBody":"a","MessageAttributes":{"x":{"DataType":"String","StringListValues":["x"]}}}`, 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"an empty batch", "SendMessageBatch", []string{"QueueUrl", at}, "", 400, "AWS.SimpleQueueService.EmptyBatchRequest", "EmptyBatchRequest"},
		{"an id twice", "DeleteMessageBatch", []string{"QueueUrl", at, "DeleteMessageBatchRequestEntry.1.Id", "a", "DeleteMessageBatchRequestEntry.2.Id", "a"},
			`{"QueueUrl":"` + at + `","Entries":[{"Id":"a"},{"Id":"a"}]}`, 400, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct"},
		{"a handle that is none", "DeleteMessage", []string{"QueueUrl", at, "ReceiptHandle", "a"}, "", 400, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"},
		{"an unknown attribute", "GetQueueAttributes", []string{"QueueUrl", at, "AttributeName.1", "Colour"}, `{"QueueUrl":"` + at + `","AttributeNames":["Colour"]}`, 400, "InvalidAttributeName", "InvalidAttributeName"},
		{"a purge in progress", "PurgeQueue", []string{"QueueUrl", h.queueURL("purged")}, "", 403, "AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress"},
		{"too many messages", "ReceiveMessage", []string{"QueueUrl", at, "MaxNumberOfMessages", "11"}, `{"QueueUrl":"` + at + `","MaxNumberOfMessages":11}`, 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"too much of a list", "ListQueues", []string{"MaxResults", "1001"}, `{"MaxResults":1001}`, 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"a token that is none", "ListQueues", []string{"NextToken", "%"}, "", 400, "InvalidParameterValue", "InvalidParameterValue"},
		{"no such action", "StartMessageMoveTask", nil, "{}", 400, "InvalidAction", "UnknownOperationException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := h.root.query(tt.action, tt.pairs...)
			var e struct {
				Error struct{ Type, Code, Message string }
			}
			if err := xml.Unmarshal([]byte(r.body), &e); err != nil || r.status != tt.status || e.Error.Code != tt.code || e.Error.Type != "Sender" || e.Error.Message == "" {
				t.Errorf("status %d, reply %s, want %d %s", r.status, r.body, tt.status, tt.code)
			}
			document := tt.json
			if document == "" {
				m := map[string]string{}
				for i := 0; i < len(tt.pairs); i += 2 {
					m[tt.pairs[i]] = tt.pairs[i+1]
				}
				b, _ := json.Marshal(m)
				document = string(b)
			}
			r = h.root.json(tt.action, document)
			var j struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal([]byte(r.body), &j); err != nil {
				t.Error(err)
			}
			kind := j.Type[strings.Index(j.Type, "#")+1:]
			if r.status != tt.status || kind != tt.kind || j.Message == "" || r.header.Get("x-amzn-query-error") != tt.code+";Sender" {
				t.Errorf("status %d, header %q, reply %s, want %d %s", r.status, r.header.Get("x-amzn-query-error"), r.body, tt.status, tt.kind)
			}
		})
	}
	if h.log.Len() > 0 {
		t.Errorf("log: %s", h.log)
	}
}

// TestAddresses: the queue is named by whichever URL, by the path, and with
// GET, too.
func TestAddresses(t *testing.T) {
	h := build(t)
	h.must(h.queues.CreateQueue(t.Context(), alice, "work", nil, nil))
	const form, attributes = "application/x-www-form-urlencoded", "Action=GetQueueAttributes&Version=2012-11-05&AttributeName.1=QueueArn"
	for name, r := range map[string]reply{
		"another host":          h.root.query("GetQueueAttributes", "AttributeName.1", "QueueArn", "QueueUrl", "https://queues.example.com:1234/111122223333/work"),
		"a prefix":              h.root.query("GetQueueAttributes", "AttributeName.1", "QueueArn", "QueueUrl", "https://example.com/firn/111122223333/work/"),
		"no host":               h.root.query("GetQueueAttributes", "AttributeName.1", "QueueArn", "QueueUrl", "/111122223333/work"),
		"in the JSON protocol":  h.root.json("GetQueueAttributes", `{"QueueUrl":"111122223333/work","AttributeNames":["All"]}`),
		"the path":              h.root.send("POST", "/111122223333/work", attributes, "Content-Type", form),
		"the path, and the URL": h.root.send("POST", "/111122223333/none", attributes+"&QueueUrl="+url.QueryEscape(h.queueURL("work")), "Content-Type", form),
		"GET of the path":       h.root.send("GET", "/111122223333/work?"+attributes, ""),
		"GET of /":              h.root.send("GET", "/?"+attributes+"&QueueUrl="+url.QueryEscape(h.queueURL("work")), ""),
		"the path, in JSON":     h.root.send("POST", "/111122223333/work", `{"AttributeNames":["All"]}`, "X-Amz-Target", "AmazonSQS.GetQueueAttributes"),
		"without a version":     h.root.send("POST", "/111122223333/work", strings.Replace(attributes, "&Version=2012-11-05", "", 1)),
	} {
		if r.status != 200 || !strings.Contains(r.body, "arn:aws:sqs:eu-north-1:111122223333:work") {
			t.Errorf("%s: status %d, reply %s", name, r.status, r.body)
		}
	}
	for name, r := range map[string]reply{
		"another path": h.root.send("POST", "/111122223333/work/x", attributes),
		"no account":   h.root.send("POST", "/work", attributes),
		"PUT":          h.root.send("PUT", "/111122223333/work", attributes),
		"no action":    h.root.send("POST", "/111122223333/work", "a=b"),
		"GET in JSON":  h.root.send("GET", "/", "", "X-Amz-Target", "AmazonSQS.ListQueues"),
	} {
		if r.status != 400 {
			t.Errorf("%s: status %d, reply %s", name, r.status, r.body)
		}
	}
}

// TestURLsPointBack: a URL that is given out has the address that the client
// has called.
func TestURLsPointBack(t *testing.T) {
	h := build(t, behind)
	for _, tt := range []struct{ header, value, want string }{
		{"X-Forwarded-Proto", "https", "https" + strings.TrimPrefix(h.url, "http")},
		{"X-Forwarded-Proto", "http", h.url},
	} {
		r := h.root.send("POST", "/", `{"QueueName":"work"}`, "X-Amz-Target", "AmazonSQS.CreateQueue", tt.header, tt.value)
		if want := `{"QueueUrl":"` + tt.want + `/111122223333/work"}`; r.body != want {
			t.Errorf("%s: %s", tt.value, r.body)
		}
	}
	open := build(t)
	r := open.root.send("POST", "/", `{"QueueName":"work"}`, "X-Amz-Target", "AmazonSQS.CreateQueue", "X-Forwarded-Proto", "https")
	if !strings.Contains(r.body, `"http://`) {
		t.Errorf("who is no proxy is believed: %s", r.body)
	}
	off := build(t, func(cfg *sqs.Config) { cfg.BaseURL = func() string { return "https://firn.example.com" } })
	document, err := off.handler.Do(context.Background(), access.RootOf(alice), url.Values{"Action": {"CreateQueue"}, "Version": {sqs.Version}, "QueueName": {"work"}})
	if err != nil || !strings.Contains(string(document), "<QueueUrl>https://firn.example.com/111122223333/work</QueueUrl>") {
		t.Errorf("off the wire: %s, %v", document, err)
	}
}

func TestPagesOfQueues(t *testing.T) {
	h := build(t)
	for i := range 5 {
		h.must(h.queues.CreateQueue(t.Context(), alice, fmt.Sprint("q", i), nil, nil))
	}
	var names []string
	for token := ""; ; {
		r := h.root.json("ListQueues", `{"MaxResults":2,"NextToken":"`+token+`"}`)
		var page struct {
			QueueUrls []string
			NextToken string
		}
		h.must(json.Unmarshal([]byte(r.body), &page))
		for _, u := range page.QueueUrls {
			names = append(names, u[strings.LastIndex(u, "/")+1:])
		}
		if token = page.NextToken; token == "" {
			break
		}
	}
	if got := strings.Join(names, " "); got != "q0 q1 q2 q3 q4" {
		t.Errorf("listed %s", got)
	}
	h.must(h.queues.SetAttributes(t.Context(), alice, "q3", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-north-1:111122223333:q0","maxReceiveCount":1}`}))
	if r := h.root.json("ListDeadLetterSourceQueues", `{"QueueUrl":"/111122223333/q0"}`); h.plain(r.body) != `{"queueUrls":["URL/111122223333/q3"]}` {
		t.Errorf("sources %s", r.body)
	}
}

// TestWhoMay: the caller's policies and the queue's decide, and who may not
// does not learn whether the queue exists.
func TestWhoMay(t *testing.T) {
	h := build(t)
	h.must(h.queues.CreateQueue(t.Context(), alice, "work", nil, nil))
	h.must(h.queues.CreateQueue(t.Context(), alice, "shared", map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":["sqs:SendMessage","sqs:GetQueueUrl"],"Resource":"arn:aws:sqs:eu-north-1:111122223333:shared"},
		{"Effect":"Deny","Principal":"*","Action":"sqs:PurgeQueue","Resource":"*"}]}`}, nil))
	nobody := h.user("nobody", "")
	reader := h.user("reader", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:ListQueues"],"Resource":"arn:aws:sqs:eu-north-1:111122223333:*"}}`)
	maker := h.user("maker", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:CreateQueue","Resource":"arn:aws:sqs:eu-north-1:111122223333:my-*"}}`)
	at := func(name string) string { return `"QueueUrl":"/111122223333/` + name + `"` }
	const denied = "AccessDenied;Sender"
	const none = "AWS.SimpleQueueService.NonExistentQueue;Sender"
	for _, tt := range []struct {
		name     string
		client   client
		action   string
		document string
		want     string // "" is allowed
	}{
		{"root", h.root, "SendMessage", `{` + at("work") + `,"MessageBody":"a"}`, ""},
		{"root, no queue", h.root, "SendMessage", `{` + at("none") + `,"MessageBody":"a"}`, none},
		{"nobody", nobody, "SendMessage", `{` + at("work") + `,"MessageBody":"a"}`, denied},
		{"nobody, no queue", nobody, "SendMessage", `{` + at("none") + `,"MessageBody":"a"}`, denied},
		{"nobody lists", nobody, "ListQueues", `{}`, denied},
		{"nobody creates", nobody, "CreateQueue", `{"QueueName":"n"}`, denied},
		{"reader receives", reader, "ReceiveMessage", `{` + at("work") + `}`, ""},
		{"reader deletes a batch", reader, "DeleteMessageBatch", `{` + at("work") + `,"Entries":[{"Id":"a","ReceiptHandle":"b"}]}`, ""},
		{"reader sends", reader, "SendMessage", `{` + at("work") + `,"MessageBody":"a"}`, denied},
		{"reader sends a batch", reader, "SendMessageBatch", `{` + at("work") + `,"Entries":[]}`, denied},
		{"reader lists", reader, "ListQueues", `{}`, ""},
		{"maker creates", maker, "CreateQueue", `{"QueueName":"my-queue"}`, ""},
		{"maker creates another", maker, "CreateQueue", `{"QueueName":"your-queue"}`, denied},
		{"another account", h.other, "SendMessage", `{` + at("work") + `,"MessageBody":"a"}`, denied},
		{"another account, no queue", h.other, "SendMessage", `{` + at("none") + `,"MessageBody":"a"}`, denied},
		{"another account that is named", h.other, "SendMessage", `{` + at("shared") + `,"MessageBody":"a"}`, ""},
		{"another account that is named, a batch", h.other, "SendMessageBatch", `{` + at("shared") + `,"Entries":[{"Id":"a","MessageBody":"b"}]}`, ""},
		{"another account that is named receives", h.other, "ReceiveMessage", `{` + at("shared") + `}`, denied},
		{"another account asks for the URL", h.other, "GetQueueUrl", `{"QueueName":"shared","QueueOwnerAWSAccountId":"111122223333"}`, ""},
		{"another account asks for another URL", h.other, "GetQueueUrl", `{"QueueName":"work","QueueOwnerAWSAccountId":"111122223333"}`, denied},
		{"another account asks for the URL of none", h.other, "GetQueueUrl", `{"QueueName":"none","QueueOwnerAWSAccountId":"111122223333"}`, denied},
		{"another account, its own", h.other, "GetQueueUrl", `{"QueueName":"work"}`, none},
		{"root, what is forbidden", h.root, "PurgeQueue", `{` + at("shared") + `}`, denied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.client.json(tt.action, tt.document)
			if got := r.header.Get("x-amzn-query-error"); got != tt.want || (r.status == 200) != (tt.want == "") {
				t.Errorf("status %d, %q, reply %s, want %q", r.status, got, r.body, tt.want)
			}
			if tt.want == denied && r.status != 403 {
				t.Errorf("status %d", r.status)
			}
		})
	}
	if r := nobody.query("SendMessage", "QueueUrl", h.queueURL("work"), "MessageBody", "a"); r.status != 403 || !strings.Contains(r.body, "<Code>AccessDenied</Code>") {
		t.Errorf("status %d, reply %s", r.status, r.body)
	}
	got, err := h.queues.ReceiveMessages(t.Context(), alice, "shared", queue.Demand{System: []string{"SenderId"}})
	if err != nil || len(got) != 1 || got[0].System["SenderId"] != string(bob) {
		t.Errorf("received %+v, %v", got, err)
	}
}

func TestSigned(t *testing.T) {
	h := build(t)
	unsigned := client{h: h}
	unsigned.key.AccessKeyID, unsigned.key.SecretAccessKey = h.root.key.AccessKeyID, "wrong"
	if r := unsigned.json("ListQueues", `{}`); r.status != 403 {
		t.Errorf("status %d, reply %s", r.status, r.body)
	}
	if r := unsigned.query("ListQueues"); r.status != 403 || !strings.Contains(r.body, "SignatureDoesNotMatch") {
		t.Errorf("status %d, reply %s", r.status, r.body)
	}
}

// TestTrail: every call has its line, in which there is nothing of a message.
func TestTrail(t *testing.T) {
	h := build(t, func(cfg *sqs.Config) { cfg.TrailRequired = true })
	h.root.json("CreateQueue", `{"QueueName":"work"}`)
	if e, durable := h.trail.last(); e.Name != "CreateQueue" || e.Source != "sqs.amazonaws.com" || e.ReadOnly || !durable || e.Response["queueUrl"] != h.queueURL("work") {
		t.Errorf("%+v, %t", e, durable)
	}
	secrets := `"MessageBody":"s3cret","MessageAttributes":{"s3cret":{"DataType":"String","StringValue":"s3cret"}}`
	h.root.json("SendMessage", `{"QueueUrl":"/111122223333/work",`+secrets+`}`)
	h.root.json("SendMessageBatch", `{"QueueUrl":"/111122223333/work","Entries":[{"Id":"a",`+secrets+`}]}`)
	h.root.query("SendMessage", "QueueUrl", "/111122223333/work", "MessageBody", "s3cret", "MessageAttribute.1.Name", "a", "MessageAttribute.1.Value.StringValue", "s3cret")
	h.root.query("SendMessageBatch", "QueueUrl", "/111122223333/work", "SendMessageBatchRequestEntry.1.Id", "a", "SendMessageBatchRequestEntry.1.MessageBody", "s3cret")
	handle := h.root.json("ReceiveMessage", `{"QueueUrl":"/111122223333/work"}`).handle()
	if e, durable := h.trail.last(); !e.ReadOnly || durable {
		t.Errorf("%+v, %t", e, durable)
	}
	h.root.json("DeleteMessage", `{"QueueUrl":"/111122223333/work","ReceiptHandle":"`+handle+`"}`)
	h.other.json("DeleteQueue", `{"QueueUrl":"/111122223333/work"}`)
	if e, _ := h.trail.last(); e.Account != string(alice) || e.ErrorCode != "AccessDenied" {
		t.Errorf("%+v", e)
	}
	for _, e := range h.trail.events {
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, "s3cret") || strings.Contains(text, handle) {
			t.Errorf("the trail tells: %s", text)
		}
	}
	if n := len(h.trail.events); n != 8 {
		t.Errorf("%d lines of 8 calls", n)
	}
	h.trail.broken = true
	if r := h.root.json("SendMessage", `{"QueueUrl":"/111122223333/work","MessageBody":"a"}`); r.status != 500 {
		t.Errorf("status %d although no line can be written", r.status)
	}
	if r := h.root.json("ReceiveMessage", `{"QueueUrl":"/111122223333/work"}`); r.status != 200 {
		t.Errorf("status %d, reply %s", r.status, r.body)
	}
}

// TestPoliciesOfTheHelpers: the helpers of Java and .NET give their queue a
// policy for the topic. It is none that Firn needs, and is taken.
func TestPoliciesOfTheHelpers(t *testing.T) {
	h := build(t)
	h.must(h.queues.CreateQueue(t.Context(), alice, "work", nil, nil))
	for name, text := range map[string]string{
		"Java":    `{"Version":"2012-10-17","Statement":[{"Sid":"1","Effect":"Allow","Principal":{"AWS":"*"},"Action":["sqs:SendMessage"],"Resource":["arn:aws:sqs:eu-north-1:111122223333:work"],"Condition":{"ArnLike":{"aws:SourceArn":["arn:aws:sns:eu-north-1:111122223333:topic"]}}}]}`,
		".NET":    `{ "Version" : "2008-10-17", "Statement" : [ { "Sid" : "sns-rule", "Effect" : "Allow", "Principal" : { "AWS" : "*" }, "Action" : "sqs:SendMessage", "Resource" : "arn:aws:sqs:eu-north-1:111122223333:work", "Condition" : { "ArnLike" : { "aws:SourceArn" : "arn:aws:sns:eu-north-1:111122223333:topic" } } } ] }`,
		"service": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-north-1:111122223333:work","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-north-1:111122223333:topic"}}}]}`,
	} {
		r := h.root.query("SetQueueAttributes", "QueueUrl", h.queueURL("work"), "Attribute.1.Name", "Policy", "Attribute.1.Value", text)
		if r.status != 200 {
			t.Errorf("%s: status %d, reply %s", name, r.status, r.body)
		}
		if r := h.other.json("SendMessage", `{"QueueUrl":"/111122223333/work","MessageBody":"a"}`); r.status != 403 {
			t.Errorf("%s lets others send: status %d, reply %s", name, r.status, r.body)
		}
	}
}
