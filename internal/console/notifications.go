package console

import (
	"net/http"
	"net/url"
	"slices"

	"firn/glacier"
	"firn/internal/awsapi"
)

// maxTopics bounds the topics that are offered to choose from.
const maxTopics = 200

// A notificationView is whom a vault tells of its jobs, and what is being
// chosen.
type notificationView struct {
	Set     bool
	Told    string // the topic that is set
	About   []string
	Topics  []choice // to choose from
	Other   string   // a topic that is not among them
	Events  []choice
	Problem string // with what was chosen
	May     map[string]bool
}

// A choice is one of several, or of any number.
type choice struct {
	Value, Text string
	Chosen      bool
}

// showNotifications shows whom a vault tells.
func showNotifications(c *call) error { return c.notificationPage(http.StatusOK, nil, "") }

// notificationPage shows whom a vault tells, and the form: with what was typed
// and what was wrong with it, or with what is set.
func (c *call) notificationPage(status int, typed *glacier.Notifications, problem string) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	v := notificationView{Problem: problem, May: c.rights(name, "SetVaultNotifications", "DeleteVaultNotifications")}
	now := glacier.Notifications{Events: []string{glacier.ArchiveRetrievalCompleted, glacier.InventoryRetrievalCompleted}}
	err = c.get(vaultPath(name, "notification-configuration"), &now)
	if err != nil && !unset(err) {
		return err
	}
	if v.Set = err == nil; v.Set && now.SNSTopic != nil {
		v.Told, v.About = *now.SNSTopic, now.Events
	}
	if typed == nil {
		typed = &now
	}
	if v.May["SetVaultNotifications"] {
		if err := v.offer(c, typed); err != nil {
			return err
		}
	}
	return c.render(status, "notifications", c.ofVault(name, page{
		Title: "Notifications of " + name, Tab: "notifications", Data: v, Commands: notificationCommands(name, v.May),
	}))
}

// offer fills in the form.
func (v *notificationView) offer(c *call, chosen *glacier.Notifications) error {
	topics, err := c.topics()
	if err != nil {
		return err
	}
	if chosen.SNSTopic != nil {
		v.Other = *chosen.SNSTopic
	}
	for _, arn := range topics {
		v.Topics = append(v.Topics, choice{arn, arn, arn == v.Other})
	}
	if slices.Contains(topics, v.Other) {
		v.Other = ""
	}
	for _, e := range []choice{
		{Value: glacier.ArchiveRetrievalCompleted, Text: "A retrieval of an archive, or a query of one, has ended"},
		{Value: glacier.InventoryRetrievalCompleted, Text: "An inventory has ended"},
	} {
		e.Chosen = slices.Contains(chosen.Events, e.Value)
		v.Events = append(v.Events, e)
	}
	return nil
}

// topics are the first of the account's topics, if the visitor may know them.
func (c *call) topics() ([]string, error) {
	if !c.may("sns:ListTopics") {
		return nil, nil
	}
	var all []string
	for params := (url.Values{}); len(all) < maxTopics; {
		var some struct {
			Topics    awsapi.Members[struct{ TopicArn string }]
			NextToken string
		}
		if err := c.ask(action{service: "sns", version: "2010-03-31", name: "ListTopics", params: params}, &some); err != nil {
			return nil, err
		}
		for _, t := range some.Topics.Member {
			all = append(all, t.TopicArn)
		}
		if some.NextToken == "" {
			break
		}
		params = url.Values{"NextToken": {some.NextToken}}
	}
	return all[:min(len(all), maxTopics)], nil
}

// changeNotifications sets or removes whom a vault tells.
func changeNotifications(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	here, path := link("notifications", "vault", name), vaultPath(name, "notification-configuration")
	if c.form.Get("do") == "delete" {
		if c.form.Get("sure") == "" {
			return c.instead(here, unsure())
		}
		if _, err := c.change(http.MethodDelete, path, nil); err != nil {
			return c.instead(here, err)
		}
		return c.done(here, "Nobody is told of this vault's jobs any more.")
	}
	topic := c.form.Get("other")
	if topic == "" {
		topic = c.form.Get("topic")
	}
	in := glacier.Notifications{SNSTopic: &topic, Events: append([]string{}, c.form["event"]...)}
	_, err = c.change(http.MethodPut, path, in)
	if e := asRefusal(err); e != nil {
		return c.notificationPage(e.status, &in, e.text)
	}
	if err != nil {
		return err
	}
	return c.done(here, "%s is told from now on.", topic)
}

func notificationCommands(vault string, may map[string]bool) []command {
	all := []command{glacierCommand("See whom the vault tells", "get-vault-notifications", "vault-name", vault)}
	if may["SetVaultNotifications"] {
		all = append(all, glacierCommand("Set it", "set-vault-notifications", "vault-name", vault, "vault-notification-config",
			`{"SNSTopic": "ARN", "Events": ["`+glacier.ArchiveRetrievalCompleted+`", "`+glacier.InventoryRetrievalCompleted+`"]}`))
	}
	if may["DeleteVaultNotifications"] {
		all = append(all, glacierCommand("Tell nobody any more", "delete-vault-notifications", "vault-name", vault))
	}
	return all
}
