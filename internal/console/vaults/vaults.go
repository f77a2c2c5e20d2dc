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

// maxTypedName is how much of a name is shown again that no vault can have, in
// bytes.
const maxTypedName = 1 << 10

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
	Typed     string // a name that was refused
	Problem   string // with it
}

// showVaults lists the account's vaults.
func showVaults(c *frame.Call) error { return showVaultList(c, http.StatusOK, "", "") }

// showVaultList lists the account's vaults, with the name of one that cannot be
// created.
func showVaultList(c *frame.Call, status int, typed, problem string) error {
	list := vaultList{
		Search: strings.TrimSpace(c.Query.Get("search")), MayList: c.May("glacier:ListVaults"),
		MayCreate: c.MayAnywhere("glacier:CreateVault"), Typed: typed, Problem: problem,
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
	return c.Render(status, "vaults", frame.Page{Title: "Vaults", Tab: "vaults", Data: list, Commands: commands})
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
		name = strings.ToValidUTF8(name[:min(len(name), maxTypedName)], "")
		return showVaultList(c, http.StatusBadRequest, name, "Invalid vault name: "+name)
	}
	_, err := c.Change(http.MethodPut, frame.VaultPath(name), nil)
	if e := frame.AsRefusal(err); e != nil {
		return showVaultList(c, e.Status, name, e.Text)
	}
	if err != nil {
		return err
	}
	return c.Done(frame.Link("vault", "vault", name), "The vault %s is there.", name)
}
