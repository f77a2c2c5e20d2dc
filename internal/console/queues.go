package console

import (
	"net/http"
	"strconv"
	"time"
)

// queuesOnPage is how many queues a page lists; each is asked for its numbers.
const queuesOnPage = "20"

// A queueView is a queue with its numbers, which are "" if the caller may not
// know them.
type queueView struct {
	Name, ARN, URL             string
	Visible, InFlight, Delayed string
	Settings                   []Setting
	Created                    time.Time
	May                        map[string]bool
}

// A Setting is what something is set to, in words.
type Setting struct{ Name, Value string }

// A queueList is what the list of queues shows.
type queueList struct {
	Queues      []queueView
	After, Next string
	MayCreate   bool
	MayTopics   bool
}

// queueURL names a queue to the API, which looks at the end of the path alone.
func (c *call) queueURL(name string) string {
	scheme := "http://"
	if c.client.Secure {
		scheme = "https://"
	}
	return scheme + c.r.Host + "/" + string(c.caller.Account) + "/" + name
}

func (c *call) queueARN(name string) string {
	return "arn:aws:sqs:" + c.h.cfg.Region + ":" + string(c.caller.Account) + ":" + name
}

// showQueues lists the account's queues.
func showQueues(c *call) error {
	list := queueList{After: c.query.Get("after"), MayCreate: c.may("sqs:CreateQueue"), MayTopics: c.may("sns:ListTopics")}
	var got struct {
		QueueURL  []string `xml:"QueueUrl"`
		NextToken string
	}
	if err := c.sqs("ListQueues", &got, "MaxResults", queuesOnPage, "NextToken", list.After); err != nil {
		return err
	}
	list.Next = got.NextToken
	for _, url := range got.QueueURL {
		q, err := c.queue(queueName(url))
		if err != nil {
			return err
		}
		list.Queues = append(list.Queues, *q)
	}
	return c.render(http.StatusOK, "queues", page{
		Title: "Queues", Tab: "topics", Data: list,
		Commands: []command{
			awsCommand("List queues", "sqs", "list-queues"),
			awsCommand("Create one", "sqs", "create-queue", "queue-name", "NAME"),
			awsCommand("Take a message out", "sqs", "receive-message", "queue-url", c.queueURL("NAME")),
		},
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
func (c *call) queue(name string) (*queueView, error) {
	q := &queueView{Name: name, ARN: c.queueARN(name), URL: c.queueURL(name)}
	err := c.describeQueue(q)
	if asRefusal(err) != nil {
		err = nil
	}
	return q, err
}

func (c *call) describeQueue(q *queueView) error {
	var got struct {
		Attribute []struct{ Name, Value string }
	}
	if err := c.sqs("GetQueueAttributes", &got, "QueueUrl", q.URL, "AttributeName.1", "All"); err != nil {
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
				q.Settings = append(q.Settings, Setting{says, indent(a.Value)})
			}
		}
	}
	return nil
}

func createQueue(c *call) error {
	name := c.form.Get("queue")
	if err := c.sqs("CreateQueue", nil, "QueueName", name); err != nil {
		return c.instead(Root+"queues", err)
	}
	return c.done(link("queue", "queue", name), "The queue %s is there.", name)
}

// showQueue describes a queue. Messages are not shown: to look at one is to
// take it away from whoever waits for it.
func showQueue(c *call) error {
	name := c.query.Get("queue")
	q := &queueView{Name: name, ARN: c.queueARN(name), URL: c.queueURL(name)}
	if err := c.describeQueue(q); err != nil {
		return err
	}
	q.May = c.mayEach(q.ARN, "sqs", "PurgeQueue", "DeleteQueue")
	return c.render(http.StatusOK, "queue", page{
		Title: "Queue " + name, Tab: "topics", Data: q, Crumbs: []crumb{{"Topics", Root + "topics"}, {"Queues", Root + "queues"}},
		Commands: []command{
			awsCommand("Describe the queue", "sqs", "get-queue-attributes", "queue-url", q.URL, "attribute-names", "All"),
			awsCommand("Take a message out", "sqs", "receive-message", "queue-url", q.URL),
			awsCommand("Delete all messages", "sqs", "purge-queue", "queue-url", q.URL),
			awsCommand("Delete the queue", "sqs", "delete-queue", "queue-url", q.URL),
		},
	})
}

// changeQueue empties or deletes a queue whose name was typed.
func changeQueue(c *call) error {
	name := c.query.Get("queue")
	here := link("queue", "queue", name)
	if err := c.typed(name); err != nil {
		return c.instead(here, err)
	}
	return c.choose(map[string]func(*call) error{
		"purge": func(c *call) error {
			if err := c.sqs("PurgeQueue", nil, "QueueUrl", c.queueURL(name)); err != nil {
				return c.instead(here, err)
			}
			return c.done(here, "All messages of the queue are deleted.")
		},
		"delete": func(c *call) error {
			if err := c.sqs("DeleteQueue", nil, "QueueUrl", c.queueURL(name)); err != nil {
				return c.instead(here, err)
			}
			return c.done(Root+"queues", "The queue %s is deleted.", name)
		},
	})
}
