package frame

import (
	"net/http"

	"firn/glacier"
	"firn/internal/vault"
)

// VaultName is the vault that the page is about.
func (c *Call) VaultName() (string, error) {
	name := c.Query.Get("vault")
	if !glacier.VaultName(name).Valid() {
		return "", NotFound("There is no vault of that name.")
	}
	return name, nil
}

// OfVault completes the page of a vault: its tabs and the way to it.
func (c *Call) OfVault(name string, p Page) Page {
	p.Vault = name
	if c.May("glacier:ListVaults") {
		p.Crumbs = []Crumb{{"Vaults", Root + "vaults"}}
	}
	if p.Tab != "vault" && c.MayAll(name, "DescribeVault") {
		p.Crumbs = append(p.Crumbs, Crumb{name, Link("vault", "vault", name)})
	}
	return p
}

// VaultARN is the resource name of a vault of the caller's account.
func (c *Call) VaultARN(name string) string {
	return string(glacier.VaultARN(c.Config.Region, c.Caller.Account, glacier.VaultName(name)))
}

// CountArchives asks the rules how many archives are in a vault now, and of how
// many bytes. That is no look at any of them, and is not recorded as one. Who is
// to be told is the caller's to see to.
func (c *Call) CountArchives(name string) (archives, bytes int64, err error) {
	page, err := c.Config.Vaults.Archives(c.Request.Context(), c.Caller.Account, glacier.VaultName(name), vault.ArchiveQuery{Limit: 1})
	return page.Archives, page.Bytes, err
}

// Archives asks the rules for a page of archives: who may take an inventory
// and read it may have the same from here.
func (c *Call) Archives(name string, q vault.ArchiveQuery) (vault.ArchivePage, error) {
	if !c.MayAll(name, "InitiateJob", "GetJobOutput") {
		return vault.ArchivePage{}, Refuse(http.StatusForbidden,
			"To see a vault's archives you need to be allowed what an inventory takes: glacier:InitiateJob and glacier:GetJobOutput.")
	}
	page, err := c.Config.Vaults.Archives(c.Request.Context(), c.Caller.Account, glacier.VaultName(name), q)
	c.RecordLook(glacier.Service, "ListArchives", err, "accountId", string(c.Caller.Account), "vaultName", name)
	return page, err
}
