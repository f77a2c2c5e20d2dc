package vaults

import (
	"maps"
	"net/http"
	"slices"

	"firn/glacier"
	"firn/internal/console/frame"
)

// A tagView is a vault's tags, and what is being typed.
type tagView struct {
	Tags       []vaultTag
	Key, Value string // in the form
	Problem    string // with what was typed
	Most       int
	May        map[string]bool
}

type vaultTag struct{ Key, Value string }

// showTags lists a vault's tags. With the parameter key, the form is about that
// one.
func showTags(c *frame.Call) error {
	return tagPage(c, http.StatusOK, c.Query.Get("key"), "", "")
}

// tagPage shows a vault's tags and the form for one, with what was wrong with
// it.
func tagPage(c *frame.Call, status int, key, value, problem string) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	v := tagView{Key: key, Value: value, Problem: problem, Most: glacier.MaxTags, May: c.Rights(name, "AddTagsToVault", "RemoveTagsFromVault")}
	var set glacier.Tags
	if err := c.Get(frame.VaultPath(name, "tags"), &set); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(set.Tags)) {
		v.Tags = append(v.Tags, vaultTag{k, set.Tags[k]})
	}
	if problem == "" {
		v.Value = set.Tags[key]
	}
	commands := []frame.Command{frame.GlacierCommand("List the tags", "list-tags-for-vault", "vault-name", name)}
	if v.May["AddTagsToVault"] {
		commands = append(commands, frame.GlacierCommand("Add or change some", "add-tags-to-vault", "vault-name", name, "tags", "KEY=VALUE,KEY=VALUE"))
	}
	if v.May["RemoveTagsFromVault"] {
		commands = append(commands, frame.GlacierCommand("Remove some", "remove-tags-from-vault", "vault-name", name, "tag-keys", "KEY"))
	}
	return c.Render(status, "tags", c.OfVault(name, frame.Page{Title: "Tags of " + name, Tab: "tags", Data: v, Commands: commands}))
}

// changeTags adds, changes or removes tags.
func changeTags(c *frame.Call) error {
	name, err := c.VaultName()
	if err != nil {
		return err
	}
	if c.Form.Get("do") == "remove" {
		return removeTags(c, name, c.Form["key"])
	}
	key, value := c.Form.Get("key"), c.Form.Get("value")
	in := glacier.Tags{Tags: map[string]string{key: value}}
	_, err = c.Change(http.MethodPost, frame.VaultPath(name, "tags")+"?operation=add", in)
	if e := frame.AsRefusal(err); e != nil {
		return tagPage(c, e.Status, key, value, e.Text)
	}
	if err != nil {
		return err
	}
	return c.Done(frame.Link("tags", "vault", name), "The tag %s is set.", key)
}

// removeTags removes some tags, as many at a time as the API takes.
func removeTags(c *frame.Call, name string, keys []string) error {
	here := frame.Link("tags", "vault", name)
	if len(keys) == 0 {
		return c.Instead(here, frame.Refuse(http.StatusBadRequest, "Nothing was done: choose the tags to remove."))
	}
	if len(keys) > glacier.MaxTags {
		return c.Instead(here, frame.Refuse(http.StatusBadRequest, "Nothing was done: no vault has that many tags."))
	}
	for some := range slices.Chunk(keys, glacier.MaxTagsPerRequest) {
		if _, err := c.Change(http.MethodPost, frame.VaultPath(name, "tags")+"?operation=remove", glacier.TagKeys{TagKeys: some}); err != nil {
			return c.Instead(here, err)
		}
	}
	return c.Done(here, "Removed: %s.", frame.Plural(len(keys), "tag"))
}
