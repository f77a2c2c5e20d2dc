package vault_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/internal/vault"
)

// describe uploads an archive with a description.
func (h *house) describe(name glacier.VaultName, description string, size int) glacier.ArchiveID {
	h.t.Helper()
	body := data(size)
	q := request(body)
	q.Description = description
	in, err := h.BeginUpload(h.t.Context(), owner, name, q)
	h.must(err)
	return h.finish(in, body).Archive
}

func (h *house) archives(q vault.ArchiveQuery) vault.ArchivePage {
	h.t.Helper()
	p, err := h.Archives(h.t.Context(), owner, photos, q)
	h.must(err)
	return p
}

// titles are the descriptions of a page, with spaces between.
func titles(p vault.ArchivePage) string {
	var list []string
	for _, r := range p.Rows {
		list = append(list, r.Description)
	}
	return strings.Join(list, " ")
}

func TestArchiveRow(t *testing.T) {
	h := open(t, nil)
	id := h.describe(photos, "IMG 1", 3<<20)
	h.upload(films, data(5))
	tree := request(data(3 << 20)).Tree
	p := h.archives(vault.ArchiveQuery{Limit: 10})
	want := vault.ArchivePage{
		Rows:     []vault.ArchiveRow{{ID: id, Description: "IMG 1", Created: glacier.Time{Time: h.clock()}, Size: 3 << 20}},
		Searched: 1, Done: true, Archives: 1, Bytes: 3 << 20,
	}
	if got := p.Rows[0].TreeHash.String(); got != tree {
		t.Errorf("tree hash %s, want %s", got, tree)
	}
	if diff := cmp.Diff(want, p, cmpopts.IgnoreFields(vault.ArchiveRow{}, "TreeHash"), cmpopts.IgnoreFields(vault.ArchivePage{}, "Vault")); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

// A vault that has the name of one that was deleted is another vault.
func TestArchivesTellVaultsApart(t *testing.T) {
	h := open(t, nil)
	first, other := h.archives(vault.ArchiveQuery{Limit: 1}).Vault, uint64(0)
	if err := h.DeleteVault(t.Context(), owner, photos); err != nil {
		t.Fatal(err)
	}
	if err := h.CreateVault(t.Context(), owner, photos); err != nil {
		t.Fatal(err)
	}
	if other = h.archives(vault.ArchiveQuery{Limit: 1}).Vault; first == 0 || other == 0 || other == first {
		t.Errorf("numbers %d and %d", first, other)
	}
}

func TestArchivesThatMatch(t *testing.T) {
	h := open(t, nil)
	var ids []glacier.ArchiveID
	for i, description := range []string{"Holiday/IMG_1.jpg", "holiday/img_2.JPG", "", "notes [1] @home", "tax 2019"} {
		ids = append(ids, h.describe(photos, description, 10*(i+1)))
		h.pass(time.Hour)
	}
	elsewhere := h.upload(films, data(1))
	start := h.clock().Add(-5 * time.Hour)
	at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
	for _, tt := range []struct {
		name string
		q    vault.ArchiveQuery
		want []int // oldest first
	}{
		{"everything", vault.ArchiveQuery{}, []int{0, 1, 2, 3, 4}},
		{"text in another case", vault.ArchiveQuery{Match: "HOLIDAY/img"}, []int{0, 1}},
		{"text at the end", vault.ArchiveQuery{Match: ".jpg"}, []int{0, 1}},
		{"text with brackets", vault.ArchiveQuery{Match: "[1]"}, []int{3}},
		{"brackets are not braces", vault.ArchiveQuery{Match: "{1}"}, nil},
		{"at is not a backquote", vault.ArchiveQuery{Match: "`HOME"}, nil},
		{"text that is nowhere", vault.ArchiveQuery{Match: "work"}, nil},
		{"text that no description can have", vault.ArchiveQuery{Match: "Ürlaub"}, nil},
		{"text longer than any description", vault.ArchiveQuery{Match: strings.Repeat("x", 1025)}, nil},
		{"an id", vault.ArchiveQuery{Match: string(ids[2])}, []int{2}},
		{"the beginning of an id", vault.ArchiveQuery{Match: string(ids[2][:40])}, []int{2}},
		{"the beginning of an id in another case", vault.ArchiveQuery{Match: strings.ToLower(string(ids[2][:40]))}, nil},
		{"the end of an id", vault.ArchiveQuery{Match: string(ids[2][98:])}, nil},
		{"the id of another vault's", vault.ArchiveQuery{Match: string(elsewhere)}, nil},
		{"an id and a size that it has not", vault.ArchiveQuery{Match: string(ids[2]), Least: 31}, nil},
		{"an id and a date that it has not", vault.ArchiveQuery{Match: string(ids[2]), From: at(3)}, nil},
		{"size from", vault.ArchiveQuery{Least: 30}, []int{2, 3, 4}},
		{"size to", vault.ArchiveQuery{Most: 30}, []int{0, 1, 2}},
		{"size from and to", vault.ArchiveQuery{Least: 30, Most: 30}, []int{2}},
		{"created from", vault.ArchiveQuery{From: at(2)}, []int{2, 3, 4}},
		{"created a moment after", vault.ArchiveQuery{From: at(2).Add(time.Millisecond)}, []int{3, 4}},
		{"created before", vault.ArchiveQuery{To: at(2)}, []int{0, 1}},
		{"created from and before", vault.ArchiveQuery{From: at(1), To: at(3)}, []int{1, 2}},
		{"created before the first", vault.ArchiveQuery{To: at(0)}, nil},
		{"created after the last", vault.ArchiveQuery{From: at(5)}, nil},
		{"dates the wrong way round", vault.ArchiveQuery{From: at(3), To: at(1)}, nil},
		{"all together", vault.ArchiveQuery{Match: "img", From: at(1), To: at(4), Least: 1, Most: 99}, []int{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.Limit, tt.q.Oldest = 5, true
			p := h.archives(tt.q)
			var want []glacier.ArchiveID
			for _, i := range tt.want {
				want = append(want, ids[i])
			}
			if diff := cmp.Diff(want, idsOf(p), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if !p.Done || p.Next != "" || p.Previous != "" {
				t.Errorf("there is more: %+v", p)
			}
		})
	}
}

func idsOf(p vault.ArchivePage) (list []glacier.ArchiveID) {
	for _, r := range p.Rows {
		list = append(list, r.ID)
	}
	return list
}

// A clock that is set back hides nothing from who asks by date: every archive is
// found from its own date on, and up to just after it.
func TestArchivesByDateAfterTheClockWasSetBack(t *testing.T) {
	h := open(t, nil)
	for i, step := range []time.Duration{time.Hour, -3 * time.Hour, time.Minute, 24 * time.Hour, -12 * time.Hour, 0} {
		h.describe(photos, fmt.Sprint(i), 1)
		h.pass(step)
	}
	for _, r := range h.archives(vault.ArchiveQuery{Limit: 10}).Rows {
		for _, q := range []vault.ArchiveQuery{
			{Limit: 10, From: r.Created.Time},
			{Limit: 10, To: r.Created.Add(time.Millisecond)},
			{Limit: 10, From: r.Created.Time, To: r.Created.Add(time.Millisecond)},
		} {
			if p := h.archives(q); !strings.Contains(titles(p), r.Description) {
				t.Errorf("%+v finds %q, without %s of %s", q, titles(p), r.Description, r.Created)
			}
		}
	}
}

// Archives that are deleted are not listed, also while jobs still read them.
func TestDeletedArchivesAreNotListed(t *testing.T) {
	h := open(t, nil)
	h.faked = true
	for i := range 4 {
		h.describe(photos, fmt.Sprint(i), 1)
	}
	rows := h.archives(vault.ArchiveQuery{Limit: 4}).Rows
	h.must(h.DeleteArchive(t.Context(), owner, photos, rows[2].ID)) // "1"
	for _, i := range []int{0, 3} {                                 // "3" and "0"
		pinned := h.archive(photos, rows[i].ID)
		pinned.Deleted = true
		h.write(func(*catalog.Tx) []record.Entity { return []record.Entity{&pinned} })
	}
	for _, q := range []vault.ArchiveQuery{{Limit: 1}, {Limit: 1, Oldest: true}, {Limit: 1, Match: "2"}} {
		p := h.archives(q)
		if got := titles(p); got != "2" || p.Next != "" || p.Searched != 1 || p.Archives != 1 || p.Bytes != 1 {
			t.Errorf("%+v: %q of %+v", q, got, p)
		}
	}
	for _, r := range rows {
		p := h.archives(vault.ArchiveQuery{Limit: 1, Match: string(r.ID)})
		if live := r.Description == "2"; live != (len(p.Rows) == 1) || live != (p.Searched == 1) {
			t.Errorf("by the id of %s: %+v", r.Description, p)
		}
	}
}

func TestArchivesOfAnEmptyVault(t *testing.T) {
	h := open(t, nil)
	for _, q := range []vault.ArchiveQuery{
		{Limit: 1}, {Limit: 1000, Oldest: true}, {Limit: 1, Match: "a"}, {Limit: 1, From: h.clock(), To: h.clock().Add(1)},
	} {
		if diff := cmp.Diff(vault.ArchivePage{Done: true}, h.archives(q), cmpopts.IgnoreFields(vault.ArchivePage{}, "Vault")); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q, diff)
		}
	}
}

