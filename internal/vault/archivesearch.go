package vault

import (
	"math"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

const (
	// maxLooks is how many archives one call looks at, which takes some 15 ms.
	maxLooks = 15_000
	// heavy is how many bytes a record has that is as much work as another.
	// Those of archives that were uploaded in thousands of parts are long.
	heavy = 512
	// glance is how many of them are looked at in one view of the store.
	glance = 2_000
	// neighbours is how many are looked at to find out whether there is a page
	// on the other side. If they are all deleted and pinned, there is said to be.
	neighbours = 100
)

// An archiveSearch is one call of Archives under way. It goes through ids up or
// down, whichever leads away from where it starts.
type archiveSearch struct {
	ArchiveQuery
	back  bool   // towards the beginning of the list
	down  bool   // towards smaller ids
	of    uint64 // vault
	start uint64 // the cursor's place: between this id and the one above

	after, upto uint64 // ids that the dates leave: after < id ≤ upto
	lower       string // Match, in lower case
	loose       []byte // the same, for a quick look
	alone       bool   // Match is an archive's id

	figures  catalog.Figures
	found    []ArchiveRow // one more than the page has, if there are
	last     uint64       // the last that the page has
	searched int
	left     int    // work that may still be done, in archives
	edge     uint64 // the last that was looked at
	ended    bool   // there are no more
	behind   bool   // there are others on the other side of the start
}

// cursor marks cursors of this kind.
func (a *archiveSearch) cursor(back bool) uint64 {
	const archives = 1 << 8
	n := uint64(archives)
	if back {
		n |= 1
	}
	if a.Oldest {
		n |= 2
	}
	return n
}

// over reports whether the search is.
func (a *archiveSearch) over() bool {
	return a.ended || a.left <= 0 || len(a.found) > a.Limit
}

// one looks at the archive that was asked for.
func (a *archiveSearch) one(r *record.Archive) {
	if r.Deleted {
		return
	}
	a.searched = 1
	if a.fits(r.Size) && a.matches(r) {
		a.take(r)
	}
}

// bounds finds out which ids the dates and the cursor leave.
func (a *archiveSearch) bounds(tx *catalog.Tx) (err error) {
	a.after, a.upto = 0, math.MaxInt64
	a.lower, a.loose = strings.ToLower(a.Match), catalog.Loose(a.Match)
	if !a.From.IsZero() {
		if a.after, err = a.before(tx, a.From.UnixMilli()); err != nil {
			return err
		}
	}
	if !a.To.IsZero() {
		imported, err := tx.HasImported(a.of)
		if err == nil && !imported {
			a.upto, err = a.before(tx, a.To.UnixMilli())
		}
		if err != nil {
			return err
		}
	}
	switch {
	case a.Cursor != "":
	case a.down:
		a.start = a.upto
	default:
		a.start = a.after
	}
	a.edge = a.start + 1 // of which nothing was looked at yet
	if !a.down {
		a.edge = a.start
	}
	return nil
}

// before returns an id up to which archives arrived before an instant, and after
// which they did not.
func (a *archiveSearch) before(tx *catalog.Tx, instant int64) (uint64, error) {
	least, most := uint64(0), uint64(tx.LSN())
	for least < most {
		middle := least + (most-least)/2
		early := false
		err := tx.GlanceArchives(a.of, middle, math.MaxInt64, false, 1, func(g *catalog.Glance) (bool, error) {
			r, err := g.Archive()
			if early = err == nil && r.Arrived() < instant; early {
				least = r.ID
			}
			return false, err
		})
		if err != nil {
			return 0, err
		}
		if !early {
			most = middle
		}
	}
	return least, nil
}

// look goes on with the search for one view.
func (a *archiveSearch) look(tx *catalog.Tx) error {
	after, upto := a.ahead()
	n, seen := min(glance, a.left), 0
	err := tx.GlanceArchives(a.of, after, upto, a.down, n, func(g *catalog.Glance) (bool, error) {
		seen++
		err := a.see(g)
		return !a.over(), err
	})
	a.ended = seen < n && !a.over()
	return err
}

// see looks at an archive.
func (a *archiveSearch) see(g *catalog.Glance) error {
	a.edge = g.ID
	a.left -= 1 + g.Length()/heavy
	if g.Deleted {
		return nil
	}
	a.searched++
	if !a.fits(g.Size) || len(a.loose) > 0 && g.Without(a.loose) {
		return nil
	}
	r, err := g.Archive()
	if err == nil && a.matches(&r) {
		a.take(&r)
	}
	return err
}

// take adds an archive to what was found.
func (a *archiveSearch) take(r *record.Archive) {
	a.found = append(a.found, ArchiveRow{
		ID: r.Public, Description: r.Description, Created: glacier.At(r.Created), Size: r.Size, TreeHash: r.TreeHash,
	})
	if len(a.found) <= a.Limit {
		a.last = r.ID
	}
}

// ahead are the ids that the search has not come to.
func (a *archiveSearch) ahead() (after, upto uint64) {
	if a.down {
		return a.after, min(a.upto, a.edge-1)
	}
	return max(a.after, a.edge), a.upto
}

// place is where the search goes on: between the last of the page and the one
// that is too many, next to whichever comes first in the list, so that there and
// back the places are the same; behind the last that was looked at if the page is
// not full.
func (a *archiveSearch) place() uint64 {
	last, passed := a.edge, true
	switch full := len(a.found) > a.Limit; {
	case full && a.back:
		passed = false
	case full:
		last = a.last
	}
	if a.down == passed {
		return last - 1
	}
	return last
}

// lookAround finds out whether there is anything before the start, and after the
// end if the search did not come to it.
func (a *archiveSearch) lookAround(tx *catalog.Tx) (err error) {
	if a.Cursor != "" && !a.alone {
		after, upto := a.after, min(a.upto, a.start)
		if a.down {
			after, upto = max(a.after, a.start), a.upto
		}
		if a.behind, err = a.some(tx, after, upto, !a.down); err != nil {
			return err
		}
	}
	if a.ended || len(a.found) > a.Limit {
		return nil
	}
	after, upto := a.ahead()
	more, err := a.some(tx, after, upto, a.down)
	a.ended = !more
	return err
}

// some reports whether there are archives.
func (a *archiveSearch) some(tx *catalog.Tx, after, upto uint64, down bool) (bool, error) {
	seen, live := 0, false
	err := tx.GlanceArchives(a.of, after, upto, down, neighbours, func(g *catalog.Glance) (bool, error) {
		seen++
		live = !g.Deleted
		return !live, nil
	})
	return live || seen == neighbours, err
}

// fits reports whether an archive's size is what is asked for.
func (a *archiveSearch) fits(size int64) bool {
	return size >= a.Least && (a.Most == 0 || size <= a.Most)
}

// matches reports whether an archive's dates and texts are what is asked for.
func (a *archiveSearch) matches(r *record.Archive) bool {
	switch {
	case !a.From.IsZero() && r.Created < a.From.UnixMilli(), !a.To.IsZero() && r.Created >= a.To.UnixMilli():
		return false
	case a.alone:
		return true
	}
	return strings.HasPrefix(string(r.Public), a.Match) || strings.Contains(strings.ToLower(r.Description), a.lower)
}
