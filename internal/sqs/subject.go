package sqs

import (
	"cmp"
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/access"
	"firn/internal/awsapi"
)

// A subject is what an action is about. It finds out whether the caller may do
// so, and tells nothing else about it.
type subject interface {
	allow(c *call) error
}

// action is what policies call the action. Those on batches have no names of
// their own.
func (c *call) action() string { return "sqs:" + strings.TrimSuffix(c.Action.Name, "Batch") }

// An onAccount is about the caller's own account.
type onAccount struct{}

func (onAccount) allow(c *call) error { return c.allowOwn("*") }

// allowOwn finds out whether the caller may do something in his own account.
func (c *call) allowOwn(name string) error {
	return c.access.AuthorizeIdentity(access.Request{
		Caller: c.Caller, Client: c.Client, Action: c.action(), Resource: c.queues.ARN(c.Caller.Account, name),
	})
}

// An address names a queue.
type address struct {
	owner glacier.AccountID
	name  string
}

// allow finds out whether the caller may do something to a queue, and notes
// that the call is about it.
func (c *call) allow(q address) error {
	c.about, c.Owner = q, q.owner
	policy, _, err := c.queues.Policy(c.Context, q.owner, q.name)
	if err != nil {
		return err
	}
	return c.access.AuthorizeResource(access.Request{
		Caller: c.Caller, Client: c.Client, Action: c.action(), Owner: q.owner, Resource: c.queues.ARN(q.owner, q.name),
	}, policy)
}

// url is the queue's, as who is calling can call it.
func (c *call) url(q address) string {
	base := ""
	switch {
	case c.Host != "" && c.Client.Secure:
		base = "https://" + c.Host
	case c.Host != "":
		base = "http://" + c.Host
	case c.cfg.BaseURL != nil:
		base = c.cfg.BaseURL()
	}
	return base + "/" + string(q.owner) + "/" + q.name
}

// urls are those of queues of an account's.
func (c *call) urls(owner glacier.AccountID, names []string) []string {
	var list []string
	for _, name := range names {
		list = append(list, c.url(address{owner, name}))
	}
	return list
}

// An onQueue is about a queue, named by its URL or by the path that was
// called.
type onQueue struct {
	QueueURL string `json:"QueueUrl" param:"QueueUrl"`
}

func (s *onQueue) allow(c *call) error {
	text := cmp.Or(s.QueueURL, strings.Trim(c.Path, "/"))
	if text == "" {
		return awsapi.Errorf(http.StatusBadRequest, awsapi.MissingParameter, "The request must contain the parameter QueueUrl.")
	}
	q, ok := parseURL(text)
	if !ok {
		return badAddress(text)
	}
	return c.allow(q)
}

// parseURL reads the URL of a queue, of which only the last two parts of the
// path count.
func parseURL(text string) (q address, ok bool) {
	rest, _, _ := strings.Cut(text, "?")
	rest = strings.TrimRight(rest, "/")
	rest, name, found := cutLast(rest)
	if !found {
		return address{}, false
	}
	_, account, _ := cutLast(rest)
	q = address{glacier.AccountID(account), name}
	return q, q.owner.Valid() && name != "" && len(name) <= maxURLName
}

// maxURLName bounds what is looked up as a name, in bytes. Names are shorter.
const maxURLName = 255

// cutLast cuts a path before its last part.
func cutLast(path string) (before, last string, found bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// isQueuePath reports whether a path is that of a queue.
func isQueuePath(path string) bool {
	q, ok := parseURL(path)
	return ok && path == "/"+string(q.owner)+"/"+q.name
}
