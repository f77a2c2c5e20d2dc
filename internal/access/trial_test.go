package access_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/access"
	"firn/internal/policy"
)

// keep is a lock that keeps archives for a year, and while a tag says so.
const keep = `{"Version":"2012-10-17","Statement":[
	{"Sid":"year","Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive","Resource":"arn:aws:glacier:*:*:vaults/photos",
	 "Condition":{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}},
	{"Sid":"hold","Effect":"Deny","Principal":"*","Action":"glacier:Delete*","Resource":"arn:aws:glacier:*:*:vaults/photos",
	 "Condition":{"StringEquals":{"glacier:ResourceTag/Hold":"yes"}}},
	{"Sid":"stay","Effect":"Deny","Principal":"*","Action":"glacier:AbortVaultLock","Resource":"arn:aws:glacier:*:*:vaults/photos"}]}`

func TestTry(t *testing.T) {
	days := func(n int64) *int64 { return &n }
	none, yes := policy.Verdict{}, policy.Verdict{Effect: policy.Allow, Direct: true}
	no := func(statement string) policy.Verdict {
		return policy.Verdict{Effect: policy.Deny, Statement: statement}
	}
	own := policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "statement 1"}
	for _, row := range []struct {
		name, user, identity, policy, action string
		given                                access.Supposition
		want                                 access.Finding
	}{
		{
			"too young", "root", "", "", "DeleteArchive", access.Supposition{Age: days(364)},
			access.Finding{By: access.TheLock, Own: yes, Lock: no("year"), Age: days(364)},
		},
		{
			"old enough", "root", "", "", "DeleteArchive", access.Supposition{Age: days(365)},
			access.Finding{Permitted: true, By: access.TheCaller, Own: yes, Age: days(365)},
		},
		{
			"as old as the earth", "root", "", "", "DeleteArchive", access.Supposition{Age: days(1_657_000_000_000)},
			access.Finding{Permitted: true, By: access.TheCaller, Own: yes, Age: days(1_657_000_000_000)},
		},
		{
			"no archive", "root", "", "", "DeleteArchive", access.Supposition{},
			access.Finding{Permitted: true, By: access.TheCaller, Own: yes},
		},
		{
			"old enough, with the tag", "root", "", "", "DeleteArchive", access.Supposition{Age: days(400), Tags: map[string]string{"Hold": "yes"}},
			access.Finding{By: access.TheLock, Own: yes, Lock: no("hold"), Age: days(400)},
		},
		{
			"with the vault's own tag", "root", "", "", "DeleteVault", access.Supposition{},
			access.Finding{By: access.TheLock, Own: yes, Lock: no("hold")},
		},
		{
			"without any", "root", "", "", "DeleteVault", access.Supposition{Tags: map[string]string{}},
			access.Finding{Permitted: true, By: access.TheCaller, Own: yes},
		},
		{
			"no lock in progress keeps anybody from aborting it", "root", "", "", "AbortVaultLock", access.Supposition{},
			access.Finding{Permitted: true, By: access.TheCaller, Own: yes, Lock: no("stay")},
		},
		{
			"a user without a policy", "ann", "", "", "UploadArchive", access.Supposition{},
			access.Finding{By: access.Nobody},
		},
		{
			"whom the vault's policy lets in", "ann", "", allow("*", "*"), "UploadArchive", access.Supposition{},
			access.Finding{Permitted: true, By: access.ThePolicy, Policy: own},
		},
		{
			"whom the vault's policy keeps out", "ann", allow("", "*"), deny("*", "Upload*"), "UploadArchive", access.Supposition{},
			access.Finding{By: access.ThePolicy, Own: own, Policy: no("statement 1")},
		},
		{
			"whom his own policy keeps out", "ann", deny("", "*"), "", "UploadArchive", access.Supposition{},
			access.Finding{By: access.TheCaller, Own: no("statement 1"), Lock: none},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newCourt(t)
			if row.action == "DeleteVault" {
				c.must(c.vaults.AddTagsToVault(t.Context(), alice, photos, map[string]string{"Hold": "yes"}))
			}
			if row.policy != "" {
				c.must(c.vaults.SetVaultAccessPolicy(t.Context(), alice, photos, &row.policy))
			}
			lock := keep
			_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
			c.must(err)
			c.caller(alice, row.user, row.identity)
			name := row.user
			if name == "root" {
				name = ""
			}
			who, err := c.CallerNamed(t.Context(), alice, name)
			c.must(err)
			before := c.head()
			got, err := c.Try(t.Context(), ask(who, row.action), row.given)
			c.must(err)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if c.head() != before {
				t.Error("the trial has written something")
			}
			// What was supposed is not remembered.
			if err := c.decide(ask(access.RootOf(alice), "DeleteVault")); (err != nil) != (row.action == "DeleteVault") {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// A lock that has lapsed says nothing.
func TestTryLapsedLock(t *testing.T) {
	c := newCourt(t)
	lock := deny("*", "*")
	_, err := c.vaults.InitiateVaultLock(t.Context(), alice, photos, &lock)
	c.must(err)
	for _, want := range []bool{false, true} {
		got, err := c.Try(t.Context(), ask(access.RootOf(alice), "UploadArchive"), access.Supposition{})
		c.must(err)
		if got.Permitted != want {
			t.Errorf("%+v", got)
		}
		c.pass(25 * time.Hour)
	}
}

func TestCallerNamedNobody(t *testing.T) {
	c := newCourt(t)
	_, err := c.CallerNamed(t.Context(), alice, "nobody")
	var refused *access.Refusal
	if !errors.As(err, &refused) || refused.Code != access.NoSuchEntity {
		t.Errorf("%v", err)
	}
}
