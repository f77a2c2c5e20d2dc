package topics

import (
	"net/http"
	"time"

	"firn/internal/console/frame"
	"firn/internal/sns"
)

// A letterRow is a dead letter in the list.
type letterRow struct {
	sns.DeadLetter
	GivenUpAt, PublishedAt time.Time
}

// A letterList is what the page of a topic's dead letters shows.
type letterList struct {
	ARN, Name string
	Letters   []letterRow
	Froms     []letterSource
	Later     bool   // it is not the first page
	Next      string // the next one
	MayReplay bool
}

// A letterSource is a subscription that has letters on the page.
type letterSource struct{ ARN, Endpoint string }

// showLetters lists what subscribers have not had, oldest first.
func showLetters(c *frame.Call) error {
	arn, back := hereTopic(c)
	list := letterList{
		ARN: arn, Name: topicName(arn),
		MayReplay: c.MayEach(arn, "sns", "ReplayDeadLetters")["ReplayDeadLetters"],
	}
	at := placeIn(c)
	letters, err := deadLetters(c, arn, at.after)
	if err != nil {
		return err
	}
	from, to := at.bounds(len(letters.DeadLetters.Member))
	list.Later, list.Next = at.later(), at.next("topic-letters", arn, len(letters.DeadLetters.Member), letters.NextToken)
	seen := map[string]bool{}
	for _, l := range letters.DeadLetters.Member[from:to] {
		l.Endpoint, l.Reason = clip(l.Endpoint, maxShown), clip(l.Reason, 2*maxShown)
		list.Letters = append(list.Letters, letterRow{l, timeIn(l.GivenUp), timeIn(l.Published)})
		if sub := string(l.SubscriptionArn); !seen[sub] {
			seen[sub] = true
			list.Froms = append(list.Froms, letterSource{sub, l.Protocol + " " + l.Endpoint})
		}
	}
	return c.Render(http.StatusOK, "topic-letters", frame.Page{
		Title: "Dead letters of " + list.Name, Tab: "topics", Data: list, Wide: true,
		Crumbs: []frame.Crumb{{Text: "Topics", Link: frame.Root + "topics"}, {Text: list.Name, Link: back}},
		Commands: []frame.Command{
			{Does: "List them, with Firn’s own program", Text: "firn topic dead-letters " + frame.Quote(arn)},
			{Does: "Have all tried anew", Text: "firn topic replay " + frame.Quote(arn)},
			{Does: "Have those of one subscription tried anew", Text: "firn topic replay " + frame.Quote(arn) + " SUBSCRIPTION"},
		},
	})
}

// timeIn is a time as APIs write it, zero if it is none.
func timeIn(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text) // zero with an error
	return t
}

// replayLetters has dead letters tried anew: all, or one subscription's.
func replayLetters(c *frame.Call) error {
	arn, _ := hereTopic(c)
	here := frame.Link("topic-letters", "topic", arn)
	var r sns.ReplayDeadLettersResult
	if err := c.Sns("ReplayDeadLetters", &r, "TopicArn", arn, "SubscriptionArn", c.Form.Get("subscription")); err != nil {
		return c.Instead(here, err)
	}
	if r.Replayed == 1 {
		return c.Done(here, "1 letter is tried anew.")
	}
	return c.Done(here, "%d letters are tried anew.", r.Replayed)
}
