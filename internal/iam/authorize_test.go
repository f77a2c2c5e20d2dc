package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"firn/internal/iam"
)

// allow is a policy that allows actions on a resource.
func allow(resource string, actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"%s"}]}`, strings.Join(actions, `","`), resource)
}

// TestDenyByDefault: a user without policies may do nothing at all, not even
// look at himself, and is not told what there is.
func TestDenyByDefault(t *testing.T) {
	h := build(t, nil)
	nobody := h.user("nobody", "")
	h.user("alice", "")
	parameters := map[string]string{
		"UserName": "alice", "AccessKeyId": "AKIAX", "Status": "Active", "PolicyName": "p", "PolicyDocument": "{}",
		"PolicyArn": "arn:aws:iam::aws:policy/IAMFullAccess", "VersionId": "v1", "AccountId": "444455556666",
	}
	for _, action := range iam.ActionNames() {
		var pairs []string
		for _, name := range iam.Needs(action) {
			pairs = append(pairs, name, parameters[name])
		}
		e := h.refused(nobody, iam.AccessDenied, action, pairs...)
		if !strings.Contains(e.Message, "is not authorized to perform: iam:"+action+" on resource: arn:aws:iam::") {
			t.Errorf("%s: %s", action, e.Message)
		}
	}
}

func TestPolicies(t *testing.T) {
	h := build(t, nil)
	alice := h.user("alice", allow("arn:aws:iam::111122223333:user/alice", "iam:*AccessKey*", "iam:GetUser"))
	h.user("bob", "")

	// Her own, with and without her name.
	h.ask(alice, nil, "GetUser")
	h.ask(alice, nil, "GetUser", "UserName", "alice")
	var k iam.CreateAccessKeyResult
	h.ask(alice, &k, "CreateAccessKey")
	if k.AccessKey.UserName != "alice" {
		t.Errorf("the key is %s's", k.AccessKey.UserName)
	}
	h.ask(alice, nil, "UpdateAccessKey", "AccessKeyId", k.AccessKey.AccessKeyID, "Status", "Inactive")
	h.refused(h.client(k.AccessKey.AccessKeyID, k.AccessKey.SecretAccessKey), iam.InvalidClientTokenID, "GetUser")
	h.ask(alice, nil, "DeleteAccessKey", "AccessKeyId", k.AccessKey.AccessKeyID)

	// Nobody else's.
	for _, query := range [][]string{
		{"GetUser", "UserName", "bob"},
		{"CreateAccessKey", "UserName", "bob"},
		{"ListAccessKeys", "UserName", "bob"},
		{"GetUser", "UserName", "Alice"},
		{"CreateUser", "UserName", "alice2"},
		{"AttachUserPolicy", "UserName", "alice", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"},
		{"ListUsers"},
	} {
		h.refused(alice, iam.AccessDenied, query[0], query[1:]...)
	}
	h.refused(alice, iam.InvalidInput, "CreateAccessKey", "UserName", "")

	// Lists and managed policies are named as IAM names them.
	for resource, query := range map[string][]string{
		"arn:aws:iam::111122223333:user/*": {"ListUsers"},
		"*":                                {"ListUsers"},
		"arn:aws:iam::111122223333:*":      {"ListPolicies"},
		"arn:aws:iam::aws:policy/IAM*":     {"GetPolicy", "PolicyArn", "arn:aws:iam::aws:policy/IAMFullAccess"},
		"arn:aws:iam::111122223333:account/4444555566": {"CreateAccount", "AccountId", "444455556666"},
		"arn:aws:iam::111122223333:account/*":          {"CreateAccount", "AccountId", "555566667777"},
	} {
		h.must(h.access.PutPolicy(t.Context(), manager, "alice", "own", allow(resource, "iam:*")))
		if strings.HasSuffix(resource, "/4444555566") {
			h.refused(alice, iam.AccessDenied, query[0], query[1:]...)
			continue
		}
		h.ask(alice, nil, query[0], query[1:]...)
	}
}

// TestPolicyARN: who may attach policies can be kept from some of them.
func TestPolicyARN(t *testing.T) {
	const admin, reader = "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
	h := build(t, nil)
	alice := h.user("alice", `{"Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
		{"Effect":"Deny","Action":["iam:AttachUserPolicy","iam:DetachUserPolicy"],"Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"`+admin+`"}}}]}`)
	h.must(h.access.AttachPolicy(t.Context(), manager, "alice", "AmazonGlacierFullAccess"))
	for _, action := range []string{"AttachUserPolicy", "DetachUserPolicy"} {
		h.refused(alice, iam.AccessDenied, action, "UserName", "alice", "PolicyArn", admin)
		h.ask(alice, nil, action, "UserName", "alice", "PolicyArn", reader)
	}
}

// TestRootIsOutOfReach: a user who may do everything does not get at root's
// keys.
func TestRootIsOutOfReach(t *testing.T) {
	h := build(t, nil)
	admin := h.user("admin", allow("*", "*"))
	var keys iam.ListAccessKeysResult
	h.ask(h.root, &keys, "ListAccessKeys")
	root := keys.AccessKeyMetadata.Member[0].AccessKeyID

	h.refused(admin, iam.NoSuchEntity, "UpdateAccessKey", "AccessKeyId", root, "Status", "Inactive")
	h.refused(admin, iam.NoSuchEntity, "DeleteAccessKey", "AccessKeyId", root)
	h.refused(admin, iam.NoSuchEntity, "GetAccessKeyLastUsed", "AccessKeyId", root)
	h.refused(admin, iam.NoSuchEntity, "GetUser", "UserName", "root")
	var own iam.ListAccessKeysResult
	h.ask(admin, &own, "ListAccessKeys")
	if got := own.AccessKeyMetadata.Member; len(got) != 1 || got[0].UserName != "admin" {
		t.Errorf("the keys are %+v", got)
	}
	h.ask(h.root, nil, "GetAccessKeyLastUsed", "AccessKeyId", root)
}

// TestAccounts: accounts see nothing of each other, and one manages them.
func TestAccounts(t *testing.T) {
	h := build(t, nil)
	h.user("alice", "")
	var made iam.CreateAccountResult
	h.ask(h.root, &made, "CreateAccount", "AccountId", string(other))
	theirs := h.client(made.AccessKey.AccessKeyID, made.AccessKey.SecretAccessKey)

	var keys iam.ListAccessKeysResult
	h.ask(h.root, &keys, "ListAccessKeys", "UserName", "alice")
	key := keys.AccessKeyMetadata.Member[0].AccessKeyID
	for _, query := range [][]string{
		{"GetUser", "UserName", "alice"},
		{"ListAccessKeys", "UserName", "alice"},
		{"GetAccessKeyLastUsed", "AccessKeyId", key},
		{"UpdateAccessKey", "AccessKeyId", key, "Status", "Inactive"},
		{"DeleteAccessKey", "AccessKeyId", key},
		{"DeleteUser", "UserName", "alice"},
	} {
		h.refused(theirs, iam.NoSuchEntity, query[0], query[1:]...)
	}
	var users iam.ListUsersResult
	h.ask(theirs, &users, "ListUsers")
	if len(users.Users.Member) > 0 {
		t.Errorf("%+v", users)
	}
	for _, query := range [][]string{{"CreateAccount"}, {"ListAccounts"}, {"DeleteAccount", "AccountId", string(manager)}} {
		e := h.refused(theirs, iam.AccessDenied, query[0], query[1:]...)
		if strings.Contains(e.Message, string(manager)) && query[0] != "DeleteAccount" {
			t.Errorf("the manager is named: %s", e.Message)
		}
	}
	h.ask(theirs, nil, "CreateUser", "UserName", "alice")
	h.refused(h.root, iam.DeleteConflict, "DeleteAccount", "AccountId", string(other))
	h.ask(theirs, nil, "DeleteUser", "UserName", "alice")
	h.ask(h.root, nil, "DeleteAccount", "AccountId", string(other))
	h.refused(theirs, iam.InvalidClientTokenID, "GetUser")
}
