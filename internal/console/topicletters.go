package console

import (
	"net/http"
	"time"

	"firn/internal/sns"
)

// A letterRow is a dead letter in the list.
type letterRow struct {
	sns.DeadLetter
	GivenUpAt, PublishedAt time.Time
}

// A letterList is what the page of a topic's dead letters shows.
type letterList struct {
	ARN, Name   string
	Letters     []letterRow
	Froms       []letterSource
	After, Next string
	MayReplay   bool
}

// A letterSource is a subscription that has letters on the page.
type letterSource struct{ ARN, Endpoint string }

// showLetters lists what subscribers have not had, oldest first.
func showLetters(c *call) error {
	arn, back := c.hereTopic()
	list := letterList{
		ARN: arn, Name: topicName(arn), After: c.query.Get("after"),
		MayReplay: c.mayEach(arn, "sns", "ReplayDeadLetters")["ReplayDeadLetters"],
	}
	letters, err := c.deadLetters(arn, list.After)
	if err != nil {
		return err
	}
	list.Next = letters.NextToken
	seen := map[string]bool{}
	for _, l := range letters.DeadLetters.Member {
		list.Letters = append(list.Letters, letterRow{l, timeIn(l.GivenUp), timeIn(l.Published)})
		if sub := string(l.SubscriptionArn); !seen[sub] {
			seen[sub] = true
			list.Froms = append(list.Froms, letterSource{sub, l.Protocol + " " + l.Endpoint})
		}
	}
	return c.render(http.StatusOK, "topic-letters", page{
		Title: "Dead letters of " + list.Name, Tab: "topics", Data: list, Wide: true,
		Crumbs: []crumb{{"Topics", Root + "topics"}, {list.Name, back}},
		Commands: []command{
			{"List them, with Firn’s own program", "firn topic dead-letters " + quote(arn)},
			{"Have all tried anew", "firn topic replay " + quote(arn)},
			{"Have those of one subscription tried anew", "firn topic replay " + quote(arn) + " SUBSCRIPTION"},
		},
	})
}

// timeIn is a time as APIs write it, zero if it is none.
func timeIn(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text) // zero with an error
	return t
}

// replayLetters has dead letters tried anew: all, or one subscription's.
func replayLetters(c *call) error {
	arn, _ := c.hereTopic()
	here := link("topic-letters", "topic", arn)
	var r sns.ReplayDeadLettersResult
	if err := c.sns("ReplayDeadLetters", &r, "TopicArn", arn, "SubscriptionArn", c.form.Get("subscription")); err != nil {
		return c.instead(here, err)
	}
	if r.Replayed == 1 {
		return c.done(here, "1 letter is tried anew.")
	}
	return c.done(here, "%d letters are tried anew.", r.Replayed)
}