func TestArchivesRefused(t *testing.T) {
	h := open(t, nil)
	for range 2 {
		h.upload(photos, data(1))
		h.upload(films, data(1))
	}
	newest := h.archives(vault.ArchiveQuery{Limit: 1}).Next
	p, err := h.Archives(t.Context(), owner, films, vault.ArchiveQuery{Limit: 1})
	h.must(err)
	job := h.store.IDKey().Seal(token.ID{Kind: token.PageMarker, Vault: h.vault(photos).ID, Number: 1})
	for _, tt := range []struct {
		name  string
		vault glacier.VaultName
		q     vault.ArchiveQuery
		want  string
	}{
		{"no such vault", "music", vault.ArchiveQuery{Limit: 1}, glacier.VaultNotFound(region, owner, "music").Error()},
		{"no vault's name", "a/b", vault.ArchiveQuery{Limit: 1}, glacier.VaultNotFound(region, owner, "a/b").Error()},
		{"no limit", photos, vault.ArchiveQuery{}, "InvalidParameterValueException: Invalid limit: 0"},
		{"limit too large", photos, vault.ArchiveQuery{Limit: 1001}, "InvalidParameterValueException: Invalid limit: 1001"},
		{"cursor of nothing", photos, vault.ArchiveQuery{Limit: 1, Cursor: "x"}, "InvalidParameterValueException: Invalid marker: x"},
		{"cursor of another vault", photos, vault.ArchiveQuery{Limit: 1, Cursor: p.Next}, "InvalidParameterValueException: Invalid marker: " + p.Next},
		{"cursor of another order", photos, vault.ArchiveQuery{Limit: 1, Cursor: newest, Oldest: true}, "InvalidParameterValueException: Invalid marker: " + newest},
		{"cursor of another list", photos, vault.ArchiveQuery{Limit: 1, Cursor: job}, "InvalidParameterValueException: Invalid marker: " + job},
		{"cursor that was altered", photos, vault.ArchiveQuery{Limit: 1, Cursor: newest[:49] + "!"}, "InvalidParameterValueException: Invalid marker: " + newest[:49] + "!"},
		{"cursor of this list", photos, vault.ArchiveQuery{Limit: 1, Cursor: newest}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.Archives(t.Context(), owner, tt.vault, tt.q)
			wantError(t, err, tt.want)
		})
	}
}

