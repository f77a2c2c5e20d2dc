package vault_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/vault"
)

func TestCreateVault(t *testing.T) {
	h := open(t, nil)
	for _, tt := range []struct{ name, vault, want string }{
		{"one character", "a", ""},
		{"dot", ".", ""},
		{"two dots", "..", ""},
		{"every kind of character", "Az09_-.", ""},
		{"longest", strings.Repeat("x", 255), ""},
		{"too long", strings.Repeat("x", 256), "InvalidParameterValueException: Invalid vault name: " + strings.Repeat("x", 256)},
		{"empty", "", "InvalidParameterValueException: Invalid vault name: "},
		{"space", "a b", "InvalidParameterValueException: Invalid vault name: a b"},
		{"colon", "a:b", "InvalidParameterValueException: Invalid vault name: a:b"},
		{"slash", "a/b", "InvalidParameterValueException: Invalid vault name: a/b"},
		{"letter beyond ASCII", "é", "InvalidParameterValueException: Invalid vault name: é"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := glacier.VaultName(tt.vault)
			wantError(t, h.CreateVault(t.Context(), owner, name), tt.want)
			want := ""
			if tt.want != "" {
				want = "ResourceNotFoundException: Vault not found for ARN: " + tt.vault
			}
			_, err := h.DescribeVault(t.Context(), owner, name)
			wantError(t, err, want)
		})
	}
}

func TestCreateVaultAgainChangesNothing(t *testing.T) {
	h := open(t, nil)
	before := h.vault(photos)
	h.pass(time.Hour)
	h.must(h.CreateVault(t.Context(), owner, photos))
	if diff := cmp.Diff(before, h.vault(photos)); diff != "" {
		t.Errorf("vault changed:\n%s", diff)
	}
}

func TestVaultsOfAccountsAreApart(t *testing.T) {
	h := open(t, nil)
	_, err := h.DescribeVault(t.Context(), other, photos)
	wantError(t, err, "ResourceNotFoundException: Vault not found for ARN: arn:aws:glacier:us-east-1:444455556666:vaults/photos")
	h.must(h.CreateVault(t.Context(), other, photos))
	h.must(h.DeleteVault(t.Context(), other, photos))
	h.vault(photos)
}

func TestVaultLimit(t *testing.T) {
	h := open(t, nil)
	var wait sync.WaitGroup
	for i := range glacier.MaxVaults - 2 {
		wait.Go(func() {
			if err := h.CreateVault(t.Context(), owner, glacier.VaultName(fmt.Sprint("v", i))); err != nil {
				t.Errorf("vault %d: %v", i+3, err)
			}
		})
	}
	wait.Wait()
	wantError(t, h.CreateVault(t.Context(), owner, "one-more"),
		"LimitExceededException: The limit of 1000 vaults per account and region has been reached.")
	wantError(t, h.CreateVault(t.Context(), owner, photos), "") // it exists
	wantError(t, h.CreateVault(t.Context(), other, "one-more"), "")
	h.must(h.DeleteVault(t.Context(), owner, films))
	wantError(t, h.CreateVault(t.Context(), owner, "one-more"), "")
}

// inventory makes the vault's figures as of now, as an inventory would.
func (h *house) inventory(name glacier.VaultName) {
	h.t.Helper()
	v := h.vault(name)
	h.write(func(tx *catalog.Tx) []record.Entity {
		f, err := tx.Figures(v.ID)
		h.must(err)
		v.Inventory = record.Inventory{
			Snapshot: tx.Now().UnixMilli(), Completed: tx.Now().UnixMilli(),
			Head: tx.LSN() - 1, Archives: f.Archives, Bytes: f.Bytes,
		}
		return []record.Entity{&v}
	})
}

