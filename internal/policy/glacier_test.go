package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"firn/internal/policy"
)

// A sample is a policy of the Amazon S3 Glacier Developer Guide, and what its page says that it does. In the policies and in the
// requests, REGION, ACCOUNT and VAULT stand for those of the test.
type sample struct {
	name     string
	page     string // the file's name in awsdocs/amazon-glacier-developer-guide, without its extension
	kind     policy.Kind
	text     string
	requests []sampleRequest
}

type sampleRequest struct {
	name     string
	caller   string
	action   string // without "glacier:", if it has no vendor
	resource string // the vault's name or an ARN
	context  ctx
	want     string
}

const (
	sampleARN   = "arn:aws:glacier:REGION:ACCOUNT:vaults/VAULT"
	owner       = "ACCOUNT"
	partner     = "444455556666"
	stranger    = "777788889999"
	sampleStart = `{"Version": "2012-10-17", "Statement": [{`
	sampleEnd   = `}]}`
)

func age(days string) ctx { return ctx{"glacier:archiveageindays": {days}} }

func TestSamples(t *testing.T) {
	for _, where := range []struct{ region, account, vault string }{
		{"us-west-2", "123456789012", "examplevault"},
		{"eu-central-1", "999999999999", "a.-_"},
	} {
		fill := strings.NewReplacer("REGION", where.region, "ACCOUNT", where.account, "VAULT", where.vault)
		samples := append(append(vaultSamples(), lockSamples()...), userSamples()...)
		for _, s := range samples {
			p := mustParse(t, s.kind, fill.Replace(s.text))
			for _, tt := range s.requests {
				t.Run(fmt.Sprintf("%s/%s/%s/%s", where.region, s.page, s.name, tt.name), func(t *testing.T) {
					resource := fill.Replace(tt.resource)
					if resource == "" {
						resource = fill.Replace(sampleARN)
					}
					action := tt.action
					if !strings.Contains(action, ":") {
						action = "glacier:" + action
					}
					r := &policy.Request{Principal: caller(fill.Replace(tt.caller)), Action: action, Resource: resource, Value: tt.context.value}
					if got := verdict(p.Evaluate(r)); got != tt.want {
						t.Errorf("%s by %s on %s: %q, want %q", action, r.Principal.ARN, resource, got, tt.want)
					}
					if s.kind == policy.Resource {
						if err := p.Covers(fill.Replace(sampleARN)); err != nil {
							t.Errorf("the policy does not cover its vault: %v", err)
						}
					}
				})
			}
		}
	}
}

