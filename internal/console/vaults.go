package console

import (
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/vault"
)

// vaultsPerPage is how many vaults a page of the list has.
const vaultsPerPage = 50

// A vaultRow is a vault in the list.
type vaultRow struct {
	vault.OverviewRow
	Secret bool // the visitor may not know its lock
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
	commands := []command{}
	if list.MayList {
		if err := list.fill(c); err != nil {
			return err
		}
		commands = append(commands, glacierCommand("List vaults", "list-vaults"))
	}
	if list.MayCreate {
		commands = append(commands, glacierCommand("Create one", "create-vault", "vault-name", "NAME"))
	}
	return c.render(http.StatusOK, "vaults", page{Title: "Vaults", Tab: "vaults", Data: list, Commands: commands})
}

// fill finds the vaults of the page that is asked for.
func (l *vaultList) fill(c *call) error {
	found, err := c.h.cfg.Vaults.Overview(c.r.Context(), c.caller.Account, vault.OverviewQuery{
		Contains: l.Search, After: glacier.VaultName(c.query.Get("after")), Limit: vaultsPerPage,
	})
	if err != nil {
		return err
	}
	for _, v := range found.Rows {
		row := vaultRow{v, !c.mayAll(string(v.VaultName), "GetVaultLock")}
		l.Locks = l.Locks || !row.Secret
		l.Rows = append(l.Rows, row)
	}
	l.Total, l.From, l.To = found.Matches, found.Before+1, found.Before+len(found.Rows)
	if found.Before > 0 {
		l.Before = link("vaults", "search", l.Search, "after", string(found.Previous))
	}
	if found.Next != "" {
		l.After = link("vaults", "search", l.Search, "after", string(found.Next))
	}
	return nil
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