func TestDeleteVault(t *testing.T) {
	const refused = "InvalidParameterValueException: Vault not empty or recently written to: " + photo
	for _, tt := range []struct {
		name              string
		do                func(h *house)
		live, inventoried string // what the two ways of counting answer
	}{
		{"never written to", func(h *house) {}, "", ""},
		{"inventoried, never written to", func(h *house) { h.inventory(photos) }, "", ""},
		{"an archive", func(h *house) { h.upload(photos, data(1)) }, refused, refused},
		{"an archive, inventoried", func(h *house) {
			h.upload(photos, data(1))
			h.inventory(photos)
		}, refused, refused},
		{"deleted archive, no inventory", func(h *house) {
			h.must(h.DeleteArchive(h.t.Context(), owner, photos, h.upload(photos, data(1))))
		}, "", refused},
		{"deleted archive, inventory between", func(h *house) {
			id := h.upload(photos, data(1))
			h.inventory(photos)
			h.must(h.DeleteArchive(h.t.Context(), owner, photos, id))
		}, "", refused},
		{"deleted archive, inventory after", func(h *house) {
			h.must(h.DeleteArchive(h.t.Context(), owner, photos, h.upload(photos, data(1))))
			h.inventory(photos)
		}, "", ""},
		{"written to after an empty inventory", func(h *house) {
			h.inventory(photos)
			h.upload(photos, data(1))
		}, refused, refused},
		{"archive in another vault", func(h *house) { h.upload(films, data(1)) }, "", ""},
		{"open multipart upload with a part", func(h *house) {
			h.part(h.initiate("1048576"), 0, data(10))
		}, "", ""},
		{"completed multipart upload", func(h *house) {
			id := h.initiate("1048576")
			h.part(id, 0, data(10))
			h.complete(id, data(10))
		}, refused, refused},
		{"does not exist", func(h *house) { h.must(h.DeleteVault(h.t.Context(), owner, photos)) }, "", ""},
	} {
		for _, live := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, live %t", tt.name, live), func(t *testing.T) {
				h := open(t, func(c *vault.Config) { c.Live = live })
				tt.do(h)
				want := tt.inventoried
				if live {
					want = tt.live
				}
				wantError(t, h.DeleteVault(t.Context(), owner, photos), want)
				found := ""
				if want == "" {
					found = "ResourceNotFoundException: Vault not found for ARN: " + photo
				}
				_, err := h.DescribeVault(t.Context(), owner, photos)
				wantError(t, err, found)
			})
		}
	}
}

func TestDeleteVaultWithImpossibleName(t *testing.T) {
	h := open(t, nil)
	wantError(t, h.DeleteVault(t.Context(), owner, "a:b"), "")
}

func TestVaultMadeAnewIsAnother(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	h.must(h.AddTagsToVault(ctx, owner, photos, map[string]string{"a": "b"}))
	gone := h.upload(photos, data(1))
	h.must(h.DeleteArchive(ctx, owner, photos, gone))
	upload := h.initiate("1048576")
	h.must(h.DeleteVault(ctx, owner, photos))
	h.must(h.CreateVault(ctx, owner, photos))

	tags, err := h.ListTagsForVault(ctx, owner, photos)
	h.must(err)
	if len(tags.Tags) != 0 {
		t.Errorf("new vault has the old one's tags: %v", tags)
	}
	_, err = h.ListParts(ctx, owner, photos, upload, vault.Page{})
	wantError(t, err, "ResourceNotFoundException: The upload ID was not found: "+string(upload))
	wantError(t, h.DeleteArchive(ctx, owner, photos, gone), "") // it was given out once, and is gone
	uploads, err := h.ListMultipartUploads(ctx, owner, photos, vault.Page{})
	h.must(err)
	if len(uploads.UploadsList) != 0 {
		t.Errorf("new vault has the old one's uploads: %v", uploads)
	}
}