func vaultSamples() []sample {
	const mfa = "aws:multifactorauthpresent"
	readers := sampleStart + `"Sid": "add-read-only-perm", "Principal": "*", "Effect": "Allow",
		"Action": ["glacier:InitiateJob", "glacier:GetJobOutput"], "Resource": ["` + sampleARN + `"]` + sampleEnd
	return []sample{
		{"cross-account upload", "vault-access-policy", policy.Resource, sampleStart + `"Sid": "cross-account-upload",
			"Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::444455556666:root"]}, "Effect": "Allow",
			"Action": ["glacier:UploadArchive", "glacier:InitiateMultipartUpload", "glacier:AbortMultipartUpload", "glacier:CompleteMultipartUpload"],
			"Resource": ["` + sampleARN + `"]` + sampleEnd,
			[]sampleRequest{
				{"root of the second account uploads", partner, "UploadArchive", "", nil, "allow"},
				{"user of the second account uploads", partner + "/bob", "UploadArchive", "", nil, "allow account"},
				{"user of the first account ends an upload", "222222222222/eve", "CompleteMultipartUpload", "", nil, "allow account"},
				{"user of the first account gives up an upload", "222222222222/eve", "AbortMultipartUpload", "", nil, "allow account"},
				{"parts are not in the list", partner + "/bob", "UploadMultipartPart", "", nil, ""},
				{"retrieval is not in the list", partner, "InitiateJob", "", nil, ""},
				{"another account", stranger, "UploadArchive", "", nil, ""},
				{"another vault", partner, "UploadArchive", "arn:aws:glacier:REGION:ACCOUNT:vaults/other", nil, ""},
			}},
		{"read-only for all accounts", "vault-access-policy", policy.Resource, readers, []sampleRequest{
			{"a stranger starts a job", stranger + "/x", "InitiateJob", "", nil, "allow"},
			{"a stranger takes the output", stranger + "/x", "GetJobOutput", "", nil, "allow"},
			{"a user of the owner starts a job", owner + "/x", "InitiateJob", "", nil, "allow"},
			{"nobody deletes", stranger + "/x", "DeleteArchive", "", nil, ""},
			{"nobody looks at jobs", stranger + "/x", "DescribeJob", "", nil, ""},
		}},
		{"read-only for all accounts", "access-control-overview", policy.Resource, readers, []sampleRequest{
			{"a stranger starts a job", stranger, "InitiateJob", "", nil, "allow"},
			{"in another region", stranger, "InitiateJob", "arn:aws:glacier:sa-east-1:ACCOUNT:vaults/VAULT", nil, ""},
		}},
		{"MFA delete", "vault-access-policy", policy.Resource, sampleStart + `"Sid": "add-mfa-delete-requirement",
			"Principal": {"AWS": ["arn:aws:iam::444455556666:root"]}, "Effect": "Allow", "Action": ["glacier:Delete*"],
			"Resource": ["` + sampleARN + `"], "Condition": {"Bool": {"aws:MultiFactorAuthPresent": true}}` + sampleEnd,
			[]sampleRequest{
				{"with MFA", partner + "/bob", "DeleteArchive", "", ctx{mfa: {"true"}}, "allow account"},
				{"the root with MFA", partner, "DeleteVault", "", ctx{mfa: {"true"}}, "allow"},
				{"every deletion", partner + "/bob", "DeleteVaultNotifications", "", ctx{mfa: {"true"}}, "allow account"},
				{"without MFA", partner + "/bob", "DeleteArchive", "", ctx{mfa: {"false"}}, ""},
				{"with a long-term key", partner + "/bob", "DeleteArchive", "", nil, ""},
				{"an upload with MFA", partner + "/bob", "UploadArchive", "", ctx{mfa: {"true"}}, ""},
			}},
		{"owner's rights", "api-SetVaultAccessPolicy", policy.Resource, sampleStart + `"Sid":"Define-owner-access-rights","Effect":"Allow",
			"Principal":{"AWS":"arn:aws:iam::ACCOUNT:root"},"Action":"glacier:DeleteArchive","Resource":"` + sampleARN + `"` + sampleEnd,
			[]sampleRequest{
				{"the owner deletes", owner, "DeleteArchive", "", nil, "allow"},
				{"a user of the owner deletes", owner + "/alice", "DeleteArchive", "", nil, "allow account"},
				{"a stranger does not", stranger, "DeleteArchive", "", nil, ""},
				{"the vault is another matter", owner + "/alice", "DeleteVault", "", nil, ""},
			}},
		{"time-based deletes", "api-GetVaultAccessPolicy", policy.Resource, sampleStart + `"Sid": "allow-time-based-deletes",
			"Principal": {"AWS": "ACCOUNT"}, "Effect": "Allow", "Action": "glacier:Delete*", "Resource": ["` + sampleARN + `"],
			"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2018-12-31T00:00:00Z"}}` + sampleEnd,
			[]sampleRequest{
				{"after", owner, "DeleteArchive", "", ctx{"aws:currenttime": {"2019-01-01T00:00:00Z"}}, "allow"},
				{"at the time", owner, "DeleteArchive", "", ctx{"aws:currenttime": {"2018-12-31T00:00:00Z"}}, ""},
				{"before", owner, "DeleteArchive", "", ctx{"aws:currenttime": {"2018-12-30T23:59:59Z"}}, ""},
				{"after, another account", stranger, "DeleteArchive", "", ctx{"aws:currenttime": {"2019-01-01T00:00:00Z"}}, ""},
			}},
	}
}

