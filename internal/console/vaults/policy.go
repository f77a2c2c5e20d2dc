package vaults

import (
	"net/http"

	"firn/glacier"
	"firn/internal/console/frame"
	"firn/internal/policy"
)

// A policyView is a vault's access policy, and what is being typed.
type policyView struct {
	editor
	Set     bool
	Sayings []saying // of the policy that is in force
	May     map[string]bool
}

// An editor is the form for a policy.
type editor struct {
	Text     string
	Problem  *problem // with the text
	Fine     bool     // it has been checked, and nothing is wrong
	Typed    []saying // what a text says that has been checked
	Starters []starter
	Most     int // bytes
}

// showPolicy shows a vault's access policy. With the parameter template, the
// form begins with another.
func showPolicy(c *frame.Call) error { return accessPolicyPage(c, http.StatusOK, editor{}) }

// accessPolicyPage shows a vault's access policy and the form: with what was typed, or
// with what there is.
func accessPolicyPage(c *frame.Call, status int, e editor) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	v := policyView{editor: e, May: c.Rights(name, "SetVaultAccessPolicy", "DeleteVaultAccessPolicy")}
	v.Starters, v.Most = accessStarters(string(c.Caller.Account), c.VaultARN(name)), policy.MaxSize
	var now glacier.VaultPolicy
	err = c.Get(frame.VaultPath(name, "access-policy"), &now)
	if err != nil && !unset(err) {
		return err
	}
	if v.Set = err == nil && now.Policy != nil; v.Set {
		v.Sayings = readerOf(c, name).read(*now.Policy)
	}
	switch {
	case e.Text != "" || e.Problem != nil:
	case c.Query.Get("template") != "":
		if v.Text, err = begin(v.Starters, c.Query.Get("template")); err != nil {
			return err
		}
	case v.Set:
		v.Text = frame.Indent(*now.Policy)
	}
	return c.Render(status, "policy", c.OfVault(name, frame.Page{
		Title: "Access policy of " + name, Tab: "policy", Data: v, Commands: policyCommands(name, v.May),
	}))
}

// changePolicy sets, checks or removes a vault's access policy.
func changePolicy(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	here, path := frame.Link("policy", "vault", name), frame.VaultPath(name, "access-policy")
	text := c.Text("policy")
	switch c.Form.Get("do") {
	case "delete":
		if c.Form.Get("sure") == "" {
			return c.Instead(here, unsure())
		}
		if _, err := c.Change(http.MethodDelete, path, nil); err != nil {
			return c.Instead(here, err)
		}
		return c.Done(here, "The access policy is removed.")
	case "check":
		return accessPolicyPage(c, http.StatusOK, checked(c, name, text))
	}
	_, err = c.Change(http.MethodPut, path, glacier.VaultPolicy{Policy: &text})
	if e := frame.AsRefusal(err); e != nil {
		return accessPolicyPage(c, e.Status, editor{Text: text, Problem: problemOf(c, name, text, e.Text)})
	}
	if err != nil {
		return err
	}
	return c.Done(here, "The access policy is in force.")
}

func policyCommands(vault string, may map[string]bool) []frame.Command {
	all := []frame.Command{frame.GlacierCommand("See the policy", "get-vault-access-policy", "vault-name", vault)}
	if may["SetVaultAccessPolicy"] {
		all = append(all, frame.GlacierCommand(`Set it; the file has {"Policy": "…"}, with the policy as one string`,
			"set-vault-access-policy", "vault-name", vault, "policy", "file://policy.json"))
	}
	if may["DeleteVaultAccessPolicy"] {
		all = append(all, frame.GlacierCommand("Remove it", "delete-vault-access-policy", "vault-name", vault))
	}
	return all
}

func readerOf(c *frame.Call, vault string) reader {
	return reader{account: string(c.Caller.Account), vault: c.VaultARN(vault)}
}
