package policy_test

import (
	"testing"

	"firn/internal/policy"
)

func TestActions(t *testing.T) {
	for _, tt := range []struct{ name, element, action, page string }{
		// An action that is wanted not to match begins with "!".
		{"everything", `"Action": "*"`, "glacier:ListJobs", "Action"},
		{"everything, even what is no action", `"Action": "*"`, "jobs", "Action"},
		{"the same", `"Action": "glacier:ListJobs"`, "glacier:ListJobs", "Action"},
		{"name in another case", `"Action": "glacier:listJOBS"`, "glacier:ListJobs", "Action"},
		{"vendor in another case", `"Action": "GLACIER:ListJobs"`, "glacier:ListJobs", "Action"},
		{"another", `"Action": "glacier:ListJobs"`, "!glacier:ListParts", "Action"},
		{"another vendor", `"Action": "s3:ListParts"`, "!glacier:ListParts", "Action"},
		{"all of a vendor", `"Action": "glacier:*"`, "glacier:ListParts", "Action"},
		{"all of another vendor", `"Action": "s3:*"`, "!glacier:ListParts", "Action"},
		{"all of all vendors", `"Action": "*:*"`, "glacier:ListParts", "Action"},
		{"star at the end", `"Action": "glacier:List*"`, "glacier:ListParts", "Action"},
		{"star at the end, another", `"Action": "glacier:List*"`, "!glacier:DescribeJob", "Action"},
		{"star at the beginning", `"Action": "glacier:*Vault"`, "glacier:DeleteVault", "Action"},
		{"stars on both sides", `"Action": "glacier:*VaultLock*"`, "glacier:AbortVaultLock", "Action"},
		{"stars on both sides, another", `"Action": "glacier:*VaultLock*"`, "!glacier:DeleteVault", "Action"},
		{"question mark", `"Action": "glacier:?etVaultLock"`, "glacier:GetVaultLock", "Action"},
		{"question mark for nothing", `"Action": "glacier:?GetVaultLock"`, "!glacier:GetVaultLock", "Action"},
		{"second in the list", `"Action": ["s3:Get*", "glacier:List*"]`, "glacier:ListParts", "Action"},
		{"not another", `"NotAction": "glacier:ListJobs"`, "glacier:ListParts", "NotAction"},
		{"not the same", `"NotAction": "glacier:ListJobs"`, "!glacier:ListJobs", "NotAction"},
		{"not in the list", `"NotAction": ["iam:*", "glacier:List*"]`, "!glacier:ListJobs", "NotAction"},
		{"not everything", `"NotAction": "*"`, "!glacier:ListJobs", "NotAction"},
	} {
		t.Run(tt.page+"/"+tt.name, func(t *testing.T) {
			action, want := tt.action, true
			if action[0] == '!' {
				action, want = action[1:], false
			}
			r := &policy.Request{Action: action, Resource: vault}
			if got := applies(t, "2012-10-17", tt.element, "", "", r); got != want {
				t.Errorf("%s for %s: %v, want %v", tt.element, action, got, want)
			}
		})
	}
}

