package iam_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/audit"
	"firn/internal/iam"
	"firn/internal/sigv4"
)

func TestTrail(t *testing.T) {
	h := build(t, nil)
	h.ask(h.root, nil, "CreateUser", "UserName", "alice")
	var k iam.CreateAccessKeyResult
	h.ask(h.root, &k, "CreateAccessKey", "UserName", "alice")
	e, durable := h.trail.last()
	want := audit.Event{
		Source: "iam.amazonaws.com", APIVersion: iam.Version, Name: "CreateAccessKey", Region: "eu-north-1", IP: "127.0.0.1",
		UserAgent: "firn", Account: string(manager), RequestID: e.RequestID,
		Identity: audit.Identity{
			Type: audit.Root, PrincipalID: string(manager), ARN: "arn:aws:iam::111122223333:root", AccountID: string(manager), AccessKeyID: e.Identity.AccessKeyID,
		},
		Request:  map[string]string{"userName": "alice"},
		Response: map[string]string{"userName": "alice", "accessKeyId": k.AccessKey.AccessKeyID, "status": "Active"},
	}
	if diff := cmp.Diff(want, e); diff != "" || durable || len(e.RequestID) != 47 {
		t.Errorf("durable: %t, %s", durable, diff)
	}

	h.ask(h.root, nil, "ListUsers", "MaxItems", "7")
	if e, _ := h.trail.last(); !e.ReadOnly || e.Request["maxItems"] != "7" || e.Response != nil {
		t.Errorf("%+v", e)
	}
	alice := h.client(k.AccessKey.AccessKeyID, k.AccessKey.SecretAccessKey)
	h.refused(alice, iam.AccessDenied, "DeleteUser", "UserName", "alice")
	if e, _ := h.trail.last(); e.Name != "DeleteUser" || e.ErrorCode != "AccessDenied" || e.ErrorMessage == "" || e.Identity.UserName != "alice" || e.ReadOnly {
		t.Errorf("%+v", e)
	}
	h.refused(h.root, iam.InvalidInput, "CreateUser", "UserName", "b", "Password", "hunter2")
	if e, _ := h.trail.last(); e.Name != "CreateUser" || len(e.Request) != 1 || e.ErrorCode != "ValidationError" {
		t.Errorf("%+v", e)
	}
	h.raw("POST", "/", "Action=GetUser", sigv4.Credentials{AccessKeyID: k.AccessKey.AccessKeyID, SecretAccessKey: "wrong"}, iam.Region, nil)
	if e, _ := h.trail.last(); e.Name != "" || e.Identity.Type != audit.Unknown || e.Identity.AccessKeyID != k.AccessKey.AccessKeyID || e.ErrorCode != "SignatureDoesNotMatch" {
		t.Errorf("%+v", e)
	}
	h.ask(h.root, nil, "CreateAccount")
	h.secretFree(k.AccessKey.SecretAccessKey, "SecretAccessKey", "hunter2")
}

// secretFree fails the test if the trail or the log has one of the texts.
func (h *house) secretFree(texts ...string) {
	h.t.Helper()
	all, err := json.Marshal(h.trail.events)
	h.must(err)
	for _, s := range texts {
		if strings.Contains(string(all), s) || strings.Contains(h.log.String(), s) {
			h.t.Errorf("%s is in the trail or in the log", s)
		}
	}
}

func TestTrailRequired(t *testing.T) {
	h := build(t, func(c *iam.Config) { c.TrailRequired = true })
	h.ask(h.root, nil, "CreateUser", "UserName", "alice")
	if _, durable := h.trail.last(); !durable {
		t.Error("the line about a change is not durable")
	}
	h.ask(h.root, nil, "ListUsers")
	if _, durable := h.trail.last(); durable {
		t.Error("the line about a list is durable")
	}

	// While no line can be written nothing changes, and what only looks goes on.
	broken := errors.New("the log is broken")
	h.trail.broken(broken, broken)
	e := h.refused(h.root, iam.ServiceFailure, "CreateUser", "UserName", "bob")
	if e.Status != 500 || strings.Contains(e.Message, "broken") {
		t.Errorf("%+v", e)
	}
	var users iam.ListUsersResult
	h.ask(h.root, &users, "ListUsers")
	if len(users.Users.Member) != 1 {
		t.Errorf("%+v", users)
	}

	// A change whose line is lost is not confirmed, and no secret given out.
	h.trail.broken(nil, broken)
	h.refused(h.root, iam.ServiceFailure, "CreateAccessKey", "UserName", "alice")
	h.trail.broken(nil, nil)
	h.ask(h.root, nil, "CreateUser", "UserName", "bob")
	if !strings.Contains(h.log.String(), "the log is broken") {
		t.Errorf("the log says %s", h.log)
	}
}

// Without a trail nothing is required of it.
func TestNoTrail(t *testing.T) {
	h := build(t, func(c *iam.Config) { c.Trail, c.TrailRequired = nil, true })
	h.ask(h.root, nil, "CreateUser", "UserName", "alice")
}
