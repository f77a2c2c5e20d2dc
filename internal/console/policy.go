package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"firn/glacier"
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
func showPolicy(c *call) error { return c.accessPolicyPage(http.StatusOK, editor{}) }

// accessPolicyPage shows a vault's access policy and the form: with what was typed, or
// with what there is.
func (c *call) accessPolicyPage(status int, e editor) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	v := policyView{editor: e, May: c.rights(name, "SetVaultAccessPolicy", "DeleteVaultAccessPolicy")}
	v.Starters, v.Most = accessStarters(string(c.caller.Account), c.vaultARN(name)), policy.MaxSize
	var now glacier.VaultPolicy
	err = c.get(vaultPath(name, "access-policy"), &now)
	if err != nil && !unset(err) {
		return err
	}
	if v.Set = err == nil && now.Policy != nil; v.Set {
		v.Sayings = c.reader(name).read(*now.Policy)
	}
	switch {
	case e.Text != "" || e.Problem != nil:
	case c.query.Get("template") != "":
		if v.Text, err = begin(v.Starters, c.query.Get("template")); err != nil {
			return err
		}
	case v.Set:
		v.Text = pretty(*now.Policy)
	}
	return c.render(status, "policy", c.ofVault(name, page{
		Title: "Access policy of " + name, Tab: "policy", Data: v, Commands: policyCommands(name, v.May),
	}))
}

// changePolicy sets, checks or removes a vault's access policy.
func changePolicy(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	here, path := link("policy", "vault", name), vaultPath(name, "access-policy")
	text := typed(c.form.Get("policy"))
	switch c.form.Get("do") {
	case "delete":
		if c.form.Get("sure") == "" {
			return c.instead(here, unsure())
		}
		if _, err := c.change(http.MethodDelete, path, nil); err != nil {
			return c.instead(here, err)
		}
		return c.done(here, "The access policy is removed.")
	case "check":
		return c.accessPolicyPage(http.StatusOK, c.checked(name, text))
	}
	_, err = c.change(http.MethodPut, path, glacier.VaultPolicy{Policy: &text})
	if e := asRefusal(err); e != nil {
		return c.accessPolicyPage(e.status, editor{Text: text, Problem: c.problemOf(name, text, e.text)})
	}
	if err != nil {
		return err
	}
	return c.done(here, "The access policy is in force.")
}

func policyCommands(vault string, may map[string]bool) []command {
	all := []command{glacierCommand("See the policy", "get-vault-access-policy", "vault-name", vault)}
	if may["SetVaultAccessPolicy"] {
		all = append(all, glacierCommand(`Set it; the file has {"Policy": "…"}, with the policy as one string`,
			"set-vault-access-policy", "vault-name", vault, "policy", "file://policy.json"))
	}
	if may["DeleteVaultAccessPolicy"] {
		all = append(all, glacierCommand("Remove it", "delete-vault-access-policy", "vault-name", vault))
	}
	return all
}

// vaultARN is the resource name of a vault of the caller's account.
func (c *call) vaultARN(name string) string {
	return string(glacier.VaultARN(c.h.cfg.Region, c.caller.Account, glacier.VaultName(name)))
}

func (c *call) reader(vault string) reader {
	return reader{account: string(c.caller.Account), vault: c.vaultARN(vault)}
}

// typed is a text as it was typed: forms send their line ends as two
// characters.
func typed(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// pretty lays a policy out to be read.
func pretty(text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		return text
	}
	return b.String()
}
