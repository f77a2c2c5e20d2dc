package console

import (
	"net/http"
	"net/url"
	"strings"

	"firn/glacier"
)

// vaultsPerPage is how many vaults a page of the list has.
const vaultsPerPage = 50

// A vaultRow is a vault in the list.
type vaultRow struct {
	glacier.VaultDescription
	Lock *lockView // nil if there is none, or nobody may know
}

// A vaultList is what the list of vaults shows.
type vaultList struct {
	Search    string
	MayList   bool
	Rows      []vaultRow
	Total     int // that the search has found
	From, To  int // which of them these are, counted from 1
	Before    string
	After     string
	Locks     bool // some vault's lock may be seen
	MayCreate bool
}

// showVaults lists the account's vaults.
func showVaults(c *call) error {
	list := vaultList{
		Search: strings.TrimSpace(c.query.Get("search")), MayList: c.may("glacier:ListVaults"), MayCreate: c.may("glacier:CreateVault"),
	}
	if !list.MayList {
		return c.render(http.StatusOK, "vaults", page{Title: "Vaults", Tab: "vaults", Data: list})
	}
	all, err := c.vaults()
	if err != nil {
		return err
	}
	var found []glacier.VaultDescription
	for _, v := range all {
		if strings.Contains(strings.ToLower(string(v.VaultName)), strings.ToLower(list.Search)) {
			found = append(found, v)
		}
	}
	p := paging(c.query.Get("page"), len(found), vaultsPerPage)
	list.Total, list.From, list.To = len(found), p.from+1, p.to
	list.Before, list.After = p.links("vaults", "search", list.Search)
	for _, v := range found[p.from:p.to] {
		row := vaultRow{VaultDescription: v}
		if name := string(v.VaultName); c.mayAll(name, "GetVaultLock") {
			list.Locks = true
			if row.Lock, err = c.lockOf(name); err != nil {
				return err
			}
		}
		list.Rows = append(list.Rows, row)
	}
	return c.render(http.StatusOK, "vaults", page{
		Title: "Vaults", Tab: "vaults", Data: list,
		Commands: []command{
			glacierCommand("List vaults", "list-vaults"),
			glacierCommand("Create one", "create-vault", "vault-name", "NAME"),
		},
	})
}

// vaults are all of the account's, by name: no more than glacier.MaxVaults.
func (c *call) vaults() ([]glacier.VaultDescription, error) {
	var all []glacier.VaultDescription
	for path := "/-/vaults"; ; {
		var some glacier.VaultList
		if err := c.get(path, &some); err != nil {
			return nil, err
		}
		all = append(all, some.VaultList...)
		if some.Marker == nil {
			return all, nil
		}
		path = "/-/vaults?marker=" + url.QueryEscape(*some.Marker)
	}
}

// createVault makes a vault and goes to it.
func createVault(c *call) error {
	name := c.form.Get("vault")
	if !glacier.VaultName(name).Valid() {
		return c.instead(Root+"vaults", refuse(http.StatusBadRequest, "Invalid vault name: "+name))
	}
	if _, err := c.change(http.MethodPut, vaultPath(name), nil); err != nil {
		return c.instead(Root+"vaults", err)
	}
	return c.done(link("vault", "vault", name), "The vault %s is there.", name)
}
