package console

import (
	"maps"
	"net/http"
	"slices"

	"firn/glacier"
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
func showTags(c *call) error {
	return c.tagPage(http.StatusOK, c.query.Get("key"), "", "")
}

// tagPage shows a vault's tags and the form for one, with what was wrong with
// it.
func (c *call) tagPage(status int, key, value, problem string) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	v := tagView{Key: key, Value: value, Problem: problem, Most: glacier.MaxTags, May: c.rights(name, "AddTagsToVault", "RemoveTagsFromVault")}
	var set glacier.Tags
	if err := c.get(vaultPath(name, "tags"), &set); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(set.Tags)) {
		v.Tags = append(v.Tags, vaultTag{k, set.Tags[k]})
	}
	if problem == "" {
		v.Value = set.Tags[key]
	}
	commands := []command{glacierCommand("List the tags", "list-tags-for-vault", "vault-name", name)}
	if v.May["AddTagsToVault"] {
		commands = append(commands, glacierCommand("Add or change some", "add-tags-to-vault", "vault-name", name, "tags", "KEY=VALUE,KEY=VALUE"))
	}
	if v.May["RemoveTagsFromVault"] {
		commands = append(commands, glacierCommand("Remove some", "remove-tags-from-vault", "vault-name", name, "tag-keys", "KEY"))
	}
	return c.render(status, "tags", c.ofVault(name, page{Title: "Tags of " + name, Tab: "tags", Data: v, Commands: commands}))
}

// changeTags adds, changes or removes tags.
func changeTags(c *call) error {
	name, err := c.vaultName()
	if err != nil {
		return err
	}
	if c.form.Get("do") == "remove" {
		return c.removeTags(name, c.form["key"])
	}
	key, value := c.form.Get("key"), c.form.Get("value")
	in := glacier.Tags{Tags: map[string]string{key: value}}
	_, err = c.change(http.MethodPost, vaultPath(name, "tags")+"?operation=add", in)
	if e := asRefusal(err); e != nil {
		return c.tagPage(e.status, key, value, e.text)
	}
	if err != nil {
		return err
	}
	return c.done(link("tags", "vault", name), "The tag %s is set.", key)
}

// removeTags removes some tags, as many at a time as the API takes.
func (c *call) removeTags(name string, keys []string) error {
	here := link("tags", "vault", name)
	if len(keys) == 0 {
		return c.instead(here, refuse(http.StatusBadRequest, "Nothing was done: choose the tags to remove."))
	}
	if len(keys) > glacier.MaxTags {
		return c.instead(here, refuse(http.StatusBadRequest, "Nothing was done: no vault has that many tags."))
	}
	for some := range slices.Chunk(keys, glacier.MaxTagsPerRequest) {
		if _, err := c.change(http.MethodPost, vaultPath(name, "tags")+"?operation=remove", glacier.TagKeys{TagKeys: some}); err != nil {
			return c.instead(here, err)
		}
	}
	return c.done(here, "Removed: %s.", plural(len(keys), "tag"))
}
