package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"firn/glacier"
)

// A vaultRow is a vault in the list.
type vaultRow struct {
	glacier.VaultDescription
	Lock string // "", InProgress or Locked
}

// A vaultList is what the list of vaults shows.
type vaultList struct {
	Search    string
	Rows      []vaultRow
	Total     int
	MayCreate bool
}

// showVaults lists the account's vaults.
func showVaults(c *call) error {
	list := vaultList{Search: c.query.Get("search"), MayCreate: c.may("glacier:CreateVault")}
	var all glacier.VaultList
	if err := c.get("/-/vaults?limit="+strconv.Itoa(glacier.MaxPage), &all); err != nil {
		return err
	}
	for _, v := range all.VaultList {
		if strings.Contains(strings.ToLower(string(v.VaultName)), strings.ToLower(list.Search)) {
			list.Rows = append(list.Rows, vaultRow{VaultDescription: v})
		}
	}
	list.Total = len(list.Rows)
	return c.render(http.StatusOK, "vaults", page{
		Title: "Vaults", Tab: "vaults", Data: list,
		Commands: []command{
			glacierCommand("List vaults", "list-vaults"),
			glacierCommand("Create one", "create-vault", "vault-name", "NAME"),
		},
	})
}

// createVault makes a vault and goes to it.
func createVault(c *call) error {
	name := c.form.Get("vault")
	if _, err := c.change(http.MethodPut, vaultPath(name), nil); err != nil {
		return c.instead(Root+"vaults", err)
	}
	return c.done(link("vault", "vault", name), "The vault %s is there.", name)
}

// A vaultView is what a vault's first page shows.
type vaultView struct {
	glacier.VaultDescription
	May map[string]bool
}

// showVault describes a vault.
func showVault(c *call) error {
	name := c.query.Get("vault")
	v := vaultView{May: c.rights(name, "DeleteVault", "DeleteArchive")}
	if err := c.get(vaultPath(name), &v.VaultDescription); err != nil {
		return err
	}
	return c.render(http.StatusOK, "vault", c.ofVault(name, page{
		Title: name, Tab: "vault", Data: v,
		Commands: []command{glacierCommand("Describe the vault", "describe-vault", "vault-name", name)},
	}))
}

// ofVault completes the page of a vault: its tabs and the way to it.
func (c *call) ofVault(name string, p page) page {
	p.Vault = name
	p.Crumbs = []crumb{{"Vaults", Root + "vaults"}}
	if p.Tab != "vault" {
		p.Crumbs = append(p.Crumbs, crumb{name, Root + "vault?vault=" + url.QueryEscape(name)})
	}
	return p
}
