package people

import (
	"net/http"
	"time"

	"firn/internal/console/frame"
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
func userARN(c *frame.Call, name string) string {
	if name == "" {
		return "arn:aws:iam::" + string(c.Caller.Account) + ":root"
	}
	return "arn:aws:iam::" + string(c.Caller.Account) + ":user/" + name
}

// aboutUser is the user that a page is about. Root is named by no name, and a
// user may leave out his own.
func aboutUser(c *frame.Call) (name, page string) {
	if name = c.Query.Get("user"); name == "" {
		name = c.Caller.User
	}
	return name, frame.Link("user", "user", name)
}

// showUser describes a user, as far as the caller may know.
func showUser(c *frame.Call) error {
	name, _ := aboutUser(c)
	v := userView{Name: name, Audited: c.Audits()}
	v.May = c.MayEach(userARN(c, name), "iam", "GetUser", "ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey",
		"ListAttachedUserPolicies", "AttachUserPolicy", "DetachUserPolicy",
		"ListUserPolicies", "GetUserPolicy", "PutUserPolicy", "DeleteUserPolicy", "DeleteUser")
	if err := describeUser(c, &v); err != nil {
		return err
	}
	if err := keysOf(c, &v); err != nil {
		return err
	}
	if err := policiesOf(c, &v); err != nil {
		return err
	}
	p := frame.Page{Title: "User " + name, Tab: "users", Data: v, Commands: frame.Allowed(v.May, userCommands(name)...)}
	if p.Crumbs = wayToUsers(c); p.Crumbs == nil {
		p.Tab = "user"
	}
	if name == "" {
		p.Title = "The account’s root"
	}
	return c.Render(http.StatusOK, "user", p)
}

// wayToUsers leads to the list of users, if the caller may see it.
func wayToUsers(c *frame.Call) []frame.Crumb {
	if !c.May("iam:ListUsers") {
		return nil
	}
	return []frame.Crumb{{Text: "Users", Link: frame.Root + "users"}}
}

// wayTo leads to the page of a user, or of root.
func wayTo(c *frame.Call, name string) []frame.Crumb {
	return append(wayToUsers(c), frame.Crumb{Text: frame.WhoIs(name), Link: frame.Link("user", "user", name)})
}

// describeUser adds who the user is. Somebody may see keys and not that.
func describeUser(c *frame.Call, v *userView) error {
	v.ARN = userARN(c, v.Name)
	if !v.May["GetUser"] && v.May["ListAccessKeys"] {
		return nil
	}
	var user iam.GetUserResult
	if err := c.Iam("GetUser", &user, "UserName", v.Name); err != nil {
		return err
	}
	v.Created = user.User.CreateDate
	return nil
}

func userCommands(name string) []frame.Command {
	keys := []frame.Command{
		frame.AwsCommand("Make one", "iam", "create-access-key", "user-name", name),
		frame.AwsCommand("Disable one", "iam", "update-access-key", "user-name", name, "access-key-id", "KEY", "status", "Inactive"),
		frame.AwsCommand("Delete one", "iam", "delete-access-key", "user-name", name, "access-key-id", "KEY"),
	}
	if name == "" {
		return append([]frame.Command{frame.AwsCommand("List root’s keys, with a key of root", "iam", "list-access-keys")}, keys...)
	}
	all := append([]frame.Command{
		frame.AwsCommand("Describe the user", "iam", "get-user", "user-name", name),
		frame.AwsCommand("List his keys", "iam", "list-access-keys", "user-name", name),
	}, keys...)
	return append(all,
		frame.AwsCommand("Attach a policy", "iam", "attach-user-policy", "user-name", name, "policy-arn", "arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess"),
		frame.AwsCommand("Take one away", "iam", "detach-user-policy", "user-name", name, "policy-arn", "arn:aws:iam::aws:policy/AmazonGlacierReadOnlyAccess"),
		frame.AwsCommand("Give him one of his own", "iam", "put-user-policy", "user-name", name, "policy-name", "NAME", "policy-document", "file://policy.json"),
		frame.AwsCommand("Delete one of his own", "iam", "delete-user-policy", "user-name", name, "policy-name", "NAME"),
		frame.AwsCommand("Delete the user, who has neither keys nor policies", "iam", "delete-user", "user-name", name),
	)
}

// changeUser does what the forms of a user's page are for.
func changeUser(c *frame.Call) error {
	return c.Choose(map[string]func(*frame.Call) error{
		"create-key": createKey, "enable-key": enableKey, "attach": attachPolicy,
	})
}

// policiesOf finds the policies of a user, and those that he could have. Root
// needs none.
func policiesOf(c *frame.Call, v *userView) error {
	if v.Name == "" {
		return nil
	}
	if v.May["ListUserPolicies"] {
		var own iam.ListUserPoliciesResult
		if err := c.Iam("ListUserPolicies", &own, "UserName", v.Name, "MaxItems", frame.MaxItems); err != nil {
			return err
		}
		v.Inline = own.PolicyNames.Member
	}
	if !v.May["ListAttachedUserPolicies"] {
		return nil
	}
	var attached iam.ListAttachedUserPoliciesResult
	if err := c.Iam("ListAttachedUserPolicies", &attached, "UserName", v.Name, "MaxItems", frame.MaxItems); err != nil {
		return err
	}
	v.Attached = attached.AttachedPolicies.Member
	if !v.May["AttachUserPolicy"] || !c.May("iam:ListPolicies") {
		return nil
	}
	var all iam.ListPoliciesResult
	if err := c.Iam("ListPolicies", &all, "MaxItems", frame.MaxItems); err != nil {
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
