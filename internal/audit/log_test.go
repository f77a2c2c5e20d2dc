package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// smallFile makes a file of four or five lines.
const smallFile = 2000

func clock() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC) }

// notes is what a log reports, one line each.
type notes struct{ bytes.Buffer }

func (n *notes) logger() *slog.Logger { return slog.New(slog.NewTextHandler(n, nil)) }

// take returns the messages since the last time.
func (n *notes) take() []string {
	var msgs []string
	for line := range strings.Lines(n.String()) {
		_, rest, _ := strings.Cut(line, `msg="`)
		msg, _, _ := strings.Cut(rest, `"`)
		msgs = append(msgs, msg)
	}
	n.Reset()
	return msgs
}

func open(t testing.TB, c Config) *Log {
	t.Helper()
	if c.Now == nil {
		c.Now = clock
	}
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// numbered is an event with a number to know it by.
func numbered(n int) *Event {
	return &Event{Name: "CreateVault", RequestID: fmt.Sprintf("%05d", n), Identity: Identity{Type: Root}, IP: "127.0.0.1"}
}

// text returns what the log's files hold, one after the other, as cat prints them.
func text(t testing.TB, fsys disk.FS) []byte {
	t.Helper()
	var all []byte
	for _, name := range names(t, fsys) {
		data, err := disk.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func names(t testing.TB, fsys disk.FS) []string {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name, nameSuffix) {
			list = append(list, e.Name)
		}
	}
	return list
}

// read reads a log by the rule of the package comment: the numbers of the events, and how many lines are torn.
func read(t testing.TB, fsys disk.FS) (numbers []int, torn int) {
	t.Helper()
	for line := range bytes.SplitSeq(text(t, fsys), []byte("\n")) {
		var e Event
		switch {
		case len(line) == 0:
			continue
		case json.Unmarshal(line, &e) != nil:
			torn++
			continue
		}
		var n int
		if _, err := fmt.Sscanf(e.RequestID, "%d", &n); err != nil || e.Category != eventCategory {
			t.Fatalf("a line is whole but not ours: %s", line)
		}
		numbers = append(numbers, n)
	}
	return numbers, torn
}

// wantNumbers fails the test unless exactly these events can be read, in this order.
func wantNumbers(t testing.TB, fsys disk.FS, want ...int) {
	t.Helper()
	got, torn := read(t, fsys)
	if !slices.Equal(got, want) || torn != 0 {
		t.Errorf("events %v and %d torn lines, want %v", got, torn, want)
	}
}

func appendAll(t testing.TB, l *Log, durable bool, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		if err := l.Append(numbered(n), durable); err != nil {
			t.Fatalf("append %d: %v", n, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		c    Config
	}{
		{"no file system", Config{}},
		{"negative size", Config{FS: disk.NewMem(0), MaxSize: -1}},
		{"negative number of files", Config{FS: disk.NewMem(0), Keep: -1}},
		{"directory that cannot be listed", Config{FS: disk.Inject(disk.NewMem(0), disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpReadDir))}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := Open(row.c); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestUsefulZeroConfig(t *testing.T) {
	mem := disk.NewMem(0)
	l, err := Open(Config{FS: mem})
	if err != nil {
		t.Fatal(err)
	}
	if n := names(t, mem); len(n) != 0 {
		t.Errorf("Open has begun %v", n)
	}
	appendAll(t, l, true, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantNumbers(t, mem, 1)
}

func TestClose(t *testing.T) {
	mem := disk.NewMem(0)
	l := open(t, Config{FS: mem})
	appendAll(t, l, false, 1, 2)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(numbered(3), true); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	wantNumbers(t, mem.Crash(nil, disk.Lost), 1, 2)
}

func TestCloseSaysThatLinesMayBeLost(t *testing.T) {
	for _, kind := range []disk.Kind{disk.OpSync, disk.OpSyncDir} {
		t.Run(string(kind), func(t *testing.T) {
			l := open(t, Config{FS: disk.Inject(disk.NewMem(0), disk.NthOp(1, disk.Fault{Err: syscall.EIO}, kind))})
			appendAll(t, l, false, 1)
			if err := l.Close(); !errors.Is(err, syscall.EIO) {
				t.Errorf("close: %v", err)
			}
		})
	}
}

func TestKillKeepsEverything(t *testing.T) {
	mem := disk.NewMem(0)
	l := open(t, Config{FS: mem, MaxSize: smallFile})
	var want []int
	for i := range 30 {
		appendAll(t, l, i%7 == 0, i)
		want = append(want, i)
	}
	after := mem.Crash(nil, disk.Kept)
	wantNumbers(t, after, want...)
	l = open(t, Config{FS: after})
	appendAll(t, l, true, 30)
	wantNumbers(t, after.Crash(nil, disk.Lost), append(want, 30)...)
}

// TestSyncOncePerSecond is about lines that nobody waits for.
func TestSyncOncePerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var syncs atomic.Int64
		mem := disk.NewMem(0)
		l := open(t, Config{FS: disk.Inject(mem, disk.Count(&syncs, disk.OpSync)), Now: time.Now})
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		appendAll(t, l, false, 1)
		pass(syncInterval - 1)
		appendAll(t, l, false, 2)
		wantNumbers(t, mem.Clone().Crash(nil, disk.Lost))
		pass(1)
		wantNumbers(t, mem.Clone().Crash(nil, disk.Lost), 1, 2)
		pass(time.Hour)
		if n := syncs.Load(); n != 1 {
			t.Errorf("%d syncs of two lines", n)
		}
		appendAll(t, l, true, 3)
		appendAll(t, l, false, 4)
		appendAll(t, l, true, 5)
		wantNumbers(t, mem.Clone().Crash(nil, disk.Lost), 1, 2, 3, 4, 5)
		pass(time.Hour)
		if n := syncs.Load(); n != 3 {
			t.Errorf("%d syncs, and nothing has been written since the third", n)
		}
		for i := range 100 {
			appendAll(t, l, false, i)
			pass(syncInterval / 10)
		}
		if n := syncs.Load(); n > 14 {
			t.Errorf("%d syncs in ten seconds", n-3)
		}
		l.Close()
	})
}

// TestTimerComesWhileSomebodyLeads has the timer go off in the middle of a sync that began before the line was written.
func TestTimerComesWhileSomebodyLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := disk.NewMem(0)
		var l *Log
		first := true
		l = open(t, Config{FS: disk.Inject(mem, func(op disk.Op) error {
			if op.Kind == disk.OpSync && first {
				first = false
				appendAll(t, l, false, 2)
				time.Sleep(2 * syncInterval)
			}
			return nil
		})})
		appendAll(t, l, true, 1)
		synctest.Wait()
		wantNumbers(t, mem.Clone().Crash(nil, disk.Lost), 1, 2)
		l.Close()
	})
}

