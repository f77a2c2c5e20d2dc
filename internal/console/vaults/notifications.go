package vaults

import (
	"net/http"
	"net/url"
	"slices"

	"firn/glacier"
	"firn/internal/awsapi"
	"firn/internal/console/frame"
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
func showNotifications(c *frame.Call) error { return notificationPage(c, http.StatusOK, nil, "") }

// notificationPage shows whom a vault tells, and the form: with what was typed
// and what was wrong with it, or with what is set.
func notificationPage(c *frame.Call, status int, typed *glacier.Notifications, problem string) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	v := notificationView{Problem: problem, May: c.Rights(name, "SetVaultNotifications", "DeleteVaultNotifications")}
	now := glacier.Notifications{Events: []string{glacier.ArchiveRetrievalCompleted, glacier.InventoryRetrievalCompleted}}
	err = c.Get(frame.VaultPath(name, "notification-configuration"), &now)
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
	return c.Render(status, "notifications", c.OfVault(name, frame.Page{
		Title: "Notifications of " + name, Tab: "notifications", Data: v, Commands: notificationCommands(name, v.May),
	}))
}

// offer fills in the form.
func (v *notificationView) offer(c *frame.Call, chosen *glacier.Notifications) error {
	topics, err := topics(c)
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
func topics(c *frame.Call) ([]string, error) {
	if !c.May("sns:ListTopics") {
		return nil, nil
	}
	var all []string
	for params := (url.Values{}); len(all) < maxTopics; {
		var some struct {
			Topics    awsapi.Members[struct{ TopicArn string }]
			NextToken string
		}
		if err := c.Ask(frame.Action{Service: "sns", Version: "2010-03-31", Name: "ListTopics", Params: params}, &some); err != nil {
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
func changeNotifications(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	here, path := frame.Link("notifications", "vault", name), frame.VaultPath(name, "notification-configuration")
	if c.Form.Get("do") == "delete" {
		if c.Form.Get("sure") == "" {
			return c.Instead(here, unsure())
		}
		if _, err := c.Change(http.MethodDelete, path, nil); err != nil {
			return c.Instead(here, err)
		}
		return c.Done(here, "Nobody is told of this vault's jobs any more.")
	}
	topic := c.Form.Get("other")
	if topic == "" {
		topic = c.Form.Get("topic")
	}
	in := glacier.Notifications{SNSTopic: &topic, Events: append([]string{}, c.Form["event"]...)}
	_, err = c.Change(http.MethodPut, path, in)
	if e := frame.AsRefusal(err); e != nil {
		return notificationPage(c, e.Status, &in, e.Text)
	}
	if err != nil {
		return err
	}
	return c.Done(here, "%s is told from now on.", topic)
}

func notificationCommands(vault string, may map[string]bool) []frame.Command {
	all := []frame.Command{frame.GlacierCommand("See whom the vault tells", "get-vault-notifications", "vault-name", vault)}
	if may["SetVaultNotifications"] {
		all = append(all, frame.GlacierCommand("Set it", "set-vault-notifications", "vault-name", vault, "vault-notification-config",
			`{"SNSTopic": "ARN", "Events": ["`+glacier.ArchiveRetrievalCompleted+`", "`+glacier.InventoryRetrievalCompleted+`"]}`))
	}
	if may["DeleteVaultNotifications"] {
		all = append(all, frame.GlacierCommand("Tell nobody any more", "delete-vault-notifications", "vault-name", vault))
	}
	return all
}
