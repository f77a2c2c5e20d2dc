package console

import (
	"fmt"
	"net/http"

	"firn/glacier"
	"firn/internal/vault"
)

// tiers are those of a retrieval, the usual one first.
var tiers = []string{glacier.Standard, glacier.Expedited, glacier.Bulk}

// An archiveView is what an archive's page shows.
type archiveView struct {
	vault.ArchiveRow
	Vault string
	May   map[string]bool
	Tiers []string
	Form  retrieval
}

// showArchive describes an archive.
func showArchive(c *call) error {
	name := c.query.Get("vault")
	a, err := c.archive(name, c.query.Get("archive"))
	if err != nil {
		return err
	}
	view := archiveView{ArchiveRow: a, Vault: name, Tiers: tiers, May: c.rights(name, "InitiateJob", "DeleteArchive")}
	id := string(a.ID)
	return c.render(http.StatusOK, "archive", c.belowArchives(name, page{
		Title: titleOf(a), Tab: "archives", Data: view,
		Commands: []command{
			glacierCommand("Retrieve it", "initiate-job", "vault-name", name,
				"job-parameters", fmt.Sprintf(`{"Type": "archive-retrieval", "ArchiveId": %q, "Tier": "Standard"}`, id)),
			glacierCommand("Delete it", "delete-archive", "vault-name", name, "archive-id", id),
		},
	}))
}

// archive looks one archive up by its id.
func (c *call) archive(name, id string) (vault.ArchiveRow, error) {
	found, err := c.archives(name, vault.ArchiveQuery{Match: id, Limit: 1})
	if err != nil {
		return vault.ArchiveRow{}, err
	}
	if len(found.Rows) == 0 || string(found.Rows[0].ID) != id {
		return vault.ArchiveRow{}, glacier.ArchiveNotFound(glacier.ArchiveID(id))
	}
	return found.Rows[0], nil
}

// titleOf is what an archive is called: its description, if it has one.
func titleOf(a vault.ArchiveRow) string {
	if a.Description == "" {
		return "Archive " + short(a.ID)
	}
	return a.Description
}

// belowArchives completes the page of something in a vault's list of archives.
func (c *call) belowArchives(name string, p page) page {
	p = c.ofVault(name, p)
	p.Crumbs = append(p.Crumbs, crumb{"Archives", link("archives", "vault", name)})
	return p
}
