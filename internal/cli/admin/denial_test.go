package admin

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
)

func TestDenials(t *testing.T) {
	const arn = glacier.ARN("arn:aws:glacier:us-east-1:111122223333:vaults/v")
	statement := func(action, rest string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":` + action + `,"Resource":"` + string(arn) + `"` + rest + `}}`
	}
	age := func(operator, days string) string {
		return `,"Condition":{"` + operator + `":{"glacier:ArchiveAgeInDays":"` + days + `"}}`
	}
	for _, tt := range []struct {
		name, policy string
		want         []denial
	}{
		{"a year", statement(`"glacier:DeleteArchive"`, age("NumericLessThan", "365")), []denial{{"glacier:DeleteArchive", "younger than 365 days"}}},
		{"a day", statement(`"glacier:DeleteArchive"`, age("NumericLessThan", "1")), []denial{{"glacier:DeleteArchive", "younger than 1 day"}}},
		{"old ones", statement(`"glacier:DeleteArchive"`, age("NumericGreaterThan", "9")), []denial{{"glacier:DeleteArchive", "of 10 days or older"}}},
		{"all but one day's", statement(`"glacier:DeleteArchive"`, age("NumericNotEquals", "7")), []denial{{"glacier:DeleteArchive", "younger than 7 days, and of 8 days or older"}}},
		{"one day's", statement(`"glacier:DeleteArchive"`, age("NumericEquals", "7")), []denial{{"glacier:DeleteArchive", "of 7 to 7 days"}}},
		{"all", statement(`"glacier:DeleteArchive"`, ""), []denial{{"glacier:DeleteArchive", "all"}}},
		{"of no archive", statement(`["glacier:AbortVaultLock","glacier:UploadArchive"]`, ""), []denial{{Action: "glacier:AbortVaultLock"}, {Action: "glacier:UploadArchive"}}},
		{"by tag", statement(`"glacier:DeleteVault"`, `,"Condition":{"StringEquals":{"glacier:ResourceTag/Hold":"yes"}}`), []denial{{Action: "glacier:DeleteVault"}}},
		{"by a tag that is not there", statement(`"glacier:DeleteVault"`, `,"Condition":{"StringEquals":{"glacier:ResourceTag/Other":"yes"}}`), []denial{}},
		{"nothing", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"glacier:DeleteArchive","Resource":"` + string(arn) + `"}}`, []denial{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := denials(tt.policy, arn, map[string]string{"Hold": "yes"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, policy := range []string{"{}", statement(`"s3:GetObject"`, "")} {
		if got, err := denials(policy, arn, nil); err == nil {
			t.Errorf("%s denies %v", policy, got)
		}
	}
}
