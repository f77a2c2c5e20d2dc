package archives

import (
	"fmt"
	"net/http"

	"firn/glacier"
	"firn/internal/console/frame"
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
func showArchive(c *frame.Call) error {
	name := c.Query.Get("vault")
	a, err := archive(c, name, c.Query.Get("archive"))
	if err != nil {
		return err
	}
	view := archiveView{ArchiveRow: a, Vault: name, Tiers: tiers, May: c.Rights(name, "InitiateJob", "DeleteArchive")}
	id := string(a.ID)
	return c.Render(http.StatusOK, "archive", belowArchives(c, name, frame.Page{
		Title: titleOf(a), Tab: "archives", Data: view,
		Commands: []frame.Command{
			frame.GlacierCommand("Retrieve it", "initiate-job", "vault-name", name,
				"job-parameters", fmt.Sprintf(`{"Type": "archive-retrieval", "ArchiveId": %q, "Tier": "Standard"}`, id)),
			frame.GlacierCommand("Delete it", "delete-archive", "vault-name", name, "archive-id", id),
		},
	}))
}

// archive looks one archive up by its id.
func archive(c *frame.Call, name, id string) (vault.ArchiveRow, error) {
	found, err := c.Archives(name, vault.ArchiveQuery{ID: glacier.ArchiveID(id), Limit: 1})
	if err != nil {
		return vault.ArchiveRow{}, err
	}
	if len(found.Rows) == 0 {
		return vault.ArchiveRow{}, glacier.ArchiveNotFound(glacier.ArchiveID(id))
	}
	return found.Rows[0], nil
}

// titleOf is what an archive is called: its description, if it has one.
func titleOf(a vault.ArchiveRow) string {
	if a.Description == "" {
		return "Archive " + frame.Short(a.ID)
	}
	return a.Description
}

// belowArchives completes the page of something in a vault's list of archives.
func belowArchives(c *frame.Call, name string, p frame.Page) frame.Page {
	p = c.OfVault(name, p)
	p.Crumbs = append(p.Crumbs, frame.Crumb{Text: "Archives", Link: frame.Link("archives", "vault", name)})
	return p
}
