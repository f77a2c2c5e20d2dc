package topics

import (
	"net/http"
	"strings"

	"firn/internal/console/frame"
)

// A topicRow is a topic in a list.
type topicRow struct{ Name, ARN string }

// A topicList is what the list of topics shows.
type topicList struct {
	Topics      []topicRow
	After, Next string // tokens: where this page begins, and the next one
	MayCreate   bool
	MayQueues   bool
}

// topicName is the name in a topic's ARN, or in a queue's.
func topicName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// showTopics lists the account's topics.
func showTopics(c *frame.Call) error {
	list := topicList{After: c.Query.Get("after"), MayCreate: c.MayAnywhere("sns:CreateTopic"), MayQueues: c.May("sqs:ListQueues")}
	var got struct {
		Topics struct {
			Member []struct{ TopicArn string } `xml:"member"`
		}
		NextToken string
	}
	if err := c.Sns("ListTopics", &got, "NextToken", list.After); err != nil {
		return err
	}
	for _, t := range got.Topics.Member {
		list.Topics = append(list.Topics, topicRow{topicName(t.TopicArn), t.TopicArn})
	}
	list.Next = got.NextToken
	return c.Render(http.StatusOK, "topics", frame.Page{
		Title: "Topics", Tab: "topics", Data: list,
		Commands: []frame.Command{
			frame.AwsCommand("List topics", "sns", "list-topics"),
			frame.AwsCommand("Create one", "sns", "create-topic", "name", "NAME"),
		},
	})
}

// createTopic makes a topic and goes to it. One that is there already is the
// same one.
func createTopic(c *frame.Call) error {
	var made struct{ TopicArn string }
	if err := c.Sns("CreateTopic", &made, "Name", c.Form.Get("topic")); err != nil {
		return c.Instead(frame.Root+"topics", err)
	}
	return c.Done(frame.Link("topic", "topic", made.TopicArn), "The topic %s is there.", topicName(made.TopicArn))
}
