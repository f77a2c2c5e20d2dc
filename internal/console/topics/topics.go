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
	Typed       string // a name that was refused
	Complaint   string
}

// topicName is the name in a topic's ARN, or in a queue's.
func topicName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// showTopics lists the account's topics.
func showTopics(c *frame.Call) error { return topicsPage(c, http.StatusOK, topicList{}) }

func topicsPage(c *frame.Call, status int, list topicList) error {
	list.After, list.MayCreate, list.MayQueues = c.Query.Get("after"), c.MayAnywhere("sns:CreateTopic"), c.May("sqs:ListQueues")
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
	return c.Render(status, "topics", frame.Page{
		Title: "Topics", Tab: "topics", Data: list,
		Commands: frame.Allowed(map[string]bool{"ListTopics": true, "CreateTopic": list.MayCreate},
			frame.AwsCommand("List topics", "sns", "list-topics"),
			frame.AwsCommand("Create one", "sns", "create-topic", "name", "NAME"),
		),
	})
}

// createTopic makes a topic and goes to it. One that is there already is the
// same one.
func createTopic(c *frame.Call) error {
	var made struct{ TopicArn string }
	if err := c.Sns("CreateTopic", &made, "Name", c.Form.Get("topic")); err != nil {
		return refused(err, func(e *frame.Refusal) error {
			return topicsPage(c, e.Status, topicList{Typed: c.Form.Get("topic"), Complaint: e.Text})
		})
	}
	return c.Done(frame.Link("topic", "topic", made.TopicArn), "The topic %s is there.", topicName(made.TopicArn))
}

// refused shows a list again with the form that was refused. To who may not see
// the list, and to any other error, it is as it is.
func refused(err error, again func(*frame.Refusal) error) error {
	e := frame.AsRefusal(err)
	if e == nil {
		return err
	}
	shown := again(e)
	if frame.AsRefusal(shown) != nil {
		return err
	}
	return shown
}
