package people

import (
	"net/http"
	"slices"

	"firn/internal/console/frame"
)

func attachPolicy(c *frame.Call) error {
	name, back := aboutUser(c)
	if err := c.Iam("AttachUserPolicy", nil, "UserName", name, "PolicyArn", c.Form.Get("policy")); err != nil {
		return c.Instead(back, err)
	}
	return c.Done(back, "The policy is attached.")
}

// A policyRemoval is what the page shows that asks before a policy of a user's
// is taken away or, if it is his own, deleted.
type policyRemoval struct {
	User, Back string
	ARN        string // of a managed one
	Policy     string // name of one of his own
	Mine       bool   // the user is the caller
}

func policyToRemove(c *frame.Call) policyRemoval {
	name, back := aboutUser(c)
	return policyRemoval{User: name, Back: back, ARN: c.Query.Get("arn"), Policy: c.Query.Get("policy"), Mine: name == c.Caller.User}
}

// askAboutPolicy asks before a policy is taken away or deleted.
func askAboutPolicy(c *frame.Call) error {
	r := policyToRemove(c)
	v := userView{Name: r.User, May: map[string]bool{"ListUserPolicies": r.ARN == "", "ListAttachedUserPolicies": r.ARN != ""}}
	if err := policiesOf(c, &v); err != nil {
		return err
	}
	p := frame.Page{Tab: "users", Crumbs: wayTo(c, r.User), Data: &r}
	if r.ARN == "" && slices.Contains(v.Inline, r.Policy) {
		p.Title = "Delete policy " + r.Policy
		p.Commands = []frame.Command{frame.AwsCommand("Delete the policy", "iam", "delete-user-policy", "user-name", r.User, "policy-name", r.Policy)}
	}
	for _, a := range v.Attached {
		if a.PolicyARN == r.ARN {
			r.Policy, p.Title = a.PolicyName, "Take policy "+a.PolicyName+" away"
			p.Commands = []frame.Command{frame.AwsCommand("Take the policy away", "iam", "detach-user-policy", "user-name", r.User, "policy-arn", r.ARN)}
		}
	}
	if p.Title == "" {
		return frame.NotFound("The user has no such policy.")
	}
	return c.Render(http.StatusOK, "user-policy-remove", p)
}

// removePolicy takes a policy away or deletes it, after it was asked about.
func removePolicy(c *frame.Call) error {
	r := policyToRemove(c)
	if r.ARN != "" {
		if err := c.Iam("DetachUserPolicy", nil, "UserName", r.User, "PolicyArn", r.ARN); err != nil {
			return c.Instead(r.Back, err)
		}
		return c.Done(r.Back, "The policy is taken away.")
	}
	if err := c.Iam("DeleteUserPolicy", nil, "UserName", r.User, "PolicyName", r.Policy); err != nil {
		return c.Instead(r.Back, err)
	}
	return c.Done(r.Back, "The policy %s is deleted.", r.Policy)
}