// TestOneSyncForMany has syncs that take time, and many callers that wait for them.
func TestOneSyncForMany(t *testing.T) {
	const callers, each = 50, 20
	synctest.Test(t, func(t *testing.T) {
		var syncs atomic.Int64
		mem := disk.NewMem(0)
		l := open(t, Config{MaxSize: 100 * smallFile, FS: disk.Inject(mem, func(op disk.Op) error {
			if op.Kind == disk.OpSync {
				syncs.Add(1)
				time.Sleep(time.Millisecond)
			}
			return nil
		})})
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for k := range each {
					if err := l.Append(numbered(c*each+k), true); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := syncs.Load(); n > 3*each {
			t.Errorf("%d syncs for %d durable lines", n, callers*each)
		}
		got, torn := read(t, mem.Crash(nil, disk.Lost))
		if torn > 0 {
			t.Errorf("%d torn lines", torn)
		}
		next := make([]int, callers)
		for _, n := range got {
			if next[n/each] != n%each {
				t.Fatalf("caller %d: line %d, want line %d", n/each, n%each, next[n/each])
			}
			next[n/each]++
		}
		if len(got) != callers*each {
			t.Errorf("%d lines, want %d", len(got), callers*each)
		}
	})
}

// TestEverythingAtOnce is of most use with the race detector.
func TestEverythingAtOnce(t *testing.T) {
	const callers, each = 8, 60
	var calls atomic.Int64
	mem := disk.NewMem(0)
	l := open(t, Config{MaxSize: smallFile, Keep: callers * each, Now: time.Now, FS: disk.Inject(mem, func(op disk.Op) error {
		if op.Kind != disk.OpReadDir && calls.Add(1)%23 == 0 {
			return disk.Fault{Err: syscall.EIO}
		}
		return nil
	})})
	var mu sync.Mutex
	durable := map[int]bool{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for k := range each {
				n := c*each + k
				err := l.Append(numbered(n), k%2 == 0)
				if err == nil && k%2 == 0 {
					mu.Lock()
					durable[n] = true
					mu.Unlock()
				}
				switch {
				case k%5 == 1:
					l.Probe()
				case k%5 == 2:
					l.tick()
				case c == 0 && k == each-1:
					l.Close()
				}
			}
		})
	}
	wg.Wait()
	l.Close()
	if len(l.open) != 0 || len(durable) == 0 {
		t.Fatalf("%d files open, %d lines durable", len(l.open), len(durable))
	}
	open(t, Config{FS: mem})
	got, _ := read(t, mem)
	seen := map[int]int{}
	for _, n := range got {
		seen[n]++
	}
	for n := range durable {
		if seen[n] != 1 {
			t.Errorf("line %d is there %d times", n, seen[n])
		}
	}
}

