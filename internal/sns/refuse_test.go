package sns_test

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refusal is a refusal's document.
func refusal(fault, code, message string) string {
	return fmt.Sprintf(`<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
		fault, code, html.EscapeString(message))
}

// batch are the parameters of a batch of messages with ids.
func batch(ids ...string) []string {
	list := []string{"PublishBatch", "TopicArn", aTopic}
	for i, id := range ids {
		at := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", i+1)
		list = append(list, at+"Id", id, at+"Message", strings.Repeat("m", 30<<10))
	}
	return list
}

func TestRefusals(t *testing.T) {
	h := build(t, nil)
	h.ask(h.root, "CreateTopic", "Name", "t")
	sub := h.find(h.ask(h.root, "Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "b"), "<SubscriptionArn>(.*)</SubscriptionArn>")
	const (
		noTopic = "arn:aws:sns:eu-north-1:111122223333:none"
		noSub   = aTopic + ":00000000-0000-4000-8000-000000000000"
		message = "Message"
	)
	attribute := func(pairs ...string) []string {
		list := []string{"Publish", "TopicArn", aTopic, message, "m", "MessageAttributes.entry.1.Name", "a"}
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, "MessageAttributes.entry.1.Value."+pairs[i], pairs[i+1])
		}
		return list
	}
	for _, tt := range []struct {
		name    string
		status  int
		code    string
		message string
		query   []string
	}{
		{"no such topic", 404, "NotFound", "Topic does not exist", []string{"GetTopicAttributes", "TopicArn", noTopic}},
		{"no such topic to set", 404, "NotFound", "Topic does not exist", []string{"SetTopicAttributes", "TopicArn", noTopic, "AttributeName", "DisplayName", "AttributeValue", "x"}},
		{"no such topic to subscribe", 404, "NotFound", "Topic does not exist", []string{"Subscribe", "TopicArn", noTopic, "Protocol", "box", "Endpoint", "b"}},
		{"no such topic to publish to", 404, "NotFound", "Topic does not exist", []string{"Publish", "TopicArn", noTopic, message, "m"}},
		{"no such topic to list", 404, "NotFound", "Topic does not exist", []string{"ListSubscriptionsByTopic", "TopicArn", noTopic}},
		{"no such topic's dead letters", 404, "NotFound", "Topic does not exist", []string{"ListDeadLetters", "TopicArn", noTopic}},
		{"no such topic's dead letters to replay", 404, "NotFound", "Topic does not exist", []string{"ReplayDeadLetters", "TopicArn", noTopic}},
		{"no such topic to tag", 404, "ResourceNotFound", "Resource does not exist", []string{"TagResource", "ResourceArn", noTopic, "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"}},
		{"no such topic to untag", 404, "ResourceNotFound", "Resource does not exist", []string{"UntagResource", "ResourceArn", noTopic, "TagKeys.member.1", "k"}},
		{"no such topic's tags", 404, "ResourceNotFound", "Resource does not exist", []string{"ListTagsForResource", "ResourceArn", noTopic}},
		{"no such subscription", 404, "NotFound", "Subscription does not exist", []string{"GetSubscriptionAttributes", "SubscriptionArn", noSub}},
		{"no such subscription to set", 404, "NotFound", "Subscription does not exist",
			[]string{"SetSubscriptionAttributes", "SubscriptionArn", noSub, "AttributeName", "RawMessageDelivery", "AttributeValue", "true"}},

		{"half an ARN", 400, "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1", []string{"GetTopicAttributes", "TopicArn", "t"}},
		{"another region", 400, "InvalidParameter", "Invalid parameter: TopicArn", []string{"Publish", "TopicArn", "arn:aws:sns:us-east-1:111122223333:t", message, "m"}},
		{"a queue's ARN", 400, "InvalidParameter", "Invalid parameter: TopicArn", []string{"DeleteTopic", "TopicArn", "arn:aws:sqs:eu-north-1:111122223333:t"}},
		{"a topic for a subscription", 400, "InvalidParameter", "Invalid parameter: SubscriptionId", []string{"Unsubscribe", "SubscriptionArn", aTopic}},
		{"missing", 400, "InvalidParameter", "Invalid parameter: Name Reason: no value for required parameter", []string{"CreateTopic"}},
		{"no action", 400, "MissingAction", "The request is missing an action or a required parameter.", []string{""}},
		{"unknown action", 400, "InvalidAction", "Could not find operation CreatePlatformEndpoint for version 2010-03-31", []string{"CreatePlatformEndpoint"}},
		{"topic name", 400, "InvalidParameter", "Invalid parameter: Topic Name", []string{"CreateTopic", "Name", "a b"}},
		{"data protection", 400, "InvalidParameter", "Invalid parameter: DataProtectionPolicy Reason: Firn does not look into messages", []string{"CreateTopic", "Name", "p", "DataProtectionPolicy", "{}"}},
		{"attribute of a topic", 400, "InvalidParameter", "Invalid parameter: AttributeName", []string{"SetTopicAttributes", "TopicArn", aTopic, "AttributeName", "Color"}},
		{"twice the same tag", 400, "InvalidParameter", "Invalid parameter: Tags Reason: Duplicate keys are not allowed",
			[]string{"TagResource", "ResourceArn", aTopic, "Tags.member.1.Key", "k", "Tags.member.2.Key", "k"}},
		{"tags of a new topic, twice the same", 400, "InvalidParameter", "Invalid parameter: Tags Reason: Duplicate keys are not allowed",
			[]string{"CreateTopic", "Name", "p", "Tags.member.1.Key", "k", "Tags.member.2.Key", "k"}},
		{"members without numbers", 400, "InvalidParameter", "The members of 'Tags' are not numbered from 1 to at most 256.", []string{"TagResource", "ResourceArn", aTopic, "Tags.member.x.Key", "k"}},
		{"given twice", 400, "InvalidParameter", "The parameter TopicArn was given more than once.", []string{"DeleteTopic", "TopicArn", aTopic, "TopicArn", aTopic}},

		{"protocol", 400, "InvalidParameter", "Invalid parameter: Amazon SNS does not support this protocol string: email", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "email", "Endpoint", "a@b"}},
		{"endpoint", 400, "InvalidParameter", "Invalid parameter: Endpoint Reason: no box has a space in its name", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "box", "Endpoint", "a b"}},
		{"no endpoint", 400, "InvalidParameter", "Invalid parameter: Endpoint Reason: no value for required parameter", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "box"}},
		{"flag", 400, "InvalidParameter", "Value at 'ReturnSubscriptionArn' is not what it has to be.", []string{"Subscribe", "TopicArn", aTopic, "Protocol", "box", "ReturnSubscriptionArn", "yes"}},
		{"attribute of a subscription", 400, "InvalidParameter", "Invalid parameter: AttributeName",
			[]string{"SetSubscriptionAttributes", "SubscriptionArn", sub, "AttributeName", "Color", "AttributeValue", "x"}},
		{"token", 400, "InvalidParameter", "Invalid parameter: Token", []string{"ConfirmSubscription", "TopicArn", aTopic, "Token", "x"}},
		{"next topics", 400, "InvalidParameter", "Invalid parameter: NextToken", []string{"ListTopics", "NextToken", "*"}},
		{"next subscriptions", 400, "InvalidParameter", "Invalid parameter: NextToken", []string{"ListSubscriptions", "NextToken", "YQ"}},
		{"next subscriptions of a topic", 400, "InvalidParameter", "Invalid parameter: NextToken", []string{"ListSubscriptionsByTopic", "TopicArn", aTopic, "NextToken", "*"}},
		{"next dead letters", 400, "InvalidParameter", "Invalid parameter: NextToken", []string{"ListDeadLetters", "TopicArn", aTopic, "NextToken", "YQ"}},

		{"nowhere to publish", 400, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter", []string{"Publish", message, "m"}},
		{"two places to publish", 400, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: only one of them can be given", []string{"Publish", "TopicArn", aTopic, "TargetArn", aTopic, message, "m"}},
		{"a telephone", 400, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: Firn sends no text messages", []string{"Publish", "PhoneNumber", "+4612345", message, "m"}},
		{"empty message", 400, "InvalidParameter", "Invalid parameter: Empty message", []string{"Publish", "TopicArn", aTopic, message, ""}},
		{"empty subject", 400, "InvalidParameter", "Invalid parameter: Subject", []string{"Publish", "TopicArn", aTopic, message, "m", "Subject", ""}},
		{"long message", 400, "InvalidParameter", "Invalid parameter: Message too long", []string{"Publish", "TopicArn", aTopic, message, strings.Repeat("m", 256<<10+1)}},
		{"structure", 400, "InvalidParameter", "Invalid parameter: MessageStructure", []string{"Publish", "TopicArn", aTopic, message, "m", "MessageStructure", "xml"}},
		{"no text for all", 400, "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body",
			[]string{"Publish", "TopicArn", aTopic, message, "{}", "MessageStructure", "json"}},
		{"deduplication", 400, "InvalidParameter", "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
			[]string{"Publish", "TopicArn", aTopic, message, "m", "MessageDeduplicationId", "d"}},
		{"group", 400, "InvalidParameter", "Invalid parameter: MessageGroupId Reason: The request includes MessageGroupId parameter that is not valid for this topic type",
			[]string{"Publish", "TopicArn", aTopic, message, "m", "MessageGroupId", "g"}},
		{"attribute of an unknown type", 400, "ParameterValueInvalid",
			"The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", attribute("DataType", "Color", "StringValue", "red")},
		{"attribute without a value", 400, "ParameterValueInvalid", "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.", attribute("DataType", "String")},
		{"attribute with the wrong value", 400, "ParameterValueInvalid", "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
			attribute("DataType", "String", "BinaryValue", "AA==")},
		{"attribute with both values", 400, "ParameterValueInvalid", "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
			attribute("DataType", "String", "StringValue", "x", "BinaryValue", "AA==")},
		{"attribute that is no base64", 400, "InvalidParameter", "Value at 'MessageAttributes.1.Value.BinaryValue' is not what it has to be.", attribute("DataType", "Binary", "BinaryValue", "*")},

		{"empty batch", 400, "EmptyBatchRequest", "The batch request doesn't contain any entries.", []string{"PublishBatch", "TopicArn", aTopic, "PublishBatchRequestEntries", ""}},
		{"large batch", 400, "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible (more than 10).", batch("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")},
		{"id of a batch's", 400, "InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.", batch("a b")},
		{"id twice", 400, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.", batch("a", "a")},
		{"long batch", 400, "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.", batch("1", "2", "3", "4", "5", "6", "7", "8", "9")},
	} {
		status, text := h.send(h.signed(h.root, form(tt.query[0], tt.query[1:]...).Encode()))
		if diff := cmp.Diff(refusal("Sender", tt.code, tt.message), text); diff != "" || status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, status, tt.status, diff)
		}
	}
}

func TestWire(t *testing.T) {
	h := build(t, nil)
	for _, tt := range []struct {
		name   string
		text   string
		change func(*http.Request)
		status int
		want   string
	}{
		{"another version", "Action=ListTopics&Version=2009-01-01", nil, 400, refusal("Sender", "InvalidAction", "Could not find operation ListTopics for version 2009-01-01")},
		{"no version", "Action=ListTopics", nil, 200,
			`<ListTopicsResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListTopicsResult><Topics></Topics></ListTopicsResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></ListTopicsResponse>`},
		{"unsigned", "Action=ListTopics", func(r *http.Request) { r.Header.Del("Authorization") }, 403, refusal("Sender", "MissingAuthenticationToken", "Missing Authentication Token")},
		{"too large", strings.Repeat("x", 1<<20+1), nil, 400, refusal("Sender", "InvalidParameter", "The request body is larger than 1048576 bytes.")},
	} {
		r := h.signed(h.root, tt.text)
		if tt.change != nil {
			tt.change(r)
		}
		status, text := h.send(r)
		if diff := cmp.Diff(tt.want, text); diff != "" || status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, status, tt.status, diff)
		}
	}
}
