package vault_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
)

// many returns n tags with keys k<from>, k<from+1>, …
func many(from, n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("k", from+i)] = "v"
	}
	return tags
}

func TestAddTags(t *testing.T) {
	h := open(t, nil)
	one := func(key, value string) map[string]string { return map[string]string{key: value} }
	for _, tt := range []struct {
		name string
		tags map[string]string
		want string
	}{
		{"absent", nil, "MissingParameterValueException: Required parameter missing: Tags"},
		{"none", map[string]string{}, "InvalidParameterValueException: Invalid number of tags: 0. A request must name 1 to 10."},
		{"one", one("key", "value"), ""},
		{"ten", many(0, 10), ""},
		{"eleven", many(0, 11), "InvalidParameterValueException: Invalid number of tags: 11. A request must name 1 to 10."},
		{"empty value", one("empty", ""), ""},
		{"every kind of character", one("Ключ 9_./=+-@", "値 9_./=+-@"), ""},
		{"longest key and value, in characters", one(strings.Repeat("é", 128), strings.Repeat("é", 255)), ""},
		{"empty key", one("", "v"), "InvalidParameterValueException: Invalid tag key: …"},
		{"key too long", one(strings.Repeat("é", 129), "v"), "InvalidParameterValueException: Invalid tag key: …"},
		{"value too long", one("k", strings.Repeat("é", 256)), "InvalidParameterValueException: Invalid value of tag k: …"},
		{"colon in key", one("a:b", "v"), "InvalidParameterValueException: Invalid tag key: a:b. It must be 1 to 128 …"},
		{"colon in value", one("k", "a:b"), "InvalidParameterValueException: Invalid value of tag k: …"},
		{"tab in key", one("a\tb", "v"), "InvalidParameterValueException: Invalid tag key: …"},
		{"no UTF-8 in value", one("k", "\xff"), "InvalidParameterValueException: Invalid value of tag k: …"},
		{"reserved prefix", one("aws:k", "v"), "InvalidParameterValueException: Invalid tag key: aws:k. The prefix aws: is reserved."},
		{"reserved prefix in capitals", one("AWS:k", "v"), "InvalidParameterValueException: Invalid tag key: AWS:k. The prefix aws: is reserved."},
		{"begins like the reserved prefix", one("aws", "v"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := glacier.VaultName("tags-" + strings.ReplaceAll(strings.ReplaceAll(tt.name, " ", "-"), ",", ""))
			h.must(h.CreateVault(t.Context(), owner, name))
			wantError(t, h.AddTagsToVault(t.Context(), owner, name, tt.tags), tt.want)
			got, err := h.ListTagsForVault(t.Context(), owner, name)
			h.must(err)
			want := map[string]string{}
			if tt.want == "" {
				want = tt.tags
			}
			if diff := cmp.Diff(glacier.Tags{Tags: want}, got); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTagQuota(t *testing.T) {
	h := open(t, nil)
	for i := range 5 {
		h.must(h.AddTagsToVault(t.Context(), owner, photos, many(i*10, 10)))
	}
	const full = "LimitExceededException: The quota for the number of tags that can be assigned to this resource has been reached."
	wantError(t, h.AddTagsToVault(t.Context(), owner, photos, many(50, 1)), full)
	wantError(t, h.AddTagsToVault(t.Context(), owner, photos, map[string]string{"k0": "new", "k50": "v"}), full)
	wantError(t, h.AddTagsToVault(t.Context(), owner, photos, map[string]string{"k1": "new"}), "")
	got, err := h.ListTagsForVault(t.Context(), owner, photos)
	h.must(err)
	if len(got.Tags) != 50 || got.Tags["k0"] != "v" || got.Tags["k1"] != "new" {
		t.Errorf("%d tags, k0 %q, k1 %q", len(got.Tags), got.Tags["k0"], got.Tags["k1"])
	}
}

func TestRemoveTags(t *testing.T) {
	h := open(t, nil)
	for _, tt := range []struct {
		name string
		keys []string
		want string
		left map[string]string
	}{
		{"absent", nil, "MissingParameterValueException: Required parameter missing: TagKeys", many(0, 3)},
		{"none", []string{}, "InvalidParameterValueException: Invalid number of tag keys: 0. A request must name 1 to 10.", many(0, 3)},
		{"one", []string{"k0"}, "", many(1, 2)},
		{"one of them unknown", []string{"k0", "nothing"}, "", many(1, 2)},
		{"unknown", []string{"nothing"}, "", many(0, 3)},
		{"other case", []string{"K0"}, "", many(0, 3)},
		{"the same twice", []string{"k0", "k0"}, "", many(1, 2)},
		{"all", []string{"k0", "k1", "k2"}, "", many(0, 0)},
		{"eleven", make([]string, 11), "InvalidParameterValueException: Invalid number of tag keys: 11. A request must name 1 to 10.", many(0, 3)},
		{"empty key", []string{""}, "InvalidParameterValueException: Invalid tag key: …", many(0, 3)},
		{"key too long", []string{strings.Repeat("k", 129)}, "InvalidParameterValueException: Invalid tag key: …", many(0, 3)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.must(h.AddTagsToVault(t.Context(), owner, photos, many(0, 3)))
			wantError(t, h.RemoveTagsFromVault(t.Context(), owner, photos, tt.keys), tt.want)
			got, err := h.ListTagsForVault(t.Context(), owner, photos)
			h.must(err)
			if diff := cmp.Diff(glacier.Tags{Tags: tt.left}, got); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
	wantError(t, h.RemoveTagsFromVault(t.Context(), owner, films, []string{"k"}), "") // it never had any
}

func TestTagsOfMissingVault(t *testing.T) {
	h := open(t, nil)
	const want = "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:111122223333:vaults/none"
	wantError(t, h.AddTagsToVault(t.Context(), owner, "none", many(0, 1)), want)
	wantError(t, h.RemoveTagsFromVault(t.Context(), owner, "none", []string{"k"}), want)
	_, err := h.ListTagsForVault(t.Context(), owner, "none")
	wantError(t, err, want)
	_, err = h.ListTagsForVault(t.Context(), owner, "a:b")
	wantError(t, err, "ResourceNotFoundException: Vault not found for ARN: a:b")
	// A bad parameter is told before the missing vault.
	wantError(t, h.AddTagsToVault(t.Context(), owner, "none", nil), "MissingParameterValueException: Required parameter missing: Tags")
}
