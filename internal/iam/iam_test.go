package iam_test

import (
	"testing"

	"firn/internal/iam"
)

func TestFirst(t *testing.T) {
	h := build(t, nil)
	t.Log(h.ask(h.root, nil, "CreateUser", "UserName", "alice"))
	var k iam.CreateAccessKeyResult
	t.Log(h.ask(h.root, &k, "CreateAccessKey", "UserName", "alice"))
	t.Log(h.ask(h.root, nil, "ListUsers"))
	t.Log(h.ask(h.root, nil, "ListAccessKeys"))
	t.Log(h.ask(h.root, nil, "GetUser"))
	t.Log(h.ask(h.root, nil, "ListPolicies"))
	t.Log(h.refused(h.client(k.AccessKey.AccessKeyID, k.AccessKey.SecretAccessKey), iam.AccessDenied, "ListUsers"))
	t.Log(h.ask(h.root, nil, "CreateAccount", "AccountName", "backups"))
	t.Log(h.trail.last())
}
