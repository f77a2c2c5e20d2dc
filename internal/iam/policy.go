package iam

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"firn/internal/access"
)

// A Policy is a managed one. Firn does not have Amazon's ids and dates of
// them.
type Policy struct {
	PolicyName       string
	ARN              string `xml:"Arn" json:"Arn"`
	Path             string
	DefaultVersionID string `xml:"DefaultVersionId" json:"DefaultVersionId"`
	AttachmentCount  int
	IsAttachable     bool
}

// A PolicyVersion is the text of a managed policy, URL-encoded.
type PolicyVersion struct {
	Document         string
	VersionID        string `xml:"VersionId" json:"VersionId"`
	IsDefaultVersion bool
}

// An AttachedPolicy is a managed policy that a user has.
type AttachedPolicy struct {
	PolicyName string
	PolicyARN  string `xml:"PolicyArn" json:"PolicyArn"`
}

// The results of actions on policies.
type (
	// GetUserPolicyResult is GetUserPolicy's. The document is URL-encoded.
	GetUserPolicyResult struct{ UserName, PolicyName, PolicyDocument string }
	// ListUserPoliciesResult is ListUserPolicies's.
	ListUserPoliciesResult struct {
		PolicyNames Members[string]
		Truncation
	}
	// ListAttachedUserPoliciesResult is ListAttachedUserPolicies's.
	ListAttachedUserPoliciesResult struct {
		AttachedPolicies Members[AttachedPolicy]
		Truncation
	}
	// ListPoliciesResult is ListPolicies's.
	ListPoliciesResult struct {
		Policies Members[Policy]
		Truncation
	}
	// GetPolicyResult is GetPolicy's.
	GetPolicyResult struct{ Policy Policy }
	// GetPolicyVersionResult is GetPolicyVersion's.
	GetPolicyVersionResult struct{ PolicyVersion PolicyVersion }
)

// onlyVersion is the one version that each managed policy has.
const onlyVersion = "v1"

// escape encodes a policy's text as RFC 3986 wants it, which has no plus for
// a space.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func putUserPolicy(c *call) (any, error) {
	return nil, c.h.cfg.Access.PutPolicy(c.ctx, c.caller.Account, c.user(), c.params["PolicyName"], c.params["PolicyDocument"])
}

func getUserPolicy(c *call) (any, error) {
	u, err := c.h.cfg.Access.User(c.ctx, c.caller.Account, c.user())
	if err != nil {
		return nil, err
	}
	name := c.params["PolicyName"]
	text, ok := u.Inline[name]
	if !ok {
		return nil, refuse(NoSuchEntity, "The user policy with name %s cannot be found.", name)
	}
	return GetUserPolicyResult{u.Name, name, escape(text)}, nil
}

func deleteUserPolicy(c *call) (any, error) {
	return nil, c.h.cfg.Access.DeletePolicy(c.ctx, c.caller.Account, c.user(), c.params["PolicyName"])
}

func listUserPolicies(c *call) (any, error) {
	u, err := c.h.cfg.Access.User(c.ctx, c.caller.Account, c.user())
	if err != nil {
		return nil, err
	}
	var r ListUserPoliciesResult
	r.PolicyNames.Member, r.Truncation = cut(slices.Sorted(maps.Keys(u.Inline)), c.page(), func(name string) string { return name })
	return r, nil
}

func attachUserPolicy(c *call) (any, error) {
	return nil, c.h.cfg.Access.AttachPolicy(c.ctx, c.caller.Account, c.user(), c.params["PolicyArn"])
}

func detachUserPolicy(c *call) (any, error) {
	return nil, c.h.cfg.Access.DetachPolicy(c.ctx, c.caller.Account, c.user(), c.params["PolicyArn"])
}

func listAttachedUserPolicies(c *call) (any, error) {
	u, err := c.h.cfg.Access.User(c.ctx, c.caller.Account, c.user())
	var r ListAttachedUserPoliciesResult
	if err != nil || !c.atRoot() {
		return r, err
	}
	names, truncation := cut(u.Managed, c.page(), func(name string) string { return name })
	r.Truncation = truncation
	for _, name := range names {
		r.AttachedPolicies.Member = append(r.AttachedPolicies.Member, AttachedPolicy{name, access.ManagedARN(name)})
	}
	return r, nil
}

// listPolicies lists the managed policies. There are no local ones.
func listPolicies(c *call) (any, error) {
	var r ListPoliciesResult
	if c.params["Scope"] == "Local" || c.params["PolicyUsageFilter"] == "PermissionsBoundary" || !c.atRoot() {
		return r, nil
	}
	count, err := c.attachments()
	if err != nil {
		return nil, err
	}
	names := access.ManagedNames()
	if c.params["OnlyAttached"] == "true" {
		names = slices.DeleteFunc(names, func(name string) bool { return count[name] == 0 })
	}
	names, r.Truncation = cut(names, c.page(), func(name string) string { return name })
	for _, name := range names {
		r.Policies.Member = append(r.Policies.Member, managedPolicy(name, count[name]))
	}
	return r, nil
}

func getPolicy(c *call) (any, error) {
	name, _, err := c.managed()
	if err != nil {
		return nil, err
	}
	count, err := c.attachments()
	return GetPolicyResult{managedPolicy(name, count[name])}, err
}

func getPolicyVersion(c *call) (any, error) {
	_, text, err := c.managed()
	if err != nil {
		return nil, err
	}
	if version := c.params["VersionId"]; version != onlyVersion {
		return nil, refuse(NoSuchEntity, "Policy %s version %s does not exist or is not attachable.", c.params["PolicyArn"], version)
	}
	return GetPolicyVersionResult{PolicyVersion{escape(text), onlyVersion, true}}, nil
}

// managed returns the managed policy that the call names.
func (c *call) managed() (name, text string, err error) {
	arn := c.params["PolicyArn"]
	for _, name := range access.ManagedNames() {
		if access.ManagedARN(name) == arn {
			return name, access.ManagedText(name), nil
		}
	}
	return "", "", refuse(NoSuchEntity, "Policy %s was not found.", arn)
}

func managedPolicy(name string, attached int) Policy {
	return Policy{
		PolicyName: name, ARN: access.ManagedARN(name), Path: "/", DefaultVersionID: onlyVersion, AttachmentCount: attached, IsAttachable: true,
	}
}

// attachments counts the users of the account that have each managed policy.
func (c *call) attachments() (map[string]int, error) {
	count := map[string]int{}
	for after := ""; ; {
		users, err := c.h.cfg.Access.Users(c.ctx, c.caller.Account, after, maxItems)
		if err != nil || len(users) == 0 {
			return count, err
		}
		for _, u := range users {
			for _, name := range u.Managed {
				count[name]++
			}
			after = u.Name
		}
	}
}