// Whoever pages on sees nothing twice, and misses nothing that was there all the
// time.
func TestArchivesComeAndGoBetweenPages(t *testing.T) {
	for _, oldest := range []bool{false, true} {
		h := open(t, nil)
		for i := range 9 {
			h.describe(photos, fmt.Sprint(i), 1)
		}
		row := map[string]glacier.ArchiveID{}
		for _, r := range h.archives(vault.ArchiveQuery{Limit: 9}).Rows {
			row[r.Description] = r.ID
		}
		q := vault.ArchiveQuery{Limit: 3, Oldest: oldest}
		first := h.archives(q)
		for _, r := range first.Rows {
			h.must(h.DeleteArchive(t.Context(), owner, photos, r.ID)) // also the one that the cursor stands at
		}
		h.must(h.DeleteArchive(t.Context(), owner, photos, row["4"]))
		h.describe(photos, "new", 1)
		q.Cursor = first.Next
		second := h.archives(q)
		q.Cursor = second.Next
		third := h.archives(q)
		q.Cursor = second.Previous
		before := ""
		if q.Cursor != "" {
			before = titles(h.archives(q))
		}
		got := titles(first) + " | " + titles(second) + " | " + titles(third) + " | " + before
		want := "8 7 6 | 5 3 2 | 1 0 | new"
		if oldest {
			want = "0 1 2 | 3 5 6 | 7 8 new | "
		}
		if got != want {
			t.Errorf("oldest first %t: %s\nwant %s", oldest, got, want)
		}
	}
}

// album is a vault of 40,000 archives. Those of which every is a divisor of their
// number are called "match"; deleted ones are among them.
func album(every record.LSN) func(record.LSN) (record.Record, bool) {
	return func(lsn record.LSN) (r record.Record, ok bool) {
		if lsn == 1 {
			r.Put(&record.Vault{ID: 1, Account: owner, Name: photos})
			return r, true
		}
		a := record.Archive{Vault: 1, ID: uint64(lsn), Public: glacier.ArchiveID(fmt.Sprint("id-", lsn)), Size: 1,
			Created: shelfTime(lsn).UnixMilli(), Description: "other", Deleted: lsn%7 == 0}
		if lsn%every == 0 {
			a.Description = "match"
		}
		r.Put(&a)
		return r, lsn <= 40_001
	}
}

