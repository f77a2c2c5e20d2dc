package topics

import (
	"net/http"
	"strconv"
	"time"

	"firn/internal/console/frame"
)

// queuesOnPage is how many queues a page lists; each is asked for its numbers.
const queuesOnPage = "20"

// A queueView is a queue with its numbers, which are "" if the caller may not
// know them.
type queueView struct {
	Name, ARN, URL             string
	Visible, InFlight, Delayed string
	Settings                   []frame.Setting
	Created                    time.Time
	May                        map[string]bool
}

// A queueList is what the list of queues shows.
type queueList struct {
	Queues      []queueView
	After, Next string
	MayCreate   bool
	MayTopics   bool
	Typed       string // a name that was refused
	Complaint   string
}

// queueURL names a queue to the API, which looks at the end of the path alone.
func queueURL(c *frame.Call, name string) string {
	scheme := "http://"
	if c.Client.Secure {
		scheme = "https://"
	}
	return scheme + c.Request.Host + "/" + string(c.Caller.Account) + "/" + name
}

func queueARN(c *frame.Call, name string) string {
	return "arn:aws:sqs:" + c.Config.Region + ":" + string(c.Caller.Account) + ":" + name
}

// showQueues lists the account's queues.
func showQueues(c *frame.Call) error { return queuesPage(c, http.StatusOK, queueList{}) }

func queuesPage(c *frame.Call, status int, list queueList) error {
	list.After, list.MayCreate, list.MayTopics = c.Query.Get("after"), c.MayAnywhere("sqs:CreateQueue"), c.May("sns:ListTopics")
	var got struct {
		QueueURL  []string `xml:"QueueUrl"`
		NextToken string
	}
	if err := c.Sqs("ListQueues", &got, "MaxResults", queuesOnPage, "NextToken", list.After); err != nil {
		return err
	}
	list.Next = got.NextToken
	for _, url := range got.QueueURL {
		q, err := queue(c, queueName(url))
		if err != nil {
			return err
		}
		list.Queues = append(list.Queues, *q)
	}
	return c.Render(status, "queues", frame.Page{
		Title: "Queues", Tab: "topics", Data: list,
		Commands: frame.Allowed(map[string]bool{"ListQueues": true, "CreateQueue": list.MayCreate, "ReceiveMessage": c.May("sqs:ReceiveMessage")},
			frame.AwsCommand("List queues", "sqs", "list-queues"),
			frame.AwsCommand("Create one", "sqs", "create-queue", "queue-name", "NAME"),
			frame.AwsCommand("Take a message out", "sqs", "receive-message", "queue-url", queueURL(c, "NAME")),
		),
	})
}

// queueName is the name at the end of a queue's URL.
func queueName(url string) string {
	for i := len(url) - 1; i >= 0; i-- {
		if url[i] == '/' {
			return url[i+1:]
		}
	}
	return url
}

// queue describes a queue. One that has gone, or that the caller may not look
// at, has no numbers.
func queue(c *frame.Call, name string) (*queueView, error) {
	q := &queueView{Name: name, ARN: queueARN(c, name), URL: queueURL(c, name)}
	err := describeQueue(c, q)
	if frame.AsRefusal(err) != nil {
		err = nil
	}
	return q, err
}

func describeQueue(c *frame.Call, q *queueView) error {
	var got struct {
		Attribute []struct{ Name, Value string }
	}
	if err := c.Sqs("GetQueueAttributes", &got, "QueueUrl", q.URL, "AttributeName.1", "All"); err != nil {
		return err
	}
	names := map[string]string{
		"VisibilityTimeout": "Seconds that a message in flight stays hidden", "DelaySeconds": "Seconds before a message can be received",
		"MessageRetentionPeriod": "Seconds that a message is kept", "MaximumMessageSize": "Bytes that a message may have",
		"ReceiveMessageWaitTimeSeconds": "Seconds that a receiver waits", "RedrivePolicy": "Dead letters go to", "Policy": "Policy",
	}
	for _, a := range got.Attribute {
		switch a.Name {
		case "ApproximateNumberOfMessages":
			q.Visible = a.Value
		case "ApproximateNumberOfMessagesNotVisible":
			q.InFlight = a.Value
		case "ApproximateNumberOfMessagesDelayed":
			q.Delayed = a.Value
		case "CreatedTimestamp":
			if at, err := strconv.ParseInt(a.Value, 10, 64); err == nil {
				q.Created = time.Unix(at, 0)
			}
		default:
			if says := names[a.Name]; says != "" && a.Value != "" {
				q.Settings = append(q.Settings, frame.Setting{Name: says, Value: frame.Indent(a.Value)})
			}
		}
	}
	return nil
}

func createQueue(c *frame.Call) error {
	name := c.Form.Get("queue")
	if err := c.Sqs("CreateQueue", nil, "QueueName", name); err != nil {
		return refused(err, func(e *frame.Refusal) error {
			return queuesPage(c, e.Status, queueList{Typed: name, Complaint: e.Text})
		})
	}
	return c.Done(frame.Link("queue", "queue", name), "The queue %s is there.", name)
}

// showQueue describes a queue. Messages are not shown: to look at one is to
// take it away from whoever waits for it.
func showQueue(c *frame.Call) error {
	name := c.Query.Get("queue")
	q := &queueView{Name: name, ARN: queueARN(c, name), URL: queueURL(c, name)}
	if err := describeQueue(c, q); err != nil {
		return err
	}
	q.May = c.MayEach(q.ARN, "sqs", "GetQueueAttributes", "ReceiveMessage", "PurgeQueue", "DeleteQueue")
	return c.Render(http.StatusOK, "queue", frame.Page{
		Title: "Queue " + name, Tab: "topics", Data: q, Crumbs: []frame.Crumb{{Text: "Topics", Link: frame.Root + "topics"}, {Text: "Queues", Link: frame.Root + "queues"}},
		Commands: frame.Allowed(q.May,
			frame.AwsCommand("Describe the queue", "sqs", "get-queue-attributes", "queue-url", q.URL, "attribute-names", "All"),
			frame.AwsCommand("Take a message out", "sqs", "receive-message", "queue-url", q.URL),
			frame.AwsCommand("Delete all messages", "sqs", "purge-queue", "queue-url", q.URL),
			frame.AwsCommand("Delete the queue", "sqs", "delete-queue", "queue-url", q.URL),
		),
	})
}

// changeQueue empties or deletes a queue whose name was typed.
func changeQueue(c *frame.Call) error {
	name := c.Query.Get("queue")
	here := frame.Link("queue", "queue", name)
	if err := c.Typed(name); err != nil {
		return c.Instead(here, err)
	}
	return c.Choose(map[string]func(*frame.Call) error{
		"purge": func(c *frame.Call) error {
			if err := c.Sqs("PurgeQueue", nil, "QueueUrl", queueURL(c, name)); err != nil {
				return c.Instead(here, err)
			}
			return c.Done(here, "All messages of the queue are deleted.")
		},
		"delete": func(c *frame.Call) error {
			if err := c.Sqs("DeleteQueue", nil, "QueueUrl", queueURL(c, name)); err != nil {
				return c.Instead(here, err)
			}
			return c.Done(frame.Root+"queues", "The queue %s is deleted.", name)
		},
	})
}
