package audit

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

const (
	msgFails = "audit log is failing: lines may be missing"
	msgWorks = "audit log works again"
)

// TestFailing breaks a log in each way, and mends it. The state is known from Failing and reported once, and the next line tells.
func TestFailing(t *testing.T) {
	for _, row := range []struct {
		kind    disk.Kind
		fault   disk.Fault
		durable bool
	}{
		{disk.OpCreate, disk.Fault{Err: syscall.EIO}, false},
		{disk.OpCreate, disk.Fault{Err: syscall.ENOSPC}, true},
		{disk.OpCreate, disk.Fault{Err: syscall.EIO, After: true}, true},
		{disk.OpWrite, disk.Fault{Err: syscall.EIO}, false},
		{disk.OpWrite, disk.Fault{Err: syscall.ENOSPC}, true},
		{disk.OpWrite, disk.Fault{Err: syscall.ENOSPC, Short: 40}, false},
		{disk.OpSync, disk.Fault{Err: syscall.EIO}, true},
		{disk.OpSyncDir, disk.Fault{Err: syscall.EIO}, true},
	} {
		t.Run(fmt.Sprintf("%s %+v", row.kind, row.fault), func(t *testing.T) {
			var bad bool
			var heard notes
			mem := disk.NewMem(0)
			l := open(t, Config{MaxSize: 2 * smallLine, Log: heard.logger(), FS: disk.Inject(mem, func(op disk.Op) error {
				if bad && op.Kind == row.kind {
					return row.fault
				}
				return nil
			})})
			appendAll(t, l, true, 1, 2) // The file is full, so that the next line needs all kinds of operations.
			bad = true
			for n := range 5 {
				if err := l.Append(numbered(10+n), row.durable); !errors.Is(err, row.fault.Err) {
					t.Errorf("append: %v", err)
				}
				if err := l.Failing(); !errors.Is(err, row.fault.Err) {
					t.Errorf("failing: %v", err)
				}
				if err := l.Probe(); !errors.Is(err, row.fault.Err) {
					t.Errorf("probe: %v", err)
				}
			}
			if diff := cmp.Diff([]string{msgFails}, heard.take()); diff != "" {
				t.Errorf("reported:\n%s", diff)
			}
			bad = false
			for n := range 3 {
				appendAll(t, l, row.durable, 20+n)
				if err := l.Failing(); err != nil {
					t.Errorf("failing: %v", err)
				}
			}
			if diff := cmp.Diff([]string{msgWorks}, heard.take()); diff != "" {
				t.Errorf("reported:\n%s", diff)
			}
			l.Close()
			list := names(t, mem)
			if last, err := disk.ReadFile(mem, list[len(list)-1]); err != nil || last[0] != '{' {
				t.Errorf("a file begun long after the failure starts with %q", last[0])
			}
			got, _ := read(t, mem)
			if want := []int{20, 21, 22}; !cmp.Equal(got[len(got)-3:], want) || !cmp.Equal(got[:2], []int{1, 2}) {
				t.Errorf("events %v", got)
			}
		})
	}
}

// TestProbe mends a log of which nobody wants anything.
func TestProbe(t *testing.T) {
	var bad bool
	mem := disk.NewMem(0)
	l := open(t, Config{FS: disk.Inject(mem, func(op disk.Op) error {
		if bad && op.Kind == disk.OpSync {
			return syscall.EIO
		}
		return nil
	})})
	probe := func(want error) {
		t.Helper()
		if err := l.Probe(); !errors.Is(err, want) {
			t.Errorf("probe: %v, want %v", err, want)
		}
		if err := l.Failing(); !errors.Is(err, want) {
			t.Errorf("failing: %v, want %v", err, want)
		}
	}
	probe(nil)
	if n := names(t, mem); len(n) > 0 {
		t.Errorf("the probe of a log that works has made %v", n)
	}
	bad = true
	if err := l.Append(numbered(1), true); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	for range 5 {
		probe(syscall.EIO)
	}
	bad = false
	probe(nil)
	appendAll(t, l, true, 2)
	if n := names(t, mem); len(n) != 2 {
		t.Errorf("five probes that failed have left %v", n)
	}
	l.Close()
	wantNumbers(t, mem.Crash(nil, disk.Lost), 2)
}

// TestFailsInTheBackground is about a line that nobody waits for, of which only Failing can tell that it may be lost.
func TestFailsInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard notes
		l := open(t, Config{FS: disk.Inject(disk.NewMem(0), disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpSync)), Log: heard.logger()})
		appendAll(t, l, false, 1)
		if err := l.Failing(); err != nil {
			t.Errorf("at once: %v", err)
		}
		time.Sleep(syncInterval)
		synctest.Wait()
		if err := l.Failing(); !errors.Is(err, syscall.EIO) {
			t.Errorf("after the sync: %v", err)
		}
		appendAll(t, l, false, 2)
		if err := l.Failing(); err != nil {
			t.Errorf("after the next line: %v", err)
		}
		if diff := cmp.Diff([]string{msgFails, msgWorks}, heard.take()); diff != "" {
			t.Errorf("reported:\n%s", diff)
		}
		l.Close()
	})
}

