package console

import (
	"net/http"
	"strings"

	"firn/internal/iam"
)

// A keyRow is a key in the list of a user's.
type keyRow struct {
	iam.AccessKeyMetadata
	Mine bool // it is the one that the session has
}

// Active reports whether the key is good.
func (k keyRow) Active() bool { return k.Status == "Active" }

// keysOf finds the keys of a user.
func (c *call) keysOf(v *userView) error {
	if !v.May["ListAccessKeys"] {
		return nil
	}
	var keys iam.ListAccessKeysResult
	if err := c.iam("ListAccessKeys", &keys, "UserName", v.Name, "MaxItems", maxItems); err != nil {
		return err
	}
	var ids []string
	for _, k := range keys.AccessKeyMetadata.Member {
		v.Keys = append(v.Keys, keyRow{k, k.AccessKeyID == c.caller.KeyID})
		ids = append(ids, k.AccessKeyID)
	}
	v.Seen = strings.Join(ids, " ")
	return nil
}

// A newSecret is a key whose secret is shown, this once.
type newSecret struct {
	Of           string
	ID, Secret   string
	Note         string
	Back, BackTo string
}

// showSecret answers with a secret. It is in this page and nowhere else: not in
// the session, and no redirect leads to it.
func (c *call) showSecret(s newSecret) error {
	return c.render(http.StatusOK, "key", page{
		Title: "A new access key", Tab: "users", Crumbs: c.wayToUsers(), Data: s,
		Commands: []command{
			awsCommand("Set the key up", "configure", "set", "", "aws_access_key_id", "", s.ID),
			awsCommand("And its secret", "configure", "set", "", "aws_secret_access_key", "", "SECRET"),
		},
	})
}

// upToDate refuses a form that makes a key unless the keys are still those
// that it was made for. A page that shows a secret may be loaded again, and is
// not to make another key then.
func (c *call) upToDate(name string) error {
	v := userView{Name: name, May: map[string]bool{"ListAccessKeys": true}}
	if err := c.keysOf(&v); err != nil {
		return err
	}
	if v.Seen != c.form.Get("seen") {
		return refuse(http.StatusConflict, "No key was made: the keys have changed since the form was loaded.")
	}
	return nil
}

// createKey makes a key and shows it.
func createKey(c *call) error {
	name, back := c.aboutUser()
	if err := c.upToDate(name); err != nil {
		return c.instead(back, err)
	}
	made, err := c.makeKey(name)
	if err != nil {
		return c.instead(back, err)
	}
	return c.showSecret(secretOf(name, back, made))
}

func (c *call) makeKey(name string) (iam.AccessKey, error) {
	var made iam.CreateAccessKeyResult
	err := c.iam("CreateAccessKey", &made, "UserName", name)
	return made.AccessKey, err
}

func secretOf(name, back string, k iam.AccessKey) newSecret {
	s := newSecret{Of: "the user " + name, ID: k.AccessKeyID, Secret: k.SecretAccessKey, Back: back, BackTo: "the user " + name}
	if name == "" {
		s.Of, s.BackTo = "the account’s root", "the account’s root"
	}
	return s
}

// rotateKey makes a new key and disables the old one, which can be enabled
// again.
func rotateKey(c *call) error {
	name, back := c.aboutUser()
	old := c.form.Get("key")
	if err := c.upToDate(name); err != nil {
		return c.instead(back, err)
	}
	made, err := c.makeKey(name)
	if err != nil {
		return c.instead(back, err)
	}
	s := secretOf(name, back, made)
	s.Note = "The key " + old + " is disabled now. Enable it again if something still needs it, and delete it when nothing does."
	err = c.iam("UpdateAccessKey", nil, "UserName", name, "AccessKeyId", old, "Status", "Inactive")
	if e := asRefusal(err); e != nil {
		s.Note = "The old key, " + old + ", is as it was: " + e.text
	} else if err != nil {
		return err
	}
	return c.showSecret(s)
}

// setKey enables or disables a key.
func setKey(active bool) func(*call) error {
	return func(c *call) error {
		name, back := c.aboutUser()
		key, status, says := c.form.Get("key"), "Inactive", "The key %s is disabled."
		if active {
			status, says = "Active", "The key %s is enabled."
		}
		if err := c.iam("UpdateAccessKey", nil, "UserName", name, "AccessKeyId", key, "Status", status); err != nil {
			return c.instead(back, err)
		}
		return c.done(back, says, key)
	}
}

// A keyView is what the page shows that asks before a key is deleted.
type keyView struct {
	User, Back string
	Key        keyRow
}

// showDeleteKey asks before a key is deleted.
func showDeleteKey(c *call) error {
	name, back := c.aboutUser()
	v := userView{Name: name, May: map[string]bool{"ListAccessKeys": true}}
	if err := c.keysOf(&v); err != nil {
		return err
	}
	for _, k := range v.Keys {
		if k.AccessKeyID == c.query.Get("key") {
			return c.render(http.StatusOK, "key-delete", page{
				Title: "Delete key " + k.AccessKeyID, Tab: "users", Crumbs: c.wayTo(name),
				Data: keyView{User: name, Back: back, Key: k},
				Commands: []command{awsCommand("Delete the key", "iam", "delete-access-key",
					"user-name", name, "access-key-id", k.AccessKeyID)},
			})
		}
	}
	return notFound("There is no such key.")
}

// deleteKey deletes a key, after it was asked about.
func deleteKey(c *call) error {
	name, back := c.aboutUser()
	key := c.query.Get("key")
	if err := c.iam("DeleteAccessKey", nil, "UserName", name, "AccessKeyId", key); err != nil {
		return c.instead(back, err)
	}
	return c.done(back, "The key %s is deleted.", key)
}
