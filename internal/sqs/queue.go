package sqs

import (
	"firn/glacier"
	"firn/internal/awsapi"
	"firn/internal/queue"
)

// The parameters and the results of what is about queues.
type (
	createQueueInput struct {
		QueueName  string
		Attributes map[string]string `param:"Attribute Name Value"`
		Tags       map[string]string `json:"tags" param:"Tag Key Value"`
	}
	queueResult struct {
		QueueURL string `xml:"QueueUrl" json:"QueueUrl"`
	}

	getQueueURLInput struct {
		QueueName              string
		QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId" param:"QueueOwnerAWSAccountId"`
	}

	listQueuesInput struct {
		onAccount
		paging
		QueueNamePrefix string
	}
	listQueuesResult struct {
		QueueURLs []string `xml:"QueueUrl" json:"QueueUrls,omitempty"`
		NextToken string   `xml:",omitempty" json:",omitempty"`
	}

	listSourcesInput struct {
		onQueue
		paging
	}
	listSourcesResult struct {
		QueueURLs []string `xml:"QueueUrl" json:"queueUrls"`
		NextToken string   `xml:",omitempty" json:",omitempty"`
	}

	getAttributesInput struct {
		onQueue
		AttributeNames []string `param:"AttributeName"`
	}
	getAttributesResult struct {
		Attributes settings `xml:"Attribute,omitempty" json:",omitempty"`
	}

	setAttributesInput struct {
		onQueue
		Attributes map[string]string `param:"Attribute Name Value"`
	}

	tagQueueInput struct {
		onQueue
		Tags map[string]string `param:"Tag Key Value"`
	}
	untagQueueInput struct {
		onQueue
		TagKeys []string `param:"TagKey"`
	}
	listQueueTagsResult struct {
		Tags tags `xml:"Tag,omitempty" json:",omitempty"`
	}
)

// paging are the parameters of lists.
type paging struct {
	NextToken  string
	MaxResults *int
}

// page is the place after which the list goes on, and how much of it is
// wanted. Without a number all of it is.
func (p *paging) page() (after string, limit int, err error) {
	limit = pageSize
	if n := p.MaxResults; n != nil {
		if limit = *n; limit < 1 || limit > pageSize {
			return "", 0, refuse(queue.InvalidParameterValue,
				"Value %d for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and %d.", limit, pageSize)
		}
	}
	after, ok := awsapi.ReadToken(p.NextToken)
	if !ok {
		return "", 0, refuse(queue.InvalidParameterValue, "Invalid or expired next token.")
	}
	return after, limit, nil
}

// cut cuts a list that is one longer than a page, and returns the token of the
// place where it goes on.
func cut(names []string, limit int) (page []string, token string) {
	if len(names) <= limit {
		return names, ""
	}
	return names[:limit], awsapi.NewToken(names[limit-1])
}

func (in *createQueueInput) allow(c *call) error { return c.allowOwn(in.QueueName) }

func createQueue(c *call, in *createQueueInput) (any, error) {
	q := address{c.Caller.Account, in.QueueName}
	if err := c.queues.CreateQueue(c.Context, q.owner, q.name, in.Attributes, in.Tags); err != nil {
		return nil, err
	}
	url := c.url(q)
	c.Gave = map[string]string{"queueUrl": url}
	return queueResult{url}, nil
}

func deleteQueue(c *call, _ *onQueue) (any, error) {
	return nil, c.queues.DeleteQueue(c.Context, c.about.owner, c.about.name)
}

func (in *getQueueURLInput) allow(c *call) error {
	q := address{c.Caller.Account, in.QueueName}
	if other := glacier.AccountID(in.QueueOwnerAWSAccountID); other != "" {
		q.owner = other
	}
	if !q.owner.Valid() {
		return refuse(queue.InvalidParameterValue, "Value for parameter QueueOwnerAWSAccountId is invalid. Reason: It must be twelve digits.")
	}
	return c.allow(q)
}

func getQueueURL(c *call, _ *getQueueURLInput) (any, error) {
	_, exists, err := c.queues.Policy(c.Context, c.about.owner, c.about.name)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, refuse(queue.NonExistentQueue, "The specified queue does not exist.")
	}
	return queueResult{c.url(c.about)}, nil
}

func listQueues(c *call, in *listQueuesInput) (any, error) {
	after, limit, err := in.page()
	if err != nil {
		return nil, err
	}
	names, err := c.queues.Queues(c.Context, c.Caller.Account, in.QueueNamePrefix, after, limit+1)
	if err != nil {
		return nil, err
	}
	names, token := cut(names, limit)
	return listQueuesResult{c.urls(c.Caller.Account, names), token}, nil
}

func listSources(c *call, in *listSourcesInput) (any, error) {
	after, limit, err := in.page()
	if err != nil {
		return nil, err
	}
	names, err := c.queues.Sources(c.Context, c.about.owner, c.about.name, after, limit+1)
	if err != nil {
		return nil, err
	}
	names, token := cut(names, limit)
	return listSourcesResult{append([]string{}, c.urls(c.about.owner, names)...), token}, nil
}

func getAttributes(c *call, in *getAttributesInput) (any, error) {
	all, err := c.queues.Attributes(c.Context, c.about.owner, c.about.name, in.AttributeNames)
	return getAttributesResult{all}, err
}

func setAttributes(c *call, in *setAttributesInput) (any, error) {
	return nil, c.queues.SetAttributes(c.Context, c.about.owner, c.about.name, in.Attributes)
}

func purgeQueue(c *call, _ *onQueue) (any, error) {
	return nil, c.queues.PurgeQueue(c.Context, c.about.owner, c.about.name)
}

func tagQueue(c *call, in *tagQueueInput) (any, error) {
	return nil, c.queues.Tag(c.Context, c.about.owner, c.about.name, in.Tags)
}

func untagQueue(c *call, in *untagQueueInput) (any, error) {
	return nil, c.queues.Untag(c.Context, c.about.owner, c.about.name, in.TagKeys)
}

func listQueueTags(c *call, _ *onQueue) (any, error) {
	all, err := c.queues.Tags(c.Context, c.about.owner, c.about.name)
	return listQueueTagsResult{all}, err
}
