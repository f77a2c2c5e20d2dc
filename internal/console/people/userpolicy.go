package people

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"firn/internal/console/frame"
	"firn/internal/iam"
)

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

// A policyForm is what the page of a policy shows, and what was typed into it.
type policyForm struct {
	User      string
	Policy    string // its name; "" is a new one
	Text      frame.Field
	New       bool
	Complaint string
	May       map[string]bool
}

// showUserPolicy shows a policy of a user's own, to be changed, or an empty
// form for a new one.
func showUserPolicy(c *frame.Call) error {
	name, _ := aboutUser(c)
	f := policyForm{User: name, Policy: c.Query.Get("policy")}
	text := firstPolicy
	if f.New = f.Policy == ""; !f.New {
		var err error
		if text, err = ownPolicy(c, name, f.Policy); err != nil {
			return err
		}
	}
	f.Text = policyField(text)
	return policyPage(c, http.StatusOK, f)
}

func policyField(text string) frame.Field { return frame.NewField("text", "the policy", text) }

// ownPolicy is the text of a policy of a user's own.
func ownPolicy(c *frame.Call, user, policy string) (string, error) {
	var own iam.GetUserPolicyResult
	if err := c.Iam("GetUserPolicy", &own, "UserName", user, "PolicyName", policy); err != nil {
		return "", err
	}
	text, err := url.PathUnescape(own.PolicyDocument)
	if err != nil {
		return "", fmt.Errorf("read policy %s: %w", policy, err)
	}
	return text, nil
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
	f.May = c.MayEach(userARN(c, f.User), "iam", "GetUserPolicy", "PutUserPolicy", "DeleteUserPolicy")
	title, name := "Policy "+f.Policy, f.Policy
	if f.New {
		title, name = "A new policy", "NAME"
	}
	return c.Render(status, "user-policy", frame.Page{
		Title: title, Tab: "users", Data: f,
		Crumbs: wayTo(c, f.User),
		Commands: frame.Allowed(f.May,
			frame.AwsCommand("Set the policy", "iam", "put-user-policy", "user-name", f.User, "policy-name", name, "policy-document", "file://policy.json"),
			frame.AwsCommand("Show it", "iam", "get-user-policy", "user-name", f.User, "policy-name", name),
			frame.AwsCommand("Delete it", "iam", "delete-user-policy", "user-name", f.User, "policy-name", name),
		),
	})
}

// putUserPolicy sets a policy. What was typed stays on the page if it is
// refused.
func putUserPolicy(c *frame.Call) error {
	name, back := aboutUser(c)
	f := policyForm{User: name, Policy: c.Query.Get("policy")}
	f.New = f.Policy == ""
	var err error
	if f.New {
		f.Policy, f.Text = c.Form.Get("policy"), policyField(c.Text("text"))
		err = unknownPolicy(c, name, f.Policy)
	} else {
		err = sentPolicy(c, &f)
	}
	if err == nil {
		err = c.Iam("PutUserPolicy", nil, "UserName", name, "PolicyName", f.Policy, "PolicyDocument", f.Text.Typed)
	}
	if e := frame.AsRefusal(err); e != nil {
		f.Complaint = e.Text
		return policyPage(c, e.Status, f)
	}
	if err != nil {
		return err
	}
	return c.Done(back, "The policy %s is set.", f.Policy)
}

// sentPolicy reads the form of a policy that there is, and refuses it if
// somebody else has changed or deleted the policy meanwhile.
func sentPolicy(c *frame.Call, f *policyForm) error {
	has, err := ownPolicy(c, f.User, f.Policy)
	e := frame.AsRefusal(err)
	if err != nil && (e == nil || e.Status != http.StatusNotFound) {
		f.Text = policyField(c.Text("text"))
		return err
	}
	f.Text = policyField(has).Sent(c)
	return frame.Overtaken(f.Text)
}

// unknownPolicy refuses a new policy by the name of one that the user has, as
// far as the caller may know those.
func unknownPolicy(c *frame.Call, user, policy string) error {
	v := userView{Name: user, May: c.MayEach(userARN(c, user), "iam", "ListUserPolicies")}
	if err := policiesOf(c, &v); err != nil {
		return err
	}
	if slices.Contains(v.Inline, policy) {
		return frame.Refuse(http.StatusConflict, "Nothing was saved: the user has a policy "+policy+" already. Give the new one another name, or change that one on its own page.")
	}
	return nil
}
