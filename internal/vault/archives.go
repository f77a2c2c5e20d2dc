package vault

import (
	"context"
	"slices"
	"strconv"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/token"
	"firn/treehash"
)

// MaxArchivePage is how many archives a page of Archives can have.
const MaxArchivePage = 1000

// An ArchiveQuery says which of a vault's archives to list. Members with their
// zero value do not narrow.
type ArchiveQuery struct {
	Oldest bool   // the oldest come first, not the newest
	Cursor string // Next or Previous of another page; "" begins at the beginning
	Limit  int    // archives on the page, 1 to MaxArchivePage

	// Match is what the description has in it, in whichever case, or what the id
	// begins with. The whole id of one of the vault's archives finds that one
	// alone, and at once, unless it was imported and is short.
	Match string
	// ID is that of the only archive that is wanted, however short; Match is none
	// then.
	ID glacier.ArchiveID

	From, To    time.Time // created at or after, and before, to the millisecond
	Least, Most int64     // bytes: at least, and at most
}

// An ArchiveRow is an archive as it stands in a list.
type ArchiveRow struct {
	ID          glacier.ArchiveID
	Description string
	Created     glacier.Time
	Size        int64 // bytes, without overhead
	TreeHash    treehash.Hash
}

// An ArchivePage is what one call of Archives has found.
type ArchivePage struct {
	Rows []ArchiveRow

	// Next and Previous are the cursors of the pages behind and before this one,
	// "" where there is none. Such a page can turn out empty, if nothing that is
	// left matches.
	Next, Previous string

	// Searched is how many archives were looked at. A page with fewer than Limit
	// rows that is not Done ended because that was enough for one call: the search
	// goes on at Next, or at Previous if that is where this page was found.
	Searched int
	Done     bool // the search came to the end of the vault

	Archives, Bytes int64 // of the whole vault now, without overhead

	// Vault is the vault's number. Another vault has another, even of the same name.
	Vault uint64
}

// Archives lists a vault's archives page by page, as they are now. It looks at
// no more than 15,000 of them a call, in several short looks.
//
// A cursor is a place between two archives, in one order of one vault. It keeps
// its place while archives come and go: going on from it no archive is seen
// twice, and none is left out that was there all the time. If nothing changes,
// Previous of the page at Next is the page again. Archives that are deleted and
// that jobs still read are not listed.
//
// Dates are looked up by halving: a later archive did not arrive before an
// earlier one, even if the clock was set back, because the store gives no record
// a time before that of the record before it. Archives that were imported are
// older than that; where there are any, all later ones are searched for them.
// They stand where they arrived.
func (s *Service) Archives(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, q ArchiveQuery) (ArchivePage, error) {
	a, err := s.newSearch(q)
	if err != nil {
		return ArchivePage{}, err
	}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		v, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		return a.begin(tx, &v, s.ids)
	})
	for err == nil && !a.over() {
		err = s.store.View(ctx, a.look)
	}
	if err == nil {
		err = s.store.View(ctx, a.lookAround)
	}
	if err != nil {
		return ArchivePage{}, err
	}
	return a.page(s.ids), nil
}

// newSearch checks what can be checked without the vault.
func (s *Service) newSearch(q ArchiveQuery) (*archiveSearch, error) {
	if q.Limit < 1 || q.Limit > MaxArchivePage {
		return nil, invalid("limit", strconv.Itoa(q.Limit))
	}
	a := &archiveSearch{ArchiveQuery: q, left: maxLooks}
	if q.Cursor != "" {
		id, ok := s.ids.Open(token.PageMarker, q.Cursor)
		back := id.Random == a.cursor(true)
		if !ok || !back && id.Random != a.cursor(false) {
			return nil, invalidMarker(q.Cursor)
		}
		a.back, a.of, a.start = back, id.Vault, id.Number
	}
	a.down = a.Oldest == a.back
	return a, nil
}

// begin finds out which ids are to be searched.
func (a *archiveSearch) begin(tx *catalog.Tx, v *record.Vault, ids token.Key) error {
	if a.Cursor != "" && a.of != v.ID {
		return invalidMarker(a.Cursor)
	}
	a.of = v.ID
	var err error
	if a.figures, err = tx.Figures(v.ID); err != nil {
		return err
	}
	if a.Match != "" && !glacier.ValidDescription(a.Match) {
		a.ended = true // nothing is called that
		return nil
	}
	id := a.ID
	if id == "" && len(a.Match) >= wholeID && glacier.ArchiveID(a.Match).Valid() {
		id = glacier.ArchiveID(a.Match)
	}
	if id != "" {
		r, ok, err := tx.Named(ids, v.ID, id)
		if err != nil {
			return err
		}
		t, ours := ids.Open(token.Archive, string(id))
		if ok || a.ID != "" || ours && t.Vault == v.ID {
			a.ended, a.alone = true, true
			if ok {
				a.one(&r)
			}
			return nil
		}
	}
	return a.bounds(tx)
}

// wholeID is how long a text must be to be looked up as an id. Those that were
// imported can be as short as a word of a description.
const wholeID = 32

// page is what was found, in the order that was asked for.
func (a *archiveSearch) page(ids token.Key) ArchivePage {
	p := ArchivePage{Vault: a.of, Searched: a.searched, Done: a.ended, Archives: a.figures.Archives, Bytes: a.figures.Bytes}
	p.Rows = a.found[:min(len(a.found), a.Limit)]
	seal := func(back bool, place uint64) string {
		return ids.Seal(token.ID{Kind: token.PageMarker, Vault: a.of, Number: place, Random: a.cursor(back)})
	}
	if !a.ended {
		p.Next = seal(a.back, a.place())
	}
	if a.behind {
		p.Previous = seal(!a.back, a.start)
	}
	if a.back {
		slices.Reverse(p.Rows)
		p.Next, p.Previous = p.Previous, p.Next
	}
	return p
}