func lockSamples() []sample {
	const hold = "glacier:resourcetag/LegalHold"
	held := func(value, days string) ctx { return ctx{hold: {value}, "glacier:archiveageindays": {days}} }
	yearOfOne := func(account string) string {
		return sampleStart + `"Sid":"Define-vault-lock","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},
			"Action":"glacier:DeleteArchive","Resource":"` + sampleARN + `","Condition":{"NumericLessThanEquals":{"glacier:ArchiveAgeinDays":"365"}}` + sampleEnd
	}
	lock := []sampleRequest{
		{"root, a young archive", owner, "DeleteArchive", "", age("10"), "deny"},
		{"user, a young archive", owner + "/alice", "DeleteArchive", "", age("364"), "deny"},
		{"user, on the day", owner + "/alice", "DeleteArchive", "", age("365"), "deny"},
		{"user, the day after", owner + "/alice", "DeleteArchive", "", age("366"), ""},
		{"a stranger is not named", stranger, "DeleteArchive", "", age("10"), ""},
		{"other actions are not named", owner + "/alice", "DeleteVault", "", nil, ""},
	}
	return []sample{
		{"age of archives", "vault-lock-policy", policy.Resource, sampleStart + `"Sid": "deny-based-on-archive-age", "Principal": "*",
			"Effect": "Deny", "Action": "glacier:DeleteArchive", "Resource": ["` + sampleARN + `"],
			"Condition": {"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}}` + sampleEnd,
			[]sampleRequest{
				{"new", owner + "/alice", "DeleteArchive", "", age("0"), "deny"},
				{"on the eve", owner + "/alice", "DeleteArchive", "", age("364"), "deny"},
				{"the root as well", owner, "DeleteArchive", "", age("364"), "deny"},
				{"strangers as well", stranger, "DeleteArchive", "", age("364"), "deny"},
				{"on the day", owner + "/alice", "DeleteArchive", "", age("365"), ""},
				{"years later", owner, "DeleteArchive", "", age("3650"), ""},
				{"another vault", owner, "DeleteArchive", "arn:aws:glacier:REGION:ACCOUNT:vaults/VAULT2", age("0"), ""},
				{"a retrieval", owner, "InitiateJob", "", age("0"), ""},
			}},
		{"legal hold", "vault-lock-policy", policy.Resource, sampleStart + `"Sid": "lock-vault", "Principal": "*", "Effect": "Deny",
			"Action": ["glacier:DeleteArchive"], "Resource": ["` + sampleARN + `"],
			"Condition": {"StringLike": {"glacier:ResourceTag/LegalHold": ["true", ""]}}}, {
			"Sid": "you-can-delete-archive-less-than-1-year-old", "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}, "Effect": "Allow",
			"Action": ["glacier:DeleteArchive"], "Resource": ["` + sampleARN + `"],
			"Condition": {"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}}` + sampleEnd,
			[]sampleRequest{
				{"no tag, young", owner, "DeleteArchive", "", age("10"), "allow"},
				{"no tag, young, a user", owner + "/alice", "DeleteArchive", "", age("10"), "allow account"},
				{"no tag, old", owner, "DeleteArchive", "", age("365"), ""},
				{"held, young", owner, "DeleteArchive", "", held("true", "10"), "deny"},
				{"held by an empty value", owner, "DeleteArchive", "", held("", "10"), "deny"},
				{"held, old", owner + "/alice", "DeleteArchive", "", held("true", "365"), "deny"},
				{"held, a stranger", stranger, "DeleteArchive", "", held("true", "10"), "deny"},
				{"released", owner, "DeleteArchive", "", held("false", "10"), "allow"},
				{"released, old", owner, "DeleteArchive", "", held("false", "400"), ""},
				{"tag in another case", owner, "DeleteArchive", "", ctx{"glacier:resourcetag/legalhold": {"true"}, "glacier:archiveageindays": {"10"}}, "allow"},
				{"tag with another value", owner, "DeleteArchive", "", held("TRUE", "10"), "allow"},
			}},
		{"a year of one account", "api-InitiateVaultLock", policy.Resource, yearOfOne("ACCOUNT"), lock},
		{"a year of one account", "api-GetVaultLock", policy.Resource, strings.Replace(yearOfOne("ACCOUNT"), "AgeinDays", "AgeInDays", 1), lock},
		{"a year of one account", "vault-lock-how-to-cli", policy.Resource, yearOfOne("ACCOUNT"), lock},
	}
}

