package vaults

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A starter is a policy to begin with.
type starter struct {
	Name, Title, Says string
	statements        []draft
}

// A draft is a statement of a starter.
type draft struct {
	Sid          string
	Effect       string
	Principal    any `json:",omitempty"`
	NotPrincipal any `json:",omitempty"`
	Action       []string
	Resource     string
	Condition    any `json:",omitempty"`
}

type awsPrincipals struct{ AWS []string }

// Placeholders that whoever takes a starter is to replace.
const (
	someAccount = "444455556666"
	someUser    = "NAME"
)

// accessStarters are for a vault's access policy.
func accessStarters(account, vault string) []starter {
	user := fmt.Sprintf("arn:aws:iam::%s:user/%s", account, someUser)
	return []starter{
		{"read", "Another account may read", "Lets account " + someAccount + " list, retrieve and download, and change nothing.", []draft{{
			Sid: "another-account-reads", Effect: "Allow", Principal: awsPrincipals{[]string{someAccount}},
			Action:   strings.Fields("glacier:DescribeVault glacier:InitiateJob glacier:ListJobs glacier:DescribeJob glacier:GetJobOutput"),
			Resource: vault,
		}}},
		{"guard", "Only one user may delete", "Keeps everybody but the user " + someUser + " from deleting archives and the vault.", []draft{{
			Sid: "one-user-deletes", Effect: "Deny", NotPrincipal: awsPrincipals{[]string{user, fmt.Sprintf("arn:aws:iam::%s:root", account)}},
			Action: []string{"glacier:DeleteArchive", "glacier:DeleteVault"}, Resource: vault,
		}}},
		{"drop", "One user may upload only", "Lets the user " + someUser + " put archives in, and neither read nor delete.", []draft{{
			Sid: "user-uploads", Effect: "Allow", Principal: awsPrincipals{[]string{user}},
			Action: strings.Fields("glacier:UploadArchive glacier:InitiateMultipartUpload glacier:UploadMultipartPart " +
				"glacier:CompleteMultipartUpload glacier:AbortMultipartUpload"),
			Resource: vault,
		}}},
		{"network", "Only from one network", "Whoever calls from elsewhere than 192.0.2.0/24 may neither upload, nor retrieve, nor delete.", []draft{{
			Sid: "from-our-network", Effect: "Deny", Principal: "*",
			Action:    strings.Fields("glacier:UploadArchive glacier:DeleteArchive glacier:InitiateJob glacier:GetJobOutput glacier:DeleteVault"),
			Resource:  vault,
			Condition: conditionOf("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
		}}},
	}
}

// lockStarters are for a vault's lock.
func lockStarters(vault string) []starter {
	keep := func(days string) []draft {
		return []draft{{
			Sid: "keep-" + days + "-days", Effect: "Deny", Principal: "*", Action: []string{"glacier:DeleteArchive"}, Resource: vault,
			Condition: conditionOf("NumericLessThan", "glacier:ArchiveAgeInDays", days),
		}}
	}
	hold := draft{
		Sid: "legal-hold", Effect: "Deny", Principal: "*", Action: []string{"glacier:DeleteArchive"}, Resource: vault,
		Condition: conditionOf("StringLike", "glacier:ResourceTag/LegalHold", "true", ""),
	}
	return []starter{
		{"year", "Keep each archive for a year", "Nobody can delete an archive that is younger than 365 days.", keep("365")},
		{"decade", "Keep each archive for ten years", "Nobody can delete an archive that is younger than 3,653 days.", keep("3653")},
		{"hold", "Keep while a tag says so", "Nobody can delete archives while the vault's tag LegalHold is true or empty.", []draft{hold}},
		{"both", "Keep for a year, and while a tag says so", "Both of these.", append(keep("365"), hold)},
	}
}

func conditionOf(operator, key string, values ...string) any {
	return map[string]map[string][]string{operator: {key: values}}
}

// text is the starter's policy, to be read.
func (s starter) text() (string, error) {
	b, err := json.MarshalIndent(struct {
		Version   string
		Statement []draft
	}{"2012-10-17", s.statements}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write starter %s: %w", s.Name, err)
	}
	return string(b), nil
}

// begin returns the text of the starter of that name, "" if there is none.
func begin(all []starter, name string) (string, error) {
	for _, s := range all {
		if s.Name == name {
			return s.text()
		}
	}
	return "", nil
}
