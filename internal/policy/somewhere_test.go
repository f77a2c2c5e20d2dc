package policy_test

import (
	"testing"

	"firn/internal/policy"
)

func TestSomewhere(t *testing.T) {
	const (
		all    = "arn:aws:glacier:eu-west-1:111122223333:vaults/"
		allows = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	)
	for _, tt := range []struct {
		name, statements string
		allowed, barred  bool
	}{
		{"everything", allows, true, false},
		{"some vaults", `{"Effect":"Allow","Action":"glacier:CreateVault","Resource":"arn:aws:glacier:*:*:vaults/team-*"}`, true, false},
		{"one vault, in another case", `{"Effect":"Allow","Action":"GLACIER:createvault","Resource":"` + vault + `"}`, true, false},
		{"a variable", `{"Effect":"Allow","Action":"glacier:*","Resource":"arn:aws:glacier:*:*:vaults/${aws:username}"}`, true, false},
		{"under a condition", `{"Effect":"Allow","Action":"glacier:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, true, false},
		{"all but one vault", `{"Effect":"Allow","Action":"glacier:*","NotResource":"` + vault + `"}`, true, false},
		{"all but another action", `{"Effect":"Allow","NotAction":"glacier:ListJobs","Resource":"*"}`, true, false},
		{"all but this action", `{"Effect":"Allow","NotAction":"glacier:Create*","Resource":"*"}`, false, false},
		{"another action", `{"Effect":"Allow","Action":"glacier:ListJobs","Resource":"*"}`, false, false},
		{"things of another service", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:sns:*"}`, false, false},
		{"things of two services", `{"Effect":"Allow","Action":"*","Resource":["arn:aws:sns:*","arn:*:glacier:*:*:vaults/a"]}`, true, false},
		{"forbidden", allows + `,{"Effect":"Deny","Action":"glacier:Create*","Resource":"*"}`, true, true},
		{"forbidden for all vaults", allows + `,{"Effect":"Deny","Action":"*","Resource":"arn:aws:glacier:*:*:vaults/*"}`, true, true},
		{"forbidden for some vaults", allows + `,{"Effect":"Deny","Action":"*","Resource":"arn:aws:glacier:*:*:vaults/t*"}`, true, false},
		{"forbidden but for some vaults", allows + `,{"Effect":"Deny","Action":"*","NotResource":"arn:aws:glacier:*:*:vaults/t*"}`, true, false},
		{"forbidden under a condition", allows + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:username":"true"}}}`, true, false},
		{"another action forbidden", allows + `,{"Effect":"Deny","Action":"glacier:ListJobs","Resource":"*"}`, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, policy.Identity, `{"Version":"2012-10-17","Statement":[`+tt.statements+`]}`)
			allowed, barred := p.Somewhere("glacier:CreateVault", all)
			if allowed != tt.allowed || barred != tt.barred {
				t.Errorf("allowed %t, barred %t, want %t and %t", allowed, barred, tt.allowed, tt.barred)
			}
		})
	}
}
