package vault_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/record"
	"firn/internal/vault"
)

func TestOverviewPages(t *testing.T) {
	h := open(t, nil) // films, photos
	for _, name := range []glacier.VaultName{"Alpha", "beta", "beta2", "..", "-x"} {
		h.must(h.CreateVault(t.Context(), owner, name))
	}
	h.must(h.CreateVault(t.Context(), other, "beta"))
	for _, tt := range []struct {
		name string
		q    vault.OverviewQuery
		want string // rows | next | previous | before of matches of vaults
	}{
		{"all", vault.OverviewQuery{Limit: 100}, "-x .. Alpha beta beta2 films photos |  |  | 0 of 7 of 7"},
		{"first page", vault.OverviewQuery{Limit: 3}, "-x .. Alpha | Alpha |  | 0 of 7 of 7"},
		{"second page", vault.OverviewQuery{Limit: 3, After: "Alpha"}, "beta beta2 films | films |  | 3 of 7 of 7"},
		{"last page", vault.OverviewQuery{Limit: 3, After: "films"}, "photos |  | Alpha | 6 of 7 of 7"},
		{"page of exactly what is left", vault.OverviewQuery{Limit: 4, After: "Alpha"}, "beta beta2 films photos |  |  | 3 of 7 of 7"},
		{"after a vault that is gone", vault.OverviewQuery{Limit: 1, After: "beta1"}, "beta2 | beta2 | Alpha | 4 of 7 of 7"},
		{"after the last", vault.OverviewQuery{Limit: 3, After: "zebra"}, " |  | beta | 7 of 7 of 7"},
		{"part of a name in another case", vault.OverviewQuery{Limit: 100, Contains: "ETA"}, "beta beta2 |  |  | 0 of 2 of 7"},
		{"part of a name, second page", vault.OverviewQuery{Limit: 1, Contains: "eta", After: "beta"}, "beta2 |  |  | 1 of 2 of 7"},
		{"part of no name", vault.OverviewQuery{Limit: 100, Contains: "gamma"}, " |  |  | 0 of 0 of 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := h.Overview(t.Context(), owner, tt.q)
			h.must(err)
			var names []string
			for _, r := range p.Rows {
				names = append(names, string(r.VaultName))
			}
			got := fmt.Sprintf("%s | %s | %s | %d of %d of %d", strings.Join(names, " "), p.Next, p.Previous, p.Before, p.Matches, p.Vaults)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	for _, limit := range []int{0, -1, 101} {
		_, err := h.Overview(t.Context(), owner, vault.OverviewQuery{Limit: limit})
		wantError(t, err, fmt.Sprintf("InvalidParameterValueException: Invalid limit: %d", limit))
	}
}

// A row says what DescribeVault says, and what GetVaultLock says.
func TestOverviewRows(t *testing.T) {
	for _, live := range []bool{true, false} {
		h := open(t, func(c *vault.Config) { c.Live = live })
		h.upload(photos, data(1000))
		row := func(name glacier.VaultName) vault.OverviewRow {
			t.Helper()
			p, err := h.Overview(t.Context(), owner, vault.OverviewQuery{Contains: string(name), Limit: 1})
			h.must(err)
			return p.Rows[0]
		}
		want := func(name glacier.VaultName, state string, expires *glacier.Time) {
			t.Helper()
			d, err := h.DescribeVault(t.Context(), owner, name)
			h.must(err)
			if diff := cmp.Diff(vault.OverviewRow{VaultDescription: d, Lock: state, LockExpires: expires}, row(name)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		want(photos, "", nil)
		text := `{"Version":"2012-10-17","Statement":[{"Sid":"no","Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive","Resource":"` + photo + `"}]}`
		id, err := h.InitiateVaultLock(t.Context(), owner, photos, &text)
		h.must(err)
		lock, err := h.GetVaultLock(t.Context(), owner, photos)
		h.must(err)
		want(photos, "InProgress", lock.ExpirationDate)
		want(films, "", nil)
		h.must(h.CompleteVaultLock(t.Context(), owner, photos, id))
		want(photos, "Locked", nil)
		films := strings.Replace(text, photo, strings.Replace(photo, "photos", "films", 1), 1)
		_, err = h.InitiateVaultLock(t.Context(), owner, "films", &films)
		h.must(err)
		h.pass(glacier.LockWindow + time.Second)
		_, err = h.GetVaultLock(t.Context(), owner, "films")
		wantError(t, err, "ResourceNotFoundException: No vault lock policy is set for: films")
		want("films", "", nil) // lapsed
	}
}

func BenchmarkOverview(b *testing.B) {
	s := newShelf(b, func(lsn record.LSN) (r record.Record, ok bool) {
		r.Put(&record.Vault{ID: uint64(lsn), Account: owner, Name: glacier.VaultName(fmt.Sprint("vault-", lsn)), Created: 1})
		if lsn%2 == 0 {
			r.Put(&record.VaultLock{Vault: uint64(lsn), Locked: true, Policy: strings.Repeat("x", 1000)})
		}
		return r, lsn <= 1000
	})
	for _, q := range []vault.OverviewQuery{{Limit: 100}, {Limit: 25}, {Limit: 100, After: "vault-5"}, {Limit: 100, Contains: "99"}} {
		b.Run(fmt.Sprintf("%+v", q), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Overview(b.Context(), owner, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
