package audit

import (
	"cmp"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"firn/internal/disk"
)

// maxOpen is how many files may wait for their sync; a writer that needs one more waits too. After a power cut no more than these
// can be torn, and those begun after a failure.
const maxOpen = 4

// dir is the directory of all files: the root of the file system that was handed in.
const dir = "."

const (
	namePrefix = "audit-"
	nameTime   = "20060102T150405.000Z"
	nameSuffix = ".jsonl"
)

// name is the name of a file.
type name struct {
	begun  time.Time // UTC, to the millisecond
	number uint64    // from 1
}

func (n name) String() string {
	return fmt.Sprintf("%s%s-%010d%s", namePrefix, n.begun.Format(nameTime), n.number, nameSuffix)
}

// next returns the name of the file begun after n. Its time is not before that of n, even if the clock says so: names sort in the order of
// writing.
func (n name) next(now time.Time) name {
	at := now.UTC().Truncate(time.Millisecond)
	if at.Before(n.begun) {
		at = n.begun
	}
	return name{begun: at, number: n.number + 1}
}

// parseName returns the name that s is, if it is one that String makes.
func parseName(s string) (n name, ok bool) {
	middle, ok := strings.CutPrefix(s, namePrefix)
	if !ok {
		return name{}, false
	}
	middle, _ = strings.CutSuffix(middle, nameSuffix)
	begun, number, _ := strings.Cut(middle, "-")
	var terr, nerr error
	n.begun, terr = time.Parse(nameTime, begun)
	n.number, nerr = strconv.ParseUint(number, 10, 64)
	return n, cmp.Or(terr, nerr) == nil && n.String() == s
}

// file is an open file. Log.mu guards it, but for f itself: lines are written under the mutex and only to Log.cur; the leader syncs
// without it, and closes only what is retired.
type file struct {
	name    name
	f       disk.File
	end     int64 // where the next line goes
	synced  int64 // how far everything is on the medium, the name included
	named   bool  // its name is on the medium
	used    bool  // it holds a line
	retired bool  // it is not Log.cur any more, and not written again
	err     error // why what lies beyond synced may be lost; never nil again once set
}

// past is a closed file.
type past struct {
	name name
	size int64
}

// ready sees to it that there is a file with room for a line. It may release the mutex meanwhile.
func (l *Log) ready() error {
	for {
		switch {
		case l.closed:
			return fmt.Errorf("append to audit log: %w", fs.ErrClosed)
		case l.cur != nil && l.cur.end < l.cfg.MaxSize:
			return nil
		case len(l.open) < maxOpen:
			l.retire()
			return l.begin()
		}
		l.settle()
	}
}

// retire ends the current file. The leader syncs and closes it, at the latest when the timer comes.
func (l *Log) retire() {
	if l.cur == nil {
		return
	}
	l.cur.retired = true
	l.cur = nil
	if !l.closed {
		l.arm()
	}
}

// begin makes a new file. Its name becomes durable with its first sync.
func (l *Log) begin() error {
	n := l.last.next(l.cfg.Now())
	l.last = n
	f, err := l.cfg.FS.Create(n.String())
	if err != nil {
		err = fmt.Errorf("begin audit file %s: %w", n, err)
		l.fail(err)
		return err
	}
	l.cur = &file{name: n, f: f}
	l.open = append(l.open, l.cur)
	if !l.seam {
		return nil
	}
	if err := l.write([]byte("\n")); err != nil {
		return err
	}
	l.seam = false
	return nil
}

// write puts a line at the end of the current file.
func (l *Log) write(line []byte) error {
	f := l.cur
	if _, err := f.f.WriteAt(line, f.end); err != nil {
		err = fmt.Errorf("append to %s: %w", f.name, err)
		l.fail(err)
		return err
	}
	f.end += int64(len(line))
	return nil
}
