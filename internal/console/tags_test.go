package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestTags(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	const path = "/console/tags?vault=photos"
	v.says(v.page(path), "This vault has no tags.", "0 of 50 are in use")
	v.says(v.submit(path, "key", "owner", "value", "the archive"), "The tag owner is set.", "1 of 50", "owner the archive")
	v.says(v.submit(path, "key", "owner", "value", ""), "The tag owner is set.", "1 of 50")
	v.submit(path, "key", "=a +b", "value", "x@y")
	if got := v.must(http.MethodGet, "/-/vaults/photos/tags", ""); got != `{"Tags":{"=a +b":"x@y","owner":""}}` {
		t.Errorf("tags: %s", got)
	}
	if a := v.page(path + "&key=%3Da+%2Bb"); !strings.Contains(a.body, `value="x@y"`) || !strings.Contains(a.body, `name="key" value="=a &#43;b" required`) {
		t.Errorf("the form does not begin with the tag:\n%s", a.body)
	}
	v.says(v.submit(path, "do", "remove"), "choose the tags to remove")
	v.says(v.submit(path, "do", "remove", "key", "=a +b", "key", "owner"), "Removed: 2 tags.", "This vault has no tags.")
}

func TestTagsThatAreRefused(t *testing.T) {
	v := signedIn(t)
	v.vault("photos")
	const path = "/console/tags?vault=photos"
	for _, row := range []struct{ name, key, value, want string }{
		{"no key", "", "v", "Invalid tag key: . It must be 1 to 128"},
		{"an element", "<i>", "v", "Invalid tag key: <i>."},
		{"a reserved key", "aws:x", "v", "The prefix aws: is reserved"},
		{"a value too long", "k", strings.Repeat("v", 256), "Invalid value of tag k: it must be at most 255"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := v.submit(path, "key", row.key, "value", row.value)
			v.says(a, row.want)
			v.lacks(a, "<i>")
			if a.status != http.StatusBadRequest || !strings.Contains(a.body, `value="`+row.value+`"`) {
				t.Errorf("status %d, or what was typed is lost:\n%s", a.status, a.body)
			}
		})
	}
	for i := range 5 {
		var pairs []string
		for j := range 10 {
			pairs = append(pairs, fmt.Sprintf(`"k%d%d":"v"`, i, j))
		}
		v.must(http.MethodPost, "/-/vaults/photos/tags?operation=add", `{"Tags":{`+strings.Join(pairs, ",")+`}}`)
	}
	v.says(v.page(path), "50 of 50 are in use")
	v.says(v.submit(path, "key", "more", "value", "v"), "The quota for the number of tags that can be assigned to this resource has been reached.")
	fields := []string{"do", "remove"}
	for i := range 50 {
		fields = append(fields, "key", fmt.Sprintf("k%02d", i))
	}
	v.says(v.submit(path, append(fields, "key", "one too many")...), "no vault has that many tags", "50 of 50")
	v.says(v.submit(path, fields...), "Removed: 50 tags.")
}

func TestTagsOfWhoMayOnlyLook(t *testing.T) {
	v := signedIn(t)
	v.vault("..")
	v.must(http.MethodPost, "/-/vaults/../tags?operation=add", `{"Tags":{"k":"v"}}`)
	u := v.colleague("alice", "glacier:ListTagsForVault")
	const path = "/console/tags?vault=.."
	a := u.page(path)
	u.says(a, "k v")
	u.lacks(a, "checkbox", "Change", "Set tag", "Remove", "add-tags", ">Overview<")
	u.says(u.submit(path, "key", "k", "value", "w"), "is not authorized to perform: glacier:AddTagsToVault")
	u.says(u.submit(path, "do", "remove", "key", "k"), "is not authorized to perform: glacier:RemoveTagsFromVault")
	if got := v.must(http.MethodGet, "/-/vaults/../tags", ""); got != `{"Tags":{"k":"v"}}` {
		t.Errorf("tags: %s", got)
	}
	nobody := v.colleague("bob", "glacier:DescribeVault")
	nobody.lacks(nobody.page("/console/vault?vault=.."), ">Tags<")
	if a := nobody.get(path); a.status != http.StatusForbidden || !strings.Contains(a.text(), "glacier:ListTagsForVault") {
		t.Errorf("status %d\n%s", a.status, a.text())
	}
}
