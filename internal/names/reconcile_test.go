package names_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/label"
	"firn/internal/names"
	"firn/treehash"
)

// row makes a row of an inventory up.
func row(id, description string, minute int) inventory.Row {
	return inventory.Row{ID: glacier.ArchiveID(id), Description: description, Created: at(minute), Size: int64(1000 + minute), TreeHash: treehash.Sum([]byte(id))}
}

func list(rows ...inventory.Row) names.Inventory {
	return names.Inventory{Rows: seq(rows), Date: func() time.Time { return at(30) }, Exact: true}
}

func seq(rows []inventory.Row) iter.Seq2[inventory.Row, error] {
	return func(yield func(inventory.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// text is all that a catalogue says.
func text(t *testing.T, c *names.Catalogue) string {
	t.Helper()
	var b strings.Builder
	must(t, c.Export(t.Context(), &b))
	return b.String()
}

// checkTotals fails if the totals are not those of the lists.
func checkTotals(t *testing.T, c *names.Catalogue) {
	t.Helper()
	var want names.Totals
	for a, err := range c.Archives(t.Context()) {
		must(t, err)
		want.Archives++
		want.Bytes += a.Size
		want.Files += int64(len(all(t, c.Members(t.Context(), a.ID))))
	}
	got, err := c.Totals(t.Context())
	must(t, err)
	if got != want || want.Files != int64(len(all(t, c.Under(t.Context(), "", true)))) {
		t.Errorf("totals are %+v, and there are %+v", got, want)
	}
}

func TestRebuildFromNothing(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	rows := []inventory.Row{
		row("plain", "holiday 2019/a.jpg", 1),
		row("mt2", "mt2 eyJmaWxlbmFtZSI6ImZpbGUiLCJtdGltZSI6IjIwMTIxMTE0VDIwMTYxOFoifQ", 2),
		row("cloudberry", `{"Path":"dir/a","UTCDateModified":"20130322T120026Z"}`, 3),
		row("older", `{"Path":"dir/a"}`, 2),
		row("none", "", 4),
		row("absolute", "/z/C", 5),
		row("bundle", `{"Path":"b.tar","FirnBundle":{"Index":7}}`, 5),
		row("sealed", `{"FirnSealed":"AAEC"}`, 6),
		row("nameless", `{"FirnBundle":{"Index":7,"Sealed":true}}`, 6),
	}
	counts, err := c.Rebuild(ctx, list(rows...), names.Check{})
	must(t, err)
	want(t, "counts", counts, names.Counts{Inventory: 9, Extra: 9})
	whole := func(r inventory.Row, path string, modified time.Time) names.File {
		return names.File{Path: path, Archive: r.ID, Size: r.Size, Modified: modified, Hash: r.TreeHash, Created: r.Created}
	}
	want(t, "names", all(t, c.Under(ctx, "", true)), []names.File{
		whole(rows[2], "dir/a", time.Date(2013, 3, 22, 12, 0, 26, 0, time.UTC)),
		whole(rows[3], "dir/a", time.Time{}),
		whole(rows[1], "file", time.Unix(1352924178, 0).UTC()),
		whole(rows[0], "holiday 2019/a.jpg", time.Time{}),
		whole(rows[5], "z/C", time.Time{}),
	})
	var unnamed []string
	for a := range c.Unnamed(ctx) {
		unnamed = append(unnamed, fmt.Sprintf("%s %v %v", a.ID, a.Bundle, a.Sealed))
	}
	slices.Sort(unnamed)
	want(t, "without names", unnamed, []string{"bundle true false", "nameless true true", "none false false", "sealed false true"})
	checkTotals(t, c)

	before := text(t, c)
	counts, err = c.Rebuild(ctx, list(rows...), names.Check{})
	must(t, err)
	want(t, "counts of the second time", counts, names.Counts{Inventory: 9, Same: 9})
	want(t, "after the second time", text(t, c), before)

	unseal := func(b []byte) (label.Label, bool) {
		return label.Label{Path: fmt.Sprintf("secret %x", b), Modified: at(9)}, len(b) == 3
	}
	_, err = c.Rebuild(ctx, list(rows...), names.Check{Unseal: unseal})
	must(t, err)
	want(t, "the sealed name", all(t, c.Members(ctx, "sealed")), []names.File{
		{Path: "secret 000102", Archive: "sealed", Size: names.UnknownSize, Modified: at(9), Created: at(6)},
	})
	_, err = c.Rebuild(ctx, list(rows...), names.Check{Unseal: func([]byte) (label.Label, bool) {
		return label.Label{Bundle: true, Index: 8}, true
	}})
	must(t, err)
	a, _, err := c.Archive(ctx, "sealed")
	must(t, err)
	want(t, "that what is sealed is a bundle", a.Bundle, true)
}

// TestRebuildOfSealedContent: of a sealed file the size and the hash are those of its name, as far as they can be true.
func TestRebuildOfSealedContent(t *testing.T) {
	hash := treehash.Sum([]byte("x"))
	for name, tt := range map[string]struct {
		said label.Label
		size int64
		hash treehash.Hash
	}{
		"both":                       {label.Label{Size: 900, Hash: hash}, 900, hash},
		"the size":                   {label.Label{Size: 900}, 900, treehash.Hash{}},
		"neither":                    {label.Label{}, names.UnknownSize, treehash.Hash{}},
		"as large as what is sealed": {label.Label{Size: 1006, Hash: hash}, names.UnknownSize, treehash.Hash{}},
		"the hash alone":             {label.Label{Hash: hash}, names.UnknownSize, treehash.Hash{}},
	} {
		t.Run(name, func(t *testing.T) {
			c, ctx := fresh(t), t.Context()
			r := row("sealed", `{"FirnSealed":"AAEC"}`, 6)
			tt.said.Path, tt.said.Modified = "s", at(9)
			_, err := c.Rebuild(ctx, list(r), names.Check{Unseal: func([]byte) (label.Label, bool) { return tt.said, true }})
			must(t, err)
			want(t, "names", all(t, c.Under(ctx, "", true)), []names.File{
				{Path: "s", Archive: "sealed", Size: tt.size, Hash: tt.hash, Modified: at(9), Created: at(6)},
			})
		})
	}
}

func TestRebuildKeeps(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	put := func(r inventory.Row, files ...names.File) {
		l := label.Parse(r.Description)
		must(t, c.Add(ctx, names.Archive{ID: r.ID, Description: r.Description, Size: r.Size, TreeHash: r.TreeHash, Created: r.Created, Bundle: l.Bundle, Sealed: l.Sealed != nil}, files...))
	}
	exact := at(7).Add(123456789)
	hash := treehash.Sum([]byte("x"))
	single := row("single", `{"Path":"a","UTCDateModified":"20260301T120700Z"}`, 1)
	bundle := row("bundle", `{"FirnBundle":{"Index":7}}`, 2)
	sealed := row("sealed", `{"FirnSealed":"AAEC"}`, 3)
	none := row("none", "", 4)
	wrong := row("wrong", `{"Path":"right"}`, 5)
	gone := row("gone", `{"Path":"gone"}`, 6)
	newer := row("newer", `{"Path":"newer"}`, 40)
	put(single, names.File{Path: "a", Size: 1001, Modified: exact, Hash: hash, Mode: 0o600})
	put(bundle, names.File{Path: "b/1", Offset: 512, Size: 3, Modified: exact, Hash: hash, Mode: 0o600}, names.File{Path: "b/2", Offset: 1024, Size: 3})
	put(sealed, names.File{Path: "s", Size: 3, Modified: exact, Hash: hash, Mode: 0o600})
	put(none, names.File{Path: "n", Size: 3, Modified: exact, Hash: hash, Mode: 0o600})
	put(wrong, names.File{Path: "wrong", Size: 3, Modified: exact, Hash: hash, Mode: 0o600})
	put(gone, names.File{Path: "gone"})
	put(newer, names.File{Path: "newer", Mode: 0o600})
	must(t, c.SetUpload(ctx, names.Upload{Key: "u"}))
	must(t, c.Bind(ctx, names.Owner{Vault: "v"}))

	before := all(t, c.Under(ctx, "", true))
	extra := row("extra", `{"Path":"extra"}`, 7)
	counts, err := c.Rebuild(ctx, list(extra, wrong, none, sealed, bundle, single), names.Check{})
	must(t, err)
	want(t, "counts", counts, names.Counts{Inventory: 6, Same: 5, Extra: 1, Missing: 1, Fresh: 1, Renamed: 1})
	var expected []names.File
	for _, f := range before {
		switch f.Path {
		case "gone":
		case "wrong":
			expected = append(expected, names.File{Path: "right", Archive: "wrong", Size: wrong.Size, Hash: wrong.TreeHash, Created: wrong.Created})
		default:
			expected = append(expected, f)
		}
	}
	expected = append(expected, names.File{Path: "extra", Archive: "extra", Size: extra.Size, Hash: extra.TreeHash, Created: extra.Created})
	slices.SortFunc(expected, func(a, b names.File) int { return strings.Compare(a.Path, b.Path) })
	want(t, "names", all(t, c.Under(ctx, "", true)), expected)
	want(t, "unfinished work", len(all(t, c.Uploads(ctx))), 1)
	checkTotals(t, c)
}

func TestReconcile(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	same, missing, newer := add(t, c, "same", "a", 1), add(t, c, "missing", "b", 2), add(t, c, "newer", "c", 30)
	add(t, c, "grown", "d", 3)
	described := add(t, c, "described", "e", 4)
	retimed := add(t, c, "retimed", "f", 5)
	grown := row("grown", `{"Path":"d2"}`, 3)
	grown.Size++
	late := row("retimed", "about retimed", 5)
	late.Created = at(6)
	inv := list(grown, row("same", "about same", 1), row("extra", `{"Path":"x"}`, 6), late, row("described", "e", 4))

	var found []string
	check := names.Check{Report: func(d names.Difference) error {
		found = append(found, fmt.Sprint(d.Kind, " ", d.Path, " known ", d.Known.ID, " found ", d.Found.ID))
		return nil
	}}
	differences := []string{"changed e known described found described", "extra x known  found extra", "changed d known grown found grown", "missing b known missing found "}
	counts := names.Counts{Inventory: 5, Same: 2, Extra: 1, Changed: 2, Missing: 1, Fresh: 1}
	before := text(t, c)
	got, err := c.Reconcile(ctx, inv, check)
	must(t, err)
	want(t, "counts", got, counts)
	want(t, "differences", found, differences)
	want(t, "the catalogue after a mere look", text(t, c), before)

	found, check.Mend = nil, true
	got, err = c.Reconcile(ctx, inv, check)
	must(t, err)
	want(t, "counts of the mending", got, counts)
	want(t, "differences that were mended", found, differences)
	retimed.Created = at(6)
	want(t, "names", all(t, c.Under(ctx, "", true)), []names.File{
		same, newer,
		{Path: "d2", Archive: "grown", Size: grown.Size, Hash: grown.TreeHash, Created: grown.Created},
		described, retimed,
		{Path: "x", Archive: "extra", Size: 1006, Hash: treehash.Sum([]byte("extra")), Created: at(6)},
	})
	_, ok, err := c.Archive(ctx, missing.Archive)
	must(t, err)
	want(t, "that the missing is known", ok, false)
	checkTotals(t, c)

	found = nil
	got, err = c.Reconcile(ctx, inv, check)
	must(t, err)
	want(t, "counts of the second time", got, names.Counts{Inventory: 5, Same: 5, Fresh: 1})
	want(t, "differences of the second time", found, nil)
}

// TestReconcileWithoutADate: without a date, or a vault, an inventory may be a part of one. If somebody says that it is whole, what is newer
// than all that is in it may still be newer than the inventory.
func TestReconcileWithoutADate(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	add(t, c, "old", "old", 1)
	add(t, c, "new", "new", 3)
	undated := func(whole bool, rows ...inventory.Row) names.Inventory {
		return names.Inventory{Rows: seq(rows), Date: func() time.Time { return time.Time{} }, Exact: true, Whole: whole}
	}
	nobodys := list(row("A", "", 2))
	nobodys.Vault = func() glacier.ARN { return "" }
	wholeAndNobodys := nobodys
	wholeAndNobodys.Whole = true
	for _, r := range []struct {
		name string
		inv  names.Inventory
		want names.Counts
	}{
		{"no date", undated(false, row("A", "", 2)), names.Counts{Inventory: 1, Extra: 1, Fresh: 2}},
		{"no date, and whole", undated(true, row("A", "", 2)), names.Counts{Inventory: 1, Extra: 1, Missing: 1, Fresh: 1}},
		{"empty, no date, and whole", undated(true), names.Counts{Fresh: 2}},
		{"no vault", nobodys, names.Counts{Inventory: 1, Extra: 1, Fresh: 2}},
		{"no vault, and whole", wholeAndNobodys, names.Counts{Inventory: 1, Extra: 1, Missing: 2}},
	} {
		t.Run(r.name, func(t *testing.T) {
			counts, err := c.Reconcile(ctx, r.inv, names.Check{})
			must(t, err)
			want(t, "counts", counts, r.want)
		})
	}
}

// TestFreshArchivesStay: an inventory is dated when it was completed, which may be a day after an archive that is not in it was made.
func TestFreshArchivesStay(t *testing.T) {
	const hour = 60
	for _, r := range []struct {
		name    string
		created int // minutes before the inventory's date
		exact   bool
		missing bool
	}{
		{"an hour before its completion", hour, false, false},
		{"23 hours before its completion", 23 * hour, false, false},
		{"25 hours before its completion", 25 * hour, false, true},
		{"an hour before a moment that is known", hour, true, true},
		{"at a moment that is known, by a clock of our own", 0, true, false},
	} {
		t.Run(r.name, func(t *testing.T) {
			c, ctx := fresh(t), t.Context()
			a, f := archive("A", "bundled", 30-r.created)
			a.Bundle = true
			must(t, c.Add(ctx, a, f))
			inv := list()
			inv.Exact = r.exact
			_, err := c.Rebuild(ctx, inv, names.Check{})
			must(t, err)
			want(t, "that it is missing", len(all(t, c.Members(ctx, "A"))) == 0, r.missing)
			checkTotals(t, c)
		})
	}
}

// TestRemovedArchivesStayAway: an inventory that may be older than a deletion does not bring back what was deleted.
func TestRemovedArchivesStayAway(t *testing.T) {
	const day = 24 * time.Hour
	for _, r := range []struct {
		name  string
		taken time.Duration // after the deletion
		back  bool
	}{
		{"an inventory of the day before", -day, false},
		{"one that was completed since", 20 * time.Hour, false},
		{"one of two days later", 2 * day, true},
	} {
		for _, rebuild := range []bool{false, true} {
			t.Run(fmt.Sprint(r.name, ", rebuild ", rebuild), func(t *testing.T) {
				c, ctx := fresh(t), t.Context()
				add(t, c, "known", "known", 1)
				must(t, c.Remove(ctx, "known"))
				must(t, c.Remove(ctx, "without a name"))
				inv := list(row("known", `{"Path":"known"}`, 1), row("without a name", "", 2))
				inv.Date = func() time.Time { return time.Now().Add(r.taken) }
				var seen []names.Difference
				check := names.Check{Mend: true, Report: func(d names.Difference) error {
					seen = append(seen, d)
					return nil
				}}
				do := c.Reconcile
				if rebuild {
					do = c.Rebuild
				}
				counts, err := do(ctx, inv, check)
				must(t, err)
				expected := names.Counts{Inventory: 2, Deleted: 2}
				if r.back {
					expected = names.Counts{Inventory: 2, Extra: 2}
				}
				want(t, "counts", counts, expected)
				want(t, "archives", int64(len(all(t, c.Archives(ctx)))), expected.Extra)
				want(t, "names", int64(len(all(t, c.Under(ctx, "", true)))), expected.Extra/2)
				want(t, "differences", int64(len(seen)), expected.Extra)
				checkTotals(t, c)
			})
		}
	}
}

// TestAddedAgain: an archive that was added after it was removed is there, whatever an inventory says.
func TestAddedAgain(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	add(t, c, "A", "a", 1)
	must(t, c.Remove(ctx, "A"))
	f := add(t, c, "A", "a", 1)
	inv := list(row("A", "about A", 1))
	inv.Date = time.Now
	counts, err := c.Reconcile(ctx, inv, names.Check{Mend: true})
	must(t, err)
	want(t, "counts", counts, names.Counts{Inventory: 1, Same: 1})
	want(t, "names", all(t, c.Under(ctx, "", true)), []names.File{f})
}

// TestInventoryOfAnotherVault: it changes nothing.
func TestInventoryOfAnotherVault(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	add(t, c, "A", "a", 1)
	must(t, c.Bind(ctx, names.Owner{Endpoint: "https://h", Region: "eu-west-1", Account: "111122223333", Vault: "photos"}))
	before := text(t, c)
	for _, r := range []struct {
		name string
		arn  glacier.ARN
		ours bool
	}{
		{"another vault", "arn:aws:glacier:eu-west-1:111122223333:vaults/music", false},
		{"another account", "arn:aws:glacier:eu-west-1:444455556666:vaults/photos", false},
		{"another region", "arn:aws:glacier:us-east-1:111122223333:vaults/photos", false},
		{"no vault's name", "photos", false},
		{"ours", "arn:aws:glacier:eu-west-1:111122223333:vaults/photos", true},
		{"ours in China", "arn:aws-cn:glacier:eu-west-1:111122223333:vaults/photos", true},
	} {
		t.Run(r.name, func(t *testing.T) {
			inv := list()
			inv.Vault = func() glacier.ARN { return r.arn }
			_, err := c.Reconcile(ctx, inv, names.Check{})
			if r.ours {
				must(t, err)
				return
			}
			if _, err := c.Rebuild(ctx, inv, names.Check{}); !errors.Is(err, names.ErrOther) {
				t.Errorf("%v", err)
			}
			if !errors.Is(err, names.ErrOther) {
				t.Errorf("%v", err)
			}
			want(t, "the catalogue", text(t, c), before)
		})
	}
}

func TestReconcileChangesNothingWhenItFails(t *testing.T) {
	c := fresh(t)
	add(t, c, "A", "a", 1)
	before := text(t, c)
	broken := errors.New("broken")
	extra := row("B", `{"Path":"b"}`, 2)
	refuse := func(names.Difference) error { return broken }
	for _, r := range []struct {
		name  string
		ctx   context.Context
		inv   names.Inventory
		check names.Check
		want  error
		says  string
	}{
		{"an inventory that breaks off", t.Context(), names.Inventory{Date: list().Date, Rows: func(yield func(inventory.Row, error) bool) {
			_ = yield(extra, nil) && yield(inventory.Row{}, inventory.ErrCutOff)
		}}, names.Check{}, inventory.ErrCutOff, ""},
		{"an archive twice", t.Context(), list(extra, extra), names.Check{}, nil, "twice"},
		{"a report that nobody wants", t.Context(), list(extra), names.Check{Report: refuse}, broken, ""},
		{"a mending that nobody wants", canceled(), list(extra), names.Check{}, context.Canceled, ""},
	} {
		for _, rebuild := range []bool{false, true} {
			t.Run(fmt.Sprint(r.name, ", rebuild ", rebuild), func(t *testing.T) {
				do, check := c.Reconcile, r.check
				if rebuild {
					do = c.Rebuild
				}
				check.Mend = true
				_, err := do(r.ctx, r.inv, check)
				if err == nil || r.want != nil && !errors.Is(err, r.want) || !strings.Contains(err.Error(), r.says) {
					t.Errorf("%v", err)
				}
				want(t, "the catalogue", text(t, c), before)
			})
		}
	}
}

// TestMendedByAnother: whoever has the catalogue open meanwhile goes on with it, and sees what he began to see.
func TestMendedByAnother(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.db")
	one, other, ctx := open(t, file), open(t, file), t.Context()
	old := add(t, other, "old", "old", 1)
	want(t, "names before", all(t, other.Under(ctx, "", true)), []names.File{old})
	var rows []inventory.Row
	for i := range 2500 { // enough for an index to be made again
		rows = append(rows, row(fmt.Sprint(i), fmt.Sprintf(`{"Path":"f%d"}`, i), i%29))
	}
	seen := 0
	for f, err := range other.Under(ctx, "", true) {
		must(t, err)
		want(t, "what is seen meanwhile", f, old)
		_, err := one.Rebuild(ctx, list(rows...), names.Check{})
		must(t, err)
		seen++
	}
	want(t, "names seen meanwhile", seen, 1)
	add(t, other, "new", "new", 2)
	must(t, other.Remove(ctx, "7"))
	want(t, "members", len(all(t, other.Members(ctx, "8"))), 1)
	want(t, "names after", len(all(t, one.Under(ctx, "", true))), 2500)
	checkTotals(t, other)
}

// TestReconcileAtRandom: after the mending there is nothing to mend, the totals are right, and rebuilding from nothing gives the same names as
// mending does.
func TestReconcileAtRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c, ctx := fresh(t), t.Context()
		var rows []inventory.Row
		for i := range 60 {
			id := fmt.Sprintf("%c%d", 'a'+rune(rng.IntN(26)), i)
			r := row(id, fmt.Sprintf(`{"Path":"f%d"}`, rng.IntN(20)), rng.IntN(29))
			known := names.Archive{ID: r.ID, Description: r.Description, Size: r.Size, TreeHash: r.TreeHash, Created: r.Created}
			file := names.File{Path: label.Parse(r.Description).Path, Size: r.Size, Hash: r.TreeHash}
			switch rng.IntN(6) {
			case 0: // it is missing
				must(t, c.Add(ctx, known, file))
				continue
			case 1: // it is extra
			case 2:
				known.Size++
				must(t, c.Add(ctx, known, file))
			case 3:
				known.Description = ""
				must(t, c.Add(ctx, known))
			case 4:
				known.Created = at(rng.IntN(29))
				must(t, c.Add(ctx, known, file))
			default:
				must(t, c.Add(ctx, known, file))
			}
			rows = append(rows, r)
		}
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		_, err := c.Reconcile(ctx, list(rows...), names.Check{Mend: true})
		must(t, err)
		checkTotals(t, c)
		counts, err := c.Reconcile(ctx, list(rows...), names.Check{Mend: true})
		must(t, err)
		want(t, fmt.Sprint("counts after the mending, seed ", seed), counts, names.Counts{Inventory: int64(len(rows)), Same: int64(len(rows))})
		other := fresh(t)
		_, err = other.Rebuild(ctx, list(rows...), names.Check{})
		must(t, err)
		want(t, fmt.Sprint("mended and made anew, seed ", seed), text(t, c), text(t, other))
	}
}

// TestRebuildMany goes the way of great vaults, where indexes are made again.
func TestRebuildMany(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one call after another, for seconds")
	}
	c, ctx := fresh(t), t.Context()
	const n = 2_500
	kept := add(t, c, "kept", "0", 1)
	rows := []inventory.Row{row("kept", "about kept", 1)}
	for i := range n {
		rows = append(rows, row(fmt.Sprintf("%x", treehash.Sum([]byte{byte(i), byte(i >> 8)})), fmt.Sprintf(`{"Path":"f%d"}`, i*1999%n), i%29))
	}
	counts, err := c.Reconcile(ctx, list(rows...), names.Check{Mend: true})
	must(t, err)
	want(t, "counts", counts, names.Counts{Inventory: n + 1, Same: 1, Extra: n})
	want(t, "the members of what was known", all(t, c.Members(ctx, "kept")), []names.File{kept})
	checkTotals(t, c)
}

// TestReconcileOfWhatIsToBeDeleted: an inventory spares what it lists, and, also if it may not be whole, nothing else.
func TestReconcileOfWhatIsToBeDeleted(t *testing.T) {
	c, ctx := fresh(t), t.Context()
	listed, other := row("listed", "listed", 1), row("other", "other", 2)
	_, err := c.Rebuild(ctx, list(listed, other), names.Check{})
	must(t, err)
	must(t, c.Doom(ctx, "listed", "other"))
	newest := row("newest", "newest", 3)
	newest.Created = time.Now().Add(100 * time.Hour)
	undated := names.Inventory{Rows: seq([]inventory.Row{listed, newest}), Date: func() time.Time { return time.Time{} }}
	_, err = c.Reconcile(ctx, undated, names.Check{Mend: true})
	must(t, err)
	doomed := map[string]bool{}
	for _, f := range all(t, c.Under(ctx, "", true)) {
		doomed[f.Path] = f.Doomed
	}
	want(t, "doomed", doomed, map[string]bool{"listed": false, "newest": false, "other": true})
}
