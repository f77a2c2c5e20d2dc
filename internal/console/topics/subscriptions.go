package topics

import (
	"net/http"
	"strconv"

	"firn/internal/awsapi"
	"firn/internal/console/frame"
)

const (
	// rowsOnPage is how many rows a page shows of a list of SNS's, which has more
	// on a page and cannot be told otherwise.
	rowsOnPage = 25
	// maxShown is how many characters of an endpoint a list shows, and maxLabel how
	// many a label has of it.
	maxShown = 120
	maxLabel = 40
)

// A place is where in a list a page begins: in which page of the API's, and how
// far into it.
type place struct {
	after string
	from  int
}

func placeIn(c *frame.Call) place {
	from, _ := strconv.Atoi(c.Query.Get("from")) // 0 with an error
	return place{c.Query.Get("after"), max(0, from)}
}

// later reports whether it is not the first page.
func (p place) later() bool { return p.after != "" || p.from > 0 }

// bounds are the rows of the page, of so many.
func (p place) bounds(n int) (from, to int) {
	from = min(p.from, n)
	return from, min(from+rowsOnPage, n)
}

// next leads to the next page of a topic's list, if there is one: n is how many
// rows the API's page has, token leads to the next of those.
func (p place) next(page, topic string, n int, token string) string {
	if _, to := p.bounds(n); to < n {
		return frame.Link(page, "topic", topic, "after", p.after, "from", strconv.Itoa(to))
	}
	if token != "" {
		return frame.Link(page, "topic", topic, "after", token)
	}
	return ""
}

// clip is the beginning of a text that may be long.
func clip(text string, limit int) string {
	n := 0
	for i := range text {
		if n++; n > limit {
			return text[:i] + "…"
		}
	}
	return text
}

// A subscriptionRow is a subscription as SNS lists it. One that waits to be
// confirmed has no ARN there.
type subscriptionRow struct {
	Protocol        string
	SubscriptionArn string
	Owner           string
	Endpoint        string
}

// Pending reports whether nobody has confirmed the subscription yet.
func (s subscriptionRow) Pending() bool { return s.SubscriptionArn == "PendingConfirmation" }

// Shown is as much of the endpoint as a list shows.
func (s subscriptionRow) Shown() string { return clip(s.Endpoint, maxShown) }

// Label tells the subscription from others in few words.
func (s subscriptionRow) Label() string {
	label := clip(s.Endpoint, maxLabel)
	if label != s.Endpoint {
		label += s.SubscriptionArn[max(0, len(s.SubscriptionArn)-6):]
	}
	return s.Protocol + " " + label
}

func subscriptions(c *frame.Call, arn, after string) (list []subscriptionRow, next string, err error) {
	var got struct {
		Subscriptions awsapi.Members[subscriptionRow]
		NextToken     string
	}
	err = c.Sns("ListSubscriptionsByTopic", &got, "TopicArn", arn, "NextToken", after)
	return got.Subscriptions.Member, got.NextToken, err
}

// askAboutEnd asks before a subscription is ended. Who may end it need not be
// allowed to see where it goes.
func askAboutEnd(c *frame.Call) error {
	v := subscriptionView{}
	v.ARN, v.Topic = hereSubscription(c)
	v.Name = topicName(v.Topic)
	v.May = c.MayEach(v.ARN, "sns", "GetSubscriptionAttributes", "Unsubscribe")
	if !v.May["Unsubscribe"] {
		return frame.Refuse(http.StatusForbidden, c.Caller.ARN()+" is not authorized to perform: sns:Unsubscribe on resource: "+v.ARN)
	}
	if v.May["GetSubscriptionAttributes"] {
		all, err := attributes(c, "GetSubscriptionAttributes", "SubscriptionArn", v.ARN)
		if err != nil {
			return err
		}
		v.Protocol, v.Endpoint = all["Protocol"], all["Endpoint"]
	}
	return c.Render(http.StatusOK, "subscription-end", frame.Page{
		Title: "End a subscription of " + v.Name, Tab: "topics", Data: v, Crumbs: wayToSubscription(&v),
		Commands: []frame.Command{frame.AwsCommand("End the subscription", "sns", "unsubscribe", "subscription-arn", v.ARN)},
	})
}

// unsubscribe ends a subscription, after it was asked about.
func unsubscribe(c *frame.Call) error {
	arn, topic := hereSubscription(c)
	page := frame.Link("topic", "topic", topic)
	if err := c.Sns("Unsubscribe", nil, "SubscriptionArn", arn); err != nil {
		return c.Instead(page, err)
	}
	return c.Done(page, "The subscription is ended.")
}