// A walk through all pages and back is through the same pages, however they end:
// full, or because the search was long enough for one call.
func TestPagesThereAndBack(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	for _, every := range []record.LSN{10, 3000, 99_999} {
		s := newShelf(t, album(every))
		for _, q := range []vault.ArchiveQuery{
			{Limit: 1000, Match: "MATCH"},
			{Limit: 7, Match: "match", From: shelfTime(11), To: shelfTime(35_011)},
			{Limit: 3, Match: "match", From: shelfTime(100), To: shelfTime(160)},
		} {
			for _, q.Oldest = range []bool{false, true} {
				t.Run(fmt.Sprintf("one in %d, limit %d, oldest first %t", every, q.Limit, q.Oldest), func(t *testing.T) {
					thereAndBack(t, s, q, every)
				})
			}
		}
	}
}

func thereAndBack(t *testing.T, s *vault.Service, q vault.ArchiveQuery, every record.LSN) {
	page := func(cursor string) vault.ArchivePage {
		t.Helper()
		q.Cursor = cursor
		p, err := s.Archives(t.Context(), owner, photos, q)
		if err != nil {
			t.Fatal(err)
		}
		if p.Searched > 15_000 || len(p.Rows) > q.Limit {
			t.Fatalf("looked at %d for %d rows", p.Searched, len(p.Rows))
		}
		return p
	}
	pages := []vault.ArchivePage{page("")}
	for p := pages[0]; p.Next != "" && len(pages) < 50; pages = append(pages, p) {
		p = page(p.Next)
	}
	if len(pages) < 50 {
		wantMatches(t, q, every, pages)
	}
	for i := len(pages) - 1; i > 0; i-- {
		p := page(pages[i].Previous)
		// How much had to be looked at depends on the direction.
		if diff := cmp.Diff(pages[i-1], p, cmpopts.IgnoreFields(p, "Searched", "Done", "Next")); diff != "" {
			t.Fatalf("page %d from behind (-there +back):\n%s", i-1, diff)
		}
		if p.Next == "" {
			t.Fatalf("page %d from behind has no next page", i-1)
		}
		if again := page(p.Next); !cmp.Equal(pages[i].Rows, again.Rows) {
			t.Fatalf("page %d again:\n%s", i, cmp.Diff(pages[i].Rows, again.Rows))
		}
	}
	if pages[0].Previous != "" || len(pages) < 50 && !pages[len(pages)-1].Done {
		t.Error("the pages have no ends")
	}
}

// wantMatches fails unless the pages have what album put there.
func wantMatches(t *testing.T, q vault.ArchiveQuery, every record.LSN, pages []vault.ArchivePage) {
	t.Helper()
	want := map[glacier.ArchiveID]bool{}
	for lsn := record.LSN(2); lsn <= 40_001; lsn++ {
		at := shelfTime(lsn)
		if lsn%every == 0 && lsn%7 != 0 && (q.From.IsZero() || !at.Before(q.From)) && (q.To.IsZero() || at.Before(q.To)) {
			want[glacier.ArchiveID(fmt.Sprint("id-", lsn))] = true
		}
	}
	for _, p := range pages {
		for _, id := range idsOf(p) {
			if !want[id] {
				t.Errorf("%s does not belong there, or is there twice", id)
			}
			delete(want, id)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d are missing", len(want))
	}
}

// An archive of many parts has a long record: a call looks at fewer of them.
func TestArchivesOfManyPartsAreMoreWork(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	pieces := make([]record.Piece, 10_000)
	s := newShelf(t, func(lsn record.LSN) (r record.Record, ok bool) {
		if lsn == 1 {
			r.Put(&record.Vault{ID: 1, Account: owner, Name: photos})
			return r, true
		}
		r.Put(&record.Archive{Vault: 1, ID: uint64(lsn), Public: "id", Size: 1, Pieces: pieces})
		return r, lsn <= 51
	})
	q, seen := vault.ArchiveQuery{Limit: 1000}, 0
	for calls := 1; ; calls++ {
		p, err := s.Archives(t.Context(), owner, photos, q)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(p.Rows)
		if p.Done {
			if calls < 2 {
				t.Error("all in one call")
			}
			break
		}
		q.Cursor = p.Next
	}
	if seen != 50 {
		t.Errorf("saw %d, want 50", seen)
	}
}