func TestDescribeVault(t *testing.T) {
	at := func(s string) glacier.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return glacier.Time{Time: d}
	}
	inventoried := at("2026-01-02T14:00:00.000Z")
	fill := func(h *house) {
		h.upload(photos, data(3<<20))
		h.pass(2 * time.Hour)
		h.inventory(photos)
		h.must(h.DeleteArchive(t.Context(), owner, photos, h.upload(photos, data(7))))
		h.upload(photos, data(5))
	}
	for _, tt := range []struct {
		name string
		live bool
		do   func(h *house)
		want glacier.VaultDescription
	}{
		{"new, live", true, func(*house) {}, glacier.VaultDescription{}},
		{"new, as of the inventory", false, func(*house) {}, glacier.VaultDescription{}},
		{"before the first inventory", false, func(h *house) { h.upload(photos, data(7)) }, glacier.VaultDescription{}},
		{"filled, live", true, fill, glacier.VaultDescription{
			LastInventoryDate: &inventoried, NumberOfArchives: 2, SizeInBytes: 3<<20 + 5 + 2*32768,
		}},
		{"filled, as of the inventory", false, fill, glacier.VaultDescription{
			LastInventoryDate: &inventoried, NumberOfArchives: 1, SizeInBytes: 3178496,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, func(c *vault.Config) { c.Live = tt.live })
			tt.do(h)
			got, err := h.DescribeVault(t.Context(), owner, photos)
			h.must(err)
			tt.want.CreationDate, tt.want.VaultARN, tt.want.VaultName = at(noon), photo, photos
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("description (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListVaults(t *testing.T) {
	h := open(t, nil)
	var names []string // in byte order
	for _, name := range []string{"-", ".", "0", "9", "A", "Z", "_", "a", "films", "photos", "z", "za"} {
		h.must(h.CreateVault(t.Context(), owner, glacier.VaultName(name)))
		names = append(names, name)
	}
	h.must(h.CreateVault(t.Context(), other, "hidden"))
	arn := func(name string) string { return string(glacier.VaultARN(region, owner, glacier.VaultName(name))) }
	for _, tt := range []struct {
		name, limit, marker string
		want                []string
		next                string
		err                 string
	}{
		{"no parameters", "", "", names[:10], "photos", ""},
		{"last page", "", arn("photos"), names[10:], "", ""},
		{"exactly to the end", "2", arn("photos"), names[10:], "", ""},
		{"marker escaped once more", "", url.QueryEscape(arn("photos")), names[10:], "", ""},
		{"marker of a vault that is gone", "2", arn("aa"), []string{"films", "photos"}, "photos", ""},
		{"marker after everything", "", arn("zz"), nil, "", ""},
		{"limit 1", "1", "", names[:1], "-", ""},
		{"limit above the maximum", "1000", "", names[:10], "photos", ""},
		{"limit above every number", "99999999999999999999", "", names[:10], "photos", ""},
		{"limit 0", "0", "", nil, "", "InvalidParameterValueException: Invalid limit: 0"},
		{"limit negative", "-1", "", nil, "", "InvalidParameterValueException: Invalid limit: -1"},
		{"limit signed", "+1", "", nil, "", "InvalidParameterValueException: Invalid limit: +1"},
		{"limit no number", "ten", "", nil, "", "InvalidParameterValueException: Invalid limit: ten"},
		{"marker a name", "", "a", nil, "", "InvalidParameterValueException: Invalid marker: a"},
		{"marker of no vault", "", arn(""), nil, "", "InvalidParameterValueException: Invalid marker: " + arn("")},
		{"marker of another account", "", "arn:aws:glacier:us-east-1:444455556666:vaults/a", nil, "",
			"InvalidParameterValueException: Invalid marker: arn:aws:glacier:us-east-1:444455556666:vaults/a"},
		{"marker of another region", "", "arn:aws:glacier:eu-west-1:111122223333:vaults/a", nil, "",
			"InvalidParameterValueException: Invalid marker: arn:aws:glacier:eu-west-1:111122223333:vaults/a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := h.ListVaults(t.Context(), owner, vault.Page{Limit: tt.limit, Marker: tt.marker})
			wantError(t, err, tt.err)
			if err != nil {
				return
			}
			var got []string
			for _, d := range list.VaultList {
				got = append(got, string(d.VaultName))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("vaults (-want +got):\n%s", diff)
			}
			if list.VaultList == nil {
				t.Error("the list would be null, not []")
			}
			switch {
			case tt.next == "" && list.Marker != nil:
				t.Errorf("marker %s on the last page", *list.Marker)
			case tt.next != "" && (list.Marker == nil || *list.Marker != arn(tt.next)):
				t.Errorf("marker %v, want the ARN of %s", list.Marker, tt.next)
			}
		})
	}
}