func TestResources(t *testing.T) {
	const object = "arn:aws:s3:::bucket/"
	alice := ctx{"aws:username": {"alice"}}
	for _, tt := range []struct {
		name, resource, arn, page string
		context                   ctx
		want                      bool
	}{
		{"everything", `"*"`, vault, "Resource", nil, true},
		{"the same", `"` + vault + `"`, vault, "Resource", nil, true},
		{"longer", `"` + vault + `"`, vault + "2", "Resource", nil, false},
		{"other case", `"arn:aws:glacier:eu-west-1:111122223333:vaults/Photos"`, vault, "Resource", nil, false},
		{"star at the end", `"arn:aws:glacier:eu-west-1:111122223333:vaults/ph*"`, vault, "Resource", nil, true},
		{"star at the end, another", `"arn:aws:glacier:eu-west-1:111122223333:vaults/ph*"`, "arn:aws:glacier:eu-west-1:111122223333:vaults/docs", "Resource", nil, false},
		{"star for the region", `"arn:aws:glacier:*:111122223333:vaults/photos"`, vault, "Resource", nil, true},
		{"star for the account", `"arn:aws:glacier:eu-west-1:*:vaults/photos"`, vault, "Resource", nil, true},
		{"stars for both", `"arn:aws:glacier:*:*:vaults/photos"`, vault, "Resource", nil, true},
		{"stars for both, another vault", `"arn:aws:glacier:*:*:vaults/photos"`, vault + "2", "Resource", nil, false},
		{"star in the region", `"arn:aws:glacier:eu-*-1:*:vaults/photos"`, vault, "Resource", nil, true},
		{"star in the partition", `"arn:*:glacier:eu-west-1:111122223333:vaults/photos"`, vault, "Resource", nil, true},
		{"star beyond the colon", `"arn:aws:glacier:*:vaults/photos"`, vault, "Resource", nil, true},
		{"star beyond the colon, after a prefix", `"arn:aws:glacier:eu-*:vaults/photos"`, vault, "Resource", nil, true},
		{"star beyond the colon, after another prefix", `"arn:aws:glacier:us-*:vaults/photos"`, vault, "Resource", nil, false},
		{"star for all the rest", `"arn:aws:glacier:*"`, vault, "Resource", nil, true},
		{"star in the middle stays in its part", `"arn:aws:logs:eu-west-1:1:group:a*z:end"`, "arn:aws:logs:eu-west-1:1:group:ab:cz:end", "Resource", nil, false},
		{"star in the middle, in its part", `"arn:aws:logs:eu-west-1:1:group:a*z:end"`, "arn:aws:logs:eu-west-1:1:group:abcz:end", "Resource", nil, true},
		{"star at the end of a part reaches beyond it", `"arn:aws:logs:eu-west-1:1:group:a*:end"`, "arn:aws:logs:eu-west-1:1:group:ab:cz:end", "Resource", nil, true},
		{"two stars beyond colons", `"arn:aws:logs:*:group:*:b?:*:end"`, "arn:aws:logs:eu-west-1:1:group:a:b:c:b1:x:end", "Resource", nil, true},
		{"two stars beyond colons, nothing for the second", `"arn:aws:logs:*:group:*:b?:*:end"`, "arn:aws:logs:eu-west-1:1:group:a:b:c:b1:end", "Resource", nil, false},
		{"question mark", `"arn:aws:glacier:eu-west-?:111122223333:vaults/photo?"`, vault, "Resource", nil, true},
		{"question mark for nothing", `"arn:aws:glacier:eu-west-1:111122223333:vaults/photos?"`, vault, "Resource", nil, false},
		{"question mark is no colon", `"arn:aws:glacier:eu-west-1?111122223333:vaults/*:*"`, vault, "Resource", nil, false},
		{"second in the list", `["arn:aws:s3:::a", "` + vault + `"]`, vault, "Resource", nil, true},
		{"slashes, one level", `"` + object + `*/test/*"`, object + "1/test/object.jpg", "Resource", nil, true},
		{"slashes, two levels", `"` + object + `*/test/*"`, object + "1/2/test/3/object.jpg", "Resource", nil, true},
		{"slashes, repeated", `"` + object + `*/test/*"`, object + "1///test///object.jpg", "Resource", nil, true},
		{"slashes, nothing before", `"` + object + `*/test/*"`, object + "/test/object.jpg", "Resource", nil, true},
		{"slashes, nothing after", `"` + object + `*/test/*"`, object + "1/test/", "Resource", nil, true},
		{"slashes, other name", `"` + object + `*/test/*"`, object + "1-test/object.jpg", "Resource", nil, false},
		{"slashes, too few", `"` + object + `*/test/*"`, object + "test/object.jpg", "Resource", nil, false},
		{"variable", `"arn:aws:glacier:eu-west-1:111122223333:vaults/${aws:username}"`, "arn:aws:glacier:eu-west-1:111122223333:vaults/alice", "Variables and tags", alice, true},
		{"variable, another", `"arn:aws:glacier:eu-west-1:111122223333:vaults/${aws:username}"`, vault, "Variables and tags", alice, false},
		{"variable and star", `"arn:aws:glacier:*:*:vaults/${aws:username}-*"`, "arn:aws:glacier:eu-west-1:111122223333:vaults/alice-2", "Variables and tags", alice, true},
		{"variable and star, another", `"arn:aws:glacier:*:*:vaults/${aws:username}-*"`, "arn:aws:glacier:eu-west-1:111122223333:vaults/bob-2", "Variables and tags", alice, false},
		{"variable, key absent", `"arn:aws:glacier:eu-west-1:111122223333:vaults/${aws:username}"`, vault, "Variables and tags", nil, false},
		{"variable with a default", `"arn:aws:glacier:*:*:vaults/${aws:username, 'photos'}"`, vault, "Variables and tags", nil, true},
		{"variable whose value is a star", `"arn:aws:glacier:*:*:vaults/${aws:username}"`, vault, "Variables and tags", ctx{"aws:username": {"*"}}, false},
		{"star as text", `"arn:aws:glacier:*:*:vaults/${*}"`, vault, "Variables and tags", nil, false},
		{"dollar alone", `"arn:aws:s3:::bucket/a$b*"`, object + "a$bc", "Variables and tags", nil, true},
	} {
		t.Run(tt.page+"/"+tt.name, func(t *testing.T) {
			r := &policy.Request{Action: "glacier:ListJobs", Resource: tt.arn, Value: tt.context.value}
			if got := applies(t, "2012-10-17", "", `"Resource": `+tt.resource, "", r); got != tt.want {
				t.Errorf("Resource %s for %s: %v, want %v", tt.resource, tt.arn, got, tt.want)
			}
			if got := applies(t, "2012-10-17", "", `"NotResource": `+tt.resource, "", r); got == tt.want {
				t.Errorf("NotResource %s for %s: %v, want %v", tt.resource, tt.arn, got, !tt.want)
			}
		})
	}
}

