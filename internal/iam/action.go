package iam

import (
	"strings"

	"firn/glacier"
	"firn/internal/access"
)

// An action is a line of the API's table.
type action struct {
	name  string
	needs string // parameters that must be there
	takes string // parameters that may be there
	reads bool   // it changes nothing
	about subject
	run   func(*call) (any, error)
}

// A subject is the kind of thing that an action is about, as policies name it.
type subject int

const (
	aUser subject = iota // the one named, or else the caller
	users
	aPolicy
	policies
	anAccount
	accounts
)

// paging are the parameters of every list.
const paging = "Marker MaxItems"

// actions is the API.
func actions() []action {
	return []action{
		{name: "CreateUser", needs: "UserName", takes: "Path", run: createUser},
		{name: "GetUser", takes: "UserName", reads: true, run: getUser},
		{name: "ListUsers", takes: "PathPrefix " + paging, reads: true, about: users, run: listUsers},
		{name: "DeleteUser", needs: "UserName", run: deleteUser},

		{name: "CreateAccessKey", takes: "UserName", run: createAccessKey},
		{name: "ListAccessKeys", takes: "UserName " + paging, reads: true, run: listAccessKeys},
		{name: "GetAccessKeyLastUsed", needs: "AccessKeyId", reads: true, about: users, run: getAccessKeyLastUsed},
		{name: "UpdateAccessKey", needs: "AccessKeyId Status", takes: "UserName", run: updateAccessKey},
		{name: "DeleteAccessKey", needs: "AccessKeyId", takes: "UserName", run: deleteAccessKey},

		{name: "PutUserPolicy", needs: "UserName PolicyName PolicyDocument", run: putUserPolicy},
		{name: "GetUserPolicy", needs: "UserName PolicyName", reads: true, run: getUserPolicy},
		{name: "DeleteUserPolicy", needs: "UserName PolicyName", run: deleteUserPolicy},
		{name: "ListUserPolicies", needs: "UserName", takes: paging, reads: true, run: listUserPolicies},

		{name: "AttachUserPolicy", needs: "UserName PolicyArn", run: attachUserPolicy},
		{name: "DetachUserPolicy", needs: "UserName PolicyArn", run: detachUserPolicy},
		{name: "ListAttachedUserPolicies", needs: "UserName", takes: "PathPrefix " + paging, reads: true, run: listAttachedUserPolicies},
		{name: "ListPolicies", takes: "Scope OnlyAttached PathPrefix PolicyUsageFilter " + paging, reads: true, about: policies, run: listPolicies},
		{name: "GetPolicy", needs: "PolicyArn", reads: true, about: aPolicy, run: getPolicy},
		{name: "GetPolicyVersion", needs: "PolicyArn VersionId", reads: true, about: aPolicy, run: getPolicyVersion},

		// Firn's own.
		{name: "CreateAccount", takes: "AccountId AccountName", about: anAccount, run: createAccount},
		{name: "ListAccounts", takes: paging, reads: true, about: accounts, run: listAccounts},
		{name: "DeleteAccount", needs: "AccountId", about: anAccount, run: deleteAccount},
	}
}

// knows reports whether a parameter is one of the action's.
func (a *action) knows(name string) bool {
	for known := range strings.FieldsSeq(a.needs + " " + a.takes) {
		if known == name {
			return true
		}
	}
	return false
}

// user is whom the call is about: the user named, else the caller; "" is the
// account's root, whom only he himself can mean.
func (c *call) user() string {
	if name, given := c.params["UserName"]; given {
		return name
	}
	return c.caller.User
}

// resource is what the call is about, as policies name it.
func (c *call) resource() glacier.ARN {
	own := "arn:aws:iam::" + string(c.caller.Account) + ":"
	switch c.action.about {
	case users:
		return glacier.ARN(own + "user/")
	case aPolicy:
		return glacier.ARN(c.params["PolicyArn"])
	case policies:
		return glacier.ARN(own + "policy/")
	case anAccount, accounts:
		return glacier.ARN(own + "account/" + c.params["AccountId"])
	}
	if name := c.user(); name != "" {
		return glacier.ARN(own + "user/" + name)
	}
	return glacier.ARN(c.caller.ARN())
}

// authorize finds out whether the caller may do what he asks for, before
// anything tells him what there is.
func (c *call) authorize() error {
	about := c.action.about
	if (about == anAccount || about == accounts) && c.caller.Account != c.h.cfg.Management {
		return refuse(AccessDenied, "User: %s is not authorized to perform: iam:%s on resource: %s because accounts are not this account's to manage",
			c.caller.ARN(), c.action.name, c.resource())
	}
	return c.h.cfg.Access.AuthorizeIdentity(access.Request{
		Caller: c.caller, Client: c.client, Action: "iam:" + c.action.name, Resource: c.resource(), Values: c.values(),
	})
}

// values are what IAM's own condition keys stand for.
func (c *call) values() map[string]string {
	switch c.action.name {
	case "AttachUserPolicy", "DetachUserPolicy":
		return map[string]string{"iam:policyarn": c.params["PolicyArn"]}
	}
	return nil
}
