package console

import (
	"net/http"
	"time"

	"firn/glacier"
	"firn/internal/iam"
)

// A userView is what the page of a user shows: of the account's root if Name is
// empty.
type userView struct {
	Name     string
	ARN      string
	Created  time.Time
	Keys     []keyRow
	Seen     string // the ids of all keys, by which a form knows whether it is up to date
	Attached []iam.AttachedPolicy
	Others   []iam.Policy // those that could be attached
	Inline   []string
	May      map[string]bool
	Audited  bool // whether the audit log may be asked about a key
}

// userARN is what policies call a user, or the root.
func (c *call) userARN(name string) string {
	if name == "" {
		return "arn:aws:iam::" + string(c.caller.Account) + ":root"
	}
	return "arn:aws:iam::" + string(c.caller.Account) + ":user/" + name
}

// aboutUser is the user that a page is about. Root is named by no name, and a
// user may leave out his own.
func (c *call) aboutUser() (name, page string) {
	if name = c.query.Get("user"); name == "" {
		name = c.caller.User
	}
	return name, link("user", "user", name)
}

// showUser describes a user, as far as the caller may know.
func showUser(c *call) error {
	name, _ := c.aboutUser()
	v := userView{Name: name, Audited: c.audits()}
	v.May = c.mayEach(c.userARN(name), "iam", "ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey",
		"ListAttachedUserPolicies", "AttachUserPolicy", "DetachUserPolicy",
		"ListUserPolicies", "GetUserPolicy", "PutUserPolicy", "DeleteUserPolicy", "DeleteUser")
	if err := c.describeUser(&v); err != nil {
		return err
	}
	if err := c.keysOf(&v); err != nil {
		return err
	}
	if err := c.policiesOf(&v); err != nil {
		return err
	}
	p := page{Title: "User " + name, Tab: "users", Data: v, Commands: userCommands(name)}
	if p.Crumbs = c.wayToUsers(); p.Crumbs == nil {
		p.Tab = "user"
	}
	if name == "" {
		p.Title = "The account’s root"
	}
	return c.render(http.StatusOK, "user", p)
}

// wayToUsers leads to the list of users, if the caller may see it.
func (c *call) wayToUsers() []crumb {
	if !c.may("iam:ListUsers") {
		return nil
	}
	return []crumb{{"Users", Root + "users"}}
}

// wayTo leads to the page of a user, or of root.
func (c *call) wayTo(name string) []crumb {
	return append(c.wayToUsers(), crumb{whoIs(name), link("user", "user", name)})
}

// whoIs is a user's name, or what stands for root's, who has none.
func whoIs(name string) string {
	if name == "" {
		return "root"
	}
	return name
}

// describeUser adds who the user is. Somebody may see keys and not that.
func (c *call) describeUser(v *userView) error {
	v.ARN = c.userARN(v.Name)
	if !c.permitted("iam:GetUser", "", glacier.ARN(v.ARN)) && v.May["ListAccessKeys"] {
		return nil
	}
	var user iam.GetUserResult
	if err := c.iam("GetUser", &user, "UserName", v.Name); err != nil {
		return err
	}
	v.Created = user.User.CreateDate
	return nil
}

func userCommands(name string) []command {
	if name == "" {
		return []command{
			awsCommand("List root’s keys, with a key of root", "iam", "list-access-keys"),
			awsCommand("Make one", "iam", "create-access-key"),
		}
	}
	return []command{
		awsCommand("Describe the user", "iam", "get-user", "user-name", name),
		awsCommand("List his keys", "iam", "list-access-keys", "user-name", name),
		awsCommand("Make one", "iam", "create-access-key", "user-name", name),
		awsCommand("Disable one", "iam", "update-access-key", "user-name", name, "access-key-id", "KEY", "status", "Inactive"),
		awsCommand("Attach a policy", "iam", "attach-user-policy", "user-name", name, "policy-arn", "arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess"),
		awsCommand("Give him one of his own", "iam", "put-user-policy", "user-name", name, "policy-name", "NAME", "policy-document", "file://policy.json"),
		awsCommand("Delete the user, who has neither keys nor policies", "iam", "delete-user", "user-name", name),
	}
}

// changeUser does what the forms of a user's page are for.
func changeUser(c *call) error {
	return c.choose(map[string]func(*call) error{
		"create-key": createKey, "rotate-key": rotateKey, "enable-key": setKey(true), "disable-key": setKey(false),
		"attach": attachPolicy, "detach": detachPolicy, "delete-policy": deleteUserPolicy,
	})
}