func TestPrincipals(t *testing.T) {
	const alice, root = "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:root"
	for _, tt := range []struct{ name, element, caller, allow, deny, page string }{
		{"everybody", `"Principal": "*"`, account + "/alice", "allow", "deny", "Principal"},
		{"everybody, as an AWS principal", `"Principal": {"AWS": "*"}`, account + "/alice", "allow", "deny", "Principal"},
		{"everybody, the root", `"Principal": "*"`, account, "allow", "deny", "Principal"},
		{"everybody in a list", `"Principal": {"AWS": ["444455556666", "*"]}`, account + "/alice", "allow", "deny", "Principal"},
		{"the user", `"Principal": {"AWS": "` + alice + `"}`, account + "/alice", "allow", "deny", "Principal"},
		{"the user, in another case", `"Principal": {"AWS": "arn:aws:iam::111122223333:user/Alice"}`, account + "/alice", "", "", "Principal"},
		{"another user", `"Principal": {"AWS": "` + alice + `"}`, account + "/bob", "", "", "Principal"},
		{"a user is not its root", `"Principal": {"AWS": "` + alice + `"}`, account, "", "", "Principal"},
		{"the account, for a user", `"Principal": {"AWS": "111122223333"}`, account + "/alice", "allow account", "deny", "Principal"},
		{"the account, for its root", `"Principal": {"AWS": "111122223333"}`, account, "allow", "deny", "Principal"},
		{"the account by its ARN, for a user", `"Principal": {"AWS": "` + root + `"}`, account + "/alice", "allow account", "deny", "Principal"},
		{"the account by its ARN, for its root", `"Principal": {"AWS": "` + root + `"}`, account, "allow", "deny", "Principal"},
		{"another account", `"Principal": {"AWS": "444455556666"}`, account + "/alice", "", "", "Principal"},
		{"several accounts", `"Principal": {"AWS": ["444455556666", "111122223333"]}`, account + "/alice", "allow account", "deny", "Principal"},
		{"the account and the user", `"Principal": {"AWS": ["111122223333", "` + alice + `"]}`, account + "/alice", "allow", "deny", "Principal"},
		{"the account in another partition", `"Principal": {"AWS": "arn:aws-cn:iam::111122223333:root"}`, account + "/alice", "", "", "Principal"},
		{"a role", `"Principal": {"AWS": "arn:aws:iam::111122223333:role/alice"}`, account + "/alice", "", "", "Principal"},
		{"a session", `"Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/r/alice"}`, account + "/alice", "", "", "Principal"},
		{"a service", `"Principal": {"Service": "sns.amazonaws.com"}`, account + "/alice", "", "", "Principal"},
		{"federated", `"Principal": {"Federated": ["accounts.google.com"]}`, account + "/alice", "", "", "Principal"},
		{"a canonical user and an account", `"Principal": {"CanonicalUser": "79a5", "AWS": "111122223333"}`, account + "/alice", "allow account", "deny", "Principal"},
		{"not the user and its account, the user", `"NotPrincipal": {"AWS": ["` + alice + `", "` + root + `"]}`, account + "/alice", "", "", "NotPrincipal"},
		{"not the user and its account, another user", `"NotPrincipal": {"AWS": ["` + alice + `", "` + root + `"]}`, account + "/bob", "", "deny", "NotPrincipal"},
		{"not the user and its account, the root", `"NotPrincipal": {"AWS": ["` + alice + `", "` + root + `"]}`, account, "", "", "NotPrincipal"},
		{"not the user and its account, another account", `"NotPrincipal": {"AWS": ["` + alice + `", "` + root + `"]}`, "444455556666/alice", "allow", "deny", "NotPrincipal"},
		{"not the user alone, the user", `"NotPrincipal": {"AWS": "` + alice + `"}`, account + "/alice", "", "deny", "NotPrincipal"},
		{"not the account alone, its root", `"NotPrincipal": {"AWS": "111122223333"}`, account, "", "", "NotPrincipal"},
		{"not the account alone, a user", `"NotPrincipal": {"AWS": "111122223333"}`, account + "/alice", "", "deny", "NotPrincipal"},
		{"not everybody", `"NotPrincipal": "*"`, account + "/alice", "", "", "NotPrincipal"},
		{"not a service", `"NotPrincipal": {"Service": "sns.amazonaws.com"}`, account + "/alice", "allow", "deny", "NotPrincipal"},
	} {
		t.Run(tt.page+"/"+tt.name, func(t *testing.T) {
			r := &policy.Request{Principal: caller(tt.caller), Action: "glacier:ListJobs", Resource: vault}
			for effect, want := range map[string]string{"Allow": tt.allow, "Deny": tt.deny} {
				text := `{"Statement": {"Effect": "` + effect + `", ` + tt.element + `, "Action": "glacier:*", "Resource": "*"}}`
				if got := verdict(mustParse(t, policy.Resource, text).Evaluate(r)); got != want {
					t.Errorf("%s: %q for %s, want %q", text, got, tt.caller, want)
				}
			}
		})
	}
}

