package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

const mine, theirs = "111111111111", "222222222222"

// owned is a numbered event of an account of ours.
func owned(n int) *Event {
	e := numbered(n)
	e.Account, e.Identity.AccountID = mine, mine
	return e
}

// written makes a log of the events, durable.
func written(t *testing.T, fsys disk.FS, events ...*Event) *Log {
	t.Helper()
	l := open(t, Config{FS: fsys, MaxSize: smallFile})
	for _, e := range events {
		if err := l.Append(e, true); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func series(from, to int) (events []*Event) {
	for n := from; n <= to; n++ {
		events = append(events, owned(n))
	}
	return events
}

func latest(t *testing.T, l *Log, q Query) *Page {
	t.Helper()
	if q.Account == "" {
		q.Account = mine
	}
	p, err := l.Latest(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ids are the numbers of the events of a page.
func (p *Page) ids() string {
	var ids []string
	for _, e := range p.Events {
		ids = append(ids, strings.TrimLeft(e.RequestID, "0"))
	}
	return strings.Join(ids, " ")
}

// walk reads the log page by page, calling between before each further one, and returns the numbers and the number of pages.
func walk(t *testing.T, l *Log, q Query, between func()) (ids string, pages int) {
	t.Helper()
	var all []string
	for {
		p := latest(t, l, q)
		pages++
		if len(p.Events) > 0 {
			all = append(all, p.ids())
		}
		if p.Next == "" {
			return strings.Join(all, " "), pages
		}
		if q.Cursor = p.Next; between != nil {
			between()
		}
	}
}

// downTo is what walk finds of a whole log.
func downTo(from, to int) string {
	var ids []string
	for n := from; n >= to; n-- {
		ids = append(ids, fmt.Sprint(n))
	}
	return strings.Join(ids, " ")
}

func TestLatestOfManyFiles(t *testing.T) {
	mem := disk.NewMem(0)
	l := written(t, mem, series(1, 50)...)
	if n := len(names(t, mem)); n < 5 {
		t.Fatalf("only %d files", n)
	}
	for _, limit := range []int{1, 3, 7, 49, 50, 51, 1000} {
		t.Run(fmt.Sprintf("%d a page", limit), func(t *testing.T) {
			ids, pages := walk(t, l, Query{Limit: limit}, nil)
			if ids != downTo(50, 1) {
				t.Errorf("found %s", ids)
			}
			if want := (50 + min(limit, tailEvents) - 1) / min(limit, tailEvents); pages != want {
				t.Errorf("%d pages, want %d", pages, want)
			}
		})
	}
	if files, size := l.Size(); files != len(names(t, mem)) || size != int64(len(text(t, mem))) {
		t.Errorf("%d files of %d bytes", files, size)
	}
	if p := latest(t, l, Query{}); !p.Back.Equal(clock().Truncate(time.Second)) || len(p.Unreadable) != 0 {
		t.Errorf("looked back to %v, unreadable %v", p.Back, p.Unreadable)
	}
	if p := latest(t, open(t, Config{FS: disk.NewMem(0)}), Query{}); p.Next != "" || len(p.Events) != 0 || !p.Back.IsZero() {
		t.Errorf("an empty log has the page %+v", p)
	}
}

// TestLatestHasTheWholeEvent: what goes in comes out.
func TestLatestHasTheWholeEvent(t *testing.T) {
	want := samples()["DescribeVault"]
	want.Account = mine
	p := latest(t, written(t, disk.NewMem(0), want), Query{})
	want.fill(time.Time{})
	want.cut()
	want.ID = p.Events[0].ID
	if diff := cmp.Diff([]Event{*want}, p.Events); diff != "" {
		t.Error(diff)
	}
}

func TestLatestWhileTheLogGrows(t *testing.T) {
	mem := disk.NewMem(0)
	l := written(t, mem, series(1, 20)...)
	next := 21
	ids, _ := walk(t, l, Query{Limit: 2}, func() {
		for range 6 {
			appendAll(t, l, false, next)
			if err := l.Append(owned(next), false); err != nil {
				t.Fatal(err)
			}
			next++
		}
	})
	if ids != downTo(20, 1) {
		t.Errorf("found %s", ids)
	}
	if got := latest(t, l, Query{Limit: 1}).ids(); got != fmt.Sprint(next-1) {
		t.Errorf("the newest is %s, want %d", got, next-1)
	}
}

func TestLatestWhileFilesGo(t *testing.T) {
	mem := disk.NewMem(0)
	l := open(t, Config{FS: mem, MaxSize: smallFile, Keep: 2})
	for _, e := range series(1, 20) {
		if err := l.Append(e, true); err != nil {
			t.Fatal(err)
		}
	}
	first := latest(t, l, Query{Limit: 2})
	for _, e := range series(21, 60) {
		if err := l.Append(e, true); err != nil {
			t.Fatal(err)
		}
	}
	p := latest(t, l, Query{Cursor: first.Next})
	if len(p.Events) != 0 || p.Next != "" || len(p.Unreadable) != 0 {
		t.Errorf("after all files of the cursor went: %+v", p)
	}
	// Removed by somebody else, between the listing and the reading.
	list := names(t, mem)
	if err := mem.Remove(list[len(list)-2]); err != nil {
		t.Fatal(err)
	}
	p = latest(t, l, Query{})
	if got := p.ids(); !strings.HasPrefix(got, "60 ") || len(p.Events) < 5 || len(p.Unreadable) != 0 {
		t.Errorf("with a file missing: %s, unreadable %v", got, p.Unreadable)
	}
}

// TestLatestOfTornLines puts what is torn between two whole lines, in files of an earlier life.
func TestLatestOfTornLines(t *testing.T) {
	line := func(n int) string {
		data, err := newEncoder().encode(owned(n), clock())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, row := range []struct{ name, between string }{
		{"nothing", ""},
		{"empty lines", "\n\n\n"},
		{"half a line", line(7)[:100] + "\n"},
		{"zeros", "\x00\x00\x00\n"},
		{"zeros over several chunks", strings.Repeat("\x00", 3*chunkSize) + "\n"},
		{"a line longer than any", long(maxLine+3*chunkSize) + "\n"},
		{"a line longer than any that begins as an event", strings.TrimSuffix(line(7), "\n") + long(3*maxLine) + "\n"},
		{"a line longer than a page reads", long(tailBytes+5*chunkSize) + "\n"},
		{"JSON of something else", `{"eventTime":"2026-01-02T03:04:05Z","a":"` + mine + `"}` + "\n" + `"` + mine + `"` + "\n"},
		{"an event with a wrong type", `{"eventTime":"2026-01-02T03:04:05Z","eventName":7,"recipientAccountId":"` + mine + `"}` + "\n"},
		{"an event that says it is ours", strings.ReplaceAll(line(7), `"recipientAccountId":"`+mine, `"other":"`+mine)[:200] + "\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			mem := disk.NewMem(0)
			if err := disk.WriteFile(mem, someName, []byte(line(1)+row.between+line(2))); err != nil {
				t.Fatal(err)
			}
			if ids, _ := walk(t, open(t, Config{FS: mem}), Query{}, nil); ids != "2 1" {
				t.Errorf("found %s", ids)
			}
		})
	}
	t.Run("lines as long as can be, at every place of a chunk", func(t *testing.T) {
		for _, size := range []int{chunkSize - 1, chunkSize, chunkSize + 1, maxLine - 1, maxLine} {
			mem := disk.NewMem(0)
			e := strings.TrimSuffix(line(1), "}\n")
			e += `,"more":"` + long(size-len(e)-len(`,"more":""}`)-1) + `"}` + "\n"
			if len(e) != size {
				t.Fatalf("%d bytes, want %d", len(e), size)
			}
			if err := disk.WriteFile(mem, someName, []byte(e+e+line(2))); err != nil {
				t.Fatal(err)
			}
			if ids, _ := walk(t, open(t, Config{FS: mem}), Query{}, nil); ids != "2 1 1" {
				t.Errorf("size %d: found %s", size, ids)
			}
		}
	})
}

// TestLatestReadsLittle: a page costs what it may, however much there is.
func TestLatestReadsLittle(t *testing.T) {
	const life = 12 // of lines, in MiB
	mem := disk.NewMem(0)
	l := open(t, Config{FS: mem})
	for n := 1; l.cur == nil || l.cur.end < life<<20; n++ {
		e := owned(n)
		if n > 1 {
			e.Account, e.Identity.AccountID, e.UserAgent = theirs, theirs, strings.Repeat("x", maxText)
		}
		if err := l.Append(e, false); err != nil {
			t.Fatal(err)
		}
	}
	var bytes, opened atomic.Int64
	l.cfg.FS = disk.Inject(mem, func(op disk.Op) error {
		switch op.Kind {
		case disk.OpRead:
			bytes.Add(int64(op.Len))
		case disk.OpOpen:
			opened.Add(1)
		}
		return nil
	})
	ids, pages := walk(t, l, Query{}, func() {
		if n := bytes.Swap(0); n > tailBytes+chunkSize {
			t.Errorf("a page has read %d bytes", n)
		}
	})
	if ids != "1" || pages != 4 && pages != life/4 {
		t.Errorf("found %s on %d pages", ids, pages)
	}
	opened.Store(0)
	l = open(t, Config{FS: disk.Inject(disk.NewMem(0), func(disk.Op) error { return nil }), MaxSize: 1})
	for range 2 * tailBytes / fileCost {
		if err := l.Append(numbered(1), false); err != nil {
			t.Fatal(err)
		}
	}
	if p := latest(t, l, Query{}); p.Next == "" {
		t.Error("a page has opened all of very many files")
	}
}

func TestLatestOfUnreadableFiles(t *testing.T) {
	for _, kind := range []disk.Kind{disk.OpOpen, disk.OpRead} {
		t.Run(string(kind), func(t *testing.T) {
			mem := disk.NewMem(0)
			l := written(t, mem, series(1, 20)...)
			list := names(t, mem)
			bad := list[len(list)-2]
			l.cfg.FS = disk.Inject(mem, func(op disk.Op) error {
				if op.Kind == kind && op.Name == bad {
					return syscall.EIO
				}
				return nil
			})
			p := latest(t, l, Query{})
			if !slices.Equal(p.Unreadable, []string{bad}) || p.Next != "" {
				t.Errorf("unreadable %v, next %q", p.Unreadable, p.Next)
			}
			if got := p.ids(); !strings.HasPrefix(got, "20 ") || !strings.HasSuffix(got, " 2 1") {
				t.Errorf("found %s", got)
			}
		})
	}
	l := written(t, disk.NewMem(0), series(1, 3)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Latest(ctx, Query{Account: mine}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that is over returns %v", err)
	}
}

func TestLatestCursors(t *testing.T) {
	l := written(t, disk.NewMem(0), series(1, 9)...)
	for _, row := range []struct {
		name, cursor string
		want         string // "refused", or the numbers
	}{
		{"a word", "x", "refused"},
		{"no offset", "1", "refused"},
		{"nothing", "-", "refused"},
		{"negative offset", "1--5", "refused"},
		{"sign", "+1-5", "refused"},
		{"leading zeros", "01-5", "refused"},
		{"too large a number", "18446744073709551616-5", "refused"},
		{"too large an offset", "1-9223372036854775808", "refused"},
		{"something after it", "1-5 ", "refused"},
		{"a path", "../../etc/passwd", "refused"},
		{"very long", strings.Repeat("1", 1<<16), "refused"},
		{"the beginning", "1-0", ""},
		{"before the first file", "0-5", ""},
		{"inside a line", "1-700", "1"},
		{"far behind the end of a file", "1-9223372036854775807", "4 3 2 1"},
		{"a file that is not there yet", "18446744073709551615-9223372036854775807", downTo(9, 1)},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := l.Latest(t.Context(), Query{Account: mine, Cursor: row.cursor})
			switch {
			case row.want == "refused" && !errors.Is(err, ErrCursor):
				t.Errorf("returns %v", err)
			case row.want != "refused" && err != nil:
				t.Error(err)
			case err == nil && p.ids() != row.want:
				t.Errorf("found %q, want %q", p.ids(), row.want)
			}
		})
	}
}

// FuzzBackward compares the search from the end with one from the beginning.
func FuzzBackward(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte, at int64) {
		at = max(0, min(at, int64(len(data))))
		var want []string
		for line := range strings.SplitAfterSeq(string(data[:at]), "\n") {
			if text, ok := strings.CutSuffix(line, "\n"); ok {
				want = append(want, text)
			}
		}
		slices.Reverse(want)
		var got []string
		for b := (backward{r: strings.NewReader(string(data)), lo: at}); ; {
			line, whole, ok := b.line()
			switch {
			case ok && whole:
				got = append(got, string(line))
			case !ok && b.lo == 0:
				if !slices.Equal(got, want) {
					t.Fatalf("found %q, want %q", got, want)
				}
				return
			case !ok:
				if _, err := b.more(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
