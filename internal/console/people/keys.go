package people

import (
	"net/http"
	"strings"

	"firn/internal/console/frame"
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
func keysOf(c *frame.Call, v *userView) error {
	if !v.May["ListAccessKeys"] {
		return nil
	}
	var keys iam.ListAccessKeysResult
	if err := c.Iam("ListAccessKeys", &keys, "UserName", v.Name, "MaxItems", frame.MaxItems); err != nil {
		return err
	}
	var ids []string
	for _, k := range keys.AccessKeyMetadata.Member {
		v.Keys = append(v.Keys, keyRow{k, k.AccessKeyID == c.Caller.KeyID})
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
func showSecret(c *frame.Call, s newSecret) error {
	return c.Render(http.StatusOK, "key", frame.Page{
		Title: "A new access key", Tab: "users", Crumbs: wayToUsers(c), Data: s,
		Commands: []frame.Command{
			frame.AwsCommand("Set the key up", "configure", "set", "", "aws_access_key_id", "", s.ID),
			frame.AwsCommand("And its secret", "configure", "set", "", "aws_secret_access_key", "", "SECRET"),
		},
	})
}

// upToDate refuses a form that makes a key unless the keys are still those
// that it was made for. A page that shows a secret may be loaded again, and is
// not to make another key then.
func upToDate(c *frame.Call, name string) error {
	v := userView{Name: name, May: map[string]bool{"ListAccessKeys": true}}
	if err := keysOf(c, &v); err != nil {
		return err
	}
	if v.Seen != c.Form.Get("seen") {
		return frame.Refuse(http.StatusConflict, "No key was made: the keys have changed since the form was loaded.")
	}
	return nil
}

// createKey makes a key and shows it.
func createKey(c *frame.Call) error {
	name, back := aboutUser(c)
	if err := upToDate(c, name); err != nil {
		return c.Instead(back, err)
	}
	made, err := makeKey(c, name)
	if err != nil {
		return c.Instead(back, err)
	}
	return showSecret(c, secretOf(name, back, made))
}

func makeKey(c *frame.Call, name string) (iam.AccessKey, error) {
	var made iam.CreateAccessKeyResult
	err := c.Iam("CreateAccessKey", &made, "UserName", name)
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
func rotateKey(c *frame.Call) error {
	name, back := aboutUser(c)
	old := c.Query.Get("key")
	if err := upToDate(c, name); err != nil {
		return c.Instead(back, err)
	}
	made, err := makeKey(c, name)
	if err != nil {
		return c.Instead(back, err)
	}
	s := secretOf(name, back, made)
	s.Note = "The key " + old + " is disabled now. Enable it again if something still needs it, and delete it when nothing does."
	err = c.Iam("UpdateAccessKey", nil, "UserName", name, "AccessKeyId", old, "Status", "Inactive")
	if e := frame.AsRefusal(err); e != nil {
		s.Note = "The old key, " + old + ", is as it was: " + e.Text
	} else if err != nil {
		return err
	}
	return showSecret(c, s)
}

// enableKey enables a key.
func enableKey(c *frame.Call) error {
	name, back := aboutUser(c)
	key := c.Form.Get("key")
	if err := c.Iam("UpdateAccessKey", nil, "UserName", name, "AccessKeyId", key, "Status", "Active"); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The key %s is enabled.", key)
}
