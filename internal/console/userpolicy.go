package console

import (
	"fmt"
	"net/http"
	"net/url"

	"firn/internal/iam"
)

// maxItems is as much of a list as IAM gives at a time, more than a user can
// have of anything.
const maxItems = "1000"

func attachPolicy(c *call) error {
	name, back := c.aboutUser()
	if err := c.iam("AttachUserPolicy", nil, "UserName", name, "PolicyArn", c.form.Get("policy")); err != nil {
		return c.instead(back, err)
	}
	return c.done(back, "The policy is attached.")
}

func detachPolicy(c *call) error {
	name, back := c.aboutUser()
	if err := c.iam("DetachUserPolicy", nil, "UserName", name, "PolicyArn", c.form.Get("policy")); err != nil {
		return c.instead(back, err)
	}
	return c.done(back, "The policy is taken away.")
}

func deleteUserPolicy(c *call) error {
	name, back := c.aboutUser()
	if err := c.iam("DeleteUserPolicy", nil, "UserName", name, "PolicyName", c.form.Get("policy")); err != nil {
		return c.instead(back, err)
	}
	return c.done(back, "The policy %s is deleted.", c.form.Get("policy"))
}

// A policyForm is what the page of a policy shows, and what was typed into it.
type policyForm struct {
	User      string
	Policy    string // its name; "" is a new one
	Text      string
	New       bool
	Complaint string
	May       map[string]bool
	ReadOnly  bool // of a managed one
}

// firstPolicy is what the form of a new policy begins with.
const firstPolicy = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["glacier:ListVaults", "glacier:DescribeVault"],
      "Resource": "*"
    }
  ]
}
`

// showUserPolicy shows a policy of a user's own, to be changed, or an empty
// form for a new one.
func showUserPolicy(c *call) error {
	name, _ := c.aboutUser()
	f := policyForm{User: name, Policy: c.query.Get("policy"), Text: firstPolicy}
	f.New = f.Policy == ""
	if !f.New {
		var own iam.GetUserPolicyResult
		if err := c.iam("GetUserPolicy", &own, "UserName", name, "PolicyName", f.Policy); err != nil {
			return err
		}
		text, err := url.PathUnescape(own.PolicyDocument)
		if err != nil {
			return fmt.Errorf("read policy %s: %w", f.Policy, err)
		}
		f.Text = text
	}
	return c.policyPage(http.StatusOK, f)
}

// showManagedPolicy shows a policy that users are given by name.
func showManagedPolicy(c *call) error {
	arn := c.query.Get("policy")
	var p iam.GetPolicyVersionResult
	if err := c.iam("GetPolicyVersion", &p, "PolicyArn", arn, "VersionId", "v1"); err != nil {
		return err
	}
	text, err := url.PathUnescape(p.PolicyVersion.Document)
	if err != nil {
		return fmt.Errorf("read policy %s: %w", arn, err)
	}
	return c.render(http.StatusOK, "managed-policy", page{
		Title: "Managed policy", Tab: "users", Crumbs: c.wayToUsers(),
		Data: struct{ ARN, Text string }{arn, indent(text)},
		Commands: []command{awsCommand("Show the policy", "iam", "get-policy-version", "policy-arn", arn, "version-id", "v1",
			"query", "PolicyVersion.Document")},
	})
}

func (c *call) policyPage(status int, f policyForm) error {
	f.May = c.mayEach(c.userARN(f.User), "iam", "PutUserPolicy", "DeleteUserPolicy")
	title, name := "Policy "+f.Policy, f.Policy
	if f.New {
		title, name = "A new policy", "NAME"
	}
	return c.render(status, "user-policy", page{
		Title: title, Tab: "users", Data: f,
		Crumbs: c.wayTo(f.User),
		Commands: []command{
			awsCommand("Set the policy", "iam", "put-user-policy", "user-name", f.User, "policy-name", name, "policy-document", "file://policy.json"),
			awsCommand("Show it", "iam", "get-user-policy", "user-name", f.User, "policy-name", name),
		},
	})
}

// putUserPolicy sets a policy. What was typed stays on the page if it is
// refused.
func putUserPolicy(c *call) error {
	name, back := c.aboutUser()
	f := policyForm{User: name, Policy: c.query.Get("policy"), Text: c.text("text")}
	if f.New = f.Policy == ""; f.New {
		f.Policy = c.form.Get("policy")
	}
	err := c.iam("PutUserPolicy", nil, "UserName", name, "PolicyName", f.Policy, "PolicyDocument", f.Text)
	if e := asRefusal(err); e != nil {
		f.Complaint = e.text
		return c.policyPage(e.status, f)
	}
	if err != nil {
		return err
	}
	return c.done(back, "The policy %s is set.", f.Policy)
}
