package sns

import (
	"firn/glacier"
	"firn/internal/awsapi"
	"firn/internal/topic"
)

// The parameters and the results of actions on topics.
type (
	createTopicInput struct {
		Name                 string
		Attributes           map[string]string
		Tags                 []tag
		DataProtectionPolicy string
	}
	createTopicResult struct{ TopicArn glacier.ARN }

	deleteTopicInput struct{ onTopic }

	listTopicsInput struct {
		account
		NextToken string
	}
	listTopicsResult struct {
		Topics    awsapi.Members[createTopicResult]
		NextToken string `xml:",omitempty"`
	}

	getTopicAttributesInput  struct{ onTopic }
	getTopicAttributesResult struct{ Attributes awsapi.Entries }

	setTopicAttributesInput struct {
		onTopic
		AttributeName  string
		AttributeValue string
	}
)

// allow implements [subject]: the topic is the one to be made. To give it tags
// is a right of its own.
func (in *createTopicInput) allow(c *call, action string) error {
	arn := string(topic.TopicARN(c.region, c.Caller.Account, in.Name))
	if err := c.allowOwn(action, arn); err != nil || len(in.Tags) == 0 {
		return err
	}
	return c.allowOwn("sns:TagResource", arn)
}

func createTopic(c *call, in *createTopicInput) (any, error) {
	if in.DataProtectionPolicy != "" {
		return nil, invalid("DataProtectionPolicy Reason: Firn does not look into messages")
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	arn, err := c.topics.CreateTopic(c.Context, c.Caller.Account, in.Name, in.Attributes, tags)
	c.Gave = map[string]string{"topicArn": string(arn)}
	return createTopicResult{arn}, err
}

func deleteTopic(c *call, in *deleteTopicInput) (any, error) {
	return nil, c.topics.DeleteTopic(c.Context, in.TopicArn)
}

func listTopics(c *call, in *listTopicsInput) (any, error) {
	after, err := c.place(in.NextToken)
	if err != nil {
		return nil, err
	}
	names, err := c.topics.Topics(c.Context, c.Caller.Account, after, pageSize+1)
	if err != nil {
		return nil, err
	}
	var r listTopicsResult
	if len(names) > pageSize {
		names = names[:pageSize]
		r.NextToken = awsapi.NewToken(names[pageSize-1])
	}
	for _, name := range names {
		r.Topics.Member = append(r.Topics.Member, createTopicResult{topic.TopicARN(c.region, c.Caller.Account, name)})
	}
	return r, nil
}

func getTopicAttributes(c *call, in *getTopicAttributesInput) (any, error) {
	attributes, err := c.topics.TopicAttributes(c.Context, in.TopicArn)
	return getTopicAttributesResult{attributes}, err
}

func setTopicAttributes(c *call, in *setTopicAttributesInput) (any, error) {
	return nil, c.topics.SetTopicAttribute(c.Context, in.TopicArn, in.AttributeName, in.AttributeValue)
}