// TestFullDisk fills a small disk, and then makes room.
func TestFullDisk(t *testing.T) {
	mem := disk.NewMem(64 << 10)
	if err := disk.WriteFile(mem, "ballast", make([]byte, 32<<10)); err != nil {
		t.Fatal(err)
	}
	l := open(t, Config{FS: mem, MaxSize: 8 << 10})
	var want []int
	n := 0
	fill := func() {
		t.Helper()
		for refused := 0; refused < 20; n++ {
			err := l.Append(numbered(n), n%3 == 0)
			switch {
			case err == nil:
				want = append(want, n)
			case !disk.IsFull(err) || !disk.IsFull(l.Failing()):
				t.Fatalf("append: %v, failing: %v", err, l.Failing())
			default:
				refused++
			}
			if n > 1000 {
				t.Fatal("the disk does not fill")
			}
		}
	}
	fill()
	if got := len(names(t, mem)); got > 4+maxOpen {
		t.Errorf("%d files: a full disk is filled with empty ones", got)
	}
	if err := mem.Remove("ballast"); err != nil {
		t.Fatal(err)
	}
	if err := l.Probe(); err != nil {
		t.Errorf("probe of a disk with room: %v", err)
	}
	fill()
	l.Close()
	for _, fsys := range []disk.FS{mem.Clone(), mem.Crash(nil, disk.Lost)} {
		got, _ := read(t, fsys) // Some lines that were refused are there in part.
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events:\n%s", diff)
		}
	}
}

// TestNameInDoubt begins a new file while the directory is being synced for something else. When that sync fails, the name of the new
// file may count as synced without being so, and nothing in it may be promised.
func TestNameInDoubt(t *testing.T) {
	for _, row := range []struct {
		name  string
		which int // sync of the directory
	}{
		{"sync for the file before", 3},
		{"sync for files that were removed", 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := disk.NewMem(0)
				syncs := 0
				second := make(chan error, 1)
				var l *Log
				l = open(t, Config{MaxSize: 1, Keep: 1, FS: disk.Inject(mem, func(op disk.Op) error {
					if op.Kind == disk.OpSync && strings.Contains(op.Name, "-0000000004") {
						t.Error("a file whose name is in doubt was synced")
					}
					if op.Kind != disk.OpSyncDir {
						return nil
					}
					if syncs++; syncs != row.which {
						return nil
					}
					go func() { second <- l.Append(numbered(4), true) }()
					synctest.Wait()
					return syscall.EIO
				})})
				appendAll(t, l, true, 1, 2)
				first := l.Append(numbered(3), true)
				if want := row.which == 3; want != errors.Is(first, syscall.EIO) {
					t.Errorf("append of the line before: %v", first)
				}
				if err := <-second; !errors.Is(err, syscall.EIO) {
					t.Errorf("append while the directory was synced: %v", err)
				}
				appendAll(t, l, true, 5)
				if got, _ := read(t, mem.Crash(nil, disk.Lost)); got[len(got)-1] != 5 {
					t.Errorf("line 5 was lost; there are %v", got)
				}
			})
		})
	}
}

// TestWrittenWhileSynced is about lines that come, and fill the file, while it is being synced.
func TestWrittenWhileSynced(t *testing.T) {
	mem := disk.NewMem(0)
	var l *Log
	n := 1
	l = open(t, Config{MaxSize: 2 * smallLine, FS: disk.Inject(mem, func(op disk.Op) error {
		if op.Kind == disk.OpSync && n < 6 {
			n++
			appendAll(t, l, false, n)
		}
		return nil
	})})
	appendAll(t, l, true, 1)
	for n < 6 {
		l.tick()
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantNumbers(t, mem.Crash(nil, disk.Lost), 1, 2, 3, 4, 5, 6)
}

// TestWriterWaitsForASlowDisk lets a sync take so long that files pile up. A writer then waits, and nothing is lost.
func TestWriterWaitsForASlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := disk.NewMem(0)
		l := open(t, Config{MaxSize: 1, FS: disk.Inject(mem, func(op disk.Op) error {
			if op.Kind == disk.OpSync {
				time.Sleep(time.Minute)
			}
			return nil
		})})
		began := time.Now()
		var want []int
		for n := range 3 * maxOpen {
			appendAll(t, l, false, n)
			want = append(want, n)
			l.mu.Lock()
			files := len(l.open)
			l.mu.Unlock()
			if files > maxOpen {
				t.Errorf("%d files are open", files)
			}
		}
		if waited := time.Since(began); waited < maxOpen*time.Minute {
			t.Errorf("the writer has waited %v", waited)
		}
		l.Close()
		wantNumbers(t, mem.Crash(nil, disk.Lost), want...)
	})
}

// TestCloseWhileWriterWaits closes the log under a writer that waits for the disk.
func TestCloseWhileWriterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := disk.NewMem(0)
		l := open(t, Config{MaxSize: 1, FS: disk.Inject(mem, func(op disk.Op) error {
			if op.Kind == disk.OpSync {
				time.Sleep(time.Minute)
			}
			return nil
		})})
		done := make(chan error, 1)
		go func() {
			var err error
			for n := 0; err == nil; n++ {
				err = l.Append(numbered(n), false)
			}
			done <- err
		}()
		synctest.Wait()
		time.Sleep(time.Second)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err == nil {
			t.Error("the writer was not told")
		}
		if got, _ := read(t, mem.Crash(nil, disk.Lost)); len(got) < maxOpen {
			t.Errorf("events %v", got)
		}
	})
}

// TestCloseWaitsForRemoval closes the log during the sync after which old files are removed: nothing is touched once Close has
// returned.
func TestCloseWaitsForRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := disk.NewMem(0)
		l := open(t, Config{MaxSize: 1, Keep: 1, FS: disk.Inject(mem, func(op disk.Op) error {
			if op.Kind == disk.OpSync || op.Kind == disk.OpRemove {
				time.Sleep(time.Minute)
			}
			return nil
		})})
		appendAll(t, l, true, 1, 2)
		go l.Append(numbered(3), true)
		synctest.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wantNumbers(t, mem.Crash(nil, disk.Lost), 3)
	})
}