func userSamples() []sample {
	const all = "arn:aws:glacier:REGION:ACCOUNT:vaults/*"
	const me = owner + "/alice"
	vaultActions := sampleStart + `"Effect": "Allow", "Action": ["glacier:CreateVault", "glacier:DescribeVault", "glacier:ListVaults"],
		"Resource": "` + all + `"` + sampleEnd
	download := sampleStart + `"Effect": "Allow", "Resource": "` + sampleARN + `",
		"Action":["glacier:InitiateJob", "glacier:GetJobOutput", "glacier:DescribeJob"]` + sampleEnd
	var samples []sample
	for _, page := range []string{"access-control-identity-based", "security_iam_id-based-policy-examples", "access-control-overview"} {
		samples = append(samples, sample{"vaults of a region", page, policy.Identity, vaultActions, []sampleRequest{
			{"make a vault", me, "CreateVault", "", nil, "allow"},
			{"look at any vault", me, "DescribeVault", "arn:aws:glacier:REGION:ACCOUNT:vaults/other", nil, "allow"},
			{"list vaults", me, "ListVaults", "arn:aws:glacier:REGION:ACCOUNT:vaults/", nil, "allow"},
			{"another region", me, "DescribeVault", "arn:aws:glacier:sa-east-1:ACCOUNT:vaults/VAULT", nil, ""},
			{"delete a vault", me, "DeleteVault", "", nil, ""},
		}})
	}
	for _, page := range []string{"access-control-identity-based", "security_iam_id-based-policy-examples"} {
		samples = append(samples,
			sample{"console", page, policy.Identity, sampleStart + `"Action": ["glacier:ListVaults"], "Effect": "Allow", "Resource": "*"` + sampleEnd,
				[]sampleRequest{
					{"list vaults", me, "ListVaults", "arn:aws:glacier:REGION:ACCOUNT:vaults/", nil, "allow"},
					{"look at one", me, "DescribeVault", "", nil, ""},
				}},
			sample{"download", page, policy.Identity, download, []sampleRequest{
				{"start a job", me, "InitiateJob", "", nil, "allow"},
				{"look at it", me, "DescribeJob", "", nil, "allow"},
				{"take its output", me, "GetJobOutput", "", nil, "allow"},
				{"list jobs", me, "ListJobs", "", nil, ""},
				{"another vault", me, "InitiateJob", "arn:aws:glacier:REGION:ACCOUNT:vaults/other", nil, ""},
			}},
			sample{"make vaults and configure notifications", page, policy.Identity, sampleStart + `"Effect": "Allow", "Resource": "` + all + `",
				"Action":["glacier:CreateVault", "glacier:SetVaultNotifications", "glacier:GetVaultNotifications",
				"glacier:DeleteVaultNotifications", "glacier:DescribeVault", "glacier:ListVaults"]` + sampleEnd, []sampleRequest{
				{"make a vault", me, "CreateVault", "", nil, "allow"},
				{"configure", me, "SetVaultNotifications", "", nil, "allow"},
				{"configure no more", me, "DeleteVaultNotifications", "", nil, "allow"},
				{"another account's", me, "SetVaultNotifications", "arn:aws:glacier:REGION:555566667777:vaults/VAULT", nil, ""},
				{"upload", me, "UploadArchive", "", nil, ""},
			}},
			sample{"upload", page, policy.Identity, sampleStart + `"Effect": "Allow", "Resource": "` + sampleARN + `",
				"Action":["glacier:UploadArchive", "glacier:InitiateMultipartUpload", "glacier:UploadMultipartPart", "glacier:ListParts",
				"glacier:ListMultipartUploads", "glacier:CompleteMultipartUpload"]` + sampleEnd, []sampleRequest{
				{"at once", me, "UploadArchive", "", nil, "allow"},
				{"a part", me, "UploadMultipartPart", "", nil, "allow"},
				{"all parts", me, "CompleteMultipartUpload", "", nil, "allow"},
				{"give up", me, "AbortMultipartUpload", "", nil, ""},
				{"another vault", me, "UploadArchive", "arn:aws:glacier:REGION:ACCOUNT:vaults/other", nil, ""},
			}},
			sample{"everything on one vault", page, policy.Identity, sampleStart + `"Effect": "Allow", "Resource": "` + sampleARN + `",
				"Action":["glacier:*"]` + sampleEnd, []sampleRequest{
				{"delete", me, "DeleteVault", "", nil, "allow"},
				{"lock", me, "InitiateVaultLock", "", nil, "allow"},
				{"upload", me, "UploadArchive", "", nil, "allow"},
				{"another vault", me, "UploadArchive", "arn:aws:glacier:REGION:ACCOUNT:vaults/other", nil, ""},
				{"another service", me, "s3:GetObject", "", nil, ""},
			}},
		)
	}
	return append(samples, moreUserSamples()...)
}

