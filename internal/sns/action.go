package sns

import "firn/internal/awsapi"

// The actions that links in messages lead to.
const (
	confirmSubscriptionAction = "ConfirmSubscription"
	unsubscribeAction         = "Unsubscribe"
)

// actions is the API.
func (h *Handler) actions() []awsapi.Action {
	return []awsapi.Action{
		{Name: "CreateTopic", Needs: "Name", Prepare: on(h, createTopic)},
		{Name: "DeleteTopic", Needs: "TopicArn", Prepare: on(h, deleteTopic)},
		{Name: "ListTopics", Reads: true, Prepare: on(h, listTopics)},
		{Name: "GetTopicAttributes", Needs: "TopicArn", Reads: true, Prepare: on(h, getTopicAttributes)},
		{Name: "SetTopicAttributes", Needs: "TopicArn AttributeName", Prepare: on(h, setTopicAttributes)},

		{Name: "Subscribe", Needs: "TopicArn Protocol", Prepare: on(h, subscribe)},
		{Name: confirmSubscriptionAction, Needs: "TopicArn Token", Hides: "Token", Prepare: on(h, confirmSubscription)},
		{Name: unsubscribeAction, Needs: "SubscriptionArn", Prepare: on(h, unsubscribe)},
		{Name: "ListSubscriptions", Reads: true, Prepare: on(h, listSubscriptions)},
		{Name: "ListSubscriptionsByTopic", Needs: "TopicArn", Reads: true, Prepare: on(h, listSubscriptionsByTopic)},
		{Name: "GetSubscriptionAttributes", Needs: "SubscriptionArn", Reads: true, Prepare: on(h, getSubscriptionAttributes)},
		{Name: "SetSubscriptionAttributes", Needs: "SubscriptionArn AttributeName", Prepare: on(h, setSubscriptionAttributes)},

		{Name: "Publish", Needs: "Message", Hides: "Message Subject MessageAttributes", Prepare: on(h, publish)},
		{Name: "PublishBatch", Needs: "TopicArn PublishBatchRequestEntries", Hides: "PublishBatchRequestEntries", Prepare: on(h, publishBatch)},

		{Name: "TagResource", Needs: "ResourceArn Tags", Prepare: on(h, tagResource)},
		{Name: "UntagResource", Needs: "ResourceArn TagKeys", Prepare: on(h, untagResource)},
		{Name: "ListTagsForResource", Needs: "ResourceArn", Reads: true, Prepare: on(h, listTagsForResource)},

		// Firn's own.
		{Name: "ListDeadLetters", Needs: "TopicArn", Reads: true, Prepare: on(h, listDeadLetters)},
		{Name: "ReplayDeadLetters", Needs: "TopicArn", Prepare: on(h, replayDeadLetters)},
	}
}
