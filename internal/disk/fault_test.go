package disk_test

import (
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// calls is one call of each kind on a file system that holds "a" with 10 bytes, open as f.
var calls = map[disk.Kind]func(fsys disk.FS, f disk.File) error{
	disk.OpCreate:   func(fsys disk.FS, f disk.File) error { return closed(fsys.Create("b")) },
	disk.OpOpen:     func(fsys disk.FS, f disk.File) error { return closed(fsys.Open("a")) },
	disk.OpRemove:   func(fsys disk.FS, f disk.File) error { return fsys.Remove("a") },
	disk.OpRename:   func(fsys disk.FS, f disk.File) error { return fsys.Rename("a", "b") },
	disk.OpMkdir:    func(fsys disk.FS, f disk.File) error { return fsys.Mkdir("b") },
	disk.OpReadDir:  func(fsys disk.FS, f disk.File) error { _, err := fsys.ReadDir("."); return err },
	disk.OpSyncDir:  func(fsys disk.FS, f disk.File) error { return fsys.SyncDir(".") },
	disk.OpFree:     func(fsys disk.FS, f disk.File) error { _, err := fsys.Free(); return err },
	disk.OpLock:     func(fsys disk.FS, f disk.File) error { return closed(fsys.Lock("b")) },
	disk.OpRead:     func(fsys disk.FS, f disk.File) error { _, err := f.ReadAt(make([]byte, 5), 0); return err },
	disk.OpWrite:    func(fsys disk.FS, f disk.File) error { _, err := f.WriteAt([]byte("yyyyy"), 0); return err },
	disk.OpSize:     func(fsys disk.FS, f disk.File) error { _, err := f.Size(); return err },
	disk.OpTruncate: func(fsys disk.FS, f disk.File) error { return f.Truncate(3) },
	disk.OpSync:     func(fsys disk.FS, f disk.File) error { return f.Sync() },
	disk.OpAllocate: func(fsys disk.FS, f disk.File) error { return f.Allocate(0, 20) },
	disk.OpFlush:    func(fsys disk.FS, f disk.File) error { return f.FlushAsync(0, 5) },
}

// closed closes what a call has opened.
func closed[C io.Closer](c C, err error) error {
	if err != nil {
		return err
	}
	return c.Close()
}

// start makes the file system for calls.
func start(t *testing.T, hook func(disk.Op) error) (*disk.Mem, disk.FS, disk.File) {
	t.Helper()
	m := disk.NewMem(0)
	create(t, m, "a", "xxxxxxxxxx")
	fsys := disk.Inject(m, hook)
	// The file is opened before the hook counts.
	f, err := fsys.OpenWrite("a")
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return m, fsys, f
}

// armed returns a hook that lets the first operation pass.
func armed(hook func(disk.Op) error) func(disk.Op) error {
	var first atomic.Bool
	return func(op disk.Op) error {
		if first.CompareAndSwap(false, true) {
			return nil
		}
		return hook(op)
	}
}

// effect prints what a start after a power cut would find, and what calls see.
func effect(t *testing.T, m *disk.Mem) string {
	return tree(t, m, ".") + "; medium: " + tree(t, m.Clone().Crash(nil, disk.Lost), ".")
}

func TestEveryCallCanFail(t *testing.T) {
	for kind, call := range calls {
		t.Run(string(kind), func(t *testing.T) {
			var n atomic.Int64
			m, fsys, f := start(t, armed(disk.Count(&n, kind)))
			untouched := effect(t, m)
			must(t, call(fsys, f))
			if n.Load() != 1 {
				t.Errorf("counted %d operations", n.Load())
			}
			performed := effect(t, m)
			if performed != untouched && !slices.Contains(disk.Changes(), kind) {
				t.Error("it changes something, but is not among the changes")
			}

			m, fsys, f = start(t, armed(disk.NthOp(1, disk.Fault{Err: syscall.EIO}, kind)))
			err := call(fsys, f)
			wantErr(t, "not performed", err, syscall.EIO)
			if located, ok := err.(*fs.PathError); !ok || located.Op != string(kind) {
				t.Errorf("the error does not name the call: %v", err)
			}
			if diff := cmp.Diff(untouched, effect(t, m)); diff != "" {
				t.Errorf("not performed:\n%s", diff)
			}

			m, fsys, f = start(t, armed(disk.NthOp(1, disk.Fault{Err: syscall.EIO, After: true}, kind)))
			wantErr(t, "performed", call(fsys, f), syscall.EIO)
			if diff := cmp.Diff(performed, effect(t, m)); diff != "" {
				t.Errorf("performed:\n%s", diff)
			}
			if kind == disk.OpLock { // The lock that was taken and denied must not stay.
				must(t, closed(m.Lock("b")))
			}
		})
	}
}

func TestShortTransfers(t *testing.T) {
	m, _, f := start(t, armed(disk.NthOp(1, disk.Fault{Err: syscall.ENOSPC, Short: 3}, disk.OpWrite)))
	n, err := f.WriteAt([]byte("yyyyy"), 0)
	if n != 3 || !disk.IsFull(err) {
		t.Errorf("write = %d, %v", n, err)
	}
	wantFile(t, m, "a", "yyyxxxxxxx")

	_, _, f = start(t, armed(disk.NthOp(1, disk.Fault{Short: 3}, disk.OpRead)))
	p := make([]byte, 5)
	n, err = f.ReadAt(p, 0)
	if n != 3 || string(p) != "xxx\x00\x00" {
		t.Errorf("read = %d, %q", n, p)
	}
	wantErr(t, "short read", err, io.ErrUnexpectedEOF)
}

func TestLyingReads(t *testing.T) {
	read := func(fault disk.Fault) string {
		m := disk.NewMem(0)
		create(t, m, "a", "0123456789")
		f, err := disk.Inject(m, disk.NthOp(1, fault, disk.OpRead)).Open("a")
		must(t, err)
		defer f.Close()
		p := make([]byte, 5)
		_, err = f.ReadAt(p, 2)
		must(t, err)
		return string(p)
	}
	for _, test := range []struct {
		fault disk.Fault
		want  string
	}{
		{disk.Fault{}, "23456"},
		{disk.Fault{Flip: true}, "23556"},
		{disk.Fault{Shift: 3}, "56789"},
		{disk.Fault{Shift: -2, Flip: true}, "01334"},
	} {
		if got := read(test.fault); got != test.want {
			t.Errorf("%+v: read %q, want %q", test.fault, got, test.want)
		}
	}
}

func TestNthOp(t *testing.T) {
	for _, test := range []struct {
		name string
		hook func(disk.Op) error
		want string
	}{
		{"third", disk.NthOp(3, disk.Fault{Err: syscall.EIO}), "..x..."},
		{"third and later", disk.NthOp(3, disk.Fault{Err: syscall.EIO, Sticky: true}), "..xxxx"},
		{"second size", disk.NthOp(2, disk.Fault{Err: syscall.EIO}, disk.OpSize, disk.OpFree), "..x..."},
		{"second size and later", disk.NthOp(2, disk.Fault{Err: syscall.EIO, Sticky: true}, disk.OpSize), "..x.x."},
		{"crash after three", disk.CrashAfter(3), "...xxx"},
		{"crash after one sync", disk.CrashAfter(1, disk.OpSync), "...xxx"},
		{"crash after none", disk.CrashAfter(0), "xxxxxx"},
		{"plain error", func(disk.Op) error { return io.ErrClosedPipe }, "xxxxxx"},
	} {
		_, _, f := start(t, armed(test.hook))
		var got strings.Builder
		for i := range 6 {
			var err error
			if i%2 == 0 {
				_, err = f.Size()
			} else {
				err = f.Sync()
			}
			got.WriteString(map[bool]string{true: ".", false: "x"}[err == nil])
		}
		if got.String() != test.want {
			t.Errorf("%s: %s, want %s", test.name, got.String(), test.want)
		}
	}
}

func TestHooksNest(t *testing.T) {
	m := disk.NewMem(0)
	inner := disk.Inject(m, disk.NthOp(2, disk.Fault{Err: syscall.EIO}, disk.OpSync))
	f := stableFile(t, disk.Inject(inner, func(disk.Op) error { return nil }), "a", 'x', 1)
	fill(t, f, 'y', 0, 1)
	wantErr(t, "sync", f.Sync(), syscall.EIO)

	outer := disk.Inject(disk.Inject(m, func(disk.Op) error { return nil }), disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpSync))
	g, err := outer.OpenWrite("a")
	must(t, err)
	defer g.Close()
	fill(t, g, 'z', 0, 1)
	wantErr(t, "sync", g.Sync(), syscall.EIO)
	must(t, g.Sync())
	if got := tree(t, m.Crash(nil, disk.Lost), "."); got != "a=1x" {
		t.Errorf("a failed sync was made good: %s", got)
	}
}