func moreUserSamples() []sample {
	const me = owner + "/alice"
	alice := ctx{"aws:username": {"alice"}, "aws:sourceip": {"203.0.113.9"}}
	return []sample{
		{"own permissions", "security_iam_id-based-policy-examples", policy.Identity, `{"Version": "2012-10-17", "Statement": [{
			"Sid": "ViewOwnUserInfo", "Effect": "Allow", "Action": ["iam:GetUserPolicy", "iam:ListGroupsForUser",
			"iam:ListAttachedUserPolicies", "iam:ListUserPolicies", "iam:GetUser"], "Resource": ["arn:aws:iam::*:user/${aws:username}"]}, {
			"Sid": "NavigateInConsole", "Effect": "Allow", "Action": ["iam:GetGroupPolicy", "iam:GetPolicyVersion", "iam:GetPolicy",
			"iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies", "iam:ListPolicyVersions", "iam:ListPolicies", "iam:ListUsers"],
			"Resource": "*"}]}`, []sampleRequest{
			{"herself", me, "iam:GetUser", "arn:aws:iam::ACCOUNT:user/alice", alice, "allow"},
			{"another", me, "iam:GetUser", "arn:aws:iam::ACCOUNT:user/bob", alice, ""},
			{"the list of users", me, "iam:ListUsers", "*", alice, "allow"},
			{"vaults", me, "DescribeVault", "", alice, ""},
		}},
		{"actions by a wildcard", "security_iam_service-with-iam", policy.Identity,
			sampleStart + `"Effect": "Allow", "Action": "glacier:GetVault*", "Resource": "*"` + sampleEnd, []sampleRequest{
				{"access policy", me, "GetVaultAccessPolicy", "", nil, "allow"},
				{"lock", me, "GetVaultLock", "", nil, "allow"},
				{"output of a job", me, "GetJobOutput", "", nil, ""},
			}},
		{"several vaults", "security_iam_service-with-iam", policy.Identity, sampleStart + `"Effect": "Allow", "Action": "glacier:AddTagsToVault",
			"Resource": ["arn:aws:glacier:REGION:ACCOUNT:vaults/examplevault1", "arn:aws:glacier:REGION:ACCOUNT:vaults/examplevault2"]` + sampleEnd,
			[]sampleRequest{
				{"the first", me, "AddTagsToVault", "arn:aws:glacier:REGION:ACCOUNT:vaults/examplevault1", nil, "allow"},
				{"the second", me, "AddTagsToVault", "arn:aws:glacier:REGION:ACCOUNT:vaults/examplevault2", nil, "allow"},
				{"a third", me, "AddTagsToVault", "arn:aws:glacier:REGION:ACCOUNT:vaults/examplevault3", nil, ""},
			}},
		{"vaults by the beginning of the name", "glacier-api-permissions-ref", policy.Identity,
			sampleStart + `"Effect": "Allow", "Action": "glacier:*", "Resource": "arn:aws:glacier:REGION:ACCOUNT:vaults/example*"` + sampleEnd,
			[]sampleRequest{
				{"one that begins so", me, "ListJobs", "arn:aws:glacier:REGION:ACCOUNT:vaults/examplevault", nil, "allow"},
				{"one that does not", me, "ListJobs", "arn:aws:glacier:REGION:ACCOUNT:vaults/myexample", nil, ""},
			}},
		{"retrieval policy", "glacier-api-permissions-ref", policy.Identity, sampleStart + `"Effect": "Allow",
			"Action": ["glacier:GetDataRetrievalPolicy", "glacier:SetDataRetrievalPolicy"],
			"Resource": "arn:aws:glacier:REGION:ACCOUNT:policies/retrieval-limit-policy"` + sampleEnd, []sampleRequest{
			{"set", me, "SetDataRetrievalPolicy", "arn:aws:glacier:REGION:ACCOUNT:policies/retrieval-limit-policy", nil, "allow"},
			{"a vault", me, "SetDataRetrievalPolicy", "", nil, ""},
		}},
		{"from an office", "access-control-overview, Specifying Conditions in a Policy", policy.Identity, sampleStart + `"Effect": "Allow",
			"Action": "glacier:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}` + sampleEnd, []sampleRequest{
			{"inside", me, "ListJobs", "", alice, "allow"},
			{"outside", me, "ListJobs", "", ctx{"aws:sourceip": {"198.51.100.1"}}, ""},
			{"nowhere", me, "ListJobs", "", nil, ""},
		}},
	}
}
