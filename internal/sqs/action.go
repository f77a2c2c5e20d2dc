package sqs

import "firn/internal/awsapi"

// actions is the API.
func (h *Handler) actions() []awsapi.Action {
	const contents = "MessageBody MessageAttributes MessageSystemAttributes"
	return []awsapi.Action{
		{Name: "CreateQueue", Needs: "QueueName", Prepare: on(h, createQueue)},
		{Name: "DeleteQueue", Prepare: on(h, deleteQueue)},
		{Name: "GetQueueUrl", Needs: "QueueName", Reads: true, Prepare: on(h, getQueueURL)},
		{Name: "ListQueues", Reads: true, Prepare: on(h, listQueues)},
		{Name: "ListDeadLetterSourceQueues", Reads: true, Prepare: on(h, listSources)},
		{Name: "GetQueueAttributes", Reads: true, Prepare: on(h, getAttributes)},
		{Name: "SetQueueAttributes", Needs: "Attributes", Prepare: on(h, setAttributes)},
		{Name: "PurgeQueue", Prepare: on(h, purgeQueue)},

		{Name: "SendMessage", Needs: "MessageBody", Hides: contents, Prepare: on(h, sendMessage)},
		{Name: "SendMessageBatch", Hides: "Entries", Prepare: on(h, sendMessageBatch)},
		{Name: "ReceiveMessage", Reads: true, Prepare: on(h, receiveMessage)},
		{Name: "DeleteMessage", Needs: "ReceiptHandle", Hides: "ReceiptHandle", Prepare: on(h, deleteMessage)},
		{Name: "DeleteMessageBatch", Hides: "Entries", Prepare: on(h, deleteMessageBatch)},
		{Name: "ChangeMessageVisibility", Needs: "ReceiptHandle VisibilityTimeout", Hides: "ReceiptHandle", Prepare: on(h, changeVisibility)},
		{Name: "ChangeMessageVisibilityBatch", Hides: "Entries", Prepare: on(h, changeVisibilityBatch)},

		{Name: "TagQueue", Needs: "Tags", Prepare: on(h, tagQueue)},
		{Name: "UntagQueue", Needs: "TagKeys", Prepare: on(h, untagQueue)},
		{Name: "ListQueueTags", Reads: true, Prepare: on(h, listQueueTags)},
	}
}