// Page: "Policy evaluation logic", and what Verdict promises.
func TestWhichStatementDecides(t *testing.T) {
	statement := func(sid, effect, principal, action string) string {
		return `{"Sid": "` + sid + `", "Effect": "` + effect + `", "Principal": ` + principal + `, "Action": "` + action + `", "Resource": "*"}`
	}
	const alice, hers = `{"AWS": "arn:aws:iam::111122223333:user/alice"}`, `{"AWS": "111122223333"}`
	for _, tt := range []struct {
		name       string
		statements string
		want       policy.Verdict
	}{
		{"none applies", statement("a", "Allow", `"*"`, "glacier:ListParts"), policy.Verdict{}},
		{"one allows", statement("a", "Allow", `"*"`, "glacier:*"), policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "a"}},
		{"without a Sid", statement("", "Allow", `"*"`, "glacier:*"), policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "statement 1"}},
		{"the first of two", statement("a", "Allow", `"*"`, "glacier:*") + "," + statement("b", "Allow", `"*"`, "glacier:*"),
			policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "a"}},
		{"a direct one after one to the account", statement("a", "Allow", hers, "glacier:*") + "," + statement("b", "Allow", alice, "glacier:*"),
			policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "b"}},
		{"one to the account after a direct one", statement("a", "Allow", alice, "glacier:*") + "," + statement("b", "Allow", hers, "glacier:*"),
			policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "a"}},
		{"two to the account", statement("a", "Allow", hers, "glacier:*") + "," + statement("b", "Allow", hers, "glacier:*"),
			policy.Verdict{Effect: policy.Allow, Statement: "a"}},
		{"Deny after Allow", statement("a", "Allow", `"*"`, "glacier:*") + "," + statement("b", "Deny", `"*"`, "glacier:List*"),
			policy.Verdict{Effect: policy.Deny, Statement: "b"}},
		{"Deny before Allow", statement("a", "Deny", hers, "glacier:List*") + "," + statement("b", "Allow", alice, "glacier:*"),
			policy.Verdict{Effect: policy.Deny, Statement: "a"}},
		{"a Deny that does not apply", statement("a", "Deny", `"*"`, "glacier:Get*") + "," + statement("b", "Allow", `"*"`, "glacier:*"),
			policy.Verdict{Effect: policy.Allow, Direct: true, Statement: "b"}},
		{"a Sid that would spoil a log", statement(`a\nb`, "Deny", `"*"`, "glacier:*"), policy.Verdict{Effect: policy.Deny, Statement: `a\nb`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Resource, `{"Version": "2012-10-17", "Statement": [`+tt.statements+`]}`)
			got := p.Evaluate(&policy.Request{Principal: caller(account + "/alice"), Action: "glacier:ListJobs", Resource: vault})
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct{ name, resources, want string }{
		{"the vault", `"Resource": "` + vault + `"`, ""},
		{"everything", `"Resource": "*"`, ""},
		{"by a wildcard", `"Resource": "arn:aws:glacier:*:*:vaults/ph*"`, ""},
		{"one of several", `"Resource": ["arn:aws:glacier:eu-west-1:111122223333:vaults/docs", "` + vault + `"]`, ""},
		{"by a variable", `"Resource": "arn:aws:glacier:*:*:vaults/p${aws:username}"`, ""},
		{"not by a variable", `"Resource": "arn:aws:glacier:*:*:vaults/q${aws:username}"`, "statement 1 (one): Resource: does not name " + vault},
		{"another vault", `"Resource": "arn:aws:glacier:eu-west-1:111122223333:vaults/docs"`, "statement 1 (one): Resource: does not name " + vault},
		{"all but another", `"NotResource": "arn:aws:glacier:eu-west-1:111122223333:vaults/docs"`, ""},
		{"all but this", `"NotResource": "arn:aws:glacier:*:*:vaults/ph*"`, "statement 1 (one): NotResource: leaves out " + vault},
		{"all but a variable", `"NotResource": "arn:aws:glacier:*:*:vaults/${aws:username}"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Resource, `{"Version": "2012-10-17", "Statement": {"Sid": "one", "Effect": "Deny", "Principal": "*", "Action": "*", `+tt.resources+`}}`)
			got := ""
			if err := p.Covers(vault); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
