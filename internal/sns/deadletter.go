package sns

import (
	"strconv"

	"firn/glacier"
	"firn/internal/awsapi"
)

// A DeadLetter is a message that a subscription has not had, and is not going
// to have unless it is replayed.
type DeadLetter struct {
	SubscriptionArn glacier.ARN
	Protocol        string
	Endpoint        string
	MessageID       string `xml:"MessageId"`
	Subject         string `xml:",omitempty"`
	Published       string
	GivenUp         string
	Attempts        int64
	Reason          string
}

// The parameters and the results of actions on dead letters.
type (
	listDeadLettersInput struct {
		onTopic
		NextToken string
	}
	// ListDeadLettersResult is a page of them.
	ListDeadLettersResult struct {
		DeadLetters awsapi.Members[DeadLetter]
		NextToken   string `xml:",omitempty"`
	}
	replayDeadLettersInput struct {
		onTopic
		SubscriptionArn string
	}
	// ReplayDeadLettersResult says how many are tried anew.
	ReplayDeadLettersResult struct{ Replayed int }
)

// listDeadLetters lists them by message. All letters of a message are on one
// page, which may therefore be longer than others.
func listDeadLetters(c *call, in *listDeadLettersInput) (any, error) {
	after, err := c.number(in.NextToken)
	if err != nil {
		return nil, err
	}
	letters, err := c.topics.DeadLetters(c.Context, in.TopicArn, after, pageSize)
	if err != nil {
		return nil, err
	}
	var r ListDeadLettersResult
	for _, l := range letters {
		r.DeadLetters.Member = append(r.DeadLetters.Member, DeadLetter{
			SubscriptionArn: l.Subscription, Protocol: l.Protocol, Endpoint: l.Endpoint, MessageID: l.MessageID, Subject: l.Subject,
			Published: glacier.At(l.Published.UnixMilli()).String(), GivenUp: glacier.At(l.GivenUp.UnixMilli()).String(),
			Attempts: l.Tries, Reason: l.Reason,
		})
	}
	if n := len(letters); n >= pageSize {
		r.NextToken = awsapi.NewToken(strconv.FormatUint(letters[n-1].Message, 10))
	}
	return r, nil
}

// replayDeadLetters tries them anew. What it comes to, the list tells.
func replayDeadLetters(c *call, in *replayDeadLettersInput) (any, error) {
	n, err := c.topics.Replay(c.Context, in.TopicArn, in.SubscriptionArn)
	return ReplayDeadLettersResult{n}, err
}
