package vaults

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/policy"
)

const ofTests = "arn:aws:glacier:us-east-1:111122223333:vaults/photos"

func TestSayings(t *testing.T) {
	for _, row := range []struct {
		name, statement string
		want            saying
	}{
		{
			"everybody, everything, always", `{"Effect":"Allow","Principal":"*","Action":"glacier:*","Resource":"*"}`,
			saying{Title: "Statement 1", Allow: true, Who: []string{"everybody"}, What: []string{"do anything"}, Where: []string{"every vault"}},
		},
		{
			"accounts and users, single operations", `{"Sid":"a-b","Effect":"Deny","Principal":{"AWS":["111122223333","arn:aws:iam::444455556666:root",
				"arn:aws:iam::111122223333:user/alice","arn:aws:iam::444455556666:user/a/b","arn:aws:iam::444455556666:role/r","*"],"Service":"x.example"},
				"Action":["glacier:DeleteArchive","glacier:getvaultLOCK","glacier:Get*"],"Resource":["` + ofTests + `","` + ofTests + `2"]}`,
			saying{
				Title: "a-b", Who: []string{
					"this account", "account 444455556666", "user alice of this account", "user a/b of account 444455556666",
					"arn:aws:iam::444455556666:role/r", "everybody", "Service x.example",
				},
				What: []string{"delete an archive", "look at the lock", "glacier:Get*"}, Where: []string{"this vault", ofTests + "2"},
			},
		},
		{
			"opposites", `{"Effect":"Deny","NotPrincipal":{"AWS":["444455556666","111122223333"]},"NotAction":["glacier:ListJobs","glacier:DescribeJob"],"NotResource":"` + ofTests + `2"}`,
			saying{
				Title: "Statement 1", Who: []string{"Everybody but account 444455556666 and this account"},
				What: []string{"Everything but list jobs and look at a job"}, Where: []string{"Everything but " + ofTests + "2"},
			},
		},
		{
			"conditions", `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"` + ofTests + `","Condition":{
				"NumericLessThan":{"glacier:ArchiveAgeInDays":365},
				"stringnotlike":{"glacier:ResourceTag/Legal/Hold":["true",""]},
				"ForAnyValue:StringEqualsIfExists":{"aws:PrincipalTag/x":["a","b"]},
				"Bool":{"aws:SecureTransport":"false"},
				"DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},
				"Null":{"aws:Referer":true,"aws:UserAgent":["false"]}}}`,
			saying{
				Title: "Statement 1", Who: []string{"everybody"}, What: []string{"do anything"}, Where: []string{"this vault"}, When: []string{
					"the archive's age in days is less than 365",
					"the vault's tag Legal/Hold is neither like true nor empty",
					"at least one value of aws:PrincipalTag/x is a or b, or there is none",
					"whether the caller uses TLS is false",
					"the time is after 2030-01-01T00:00:00Z",
					"aws:Referer is not there", "the caller's program is there",
				},
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[%s]}`, row.statement)
			if _, err := policy.Parse(policy.Resource, text); err != nil {
				t.Fatalf("no vault has such a policy: %v", err)
			}
			r := reader{account: "111122223333", vault: ofTests}
			if diff := cmp.Diff([]saying{row.want}, r.read(text)); diff != "" {
				t.Error(diff)
			}
			alone := fmt.Sprintf(`{"Statement":%s}`, row.statement)
			if diff := cmp.Diff([]saying{row.want}, r.read(alone)); diff != "" {
				t.Errorf("without a list: %s", diff)
			}
		})
	}
}

// Every operator that a policy may have is said in words.
func TestEveryOperatorHasAVerb(t *testing.T) {
	for _, o := range []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
	} {
		if got := conditionWords(o, "aws:SourceIp", []string{"x"}); got[:len("the caller's address")] != "the caller's address" {
			t.Errorf("%s: %s", o, got)
		}
	}
	if got := conditionWords("Odd", "aws:SourceIp", []string{"x", "y"}); got != "Odd aws:SourceIp x, y" {
		t.Errorf("an unknown one: %s", got)
	}
}

// What is denied of several things is denied of each of them.
func TestOppositesAreSaid(t *testing.T) {
	for _, row := range []struct {
		operator, key string
		values        []string
		want          string
	}{
		{"StringNotEquals", "aws:username", []string{"anna"}, "the caller's user name is not anna"},
		{"StringNotEquals", "aws:username", []string{"anna", "bert"}, "the caller's user name is neither anna nor bert"},
		{"StringNotEqualsIfExists", "aws:username", []string{"anna", "bert"}, "the caller's user name is neither anna nor bert, or there is none"},
		{"StringNotEqualsIgnoreCase", "aws:username", []string{"a", "b"}, "the caller's user name is neither, in any case, a nor b"},
		{"StringNotLike", "aws:username", []string{"a*", "b*", ""}, "the caller's user name is neither like a* nor b* nor empty"},
		{"NumericNotEquals", "glacier:ArchiveAgeInDays", []string{"1", "2"}, "the archive's age in days is neither 1 nor 2"},
		{"NumericLessThan", "glacier:ArchiveAgeInDays", []string{"1", "2"}, "the archive's age in days is less than 1 or 2"},
		{"DateNotEquals", "aws:CurrentTime", []string{"2030", "2031"}, "the time is neither 2030 nor 2031"},
		{"NotIpAddress", "aws:SourceIp", []string{"10.0.0.0/8"}, "the caller's address is not in 10.0.0.0/8"},
		{"NotIpAddress", "aws:SourceIp", []string{"10.0.0.0/8", "::1"}, "the caller's address is neither in 10.0.0.0/8 nor ::1"},
		{"ArnNotEquals", "aws:PrincipalArn", []string{"a", "b"}, "the caller's ARN is neither like a nor b"},
		{"ArnNotLike", "aws:PrincipalArn", []string{"a", "b"}, "the caller's ARN is neither like a nor b"},
		{"Bool", "aws:SecureTransport", []string{"false"}, "whether the caller uses TLS is false"},
		{"Null", "aws:username", []string{"true"}, "the caller's user name is not there"},
		{"Null", "aws:username", []string{"false"}, "the caller's user name is there"},
		{"Null", "aws:username", []string{"false", "true"}, "the caller's user name is there or not"},
		{"ForAnyValue:StringNotEquals", "aws:TagKeys", []string{"a", "b"}, "at least one value of aws:TagKeys is neither a nor b"},
		{"ForAnyValue:StringEqualsIfExists", "aws:TagKeys", []string{"a"}, "at least one value of aws:TagKeys is a, or there is none"},
		{"ForAllValues:StringNotLike", "aws:TagKeys", []string{"a", "b"}, "each value of aws:TagKeys is neither like a nor b, or there is none"},
		{"ForAllValues:StringEquals", "aws:TagKeys", []string{"a", "b"}, "each value of aws:TagKeys is a or b, or there is none"},
	} {
		t.Run(fmt.Sprint(row.operator, row.values), func(t *testing.T) {
			if got := conditionWords(row.operator, row.key, row.values); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// Who takes a starter as it is gets a policy that is accepted.
func TestStartersArePolicies(t *testing.T) {
	all := append(accessStarters("111122223333", ofTests), lockStarters(ofTests)...)
	seen := map[string]bool{}
	for _, s := range all {
		text, err := begin(all, s.Name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Parse(policy.Resource, text)
		if err == nil {
			err = p.Covers(ofTests)
		}
		if err != nil || seen[s.Name] {
			t.Errorf("%s: %v, or it is there twice", s.Name, err)
		}
		seen[s.Name] = true
	}
	if text, err := begin(all, "none"); text != "" || err != nil {
		t.Errorf("one that is not there: %q, %v", text, err)
	}
}

// The operations that are said in words are operations.
func TestOperationsAreOnes(t *testing.T) {
	for _, op := range operations() {
		text := `{"Statement":{"Effect":"Deny","Principal":"*","Action":"glacier:` + op.Name + `","Resource":"*"}}`
		if _, err := policy.Parse(policy.Resource, text); err != nil {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}

func TestProblemHasAPlace(t *testing.T) {
	for _, row := range []struct{ name, says, text, want string }{
		{"no place", "It is bad.", "x", ""},
		{"the second line", "bad at line 2, character 3: x", "one\ntwo.\nthree", "two⟵."},
		{"beyond the line", "line 1, character 99", "one", "one⟵"},
		{"beyond the text", "line 9, character 1", "one", ""},
		{"line zero", "line 0, character 1", "one", ""},
		{"a number that none is", "line 99999999999999999999999, character 1", "one", ""},
		{"within a letter", "line 1, character 1", "äb", "⟵b"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if p := newProblem(row.says, row.text); p.Excerpt != row.want || p.Says != row.says || (p.Line == 0) != (row.want == "") {
				t.Errorf("%+v", p)
			}
		})
	}
}
