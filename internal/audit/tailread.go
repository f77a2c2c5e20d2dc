package audit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sort"
	"time"

	"firn/internal/disk"
)

// Sizes of reads.
const (
	chunkSize = 64 << 10 // of the search for lines
	probeSize = 16 << 10 // of the search for a time
)

// search is one call of Latest.
type search struct {
	query *Query
	page  *Page
	left  int64 // bytes that may still be read
	done  bool  // nothing older is asked for
}

// full reports whether this page is to end.
func (s *search) full() bool { return s.left <= 0 || len(s.page.Events) >= s.query.Limit }

// file looks through a file, from x.end backwards, until the page is full, and returns what is left of it. inside says that the query's
// cursor is in this file, so that its time need not be looked for.
func (s *search) file(ctx context.Context, fsys disk.FS, x extent, inside bool) (int64, error) {
	s.left -= fileCost
	f, err := fsys.Open(x.name.String())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	end := x.end
	if to := s.query.To; !to.IsZero() && !inside {
		if end, err = s.seek(f, end, to); err != nil {
			return 0, err
		}
	}
	b := backward{r: f, lo: end}
	for ctx.Err() == nil {
		line, whole, ok := b.line()
		switch {
		case ok && whole:
			s.look(line)
		case ok: // a torn end
		case b.lo == 0:
			return 0, nil
		case s.full():
			return b.at(), nil
		default:
			n, err := b.more()
			if err != nil {
				return 0, err
			}
			s.left -= int64(n)
		}
		if s.done || len(s.page.Events) >= s.query.Limit {
			return b.at(), nil
		}
	}
	return b.at(), context.Cause(ctx)
}

// look puts a line's event on the page if it is asked for.
func (s *search) look(line []byte) {
	t, ok := timeOf(line)
	if !ok {
		return
	}
	if !s.query.From.IsZero() && t.Before(s.query.From) {
		s.done = true
		return
	}
	s.page.Back = t
	if !s.query.To.IsZero() && !t.Before(s.query.To) {
		return
	}
	if e, ok := s.query.event(line); ok {
		s.page.Events = append(s.page.Events, *e)
	}
}

// seek returns an offset, at most end, before which every line lies that is older than to.
func (s *search) seek(f disk.File, end int64, to time.Time) (int64, error) {
	var failed error
	buf := make([]byte, probeSize)
	sort.Search(int(end/chunkSize)+1, func(i int) bool {
		if failed != nil {
			return true
		}
		b, start := buf, int64(i)*chunkSize
		b = b[:min(int64(len(b)), end-start)]
		s.left -= int64(len(b))
		if failed = readFull(f, b, start); failed != nil {
			return true
		}
		at, t, ok := firstTime(b, start == 0)
		if !ok || t.Before(to) {
			return false
		}
		end = min(end, start+int64(at))
		return true
	})
	return end, failed
}

// firstTime returns where the first line in b begins that is whole and has a time, and that time. first says that a line begins with b.
func firstTime(b []byte, first bool) (at int, t time.Time, ok bool) {
	if !first {
		at = bytes.IndexByte(b, '\n') + 1
		if at == 0 {
			return 0, t, false
		}
	}
	for {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return 0, t, false
		}
		if t, ok = timeOf(b[at : at+n]); ok {
			return at, t, true
		}
		at += n + 1
	}
}

// timeKey stands before the time of an event. Nothing that a client says looks like it: there, quotes are escaped.
const timeKey = `"eventTime":"`

// timeOf returns the time of a line's event without taking the line apart.
func timeOf(line []byte) (t time.Time, ok bool) {
	_, rest, ok := bytes.Cut(line, []byte(timeKey))
	if !ok || len(rest) < len("2006-01-02T15:04:05Z") {
		return t, false
	}
	t, err := time.Parse(time.RFC3339, string(rest[:len("2006-01-02T15:04:05Z")]))
	return t, err == nil
}

// backward hands out the lines of a file from a place backwards. Set r and lo, the place.
type backward struct {
	r   io.ReaderAt
	lo  int64  // where buf begins in the file
	buf []byte // what has been read and not handed out
}

// at is the place before which nothing has been handed out.
func (b *backward) at() int64 { return b.lo + int64(len(b.buf)) }

// line returns the line before the place, without its end, valid until the next call of more. whole says that it has an end. ok is false
// if nothing is left, or more has to be read.
func (b *backward) line() (line []byte, whole, ok bool) {
	if len(b.buf) == 0 {
		return nil, false, false
	}
	begin := bytes.LastIndexByte(b.buf[:len(b.buf)-1], '\n') + 1
	if begin == 0 && b.lo > 0 {
		return nil, false, false
	}
	line = b.buf[begin:]
	b.buf = b.buf[:begin]
	line, whole = bytes.CutSuffix(line, []byte("\n"))
	return line, whole, true
}

// more reads the chunk before those that have been read, and returns its size. What is too long for a line is given up: without its end the
// rest of it is none.
func (b *backward) more() (int, error) {
	if len(b.buf) > maxLine {
		b.buf = b.buf[:0]
	}
	n := int(min(chunkSize, b.lo))
	grown := make([]byte, n+len(b.buf))
	copy(grown[n:], b.buf)
	if err := readFull(b.r, grown[:n], b.lo-int64(n)); err != nil {
		return 0, err
	}
	b.lo -= int64(n)
	b.buf = grown
	return n, nil
}

// readFull fills b with what r has at off.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	if n, err := r.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("read %d bytes at %d: %w", len(b), off, err)
	}
	return nil
}
