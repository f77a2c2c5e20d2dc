package people

import (
	"net/http"

	"firn/internal/console/frame"
)

// A leaving is what the page shows that asks before a user is deleted.
type leaving struct {
	userView
	Own     bool   // it is the caller himself, who has to ask somebody else
	Lacking string // a right that the caller would need, "" if he has all
}

// showDeleteUser asks before a user is deleted.
func showDeleteUser(c *frame.Call) error {
	name, _ := aboutUser(c)
	v, err := belongings(c, name)
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "user-delete", frame.Page{
		Title: "Delete user " + name, Tab: "users", Crumbs: wayTo(c, name),
		Data: leaving{userView: *v, Own: name == c.Caller.User, Lacking: lacking(c, v)},
		Commands: []frame.Command{
			frame.AwsCommand("Delete a key", "iam", "delete-access-key", "user-name", name, "access-key-id", "KEY"),
			frame.AwsCommand("Take a policy away", "iam", "detach-user-policy", "user-name", name, "policy-arn", "ARN"),
			frame.AwsCommand("Delete one of his own", "iam", "delete-user-policy", "user-name", name, "policy-name", "NAME"),
			frame.AwsCommand("Delete the user", "iam", "delete-user", "user-name", name),
		},
	})
}

// belongings are the keys and policies of a user, all of which have to be gone
// before he can be deleted.
func belongings(c *frame.Call, name string) (*userView, error) {
	if name == "" {
		return nil, frame.Refuse(http.StatusBadRequest, "The account’s root cannot be deleted.")
	}
	v := &userView{Name: name, May: map[string]bool{"ListAccessKeys": true, "ListAttachedUserPolicies": true, "ListUserPolicies": true}}
	if err := keysOf(c, v); err != nil {
		return nil, err
	}
	return v, policiesOf(c, v)
}

// deleteUser deletes a user, and before him what IAM wants to be gone first.
func deleteUser(c *frame.Call) error {
	name, back := aboutUser(c)
	if err := c.Typed(name); err != nil {
		return c.Instead(frame.Link("user-delete", "user", name), err)
	}
	if name == c.Caller.User {
		return c.Instead(back, frame.Refuse(http.StatusBadRequest, "You cannot delete yourself: half way through you would have no right to go on."))
	}
	v, err := belongings(c, name)
	if err == nil {
		err = strip(c, v)
	}
	if err == nil {
		err = c.Iam("DeleteUser", nil, "UserName", name)
	}
	if err != nil {
		return c.Instead(back, err)
	}
	return c.Done(frame.Root+"users", "The user %s is deleted.", name)
}

// lacking is a right that the caller has not and would need to delete a user
// with all that is his, "" if there is none.
func lacking(c *frame.Call, v *userView) string {
	needed := []string{"DeleteUser"}
	for _, n := range []struct {
		right string
		count int
	}{{"DetachUserPolicy", len(v.Attached)}, {"DeleteUserPolicy", len(v.Inline)}, {"DeleteAccessKey", len(v.Keys)}} {
		if n.count > 0 {
			needed = append(needed, n.right)
		}
	}
	may := c.MayEach(userARN(c, v.Name), "iam", needed...)
	for _, right := range needed {
		if !may[right] {
			return "iam:" + right
		}
	}
	return ""
}

// strip takes policies and keys away from a user, keys last: they can be lost
// for nothing if one of the policies stays.
func strip(c *frame.Call, v *userView) error {
	if right := lacking(c, v); right != "" {
		return frame.Refuse(http.StatusForbidden, "Nothing was done: "+c.Caller.ARN()+" is not authorized to perform: "+right+" on resource: "+userARN(c, v.Name))
	}
	for _, p := range v.Attached {
		if err := c.Iam("DetachUserPolicy", nil, "UserName", v.Name, "PolicyArn", p.PolicyARN); err != nil {
			return err
		}
	}
	for _, p := range v.Inline {
		if err := c.Iam("DeleteUserPolicy", nil, "UserName", v.Name, "PolicyName", p); err != nil {
			return err
		}
	}
	for _, k := range v.Keys {
		if err := c.Iam("DeleteAccessKey", nil, "UserName", v.Name, "AccessKeyId", k.AccessKeyID); err != nil {
			return err
		}
	}
	return nil
}
