package vaults

import (
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
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
func showVaults(c *frame.Call) error {
	list := vaultList{
		Search: strings.TrimSpace(c.Query.Get("search")), MayList: c.May("glacier:ListVaults"), MayCreate: c.May("glacier:CreateVault"),
	}
	commands := []frame.Command{}
	if list.MayList {
		if err := list.fill(c); err != nil {
			return err
		}
		commands = append(commands, frame.GlacierCommand("List vaults", "list-vaults"))
	}
	if list.MayCreate {
		commands = append(commands, frame.GlacierCommand("Create one", "create-vault", "vault-name", "NAME"))
	}
	return c.Render(http.StatusOK, "vaults", frame.Page{Title: "Vaults", Tab: "vaults", Data: list, Commands: commands})
}

// fill finds the vaults of the page that is asked for.
func (l *vaultList) fill(c *frame.Call) error {
	found, err := c.Config.Vaults.Overview(c.Request.Context(), c.Caller.Account, vault.OverviewQuery{
		Contains: l.Search, After: glacier.VaultName(c.Query.Get("after")), Limit: vaultsPerPage,
	})
	c.RecordLook(glacier.Service, "ListVaults", err, "accountId", string(c.Caller.Account))
	if err != nil {
		return err
	}
	for _, v := range found.Rows {
		row := vaultRow{v, !c.MayAll(string(v.VaultName), "GetVaultLock")}
		l.Locks = l.Locks || !row.Secret
		l.Rows = append(l.Rows, row)
	}
	l.Total, l.From, l.To = found.Matches, found.Before+1, found.Before+len(found.Rows)
	if found.Before > 0 {
		l.Before = frame.Link("vaults", "search", l.Search, "after", string(found.Previous))
	}
	if found.Next != "" {
		l.After = frame.Link("vaults", "search", l.Search, "after", string(found.Next))
	}
	return nil
}

// createVault makes a vault and goes to it.
func createVault(c *frame.Call) error {
	name := c.Form.Get("vault")
	if !glacier.VaultName(name).Valid() {
		return c.Instead(frame.Root+"vaults", frame.Refuse(http.StatusBadRequest, "Invalid vault name: "+name))
	}
	if _, err := c.Change(http.MethodPut, frame.VaultPath(name), nil); err != nil {
		return c.Instead(frame.Root+"vaults", err)
	}
	return c.Done(frame.Link("vault", "vault", name), "The vault %s is there.", name)
}
