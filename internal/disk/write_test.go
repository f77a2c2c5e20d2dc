package disk_test

import (
	"errors"
	"fmt"
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

// traced returns what run does to a file system.
func traced(t *testing.T, fsys disk.FS, run func(disk.FS) error) []string {
	t.Helper()
	var ops []string
	must(t, run(disk.Inject(fsys, disk.Trace(func(op disk.Op) { ops = append(ops, op.String()) }))))
	return ops
}

func TestTraces(t *testing.T) {
	m := disk.NewMem(0)
	must(t, disk.MkdirAll(m, "d"))
	create(t, m, "d/old.tmp", "rest of a crash")
	create(t, m, "d/1", "")
	create(t, m, "d/2", "")
	create(t, m, "3", "")
	tests := []struct {
		name string
		run  func(disk.FS) error
		want []string
	}{
		{"a small file is replaced",
			func(fsys disk.FS) error { return disk.WriteFile(fsys, "d/new", []byte("content")) },
			[]string{"create d/new.tmp", "write d/new.tmp 0+7", "sync d/new.tmp", "rename d/new.tmp d/new", "syncdir d"}},
		{"a small file is replaced, and a rest of a crash removed",
			func(fsys disk.FS) error { return disk.WriteFile(fsys, "d/old", []byte("content")) },
			[]string{"create d/old.tmp", "remove d/old.tmp", "create d/old.tmp", "write d/old.tmp 0+7", "sync d/old.tmp",
				"rename d/old.tmp d/old", "syncdir d"}},
		{"two levels are missing",
			func(fsys disk.FS) error { return disk.MkdirAll(fsys, "d/x/y") },
			[]string{"open d/x/y", "open d/x", "open d", "syncdir .", "mkdir d/x", "syncdir d", "mkdir d/x/y", "syncdir d/x"}},
		{"no level is missing",
			func(fsys disk.FS) error { return disk.MkdirAll(fsys, "d/x/y") },
			[]string{"open d/x/y", "syncdir d/x"}},
		{"files of two directories are removed",
			func(fsys disk.FS) error { return disk.RemoveSync(fsys, "d/1", "3", "d/2") },
			[]string{"remove d/1", "remove 3", "remove d/2", "syncdir d", "syncdir ."}},
		{"a file is read",
			func(fsys disk.FS) error { _, err := disk.ReadFile(fsys, "d/new"); return err },
			[]string{"open d/new", "size d/new", "read d/new 0+7"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, traced(t, m, test.run)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// sweep runs an operation on a fresh file system, stops it after each of its steps, and shows every outcome to check, with the
// number of steps done and whether the operation had returned nil.
func sweep(t *testing.T, prepare func(*disk.Mem), run func(disk.FS) error, check func(t *testing.T, after *disk.Mem, done bool)) {
	t.Helper()
	var steps atomic.Int64
	m := disk.NewMem(0)
	prepare(m)
	must(t, run(disk.Inject(m, disk.Count(&steps))))
	if steps.Load() == 0 {
		t.Fatal("the operation has no steps")
	}
	for n := range int(steps.Load()) + 1 {
		m := disk.NewMem(0)
		prepare(m)
		err := run(disk.Inject(m, disk.CrashAfter(n)))
		if done := n == int(steps.Load()); done != (err == nil) || !done && !errors.Is(err, disk.ErrCrashed) {
			t.Fatalf("stopped after %d steps: %v", n, err)
		}
		for _, mode := range disk.Modes() {
			draws := 20
			if mode == disk.Lost || mode == disk.Kept {
				draws = 1
			}
			for seed := range draws {
				t.Run(fmt.Sprintf("after %d, %v, seed %d", n, mode, seed), func(t *testing.T) {
					check(t, m.Crash(random(seed), mode), err == nil)
				})
			}
		}
	}
}

func TestWriteFileSurvivesACrash(t *testing.T) {
	before, after := strings.Repeat("old ", 3000), strings.Repeat("new", 5000)
	write := func(fsys disk.FS) error { return disk.WriteFile(fsys, "d/a", []byte(after)) }
	seen := map[string]bool{}
	sweep(t, func(m *disk.Mem) {
		must(t, disk.MkdirAll(m, "d"))
		must(t, disk.WriteFile(m, "d/a", []byte(before)))
	}, write, func(t *testing.T, m *disk.Mem, done bool) {
		data, err := disk.ReadFile(m, "d/a")
		must(t, err)
		got := string(data)
		seen[fmt.Sprint(done, got == after)] = true
		if got != after && (got != before || done) {
			t.Errorf("the file holds %d bytes: %.20q…", len(got), got)
		}
		must(t, write(m))
		m = m.Crash(nil, disk.Lost)
		wantFile(t, m, "d/a", after)
		if list, err := m.ReadDir("d"); len(list) != 1 || err != nil {
			t.Errorf("the second attempt leaves %v, %v", list, err)
		}
	})
	if !seen["false true"] || !seen["false false"] || !seen["true true"] {
		t.Errorf("the sweep has only seen %v", seen)
	}
}

func TestWriteFileMakesAWholeFileOrNone(t *testing.T) {
	content := strings.Repeat("new", 5000)
	sweep(t, func(*disk.Mem) {}, func(fsys disk.FS) error {
		return disk.WriteFile(fsys, "a", []byte(content))
	}, func(t *testing.T, m *disk.Mem, done bool) {
		found, err := disk.Exists(m, "a")
		must(t, err)
		if found {
			wantFile(t, m, "a", content)
		} else if done {
			t.Error("the file is gone")
		}
	})
}

// TestWriteFileFaults lets each step fail, performed and not performed. No failure may damage the old content, and success never lies.
func TestWriteFileFaults(t *testing.T) {
	write := func(fsys disk.FS, s string) error { return disk.WriteFile(fsys, "a", []byte(s)) }
	steps := []disk.Kind{disk.OpCreate, disk.OpWrite, disk.OpSync, disk.OpRename, disk.OpSyncDir}
	for _, kind := range steps {
		for _, fault := range []disk.Fault{
			{Err: syscall.EIO}, {Err: syscall.EIO, After: true}, {Err: syscall.ENOSPC, Short: 2}, {Short: 2},
		} {
			if fault.Err == nil && kind != disk.OpWrite {
				continue
			}
			m := disk.NewMem(0)
			must(t, write(m, "old"))
			var syncs atomic.Int64
			fsys := disk.Inject(disk.Inject(m, disk.NthOp(1, fault, kind)), disk.Count(&syncs, disk.OpSync, disk.OpSyncDir))
			err := write(fsys, "new")
			if fault.Err != nil {
				wantErr(t, fmt.Sprint(kind, fault), err, fault.Err)
			} else {
				wantErr(t, fmt.Sprint(kind, fault), err, io.ErrShortWrite)
			}
			if limit := int64(1 + slices.Index(steps, kind)/4); syncs.Load() > limit {
				t.Errorf("%v %+v: synced %d times", kind, fault, syncs.Load())
			}
			for _, mode := range disk.Modes() {
				data, err := disk.ReadFile(m.Clone().Crash(random(1), mode), "a")
				must(t, err)
				if got := string(data); got != "old" && (got != "new" || kind != disk.OpRename && kind != disk.OpSyncDir) {
					t.Errorf("%v %+v, %v: the file holds %q", kind, fault, mode, got)
				}
			}
			must(t, write(m, "newer"))
			if got := tree(t, m.Crash(nil, disk.Lost), "."); got != "a="+runs([]byte("newer")) {
				t.Errorf("%v %+v: afterwards there is %s", kind, fault, got)
			}
		}
	}
}

func TestWriteFileOnAFullDisk(t *testing.T) {
	m := disk.NewMem(2 * 4096)
	must(t, disk.WriteFile(m, "a", []byte("old")))
	if err := disk.WriteFile(m, "a", make([]byte, 5000)); !disk.IsFull(err) {
		t.Errorf("error %v", err)
	}
	if got := tree(t, m, "."); got != "a="+runs([]byte("old")) {
		t.Errorf("there is %s", got)
	}
	if n, err := m.Free(); n != 4096 || err != nil {
		t.Errorf("free = %d, %v", n, err)
	}
}

func TestReadFileFaults(t *testing.T) {
	m := disk.NewMem(0)
	create(t, m, "a", "content")
	for _, test := range []struct {
		name string
		hook func(disk.Op) error
		want error
	}{
		{"read fails", disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpRead), syscall.EIO},
		{"read fails after some bytes", disk.NthOp(1, disk.Fault{Err: syscall.EIO, Short: 3}, disk.OpRead), syscall.EIO},
		{"read is short", disk.NthOp(1, disk.Fault{Err: io.EOF, Short: 3}, disk.OpRead), io.EOF},
		{"open fails", disk.NthOp(1, disk.Fault{Err: syscall.EACCES}, disk.OpOpen), fs.ErrPermission},
		{"size fails", disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpSize), syscall.EIO},
	} {
		data, err := disk.ReadFile(disk.Inject(m, test.hook), "a")
		wantErr(t, test.name, err, test.want)
		if data != nil {
			t.Errorf("%s: got %q", test.name, data)
		}
	}
	shrunk := disk.Inject(m, func(op disk.Op) error {
		if op.Kind == disk.OpRead { // Somebody cuts the file after its size was asked for.
			f, err := m.OpenWrite("a")
			must(t, err)
			must(t, f.Truncate(2))
			must(t, f.Close())
		}
		return nil
	})
	_, err := disk.ReadFile(shrunk, "a")
	wantErr(t, "file shrinks meanwhile", err, io.ErrUnexpectedEOF)
	_, err = disk.ReadFile(m, "b")
	wantErr(t, "missing file", err, fs.ErrNotExist)
}

func TestExists(t *testing.T) {
	m := disk.NewMem(0)
	must(t, m.Mkdir("d"))
	create(t, m, "d/a", "")
	for name, want := range map[string]bool{".": true, "d": true, "d/a": true, "b": false, "d/b": false, "x/y": false} {
		if got, err := disk.Exists(m, name); got != want || err != nil {
			t.Errorf("%s exists: %v, %v", name, got, err)
		}
	}
	_, err := disk.Exists(disk.Inject(m, disk.NthOp(1, disk.Fault{Err: syscall.EIO})), "b")
	wantErr(t, "unreadable directory", err, syscall.EIO)
}

// TestMkdirAllSurvivesACrash also kills a first attempt at each step and repeats it, so that some levels are found but not durable.
func TestMkdirAllSurvivesACrash(t *testing.T) {
	run := func(fsys disk.FS) error { return disk.MkdirAll(fsys, "a/b/c") }
	sweep(t, func(*disk.Mem) {}, run, func(t *testing.T, m *disk.Mem, done bool) {
		if done {
			if got := tree(t, m, "."); got != "a/ a/b/ a/b/c/" {
				t.Errorf("made, but there is %q", got)
			}
		}
		must(t, run(m))
		if got := tree(t, m.Crash(nil, disk.Lost), "."); got != "a/ a/b/ a/b/c/" {
			t.Errorf("after the second attempt there is %q", got)
		}
	})
}

func TestMkdirAllErrors(t *testing.T) {
	m := disk.NewMem(0)
	create(t, m, "f", "")
	wantErr(t, "below a file", disk.MkdirAll(m, "f/x"), syscall.ENOTDIR)
	wantErr(t, "bad name", disk.MkdirAll(m, "../x"), fs.ErrInvalid)
	for _, kind := range []disk.Kind{disk.OpOpen, disk.OpMkdir, disk.OpSyncDir} {
		err := disk.MkdirAll(disk.Inject(m, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, kind)), "x/"+string(kind))
		wantErr(t, string(kind), err, syscall.EIO)
	}
	must(t, disk.MkdirAll(m, "y"))
	err := disk.MkdirAll(disk.Inject(m, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpSyncDir)), "y")
	wantErr(t, "syncing what is found", err, syscall.EIO)
}

func TestRemoveSyncSurvivesACrash(t *testing.T) {
	run := func(fsys disk.FS) error { return disk.RemoveSync(fsys, "a", "d/b", "d/c") }
	sweep(t, func(m *disk.Mem) {
		must(t, disk.MkdirAll(m, "d"))
		for _, name := range []string{"a", "d/b", "d/c", "d/other"} {
			must(t, disk.WriteFile(m, name, nil))
		}
	}, run, func(t *testing.T, m *disk.Mem, done bool) {
		if got := tree(t, m, "."); done && got != "d/ d/other=" {
			t.Errorf("removed, but there is %q", got)
		}
		must(t, run(m))
		if got := tree(t, m.Crash(nil, disk.Lost), "."); got != "d/ d/other=" {
			t.Errorf("after the second attempt there is %q", got)
		}
	})
}

func TestRemoveSyncGoesOnAfterAnError(t *testing.T) {
	m := disk.NewMem(0)
	create(t, m, "a", "")
	create(t, m, "b", "")
	must(t, m.SyncDir("."))
	err := disk.RemoveSync(disk.Inject(m, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpRemove)), "a", "b")
	wantErr(t, "remove", err, syscall.EIO)
	if got := tree(t, m.Crash(nil, disk.Lost), "."); got != "a=" {
		t.Errorf("there is %q", got)
	}
	wantErr(t, "bad name", disk.RemoveSync(disk.NewMem(0), "/x"), fs.ErrInvalid)
	must(t, disk.RemoveSync(disk.NewMem(0), "x/gone"))
}
