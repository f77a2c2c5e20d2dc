package job

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
)

// A shelf is a store with nothing but a catalog.
type shelf struct {
	store.Store
	catalog *catalog.Catalog
	views   int
}

func (s *shelf) View(ctx context.Context, look func(*catalog.Tx) error) error {
	s.views++
	return s.catalog.View(ctx, look)
}

// newShelf returns a Service over a catalog of which fold makes the records, from
// the first on until there are no more.
func newShelf(tb testing.TB, fold func(lsn record.LSN) (record.Record, bool)) *Service {
	tb.Helper()
	c, err := catalog.Open(filepath.Join(tb.TempDir(), "catalog.db"), [16]byte{1}, catalog.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	var entries []record.Entry
	for lsn, more := record.LSN(1), true; more; lsn++ {
		var r record.Record
		if r, more = fold(lsn); more {
			entries = append(entries, record.Entry{LSN: lsn, Images: r.Images})
		}
		if len(entries) == 4096 || !more {
			if err := c.Fold(context.Background(), entries, catalog.Position{LSN: entries[len(entries)-1].LSN}); err != nil {
				tb.Fatal(err)
			}
			entries = entries[:0]
		}
	}
	s, err := New(Config{Store: &shelf{catalog: c}, Region: region, IDs: ids})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// offices is a store whose first record makes some vaults, every seventh of
// another account's, and each other record a job, in a vault and of a status that
// pick picks. Jobs in vault 0 are left over from one that is gone. all are those
// of the owner, newest first.
func offices(tb testing.TB, vaults, jobs int, pick func() (vault int, status string)) (s *Service, all []record.Job) {
	foreign := glacier.AccountID("444455556666")
	s = newShelf(tb, func(lsn record.LSN) (r record.Record, ok bool) {
		if lsn == 1 {
			for n := 1; n <= vaults; n++ {
				v := record.Vault{ID: uint64(n), Account: owner, Name: glacier.VaultName(fmt.Sprint("v", n))}
				if n%7 == 0 {
					v.Account = foreign
				}
				r.Put(&v)
			}
			return r, true
		}
		n, status := pick()
		j := record.Job{Vault: uint64(n), ID: uint64(lsn), Public: glacier.JobID(fmt.Sprint("job-", lsn)),
			Action: glacier.ActionInventoryRetrieval, Format: "JSON", Status: status, Created: int64(lsn)}
		if int(lsn) > jobs+1 {
			return r, false
		}
		r.Put(&j)
		if n != 0 && n%7 != 0 {
			all = append(all, j)
		}
		return r, true
	})
	slices.Reverse(all)
	return s, all
}

// Pages have all jobs of the account, newest first, each once, whichever way they
// are spread over its vaults.
func TestRecentMergesVaults(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	status := func() string { return []string{glacier.InProgress, glacier.Succeeded, glacier.Failed}[random.IntN(3)] }
	for _, tt := range []struct {
		name         string
		vaults, jobs int
		pick         func() (int, string)
	}{
		{"no vaults", 0, 10, func() (int, string) { return 0, status() }},
		{"no jobs", 10, 0, func() (int, string) { return 0, status() }},
		{"one vault", 1, 300, func() (int, string) { return 1, status() }},
		{"a few vaults", 8, 300, func() (int, string) { return random.IntN(9), status() }},
		{"many vaults", 200, 700, func() (int, string) { return random.IntN(201), status() }},
		{"most in one", 50, 700, func() (int, string) { return max(1, random.IntN(500)-449), status() }},
		{"few that failed", 20, 700, func() (int, string) {
			if random.IntN(100) == 0 {
				return random.IntN(21), glacier.Failed
			}
			return random.IntN(21), glacier.Succeeded
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, all := offices(t, tt.vaults, tt.jobs, tt.pick)
			for _, want := range []string{"", glacier.InProgress, glacier.Succeeded, glacier.Failed} {
				for _, limit := range []int{1, 7, 100} {
					if got, want := walk(t, s, RecentQuery{Status: want, Limit: limit}), wanted(all, want); !cmp.Equal(want, got, cmpopts.EquateEmpty()) {
						t.Errorf("status %q, limit %d, seed %d (-want +got):\n%s", want, limit, seed, cmp.Diff(want, got))
					}
				}
			}
		})
	}
}

func wanted(all []record.Job, status string) (list []string) {
	for _, j := range all {
		if status == "" || j.Status == status {
			list = append(list, fmt.Sprintf("v%d/%s", j.Vault, j.Public))
		}
	}
	return list
}

// walk goes through all pages.
func walk(t *testing.T, s *Service, q RecentQuery) (list []string) {
	t.Helper()
	for {
		p, err := s.Recent(t.Context(), owner, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Jobs) > q.Limit || p.Done != (p.Next == "") {
			t.Fatalf("%d jobs, done %t, next %q", len(p.Jobs), p.Done, p.Next)
		}
		for _, j := range p.Jobs {
			list = append(list, string(j.Vault)+"/"+string(j.JobID))
		}
		if p.Done {
			return list
		}
		q.Cursor = p.Next
	}
}

// A search that finds nothing ends by and by, and each call before that.
func TestRecentIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("makes many jobs")
	}
	for _, tt := range []struct {
		name   string
		vaults int
		status string // that is asked for; the jobs have the other
		has    string
	}{
		{"in one vault", 1, glacier.Failed, glacier.Succeeded},
		{"in a hundred", 100, glacier.Failed, glacier.Succeeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			s, _ := offices(t, tt.vaults, 40_000, func() (int, string) {
				n++
				return n%tt.vaults + 1, tt.has
			})
			on := s.cfg.Store.(*shelf)
			q, calls := RecentQuery{Status: tt.status, Limit: 10}, 0
			for done := false; !done; calls++ {
				on.views = 0
				p, err := s.Recent(t.Context(), owner, q)
				if err != nil {
					t.Fatal(err)
				}
				if len(p.Jobs) > 0 || on.views > 15 {
					t.Fatalf("%d jobs in %d views", len(p.Jobs), on.views)
				}
				q.Cursor, done = p.Next, p.Done
			}
			if calls < 3 || calls > 20 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}

// A row is what DescribeJob says.
func TestRecentRow(t *testing.T) {
	h := newHouse(t)
	var want []RecentJob
	for _, name := range []glacier.VaultName{photos, other, photos} {
		b, err := h.InitiateJob(t.Context(), owner, owner, name, parameters(t, `{"Type":"inventory-retrieval"}`))
		if err != nil {
			t.Fatal(err)
		}
		d, err := h.DescribeJob(t.Context(), owner, name, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		want = append([]RecentJob{{d, name}}, want...)
	}
	first, err := h.Recent(t.Context(), owner, RecentQuery{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.vaults.DeleteVault(t.Context(), owner, other); err != nil {
		t.Fatal(err)
	}
	if _, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, `{"Type":"inventory-retrieval"}`)); err != nil {
		t.Fatal(err)
	}
	second, err := h.Recent(t.Context(), owner, RecentQuery{Limit: 2, Cursor: first.Next}) // behind where it was
	if err != nil {
		t.Fatal(err)
	}
	h.same("pages", want, append(first.Jobs, second.Jobs...))
	h.same("after a vault was deleted", 3, len(walk(t, h.Service, RecentQuery{Limit: 1})))
}

func TestRecentRefused(t *testing.T) {
	s, _ := offices(t, 2, 5, func() (int, string) { return 1, glacier.Failed })
	p, err := s.Recent(t.Context(), owner, RecentQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	archives := ids.Seal(token.ID{Kind: token.PageMarker, Vault: record.AccountKey(owner).A, Number: 3, Random: 1 << 8})
	for _, tt := range []struct {
		name    string
		owner   glacier.AccountID
		q       RecentQuery
		message string
	}{
		{"no limit", owner, RecentQuery{}, "Invalid limit: 0"},
		{"limit too large", owner, RecentQuery{Limit: 101}, "Invalid limit: 101"},
		{"no status", owner, RecentQuery{Limit: 1, Status: "Done"}, "The job status code is not valid: Done"},
		{"cursor of nothing", owner, RecentQuery{Limit: 1, Cursor: "x"}, "Invalid marker: x"},
		{"cursor of another account", "444455556666", RecentQuery{Limit: 1, Cursor: p.Next}, "Invalid marker: " + p.Next},
		{"cursor of another list", owner, RecentQuery{Limit: 1, Cursor: archives}, "Invalid marker: " + archives},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Recent(t.Context(), tt.owner, tt.q)
			refused(t, err, glacier.InvalidParameterValue, tt.message)
		})
	}
}

// A call must stay well under 50 ms, whatever is asked for.
func BenchmarkRecent(b *testing.B) {
	for _, spread := range []struct {
		name   string
		vaults int // that have jobs, of a thousand
	}{{"in three vaults", 3}, {"in a thousand vaults", 1000}} {
		n := 0
		s, _ := offices(b, 1000, 100_000, func() (int, string) {
			n++
			if n%1000 == 0 {
				return n%spread.vaults + 1, glacier.InProgress
			}
			return n%spread.vaults + 1, glacier.Succeeded
		})
		for _, q := range []RecentQuery{
			{Limit: 50}, {Limit: 50, Status: glacier.Succeeded}, {Limit: 50, Status: glacier.InProgress}, {Limit: 50, Status: glacier.Failed},
		} {
			b.Run(fmt.Sprintf("%s/%s", spread.name, q.Status), func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Recent(b.Context(), owner, q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
