package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a call of Latest may cost.
const (
	tailBytes   = 4 << 20 // read from the files; less than one chunk more if need be
	tailEvents  = 200     // on a page
	tailDefault = 50      // on a page, if the query does not say
	fileCost    = 4 << 10 // what opening a file counts as, so that many small ones have a limit too
)

// ErrCursor is returned for a cursor that Latest has not made.
var ErrCursor = errors.New("audit: this is no cursor of a page")

// Page is a part of the log, the newest event first.
type Page struct {
	Events []Event

	// Next is the cursor of the page after this one, empty if there is none. A page may have few events or none and a next one
	// all the same: a call reads no more than a few MiB.
	Next string

	// Back is the time of the oldest line looked at so far, zero if there was none. What the log holds up to there and the query asks
	// for is on this page and those before it.
	Back time.Time

	// Unreadable are the names of files that could not be read. They are left out.
	Unreadable []string
}

// Latest returns the events that a query asks for, from the newest backwards. Lines appended after the first page was made are not on the
// later ones; what was removed meanwhile is missing there. It may be called at any time, also while the log fails, and waits for no
// disk but its own reads.
//
// Times are taken for growing, as they are unless the clock was set back: a query with From ends at the first line that is older.
//
// The error is [ErrCursor], that of the context, or says what the query lacks.
func (l *Log) Latest(ctx context.Context, q Query) (*Page, error) {
	if err := q.prepare(); err != nil {
		return nil, err
	}
	from, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	s := &search{query: &q, page: &Page{}, left: tailBytes}
	files := l.extents(from)
	for i, x := range files {
		inside := q.Cursor != "" && x.name.number == from.number
		at, err := s.file(ctx, l.cfg.FS, x, inside)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // else it was removed since it was listed
			s.page.Unreadable = append(s.page.Unreadable, x.name.String())
		}
		switch {
		case s.done:
			return s.page, nil
		case at > 0 || s.full() && i+1 < len(files):
			s.page.Next = cursor{x.name.number, at}.String()
			return s.page, nil
		}
	}
	return s.page, nil
}

// Size returns how many files the log has, and how many bytes are in them.
func (l *Log) Size() (files int, bytes int64) {
	for _, x := range l.extents(theEnd()) {
		files++
		bytes += x.end
	}
	return files, bytes
}

// extent is a file and how much of it is to be read.
type extent struct {
	name name
	end  int64
}

// extents are the files that lie before a cursor, the newest first. What is being written to the current one is not counted before it is
// whole.
func (l *Log) extents(c cursor) []extent {
	l.mu.Lock()
	all := make([]extent, 0, len(l.past)+len(l.open))
	for _, p := range l.past {
		all = append(all, extent{p.name, p.size})
	}
	for _, f := range l.open {
		all = append(all, extent{f.name, f.end})
	}
	l.mu.Unlock()
	all = slices.DeleteFunc(all, func(x extent) bool { return x.name.number > c.number })
	slices.SortFunc(all, func(a, b extent) int { return strings.Compare(b.name.String(), a.name.String()) })
	if len(all) > 0 && all[0].name.number == c.number {
		all[0].end = min(all[0].end, c.offset)
	}
	return all
}

// cursor is a place in the log: what lies before offset in the file of that number, and the files of smaller ones, have not been looked
// at. Numbers of files are never used twice, so it means the same for ever, and as it is only a place it gives nobody anything.
type cursor struct {
	number uint64
	offset int64
}

// theEnd is behind everything.
func theEnd() cursor { return cursor{math.MaxUint64, math.MaxInt64} }

func (c cursor) String() string { return fmt.Sprintf("%d-%d", c.number, c.offset) }

// parseCursor returns the place that s names; the empty one is behind everything.
func parseCursor(s string) (cursor, error) {
	if s == "" {
		return theEnd(), nil
	}
	number, offset, _ := strings.Cut(s, "-")
	n, nerr := strconv.ParseUint(number, 10, 64)
	o, oerr := strconv.ParseInt(offset, 10, 64)
	if c := (cursor{n, o}); nerr == nil && oerr == nil && c.String() == s && o >= 0 {
		return c, nil
	}
	return cursor{}, ErrCursor
}