// A leaving is what the page shows that asks before a user is deleted.
type leaving struct {
	userView
	Own bool // it is the caller himself, who has to ask somebody else
}

// showDeleteUser asks before a user is deleted.
func showDeleteUser(c *call) error {
	name, _ := c.aboutUser()
	v, err := c.belongings(name)
	if err != nil {
		return err
	}
	return c.render(http.StatusOK, "user-delete", page{
		Title: "Delete user " + name, Tab: "users", Crumbs: c.wayTo(name),
		Data: leaving{userView: *v, Own: name == c.caller.User},
		Commands: []command{
			awsCommand("Delete a key", "iam", "delete-access-key", "user-name", name, "access-key-id", "KEY"),
			awsCommand("Take a policy away", "iam", "detach-user-policy", "user-name", name, "policy-arn", "ARN"),
			awsCommand("Delete one of his own", "iam", "delete-user-policy", "user-name", name, "policy-name", "NAME"),
			awsCommand("Delete the user", "iam", "delete-user", "user-name", name),
		},
	})
}

// belongings are the keys and policies of a user, all of which have to be gone
// before he can be deleted.
func (c *call) belongings(name string) (*userView, error) {
	if name == "" {
		return nil, refuse(http.StatusBadRequest, "The account’s root cannot be deleted.")
	}
	v := &userView{Name: name, May: map[string]bool{"ListAccessKeys": true, "ListAttachedUserPolicies": true, "ListUserPolicies": true}}
	if err := c.keysOf(v); err != nil {
		return nil, err
	}
	return v, c.policiesOf(v)
}

// deleteUser deletes a user, and before him what IAM wants to be gone first.
func deleteUser(c *call) error {
	name, back := c.aboutUser()
	if err := c.typed(name); err != nil {
		return c.instead(link("user-delete", "user", name), err)
	}
	if name == c.caller.User {
		return c.instead(back, refuse(http.StatusBadRequest, "You cannot delete yourself: half way through you would have no right to go on."))
	}
	v, err := c.belongings(name)
	if err == nil {
		err = c.strip(v)
	}
	if err == nil {
		err = c.iam("DeleteUser", nil, "UserName", name)
	}
	if err != nil {
		return c.instead(back, err)
	}
	return c.done(Root+"users", "The user %s is deleted.", name)
}

// strip takes keys and policies away from a user, keys first: from then on he
// can do nothing.
func (c *call) strip(v *userView) error {
	for _, k := range v.Keys {
		if err := c.iam("DeleteAccessKey", nil, "UserName", v.Name, "AccessKeyId", k.AccessKeyID); err != nil {
			return err
		}
	}
	for _, p := range v.Attached {
		if err := c.iam("DetachUserPolicy", nil, "UserName", v.Name, "PolicyArn", p.PolicyARN); err != nil {
			return err
		}
	}
	for _, p := range v.Inline {
		if err := c.iam("DeleteUserPolicy", nil, "UserName", v.Name, "PolicyName", p); err != nil {
			return err
		}
	}
	return nil
}

// policiesOf finds the policies of a user, and those that he could have. Root
// needs none.
func (c *call) policiesOf(v *userView) error {
	if v.Name == "" {
		return nil
	}
	if v.May["ListUserPolicies"] {
		var own iam.ListUserPoliciesResult
		if err := c.iam("ListUserPolicies", &own, "UserName", v.Name, "MaxItems", maxItems); err != nil {
			return err
		}
		v.Inline = own.PolicyNames.Member
	}
	if !v.May["ListAttachedUserPolicies"] {
		return nil
	}
	var attached iam.ListAttachedUserPoliciesResult
	if err := c.iam("ListAttachedUserPolicies", &attached, "UserName", v.Name, "MaxItems", maxItems); err != nil {
		return err
	}
	v.Attached = attached.AttachedPolicies.Member
	if !v.May["AttachUserPolicy"] || !c.may("iam:ListPolicies") {
		return nil
	}
	var all iam.ListPoliciesResult
	if err := c.iam("ListPolicies", &all, "MaxItems", maxItems); err != nil {
		return err
	}
	has := map[string]bool{}
	for _, p := range v.Attached {
		has[p.PolicyARN] = true
	}
	for _, p := range all.Policies.Member {
		if !has[p.ARN] {
			v.Others = append(v.Others, p)
		}
	}
	return nil
}