func TestNamesNeverFallBehind(t *testing.T) {
	at := clock()
	mem := disk.NewMem(0)
	var want []int
	for life := range 4 {
		l := open(t, Config{FS: mem, MaxSize: 1, Now: func() time.Time { at = at.Add(-time.Hour); return at }})
		for i := range 5 {
			n := life*5 + i
			appendAll(t, l, false, n)
			want = append(want, n)
		}
		l.Close()
	}
	wantNumbers(t, mem, want...)
	if n := names(t, mem); len(n) != 20 || n[19] != "audit-20260102T020405.678Z-0000000020.jsonl" {
		t.Errorf("%d files, the last is %s", len(n), n[len(n)-1])
	}
}

func TestParseName(t *testing.T) {
	for _, row := range []struct {
		name string
		want bool
	}{
		{"audit-20260102T030405.678Z-0000000001.jsonl", true},
		{"audit-20260102T030405.678Z-12345678901.jsonl", true},
		{"audit-20260102T030405.678Z-1.jsonl", false},
		{"audit-20260102T030405.678Z-0000000001.jsonl.gz", false},
		{"audit-20260102T030405.678Z-0000000001", false},
		{"audit-20260102T030405Z-0000000001.jsonl", false},
		{"audit-20261302T030405.678Z-0000000001.jsonl", false},
		{"audit-20260102T030405.678Z.jsonl", false},
		{"audit-.jsonl", false},
		{"LOCK", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			n, ok := parseName(row.name)
			if ok != row.want || ok && n.String() != row.name {
				t.Errorf("parsed as %v, %v", n, ok)
			}
		})
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	mem := disk.NewMem(0)
	const other = "audit-by-hand.jsonl"
	for _, name := range []string{other, "LOCK"} {
		if err := disk.WriteFile(mem, name, []byte("torn")); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, Config{FS: mem, MaxSize: 1, Keep: 1})
	appendAll(t, l, true, 1, 2, 3, 4)
	l.Close()
	entries, err := mem.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name)
	}
	want := []string{"LOCK", "audit-20260102T030405.678Z-0000000003.jsonl", "audit-20260102T030405.678Z-0000000004.jsonl", other}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
