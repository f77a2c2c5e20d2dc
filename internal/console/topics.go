package console

import (
	"net/http"
	"strings"
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
func showTopics(c *call) error {
	list := topicList{After: c.query.Get("after"), MayCreate: c.may("sns:CreateTopic"), MayQueues: c.may("sqs:ListQueues")}
	var got struct {
		Topics struct {
			Member []struct{ TopicArn string } `xml:"member"`
		}
		NextToken string
	}
	if err := c.sns("ListTopics", &got, "NextToken", list.After); err != nil {
		return err
	}
	for _, t := range got.Topics.Member {
		list.Topics = append(list.Topics, topicRow{topicName(t.TopicArn), t.TopicArn})
	}
	list.Next = got.NextToken
	return c.render(http.StatusOK, "topics", page{
		Title: "Topics", Tab: "topics", Data: list,
		Commands: []command{
			awsCommand("List topics", "sns", "list-topics"),
			awsCommand("Create one", "sns", "create-topic", "name", "NAME"),
		},
	})
}

// createTopic makes a topic and goes to it. One that is there already is the
// same one.
func createTopic(c *call) error {
	var made struct{ TopicArn string }
	if err := c.sns("CreateTopic", &made, "Name", c.form.Get("topic")); err != nil {
		return c.instead(Root+"topics", err)
	}
	return c.done(link("topic", "topic", made.TopicArn), "The topic %s is there.", topicName(made.TopicArn))
}
