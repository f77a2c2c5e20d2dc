package admin

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/policy"
)

// A denial is an operation that a policy denies.
type denial struct {
	Action   string
	Archives string // which are meant: all, or those of some age; empty if the action is not on archives
}

// actions are the operations on a vault, as policies name them, and whether the
// age of an archive can be a condition for them.
var actions = []struct {
	name string
	aged bool
}{
	{"glacier:AbortMultipartUpload", false},
	{"glacier:AbortVaultLock", false},
	{"glacier:AddTagsToVault", false},
	{"glacier:CompleteMultipartUpload", false},
	{"glacier:CompleteVaultLock", false},
	{"glacier:CreateVault", false},
	{"glacier:DeleteArchive", true},
	{"glacier:DeleteVault", false},
	{"glacier:DeleteVaultAccessPolicy", false},
	{"glacier:DeleteVaultNotifications", false},
	{"glacier:DescribeJob", false},
	{"glacier:DescribeVault", false},
	{"glacier:GetJobOutput", false},
	{"glacier:GetVaultAccessPolicy", false},
	{"glacier:GetVaultLock", false},
	{"glacier:GetVaultNotifications", false},
	{"glacier:InitiateJob", true},
	{"glacier:InitiateMultipartUpload", false},
	{"glacier:InitiateVaultLock", false},
	{"glacier:ListJobs", false},
	{"glacier:ListMultipartUploads", false},
	{"glacier:ListParts", false},
	{"glacier:ListTagsForVault", false},
	{"glacier:RemoveTagsFromVault", false},
	{"glacier:SetVaultAccessPolicy", false},
	{"glacier:SetVaultNotifications", false},
	{"glacier:UploadArchive", false},
	{"glacier:UploadMultipartPart", false},
}

// oldest is the age in days up to which archives are looked at: a hundred years.
const oldest = 36525

// denials are what a policy on the vault denies to the account's root.
func denials(text string, vault glacier.ARN, tags map[string]string) ([]denial, error) {
	p, err := policy.Parse(policy.Resource, text)
	if err != nil {
		return nil, fmt.Errorf("the policy is wrong: %w", err)
	}
	if err := p.Covers(string(vault)); err != nil {
		return nil, fmt.Errorf("the policy is not one for this vault: %w", err)
	}
	t := &trial{p, vault, tags}
	list := []denial{}
	for _, a := range actions {
		if !a.aged {
			if t.denies(a.name, -1) {
				list = append(list, denial{Action: a.name})
			}
			continue
		}
		if ages := t.deniedAges(a.name); ages != "" {
			list = append(list, denial{a.name, ages})
		}
	}
	return list, nil
}

// A trial is a policy that is tried on a vault.
type trial struct {
	policy *policy.Policy
	vault  glacier.ARN
	tags   map[string]string
}

// tagKey begins the condition keys of the vault's tags.
const tagKey = "glacier:resourcetag/"

// denies asks the policy about archives of an age in days; none if it is
// negative.
func (t *trial) denies(action string, age int) bool {
	account := strings.Split(string(t.vault), ":")[4] // Covers has taken it for an ARN
	return t.policy.Evaluate(&policy.Request{
		Principal: policy.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root"},
		Action:    action, Resource: string(t.vault),
		Value: func(key string) ([]string, bool) {
			if key == "glacier:archiveageindays" && age >= 0 {
				return []string{strconv.Itoa(age)}, true
			}
			if tag, ok := strings.CutPrefix(key, tagKey); ok {
				value, set := t.tags[tag]
				return []string{value}, set
			}
			return nil, false
		},
	}).Effect == policy.Deny
}

// deniedAges says for which archives an action is denied.
func (t *trial) deniedAges(action string) string {
	var spans []string
	begin := -1
	for age := 0; age <= oldest+1; age++ {
		switch denied := age <= oldest && t.denies(action, age); {
		case denied && begin < 0:
			begin = age
		case !denied && begin >= 0:
			spans = append(spans, ageSpan(begin, age))
			begin = -1
		}
	}
	return strings.Join(spans, ", and ")
}

// ageSpan names the ages from begin to below end.
func ageSpan(begin, end int) string {
	switch {
	case begin == 0 && end > oldest:
		return "all"
	case begin == 0:
		return fmt.Sprintf("younger than %s", cli.Count(int64(end), "day"))
	case end > oldest:
		return fmt.Sprintf("of %s or older", cli.Count(int64(begin), "day"))
	}
	return fmt.Sprintf("of %d to %s", begin, cli.Count(int64(end-1), "day"))
}

func printDenials(list []denial) func(io.Writer) error {
	return func(w io.Writer) error {
		if len(list) == 0 {
			_, err := fmt.Fprintln(w, "Nothing is denied.")
			return err
		}
		t := cli.NewTable("DENIED", "ARCHIVES")
		for _, d := range list {
			t.Row(d.Action, d.Archives)
		}
		return t.Print(w)
	}
}
