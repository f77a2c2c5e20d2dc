package frame

import (
	"net/http"
	"net/url"
	"strings"

	"firn/internal/iam"
	"firn/internal/sns"
	"firn/internal/sqs"
)

// Iam asks the API of users, with parameters given as name, value, name, value.
// Empty ones are left out.
func (c *Call) Iam(name string, out any, params ...string) error {
	return c.Ask(Action{Service: "iam", Version: iam.Version, Name: name, Params: parameters(params)}, out)
}

// Sns asks the API of topics.
func (c *Call) Sns(name string, out any, params ...string) error {
	return c.Ask(Action{Service: sns.Service, Version: sns.Version, Name: name, Params: parameters(params)}, out)
}

// Sqs asks the API of queues.
func (c *Call) Sqs(name string, out any, params ...string) error {
	return c.Ask(Action{Service: sqs.Service, Version: sqs.Version, Name: name, Params: parameters(params)}, out)
}

func parameters(pairs []string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// Choose runs one of a page's forms: the one that was sent says so in its field
// do.
func (c *Call) Choose(forms map[string]func(*Call) error) error {
	do, ok := forms[c.Form.Get("do")]
	if !ok {
		return Refuse(http.StatusBadRequest, "This page has no such form.")
	}
	return do(c)
}

// Typed refuses what cannot be undone unless its name was typed.
func (c *Call) Typed(name string) error {
	if strings.TrimSpace(c.Form.Get("name")) != name {
		return Refuse(http.StatusBadRequest, "Nothing was done: what you typed is not "+name+".")
	}
	return nil
}

// Text is what was typed into a text area, with the ends of lines as they are
// elsewhere.
func (c *Call) Text(name string) string {
	return strings.ReplaceAll(c.Form.Get(name), "\r\n", "\n")
}

// MaxItems is as much of a list as IAM gives at a time, more than a user can
// have of anything.
const MaxItems = "1000"
