package console_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"firn/glacier"
)

var textareaOf = regexp.MustCompile(`(?s)<textarea[^>]*>\n(.*?)</textarea>`)

// typed is what stands in a page's large field.
func (a answer) typed() string {
	m := textareaOf.FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// policyOf returns the access policy of a vault as it is kept.
func (v *visitor) policyOf(vault string) string {
	v.t.Helper()
	var p glacier.VaultPolicy
	if err := json.Unmarshal([]byte(v.must(http.MethodGet, "/-/vaults/"+vault+"/access-policy", "")), &p); err != nil {
		v.t.Fatal(err)
	}
	return *p.Policy
}

const policyPath = "/console/policy?vault=photos"

func TestAccessPolicy(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	a := v.page(policyPath)
	v.says(a, "This vault has no access policy", "Another account may read", "Only one user may delete")
	v.lacks(a, "Remove policy")
	a = v.page(policyPath + "&template=read")
	text := a.typed()
	if !strings.Contains(text, `"444455556666"`) || !strings.Contains(text, "vaults/photos") {
		t.Fatalf("the template: %s", text)
	}
	a = v.submit(policyPath, "do", "check", "policy", text)
	v.says(a, "Nothing is wrong with this policy. It is not in force yet.", "account 444455556666", "look at the vault")
	if status, _ := v.api(http.MethodGet, "/-/vaults/photos/access-policy", ""); status != http.StatusNotFound || a.typed() != text {
		t.Fatalf("checking has set it (%d), or lost what was typed", status)
	}
	// As browsers send it.
	a = v.submit(policyPath, "do", "set", "policy", strings.ReplaceAll(text, "\n", "\r\n"))
	v.says(a, "The access policy is in force.", "In force, in words", "another-account-reads allows account 444455556666", "this vault always")
	if got := v.policyOf("photos"); got != text || a.typed() != text {
		t.Errorf("kept: %s\nshown: %s\nwant: %s", got, a.typed(), text)
	}
	v.says(v.submit(policyPath, "do", "delete"), "tick the box", "In force")
	v.says(v.submit(policyPath, "do", "delete", "sure", "yes"), "The access policy is removed.", "has no access policy")
	if status, _ := v.api(http.MethodGet, "/-/vaults/photos/access-policy", ""); status != http.StatusNotFound {
		t.Errorf("still set: %d", status)
	}
}

// A policy on one line is laid out, and one with names twice or numbers is not
// changed in meaning by that.
func TestAccessPolicyIsLaidOut(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	text := strings.NewReplacer("year", "<i>", `"365"`, `1e2`).Replace(keepPolicy("photos"))
	document, err := glacier.Encode(glacier.VaultPolicy{Policy: &text})
	if err != nil {
		t.Fatal(err)
	}
	v.must(http.MethodPut, "/-/vaults/photos/access-policy", string(document))
	a := v.page(policyPath)
	v.lacks(a, "<i>")
	v.says(a, "keep-a-<i> forbids everybody delete an archive this vault the archive's age in days is less than 1e2")
	if got := a.typed(); !strings.Contains(got, "\n  \"Statement\": [\n    {\n      \"Sid\": \"keep-a-<i>\",\n") || !strings.Contains(got, `: 1e2`) {
		t.Errorf("laid out: %s", got)
	}
}

func TestAccessPolicyThatIsRefused(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	for _, row := range []struct{ name, text, want, place string }{
		{"no JSON", "{\n  \"Statement\": oops <i>\n}", "The specified vault access policy is invalid. Provide a valid policy. (the policy is not JSON: line 2, character 16", `2: "Statement": o⟵ops <i>`},
		{"nothing", "", "The specified vault access policy is invalid.", ""},
		{"no effect", `{"Statement":[{"Sid":"a"}]}`, "statement 1 (a): the element Effect is missing", ""},
		{"another vault", strings.ReplaceAll(keepPolicy("films"), "keep", "k"), "does not name arn:aws:glacier:us-east-1:111122223333:vaults/photos", ""},
		{"too long", `{"Statement":[]}` + strings.Repeat(" ", 20<<10), "the policy has 20496 bytes, and may have 20480", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.submit(policyPath, "do", "set", "policy", row.text)
			v.says(a, row.want, row.place)
			v.lacks(a, "<i>", "In force")
			if a.status != http.StatusBadRequest || a.typed() != row.text {
				t.Errorf("status %d, typed %q", a.status, a.typed())
			}
			if row.text == "" {
				return
			}
			a = v.submit(policyPath, "do", "check", "policy", row.text)
			v.says(a, "The policy is refused:", row.place)
			v.lacks(a, "Nothing is wrong")
		})
	}
	if status, _ := v.api(http.MethodGet, "/-/vaults/photos/access-policy", ""); status != http.StatusNotFound {
		t.Errorf("one was set: %d", status)
	}
}

func TestAccessPolicyOfWhoMayOnlyLook(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	text := keepPolicy("photos")
	document, err := glacier.Encode(glacier.VaultPolicy{Policy: &text})
	if err != nil {
		t.Fatal(err)
	}
	v.must(http.MethodPut, "/-/vaults/photos/access-policy", string(document))
	u := v.colleague("alice", "glacier:GetVaultAccessPolicy")
	a := u.page(policyPath)
	u.says(a, "keep-a-year", "As it was written", `"Sid": "keep-a-year"`)
	u.lacks(a, "<textarea", "Set policy", "Remove policy", "set-vault-access-policy", "template=")
	u.says(u.submit(policyPath, "do", "set", "policy", text), "is not authorized to perform: glacier:SetVaultAccessPolicy")
	u.says(u.submit(policyPath, "do", "delete", "sure", "yes"), "is not authorized to perform: glacier:DeleteVaultAccessPolicy")
	if got := v.policyOf("photos"); got != text {
		t.Errorf("changed: %s", got)
	}
	nobody := v.colleague("bob", "glacier:DescribeVault")
	nobody.lacks(nobody.page("/console/vault?vault=photos"), "Access policy")
	if a := nobody.get(policyPath); a.status != http.StatusForbidden {
		t.Errorf("status %d", a.status)
	}
}
