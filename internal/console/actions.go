package console

import (
	"net/http"
	"net/url"
	"strings"

	"firn/glacier"
	"firn/internal/iam"
	"firn/internal/sns"
	"firn/internal/sqs"
)

// iam asks the API of users, with parameters given as name, value, name, value.
// Empty ones are left out.
func (c *call) iam(name string, out any, params ...string) error {
	return c.ask(action{service: "iam", version: iam.Version, name: name, params: parameters(params)}, out)
}

// sns asks the API of topics.
func (c *call) sns(name string, out any, params ...string) error {
	return c.ask(action{service: sns.Service, version: sns.Version, name: name, params: parameters(params)}, out)
}

// sqs asks the API of queues.
func (c *call) sqs(name string, out any, params ...string) error {
	return c.ask(action{service: sqs.Service, version: sqs.Version, name: name, params: parameters(params)}, out)
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

// resourceOf is what the APIs take an action to be about that is about the
// account, or about all of a kind.
func (c *call) resourceOf(action string) glacier.ARN {
	region, account := c.h.cfg.Region, c.caller.Account
	service, name, _ := strings.Cut(action, ":")
	switch {
	case service == "iam" && strings.HasSuffix(name, "Policies"):
		return glacier.ARN("arn:aws:iam::" + string(account) + ":policy/")
	case service == "iam" && (strings.HasSuffix(name, "Account") || strings.HasSuffix(name, "Accounts")):
		return glacier.ARN("arn:aws:iam::" + string(account) + ":account/")
	case service == "iam":
		return glacier.ARN("arn:aws:iam::" + string(account) + ":user/")
	case service == sns.Service, service == sqs.Service:
		return glacier.ARN("arn:aws:" + service + ":" + region + ":" + string(account) + ":*")
	case strings.HasSuffix(name, "ProvisionedCapacity"):
		return glacier.CapacityARN(region, account)
	case strings.HasSuffix(name, "DataRetrievalPolicy"):
		return glacier.RetrievalPolicyARN(region, account)
	case service == "glacier":
		return glacier.VaultARN(region, account, "")
	}
	return "*"
}

// mayEach are those of some actions that the caller may do to a thing, by the
// names they have without the service's.
func (c *call) mayEach(resource, service string, names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = c.permitted(service+":"+name, "", glacier.ARN(resource))
	}
	return all
}

// choose runs one of a page's forms: the one that was sent says so in its field
// do.
func (c *call) choose(forms map[string]func(*call) error) error {
	do, ok := forms[c.form.Get("do")]
	if !ok {
		return refuse(http.StatusBadRequest, "This page has no such form.")
	}
	return do(c)
}

// typed refuses what cannot be undone unless its name was typed.
func (c *call) typed(name string) error {
	if strings.TrimSpace(c.form.Get("name")) != name {
		return refuse(http.StatusBadRequest, "Nothing was done: what you typed is not "+name+".")
	}
	return nil
}

// text is what was typed into a text area, with the ends of lines as they are
// elsewhere.
func (c *call) text(name string) string {
	return strings.ReplaceAll(c.form.Get(name), "\r\n", "\n")
}
