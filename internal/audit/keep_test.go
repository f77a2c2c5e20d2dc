package audit

import (
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

func TestRotation(t *testing.T) {
	mem := disk.NewMem(0)
	l := open(t, Config{FS: mem, MaxSize: smallFile})
	var want []int
	for i := range 40 {
		appendAll(t, l, false, i)
		want = append(want, i)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantNumbers(t, mem.Crash(nil, disk.Lost), want...)
	list := l.past
	if len(list) < 8 {
		t.Fatalf("%d files", len(list))
	}
	for _, p := range list[:len(list)-1] {
		if p.size < smallFile || p.size > smallFile+maxText {
			t.Errorf("%s has %d bytes", p.name, p.size)
		}
	}
}

// TestKeep appends one line after the other, each of which fills a file, over a few restarts.
func TestKeep(t *testing.T) {
	for _, row := range []struct {
		name string
		keep int
		life int // lines between two restarts
		max  int64
		want []int // which of 20 lines stay, the last in a file still open
	}{
		{"all", 0, 20, 1, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		{"one", 1, 20, 1, []int{18, 19}},
		{"three", 3, 20, 1, []int{16, 17, 18, 19}},
		{"three, restarts between full files", 3, 5, 1, []int{16, 17, 18, 19}},
		{"more than there are", 30, 20, 1, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		{"as many as can be said", 1<<63 - 1, 20, smallFile, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
		{"one, a restart after each line", 1, 1, 6 * smallLine, []int{13, 14, 15, 16, 17, 18, 19}},
	} {
		t.Run(row.name, func(t *testing.T) {
			mem := disk.NewMem(0)
			var l *Log
			for i := range 20 {
				if i%row.life == 0 {
					if l != nil {
						l.Close()
					}
					l = open(t, Config{FS: mem, MaxSize: row.max, Keep: row.keep})
				}
				appendAll(t, l, true, i)
			}
			wantNumbers(t, mem, row.want...)
			wantNumbers(t, mem.Crash(nil, disk.Lost), row.want...)
		})
	}
}

// smallLine is the length of the line of an event that is numbered.
const smallLine = 476

func TestSmallLine(t *testing.T) {
	line, err := newEncoder().encode(numbered(7), clock())
	if err != nil || len(line) != smallLine {
		t.Errorf("%d bytes, %v: %s", len(line), err, line)
	}
}

// TestKeepFails has the removal of old files fail for a while. Lines go on being written, and the files are removed later.
func TestKeepFails(t *testing.T) {
	for _, kind := range []disk.Kind{disk.OpRemove, disk.OpSyncDir} {
		t.Run(string(kind), func(t *testing.T) {
			var bad, removing bool
			var heard notes
			mem := disk.NewMem(0)
			l := open(t, Config{MaxSize: 1, Keep: 2, Log: heard.logger(), FS: disk.Inject(mem, func(op disk.Op) error {
				fails := bad && op.Kind == kind && (kind == disk.OpRemove || removing)
				removing = op.Kind == disk.OpRemove
				if fails {
					return syscall.EIO
				}
				return nil
			})})
			for i := range 12 {
				bad = i >= 4 && i < 9
				appendAll(t, l, true, i)
				if err := l.Failing(); err != nil {
					t.Errorf("line %d: failing: %v", i, err)
				}
				if i == 8 {
					lost, _ := read(t, mem.Clone().Crash(nil, disk.Lost))
					if !slices.Contains(lost, 8) {
						t.Errorf("line 8 was lost; there are %v", lost)
					}
				}
			}
			wantNumbers(t, mem, 9, 10, 11)
			after := mem.Crash(nil, disk.Lost)
			l = open(t, Config{FS: after, MaxSize: 1, Keep: 2})
			appendAll(t, l, true, 12)
			wantNumbers(t, after, 10, 11, 12) // What a failed sync has let come back is gone, too.
			msgs := []string{"old audit files cannot be removed", "old audit files can be removed again"}
			if diff := cmp.Diff(msgs, heard.take()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
