package people

import (
	"net/http"

	"firn/internal/console/frame"
)

// What is done to a key that whatever uses it does not survive. Each has a
// page that asks, of this name after "key-".
const (
	deletes  = "delete"
	disables = "disable"
	rotates  = "rotate"
)

// A keyView is what the page shows that asks before a key is changed.
type keyView struct {
	User, Back string
	Key        keyRow
	Verb       string // what is to be done
	Seen       string
	Account    string
	Last       bool // it is all that lets root in
}

// Typed is what has to be typed, "" if nothing has.
func (v keyView) Typed() string {
	if v.Last && v.Verb != rotates {
		return v.Key.AccessKeyID
	}
	return ""
}

// askAboutKey asks before a key is changed.
func askAboutKey(verb, title string) func(*frame.Call) error {
	return func(c *frame.Call) error {
		v, err := keyToChange(c, verb)
		if err != nil {
			return err
		}
		name, key := v.User, v.Key.AccessKeyID
		commands := map[string][]frame.Command{
			deletes:  {frame.AwsCommand("Delete the key", "iam", "delete-access-key", "user-name", name, "access-key-id", key)},
			disables: {frame.AwsCommand("Disable the key", "iam", "update-access-key", "user-name", name, "access-key-id", key, "status", "Inactive")},
			rotates: {
				frame.AwsCommand("Make a new key", "iam", "create-access-key", "user-name", name),
				frame.AwsCommand("Disable the old one", "iam", "update-access-key", "user-name", name, "access-key-id", key, "status", "Inactive"),
			},
		}
		return c.Render(http.StatusOK, "key-change", frame.Page{
			Title: title + " key " + key, Tab: "users", Crumbs: wayTo(c, name), Data: v, Commands: commands[verb],
		})
	}
}

// keyToChange finds the key that a page asks about.
func keyToChange(c *frame.Call, verb string) (keyView, error) {
	name, back := aboutUser(c)
	v := keyView{User: name, Back: back, Verb: verb, Account: string(c.Caller.Account)}
	all := userView{Name: name, May: map[string]bool{"ListAccessKeys": true}}
	if err := keysOf(c, &all); err != nil {
		return v, err
	}
	v.Seen = all.Seen
	active := 0
	for _, k := range all.Keys {
		if k.Active() {
			active++
		}
		if k.AccessKeyID == c.Query.Get("key") {
			v.Key = k
		}
	}
	if v.Key.AccessKeyID == "" {
		return v, frame.NotFound("There is no such key.")
	}
	v.Last = name == "" && v.Key.Active() && active == 1
	return v, nil
}

// confirmed refuses to lock root out unless the key's id was typed.
func confirmed(c *frame.Call, verb string) error {
	if name, _ := aboutUser(c); name != "" {
		return nil
	}
	v, err := keyToChange(c, verb)
	if err != nil || v.Typed() == "" {
		return err
	}
	return c.Typed(v.Typed())
}

// disableKey disables a key, after it was asked about.
func disableKey(c *frame.Call) error {
	name, back := aboutUser(c)
	key := c.Query.Get("key")
	err := confirmed(c, disables)
	if err == nil {
		err = c.Iam("UpdateAccessKey", nil, "UserName", name, "AccessKeyId", key, "Status", "Inactive")
	}
	if err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The key %s is disabled.", key)
}

// deleteKey deletes a key, after it was asked about.
func deleteKey(c *frame.Call) error {
	name, back := aboutUser(c)
	key := c.Query.Get("key")
	err := confirmed(c, deletes)
	if err == nil {
		err = c.Iam("DeleteAccessKey", nil, "UserName", name, "AccessKeyId", key)
	}
	if err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The key %s is deleted.", key)
}
