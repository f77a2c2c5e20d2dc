package vaults

import (
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
)

// A vaultView is what a vault's first page shows.
type vaultView struct {
	glacier.VaultDescription
	May    map[string]bool
	Lock   *lockView // nil if there is none, or the visitor may not know
	NoLock bool      // he may, and there is none
	Cards  []card
	Now    *contents // how many archives there are now, if that is known and not what the vault says
}

// contents are how much is in a vault.
type contents struct{ Archives, Bytes int64 }

// A card leads to something that can be done.
type card struct{ Text, Says, Link string }

// showVault describes a vault.
func showVault(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	v := vaultView{May: c.Rights(name, "DeleteVault", "GetVaultLock"), Cards: cards(c, name)}
	if err := c.Get(frame.VaultPath(name), &v.VaultDescription); err != nil {
		return err
	}
	if v.Now, err = since(c, &v.VaultDescription); err != nil {
		return err
	}
	commands := []frame.Command{frame.GlacierCommand("Describe the vault", "describe-vault", "vault-name", name)}
	if v.May["GetVaultLock"] {
		if v.Lock, err = lockOf(c, name); err != nil {
			return err
		}
		v.NoLock = v.Lock == nil
	}
	if v.May["DeleteVault"] {
		commands = append(commands, frame.GlacierCommand("Delete it", "delete-vault", "vault-name", name))
	}
	return c.Render(http.StatusOK, "vault", c.OfVault(name, frame.Page{Title: name, Tab: "vault", Data: v, Commands: commands}))
}

// since counts what is in a vault now, if the visitor may see that; nil if it is
// what the description says.
func since(c *frame.Call, d *glacier.VaultDescription) (*contents, error) {
	if !c.MayAll(string(d.VaultName), "InitiateJob", "GetJobOutput") {
		return nil, nil
	}
	archives, bytes, err := c.CountArchives(string(d.VaultName))
	if err != nil || archives == d.NumberOfArchives {
		return nil, err
	}
	return &contents{archives, bytes}, nil
}

// cards are what the visitor can do with a vault's archives.
func cards(c *frame.Call, name string) []card {
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
		if c.MayAll(name, n.operations...) {
			all = append(all, card{n.text, n.says, frame.Link(n.page, "vault", name)})
		}
	}
	return all
}

// deleteVault ends a vault whose name the visitor has typed.
func deleteVault(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	here := frame.Link("vault", "vault", name)
	if c.Form.Get("name") != name {
		return c.Instead(here, unlike(name))
	}
	if _, err := c.Change(http.MethodDelete, frame.VaultPath(name), nil); err != nil {
		return c.Instead(here, err)
	}
	c.ForgetLock(name)
	return c.Done(frame.Root+"vaults", "The vault %s is deleted.", name)
}

// unlike is the refusal of a deed that takes a vault's name to confirm.
func unlike(name string) error {
	return frame.Refuse(http.StatusBadRequest, "Nothing was done: what you typed is not the vault's name, "+name+".")
}

// unsure is the refusal of a deed that takes a box to be ticked.
func unsure() error {
	return frame.Refuse(http.StatusBadRequest, "Nothing was done: tick the box to confirm.")
}

// unset reports whether a refusal says that a vault has no policy, lock or
// notifications, rather than that there is no such vault.
func unset(err error) bool {
	e := frame.AsRefusal(err)
	return e != nil && e.Status == http.StatusNotFound && strings.HasPrefix(e.Text, "No ")
}
