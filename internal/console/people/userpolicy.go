package people

import (
	"fmt"
	"net/http"
	"net/url"

	"firn/internal/console/frame"
	"firn/internal/iam"
)

func attachPolicy(c *frame.Call) error {
	name, back := aboutUser(c)
	if err := c.Iam("AttachUserPolicy", nil, "UserName", name, "PolicyArn", c.Form.Get("policy")); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The policy is attached.")
}

func detachPolicy(c *frame.Call) error {
	name, back := aboutUser(c)
	if err := c.Iam("DetachUserPolicy", nil, "UserName", name, "PolicyArn", c.Form.Get("policy")); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The policy is taken away.")
}

func deleteUserPolicy(c *frame.Call) error {
	name, back := aboutUser(c)
	if err := c.Iam("DeleteUserPolicy", nil, "UserName", name, "PolicyName", c.Form.Get("policy")); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The policy %s is deleted.", c.Form.Get("policy"))
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
func showUserPolicy(c *frame.Call) error {
	name, _ := aboutUser(c)
	f := policyForm{User: name, Policy: c.Query.Get("policy"), Text: firstPolicy}
	f.New = f.Policy == ""
	if !f.New {
		var own iam.GetUserPolicyResult
		if err := c.Iam("GetUserPolicy", &own, "UserName", name, "PolicyName", f.Policy); err != nil {
			return err
		}
		text, err := url.PathUnescape(own.PolicyDocument)
		if err != nil {
			return fmt.Errorf("read policy %s: %w", f.Policy, err)
		}
		f.Text = text
	}
	return policyPage(c, http.StatusOK, f)
}

// showManagedPolicy shows a policy that users are given by name.
func showManagedPolicy(c *frame.Call) error {
	arn := c.Query.Get("policy")
	var p iam.GetPolicyVersionResult
	if err := c.Iam("GetPolicyVersion", &p, "PolicyArn", arn, "VersionId", "v1"); err != nil {
		return err
	}
	text, err := url.PathUnescape(p.PolicyVersion.Document)
	if err != nil {
		return fmt.Errorf("read policy %s: %w", arn, err)
	}
	return c.Render(http.StatusOK, "managed-policy", frame.Page{
		Title: "Managed policy", Tab: "users", Crumbs: wayToUsers(c),
		Data: struct{ ARN, Text string }{arn, frame.Indent(text)},
		Commands: []frame.Command{frame.AwsCommand("Show the policy", "iam", "get-policy-version", "policy-arn", arn, "version-id", "v1",
			"query", "PolicyVersion.Document")},
	})
}

func policyPage(c *frame.Call, status int, f policyForm) error {
	f.May = c.MayEach(userARN(c, f.User), "iam", "PutUserPolicy", "DeleteUserPolicy")
	title, name := "Policy "+f.Policy, f.Policy
	if f.New {
		title, name = "A new policy", "NAME"
	}
	return c.Render(status, "user-policy", frame.Page{
		Title: title, Tab: "users", Data: f,
		Crumbs: wayTo(c, f.User),
		Commands: []frame.Command{
			frame.AwsCommand("Set the policy", "iam", "put-user-policy", "user-name", f.User, "policy-name", name, "policy-document", "file://policy.json"),
			frame.AwsCommand("Show it", "iam", "get-user-policy", "user-name", f.User, "policy-name", name),
		},
	})
}

// putUserPolicy sets a policy. What was typed stays on the page if it is
// refused.
func putUserPolicy(c *frame.Call) error {
	name, back := aboutUser(c)
	f := policyForm{User: name, Policy: c.Query.Get("policy"), Text: c.Text("text")}
	if f.New = f.Policy == ""; f.New {
		f.Policy = c.Form.Get("policy")
	}
	err := c.Iam("PutUserPolicy", nil, "UserName", name, "PolicyName", f.Policy, "PolicyDocument", f.Text)
	if e := frame.AsRefusal(err); e != nil {
		f.Complaint = e.Text
		return policyPage(c, e.Status, f)
	}
	if err != nil {
		return err
	}
	return c.Done(back, "The policy %s is set.", f.Policy)
}
