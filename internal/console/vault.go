package console

import (
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/vault"
)

// A vaultView is what a vault's first page shows.
type vaultView struct {
	glacier.VaultDescription
	May    map[string]bool
	Lock   *lockView // nil if there is none, or the visitor may not know
	NoLock bool      // he may, and there is none
	Cards  []card
	Now    *vault.ArchivePage // how many archives there are now, if that is known and not what the vault says
}

// A card leads to something that can be done.
type card struct{ Text, Says, Link string }

// vaultName is the vault that the page is about.
func (c *call) vaultName() (string, error) {
	name := c.query.Get("vault")
	if !glacier.VaultName(name).Valid() {
		return "", notFound("There is no vault of that name.")
	}
	return name, nil
}

// showVault describes a vault.
func showVault(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	v := vaultView{May: c.rights(name, "DeleteVault", "GetVaultLock"), Cards: c.cards(name)}
	if err := c.get(vaultPath(name), &v.VaultDescription); err != nil {
		return err
	}
	if v.Now, err = c.since(&v.VaultDescription); err != nil {
		return err
	}
	commands := []command{glacierCommand("Describe the vault", "describe-vault", "vault-name", name)}
	if v.May["GetVaultLock"] {
		if v.Lock, err = c.lockOf(name); err != nil {
			return err
		}
		v.NoLock = v.Lock == nil
	}
	if v.May["DeleteVault"] {
		commands = append(commands, glacierCommand("Delete it", "delete-vault", "vault-name", name))
	}
	return c.render(http.StatusOK, "vault", c.ofVault(name, page{Title: name, Tab: "vault", Data: v, Commands: commands}))
}

// since counts what is in a vault now, if the visitor may see that; nil if it is
// what the description says.
func (c *call) since(d *glacier.VaultDescription) (*vault.ArchivePage, error) {
	if !c.mayAll(string(d.VaultName), "InitiateJob", "GetJobOutput") {
		return nil, nil
	}
	now, err := c.archives(string(d.VaultName), vault.ArchiveQuery{Limit: 1})
	if err != nil || now.Archives == d.NumberOfArchives {
		return nil, err
	}
	return &now, nil
}

// cards are what the visitor can do with a vault's archives.
func (c *call) cards(name string) []card {
	var all []card
	for _, n := range []struct {
		page, text, says string
		operations       []string
	}{
		{"upload", "Upload archives", "Put files into the vault, of any size.", []string{"InitiateMultipartUpload", "UploadArchive"}},
		{"archives", "Find archives", "Look at what is in the vault; retrieve and delete it.", []string{"InitiateJob", "GetJobOutput"}},
		{"jobs", "Jobs and inventories", "Start an inventory, follow retrievals, download what is ready.", []string{"ListJobs"}},
		{"retrieve", "Retrieve everything", "Bring all archives back, and download them as they come.", []string{"InitiateJob", "GetJobOutput"}},
	} {
		if c.mayAll(name, n.operations...) {
			all = append(all, card{n.text, n.says, link(n.page, "vault", name)})
		}
	}
	return all
}

// deleteVault ends a vault whose name the visitor has typed.
func deleteVault(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	here := link("vault", "vault", name)
	if c.form.Get("name") != name {
		return c.instead(here, unlike(name))
	}
	if _, err := c.change(http.MethodDelete, vaultPath(name), nil); err != nil {
		return c.instead(here, err)
	}
	c.forgetLock(name)
	return c.done(Root+"vaults", "The vault %s is deleted.", name)
}

// unlike is the refusal of a deed that takes a vault's name to confirm.
func unlike(name string) error {
	return refuse(http.StatusBadRequest, "Nothing was done: what you typed is not the vault's name, "+name+".")
}

// unsure is the refusal of a deed that takes a box to be ticked.
func unsure() error {
	return refuse(http.StatusBadRequest, "Nothing was done: tick the box to confirm.")
}

// ofVault completes the page of a vault: its tabs and the way to it.
func (c *call) ofVault(name string, p page) page {
	p.Vault = name
	if c.may("glacier:ListVaults") {
		p.Crumbs = []crumb{{"Vaults", Root + "vaults"}}
	}
	if p.Tab != "vault" && c.mayAll(name, "DescribeVault") {
		p.Crumbs = append(p.Crumbs, crumb{name, link("vault", "vault", name)})
	}
	return p
}

// unset reports whether a refusal says that a vault has no policy, lock or
// notifications, rather than that there is no such vault.
func unset(err error) bool {
	e := asRefusal(err)
	return e != nil && e.status == http.StatusNotFound && strings.HasPrefix(e.text, "No ")
}
