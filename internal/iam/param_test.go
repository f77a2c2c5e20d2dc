package iam_test

import (
	"strings"
	"testing"

	"firn/internal/iam"
)

func TestParameters(t *testing.T) {
	h := build(t, nil)
	h.ask(h.root, nil, "CreateUser", "UserName", "alice")
	for _, tt := range []struct {
		name    string
		code    iam.Code
		query   []string
		message string
	}{
		{"missing", iam.MissingParameter, []string{"CreateUser"}, "The request must contain the parameter UserName."},
		{"one of several missing", iam.MissingParameter, []string{"PutUserPolicy", "UserName", "a", "PolicyDocument", "{}"}, "PolicyName"},
		{"empty", iam.InvalidInput, []string{"GetUser", "UserName", ""}, "Value at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"twice", iam.InvalidInput, []string{"GetUser", "UserName", "alice", "UserName", "bob"}, "The parameter UserName was given more than once."},
		{"a boundary", iam.InvalidInput, []string{"CreateUser", "UserName", "bob", "PermissionsBoundary", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}, "CreateUser has no parameter PermissionsBoundary here."},
		{"tags", iam.InvalidInput, []string{"CreateUser", "UserName", "bob", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v"}, "Tags.member.1.Key"},
		{"of another action", iam.InvalidInput, []string{"GetUser", "Status", "Active"}, "Status"},

		{"user name with a slash", iam.InvalidInput, []string{"CreateUser", "UserName", "a/b"}, "It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{"user name with a star", iam.InvalidInput, []string{"DeleteUser", "UserName", "*"}, "alphanumeric"},
		{"user name of 129", iam.InvalidInput, []string{"GetUser", "UserName", strings.Repeat("a", 129)}, "less than or equal to 128"},
		{"new user's name of 65", iam.InvalidInput, []string{"CreateUser", "UserName", strings.Repeat("a", 65)}, "64"},
		{"user name of 65", iam.NoSuchEntity, []string{"GetUser", "UserName", strings.Repeat("a", 65)}, "cannot be found"},
		{"policy name with a space", iam.InvalidInput, []string{"GetUserPolicy", "UserName", "alice", "PolicyName", "a b"}, "policyName"},
		{"path", iam.InvalidInput, []string{"CreateUser", "UserName", "bob", "Path", "/team/"}, "Firn has no paths but /"},
		{"path prefix", iam.InvalidInput, []string{"ListUsers", "PathPrefix", "team"}, "pathPrefix"},
		{"key id of 129", iam.InvalidInput, []string{"DeleteAccessKey", "AccessKeyId", strings.Repeat("A", 129)}, "128"},
		{"status", iam.InvalidInput, []string{"UpdateAccessKey", "AccessKeyId", "AKIAX", "Status", "active"}, "enum value set: [Active, Inactive]"},
		{"ARN", iam.InvalidInput, []string{"AttachUserPolicy", "UserName", "alice", "PolicyArn", "IAMFullAccess"}, "Invalid ARN"},
		{"long ARN", iam.InvalidInput, []string{"GetPolicy", "PolicyArn", "arn:" + strings.Repeat("a", 2048)}, "2048"},
		{"scope", iam.InvalidInput, []string{"ListPolicies", "Scope", "aws"}, "[All, AWS, Local]"},
		{"only attached", iam.InvalidInput, []string{"ListPolicies", "OnlyAttached", "yes"}, "onlyAttached"},
		{"usage", iam.InvalidInput, []string{"ListPolicies", "PolicyUsageFilter", "x"}, "policyUsageFilter"},
		{"no items", iam.InvalidInput, []string{"ListUsers", "MaxItems", "0"}, "between 1 and 1000"},
		{"too many items", iam.InvalidInput, []string{"ListUsers", "MaxItems", "1001"}, "between 1 and 1000"},
		{"words for items", iam.InvalidInput, []string{"ListUsers", "MaxItems", "all"}, "between 1 and 1000"},
		{"marker", iam.InvalidInput, []string{"ListUsers", "Marker", "*"}, "Invalid Marker."},
		{"marker of another list", iam.InvalidInput, []string{"ListAccounts", "Marker", "YQ"}, "Invalid Marker."},
		{"long marker", iam.InvalidInput, []string{"ListUsers", "Marker", strings.Repeat("A", 300)}, "Invalid Marker."},

		{"no such user", iam.NoSuchEntity, []string{"CreateAccessKey", "UserName", "bob"}, "The user with name bob cannot be found."},
		{"no such key", iam.NoSuchEntity, []string{"UpdateAccessKey", "AccessKeyId", "AKIAX", "Status", "Active"}, "The Access Key with id AKIAX cannot be found."},
		{"no such key to look up", iam.NoSuchEntity, []string{"GetAccessKeyLastUsed", "AccessKeyId", "AKIAX"}, "The Access Key with id AKIAX cannot be found."},
		{"no such policy of hers", iam.NoSuchEntity, []string{"GetUserPolicy", "UserName", "alice", "PolicyName", "x"}, "The user policy with name x cannot be found."},
		{"no such managed policy", iam.NoSuchEntity, []string{"GetPolicy", "PolicyArn", "arn:aws:iam::aws:policy/X"}, "Policy arn:aws:iam::aws:policy/X was not found."},
		{"no such policy to attach", iam.NoSuchEntity, []string{"AttachUserPolicy", "UserName", "alice", "PolicyArn", "arn:aws:iam::aws:policy/X"}, "does not exist or is not attachable"},
		{"no such policy attached", iam.NoSuchEntity, []string{"DetachUserPolicy", "UserName", "alice", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"}, "was not found"},
		{"no such version", iam.NoSuchEntity, []string{"GetPolicyVersion", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess", "VersionId", "v2"}, "version v2 does not exist"},
		{"no such account", iam.NoSuchEntity, []string{"DeleteAccount", "AccountId", "999999999999"}, "cannot be found"},
		{"name taken", iam.EntityAlreadyExists, []string{"CreateUser", "UserName", "ALICE"}, "User with name ALICE already exists."},
		{"account taken", iam.EntityAlreadyExists, []string{"CreateAccount", "AccountId", "111122223333"}, "already exists"},
		{"no account id", iam.InvalidInput, []string{"CreateAccount", "AccountId", "12"}, "twelve digits"},
		{"account name", iam.InvalidInput, []string{"CreateAccount", "AccountName", "a\nb"}, "printable"},
		{"own account", iam.DeleteConflict, []string{"DeleteAccount", "AccountId", "111122223333"}, "cannot be deleted"},
		{"not a policy", iam.MalformedPolicy, []string{"PutUserPolicy", "UserName", "alice", "PolicyName", "p", "PolicyDocument", "{\x01}"}, "The policy is not valid"},
	} {
		e := h.refused(h.root, tt.code, tt.query[0], tt.query[1:]...)
		if !strings.Contains(e.Message, tt.message) {
			t.Errorf("%s: %q, want %q", tt.name, e.Message, tt.message)
		}
	}
	h.ask(h.root, nil, "CreateAccessKey", "UserName", "alice")
	h.ask(h.root, nil, "CreateAccessKey", "UserName", "alice")
	h.refused(h.root, iam.LimitExceeded, "CreateAccessKey", "UserName", "alice")
	h.refused(h.root, iam.DeleteConflict, "DeleteUser", "UserName", "alice")
}
