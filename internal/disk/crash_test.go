package disk_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// seeds is how many outcomes of a crash are drawn where a test wants to see all of them.
const seeds = 400

func random(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 0)) }

// tree prints a file system as one line: names in order, the content of files with runs of one byte abridged.
func tree(t testing.TB, fsys disk.FS, dir string) string {
	t.Helper()
	list, err := fsys.ReadDir(dir)
	must(t, err)
	var parts []string
	for _, e := range list {
		name := path.Join(dir, e.Name)
		if e.Dir {
			parts = append(parts, name+"/")
			if below := tree(t, fsys, name); below != "" {
				parts = append(parts, below)
			}
			continue
		}
		data, err := disk.ReadFile(fsys, name)
		must(t, err)
		parts = append(parts, name+"="+runs(data))
	}
	return strings.Join(parts, " ")
}

// runs prints bytes as runs, such as 4096a+100b. A zero byte is printed as 0.
func runs(data []byte) string {
	var parts []string
	for len(data) > 0 {
		n := len(data) - len(bytes.TrimLeft(data, string(data[:1])))
		parts = append(parts, fmt.Sprintf("%d%c", n, max(data[0], '0')))
		data = data[n:]
	}
	return strings.Join(parts, "+")
}

// fill writes n bytes c at off.
func fill(t testing.TB, f disk.File, c byte, off int64, n int) {
	t.Helper()
	_, err := f.WriteAt(bytes.Repeat([]byte{c}, n), off)
	must(t, err)
}

// stableFile makes a file of n bytes c that survives a crash.
func stableFile(t testing.TB, m disk.FS, name string, c byte, n int) disk.File {
	t.Helper()
	f := create(t, m, name, strings.Repeat(string(c), n))
	must(t, f.Sync())
	must(t, m.SyncDir(path.Dir(name)))
	return f
}

// TestCrash lists for each history everything that each mode can leave of it.
func TestCrash(t *testing.T) {
	tests := []struct {
		name                       string
		run                        func(t *testing.T, m *disk.Mem)
		lost, kept, ordered, chaos []string
	}{{
		name: "created, nothing synced",
		run: func(t *testing.T, m *disk.Mem) {
			create(t, m, "a", "")
		},
		lost: []string{""}, kept: []string{"a="},
		ordered: []string{"", "a="}, chaos: []string{"", "a="},
	}, {
		name: "name synced, bytes not",
		run: func(t *testing.T, m *disk.Mem) {
			create(t, m, "a", "xxxx")
			must(t, m.SyncDir("."))
		},
		lost: []string{"a="}, kept: []string{"a=4x"},
		ordered: []string{"a=", "a=4x", "a=40"},
		chaos:   []string{"a=", "a=1x", "a=2x", "a=3x", "a=4x", "a=10", "a=20", "a=30", "a=40"},
	}, {
		name: "bytes synced, name not",
		run: func(t *testing.T, m *disk.Mem) {
			must(t, create(t, m, "a", "xxxx").Sync())
		},
		lost: []string{""}, kept: []string{"a=4x"},
		ordered: []string{"", "a=4x"}, chaos: []string{"", "a=4x"},
	}, {
		name: "all synced",
		run: func(t *testing.T, m *disk.Mem) {
			must(t, m.Mkdir("d"))
			must(t, m.SyncDir("."))
			stableFile(t, m, "d/a", 'x', 5000)
		},
		lost: []string{"d/ d/a=5000x"}, kept: []string{"d/ d/a=5000x"},
		ordered: []string{"d/ d/a=5000x"}, chaos: []string{"d/ d/a=5000x"},
	}, {
		name: "three names created in order",
		run: func(t *testing.T, m *disk.Mem) {
			create(t, m, "a", "")
			create(t, m, "b", "")
			create(t, m, "c", "")
		},
		lost: []string{""}, kept: []string{"a= b= c="},
		ordered: []string{"", "a=", "a= b=", "a= b= c="},
		chaos:   []string{"", "a=", "a= b=", "a= b= c=", "a= c=", "b=", "b= c=", "c="},
	}, {
		name: "a later directory is synced, the parent is not",
		run: func(t *testing.T, m *disk.Mem) {
			must(t, m.Mkdir("d"))
			must(t, m.SyncDir("."))
			create(t, m, "a", "")
			create(t, m, "d/b", "")
			must(t, m.SyncDir("d"))
			create(t, m, "c", "")
		},
		lost: []string{"d/ d/b="}, kept: []string{"a= c= d/ d/b="},
		ordered: []string{"a= c= d/ d/b=", "a= d/ d/b="},
		chaos:   []string{"a= c= d/ d/b=", "a= d/ d/b=", "c= d/ d/b=", "d/ d/b="},
	}, {
		name: "a directory is synced, its own name is not",
		run: func(t *testing.T, m *disk.Mem) {
			must(t, m.Mkdir("d"))
			stableFile(t, m, "d/a", 'x', 1)
		},
		lost: []string{""}, kept: []string{"d/ d/a=1x"},
		ordered: []string{"d/ d/a=1x"}, chaos: []string{"", "d/ d/a=1x"},
	}, {
		name: "removed",
		run: func(t *testing.T, m *disk.Mem) {
			stableFile(t, m, "a", 'x', 1)
			must(t, m.Remove("a"))
		},
		lost: []string{"a=1x"}, kept: []string{""},
		ordered: []string{"", "a=1x"}, chaos: []string{"", "a=1x"},
	}, {
		name: "removed and synced",
		run: func(t *testing.T, m *disk.Mem) {
			stableFile(t, m, "a", 'x', 1)
			must(t, m.Remove("a"))
			must(t, m.SyncDir("."))
		},
		lost: []string{""}, kept: []string{""}, ordered: []string{""}, chaos: []string{""},
	}, {
		name: "removed and made anew",
		run: func(t *testing.T, m *disk.Mem) {
			stableFile(t, m, "a", 'x', 1)
			must(t, m.Remove("a"))
			must(t, create(t, m, "a", "y").Sync())
		},
		lost: []string{"a=1x"}, kept: []string{"a=1y"},
		ordered: []string{"", "a=1x", "a=1y"}, chaos: []string{"", "a=1x", "a=1y"},
	}, {
		name: "renamed over another in one directory",
		run: func(t *testing.T, m *disk.Mem) {
			stableFile(t, m, "a", 'x', 1)
			stableFile(t, m, "b", 'y', 1)
			must(t, m.Rename("b", "a"))
		},
		lost: []string{"a=1x b=1y"}, kept: []string{"a=1y"},
		ordered: []string{"a=1x b=1y", "a=1y"}, chaos: []string{"a=1x b=1y", "a=1y"},
	}, {
		name: "renamed to another directory, only the new one synced",
		run: func(t *testing.T, m *disk.Mem) {
			must(t, m.Mkdir("d"))
			stableFile(t, m, "a", 'x', 1)
			must(t, m.Rename("a", "d/a"))
			must(t, m.SyncDir("d"))
		},
		lost: []string{"a=1x d/ d/a=1x"}, kept: []string{"d/ d/a=1x"},
		ordered: []string{"d/ d/a=1x"}, chaos: []string{"a=1x d/ d/a=1x", "d/ d/a=1x"},
	}, {
		name: "renamed to another directory, only the old one synced",
		run: func(t *testing.T, m *disk.Mem) {
			must(t, m.Mkdir("d"))
			stableFile(t, m, "a", 'x', 1)
			must(t, m.Rename("a", "d/a"))
			must(t, m.SyncDir("."))
		},
		lost: []string{"d/"}, kept: []string{"d/ d/a=1x"},
		ordered: []string{"d/ d/a=1x"}, chaos: []string{"d/", "d/ d/a=1x"},
	}, {
		name: "a block overwritten",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, m, "a", 'x', 3*4096)
			fill(t, f, 'y', 4096, 8192)
			must(t, f.Truncate(3*4096))
			must(t, f.Sync())
			fill(t, f, 'z', 4096, 4096)
		},
		lost: []string{"a=4096x+8192y"}, kept: []string{"a=4096x+4096z+4096y"},
		ordered: []string{"a=4096x+4096z+4096y", "a=4096x+8192y"},
	}, {
		name: "two blocks appended",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, m, "a", 'x', 4096)
			fill(t, f, 'y', 4096, 4096)
			fill(t, f, 'z', 8192, 4096)
		},
		lost: []string{"a=4096x"}, kept: []string{"a=4096x+4096y+4096z"},
		ordered: []string{"a=4096x", "a=4096x+4096y+4096z", "a=4096x+4096y+40960", "a=4096x+40960+4096z", "a=4096x+81920"},
	}, {
		name: "shortened",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, m, "a", 'x', 4097)
			must(t, f.Truncate(4096))
		},
		lost: []string{"a=4097x"}, kept: []string{"a=4096x"},
		ordered: []string{"a=4096x", "a=4096x+10", "a=4097x"},
		chaos:   []string{"a=4096x", "a=4096x+10", "a=4097x"},
	}, {
		name: "shortened and written again",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, m, "a", 'x', 2)
			must(t, f.Truncate(0))
			fill(t, f, 'y', 0, 1)
		},
		lost: []string{"a=2x"}, kept: []string{"a=1y"},
		ordered: []string{"a=", "a=1x", "a=1y", "a=1y+10", "a=2x"},
		chaos:   []string{"a=", "a=1x", "a=1y", "a=1y+10", "a=2x"},
	}, {
		name: "allocated, not synced",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, m, "a", 'x', 1)
			must(t, f.Allocate(0, 4096))
		},
		lost: []string{"a=1x"}, kept: []string{"a=1x+40950"},
		ordered: []string{"a=1x", "a=1x+40950"},
	}, {
		name: "written between two syncs by another handle",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, m, "a", 'x', 1)
			w, err := m.OpenWrite("a")
			must(t, err)
			fill(t, w, 'y', 0, 1)
			must(t, f.Sync())
		},
		lost: []string{"a=1y"}, kept: []string{"a=1y"}, ordered: []string{"a=1y"}, chaos: []string{"a=1y"},
	}, {
		name: "sync failed, a second one succeeded",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, disk.Inject(m, disk.NthOp(2, disk.Fault{Err: syscall.EIO}, disk.OpSync)), "a", 'x', 4096)
			fill(t, f, 'y', 0, 4096)
			wantErr(t, "first sync", f.Sync(), syscall.EIO)
			must(t, f.Sync())
			wantFile(t, m, "a", strings.Repeat("y", 4096))
		},
		lost: []string{"a=4096x"}, kept: []string{"a=4096y"}, ordered: []string{"a=4096x"}, chaos: []string{"a=4096x"},
	}, {
		name: "sync of a longer file failed, a second one succeeded",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, disk.Inject(m, disk.NthOp(2, disk.Fault{Err: syscall.EIO}, disk.OpSync)), "a", 'x', 10)
			fill(t, f, 'y', 10, 10)
			wantErr(t, "first sync", f.Sync(), syscall.EIO)
			must(t, f.Sync())
		},
		lost: []string{"a=10x"}, kept: []string{"a=10x+10y"}, ordered: []string{"a=10x"}, chaos: []string{"a=10x"},
	}, {
		name: "sync failed, then more was written and synced",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, disk.Inject(m, disk.NthOp(2, disk.Fault{Err: syscall.EIO}, disk.OpSync)), "a", 'x', 4096)
			fill(t, f, 'y', 4096, 4096)
			wantErr(t, "first sync", f.Sync(), syscall.EIO)
			fill(t, f, 'z', 8192, 4096)
			must(t, f.Sync())
		},
		lost: []string{"a=4096x+40960+4096z"}, kept: []string{"a=4096x+4096y+4096z"},
		ordered: []string{"a=4096x+40960+4096z"}, chaos: []string{"a=4096x+40960+4096z"},
	}, {
		name: "sync failed, but was performed",
		run: func(t *testing.T, m *disk.Mem) {
			fault := disk.Fault{Err: syscall.EIO, After: true}
			f := stableFile(t, disk.Inject(m, disk.NthOp(2, fault, disk.OpSync)), "a", 'x', 1)
			fill(t, f, 'y', 0, 1)
			wantErr(t, "sync", f.Sync(), syscall.EIO)
		},
		lost: []string{"a=1y"}, kept: []string{"a=1y"}, ordered: []string{"a=1y"}, chaos: []string{"a=1y"},
	}, {
		name: "crash during sync",
		run: func(t *testing.T, m *disk.Mem) {
			f := stableFile(t, disk.Inject(m, disk.CrashAfter(1, disk.OpSync)), "a", 'x', 4096)
			fill(t, f, 'y', 0, 4096)
			wantErr(t, "sync", f.Sync(), disk.ErrCrashed)
		},
		lost: []string{"a=4096x"}, kept: []string{"a=4096y"}, ordered: []string{"a=4096x", "a=4096y"},
	}, {
		name: "directory sync failed, a second one succeeded",
		run: func(t *testing.T, m *disk.Mem) {
			fsys := disk.Inject(m, disk.NthOp(1, disk.Fault{Err: syscall.EIO}, disk.OpSyncDir))
			create(t, fsys, "a", "")
			wantErr(t, "first sync", fsys.SyncDir("."), syscall.EIO)
			create(t, fsys, "b", "")
			must(t, fsys.SyncDir("."))
		},
		lost: []string{"b="}, kept: []string{"a= b="}, ordered: []string{"b="}, chaos: []string{"b="},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := disk.NewMem(0)
			test.run(t, m)
			for _, mode := range disk.Modes() {
				want := [][]string{disk.Lost: test.lost, disk.Kept: test.kept, disk.Ordered: test.ordered, disk.Chaos: test.chaos}[mode]
				if want == nil {
					continue // So many outcomes that another test looks at what they have in common.
				}
				got := map[string]bool{}
				for seed := range seeds {
					got[tree(t, m.Crash(random(seed), mode), ".")] = true
				}
				slices.Sort(want)
				if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
					t.Errorf("mode %v:\n%s", mode, diff)
				}
			}
		})
	}
}

func TestChaosTearsBlocksAtSectors(t *testing.T) {
	m := disk.NewMem(0)
	f := stableFile(t, m, "a", 'x', 8192)
	fill(t, f, 'y', 0, 8192)
	whole, torn := 0, 0
	for seed := range seeds {
		data, err := disk.ReadFile(m.Crash(random(seed), disk.Chaos), "a")
		must(t, err)
		for at := 0; at < len(data); at += 512 {
			if s := data[at : at+512]; !bytes.Equal(s, bytes.Repeat(s[:1], 512)) {
				t.Fatalf("seed %d: a sector at %d is torn", seed, at)
			}
		}
		for at := 0; at < len(data); at += 4096 {
			if b := data[at : at+4096]; bytes.Equal(b, bytes.Repeat(b[:1], 4096)) {
				whole++
			} else {
				torn++
			}
		}
	}
	if whole < seeds/4 || torn < seeds/10 {
		t.Errorf("%d whole blocks, %d torn", whole, torn)
	}
}

// TestNothingLurksBeyondTheEnd lengthens a file whose last blocks survived a crash while its size did not.
func TestNothingLurksBeyondTheEnd(t *testing.T) {
	m := disk.NewMem(0)
	f := stableFile(t, m, "a", 'x', 10)
	fill(t, f, 'x', 10, 9000)
	shorter := 0
	for seed := range seeds {
		after := m.Crash(random(seed), disk.Chaos)
		f, err := after.OpenWrite("a")
		must(t, err)
		size, err := f.Size()
		must(t, err)
		must(t, f.Truncate(20000))
		data := make([]byte, 20000-size)
		_, err = f.ReadAt(data, size)
		must(t, err)
		if !bytes.Equal(data, make([]byte, len(data))) {
			t.Fatalf("seed %d: beyond %d bytes there is %s", seed, size, runs(data))
		}
		if size < 9010 {
			shorter++
		}
	}
	if shorter == 0 {
		t.Error("the size always survived")
	}
}

func TestKilledIsNotSynced(t *testing.T) {
	m := disk.NewMem(0)
	f := stableFile(t, m, "a", 'x', 10)
	fill(t, f, 'y', 0, 10)
	create(t, m, "b", "")
	killed := m.Crash(nil, disk.Kept)
	if got := tree(t, killed, "."); got != "a=10y b=" {
		t.Errorf("after the kill: %s", got)
	}
	if got := tree(t, killed.Clone().Crash(nil, disk.Lost), "."); got != "a=10x" {
		t.Errorf("after the kill and a power cut: %s", got)
	}
	again, err := killed.Open("a")
	must(t, err)
	must(t, again.Sync())
	must(t, killed.SyncDir("."))
	if got := tree(t, killed.Crash(nil, disk.Lost), "."); got != "a=10y b=" {
		t.Errorf("after the kill, a sync and a power cut: %s", got)
	}
}

func TestCrashedIsDead(t *testing.T) {
	m := disk.NewMem(0)
	f := stableFile(t, m, "a", 'x', 10)
	lock, err := m.Lock("LOCK")
	must(t, err)
	after := m.Crash(nil, disk.Kept)

	_, err = f.WriteAt([]byte("y"), 0)
	wantErr(t, "write", err, disk.ErrCrashed)
	_, err = f.ReadAt(make([]byte, 1), 0)
	wantErr(t, "read", err, disk.ErrCrashed)
	_, err = f.Size()
	wantErr(t, "size", err, disk.ErrCrashed)
	wantErr(t, "sync", f.Sync(), disk.ErrCrashed)
	wantErr(t, "truncate", f.Truncate(0), disk.ErrCrashed)
	wantErr(t, "allocate", f.Allocate(0, 1), disk.ErrCrashed)
	wantErr(t, "flush", f.FlushAsync(0, 1), disk.ErrCrashed)
	wantErr(t, "close", f.Close(), disk.ErrCrashed)
	_, err = m.Create("b")
	wantErr(t, "create", err, disk.ErrCrashed)
	_, err = m.Open("a")
	wantErr(t, "open", err, disk.ErrCrashed)
	_, err = m.OpenWrite("a")
	wantErr(t, "open for writing", err, disk.ErrCrashed)
	wantErr(t, "remove", m.Remove("a"), disk.ErrCrashed)
	wantErr(t, "rename", m.Rename("a", "b"), disk.ErrCrashed)
	wantErr(t, "mkdir", m.Mkdir("d"), disk.ErrCrashed)
	wantErr(t, "syncdir", m.SyncDir("."), disk.ErrCrashed)
	_, err = m.ReadDir(".")
	wantErr(t, "readdir", err, disk.ErrCrashed)
	_, err = m.Free()
	wantErr(t, "free", err, disk.ErrCrashed)
	_, err = m.Lock("LOCK")
	wantErr(t, "lock", err, disk.ErrCrashed)

	again, err := after.Lock("LOCK")
	must(t, err)
	must(t, lock.Close())
	_, err = after.Lock("LOCK")
	wantErr(t, "lock again", err, disk.ErrLocked)
	must(t, again.Close())
	if got := tree(t, after, "."); got != "LOCK= a=10x" {
		t.Errorf("after the crash: %s", got)
	}
}

func TestCrashDependsOnSeedAlone(t *testing.T) {
	m := disk.NewMem(0)
	for i := range 20 {
		fill(t, create(t, m, fmt.Sprint("f", i), ""), 'x', int64(i)*1000, 20000)
	}
	for _, mode := range disk.Modes() {
		first := tree(t, m.Crash(random(1), mode), ".")
		for range 5 {
			if again := tree(t, m.Crash(random(1), mode), "."); again != first {
				t.Errorf("mode %v: the same seed gives\n%s\nand\n%s", mode, first, again)
			}
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	m := disk.NewMem(0)
	f := stableFile(t, m, "a", 'x', 5000)
	c := m.Clone()
	fill(t, f, 'y', 0, 5000)
	must(t, m.Rename("a", "b"))
	if got := tree(t, c, "."); got != "a=5000x" {
		t.Errorf("the clone holds %s", got)
	}
	g, err := c.OpenWrite("a")
	must(t, err)
	fill(t, g, 'z', 0, 1)
	if got := tree(t, m, "."); got != "b=5000y" {
		t.Errorf("the original holds %s", got)
	}
}

func TestCorrupt(t *testing.T) {
	m := disk.NewMem(0)
	f := stableFile(t, m, "a", 'x', 5000)
	fill(t, f, 'y', 5000, 5000)
	m.Corrupt("a", 4999, func(b []byte) {
		if len(b) != 5001 {
			t.Errorf("offered %d bytes", len(b))
		}
		b[0], b[1] = 'A', 'B'
	})
	if got := tree(t, m, "."); got != "a=4999x+1A+1B+4999y" {
		t.Errorf("readers see %s", got)
	}
	must(t, f.Truncate(10000))
	if got := tree(t, m.Crash(nil, disk.Lost), "."); got != "a=4999x+1A" {
		t.Errorf("the medium holds %s", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("corrupting nothing went unnoticed")
		}
	}()
	disk.NewMem(0).Corrupt("a", 0, func([]byte) {})
}

func TestMemCapacity(t *testing.T) {
	m := disk.NewMem(4 * 4096)
	free := func(want int64) {
		t.Helper()
		if got, err := m.Free(); got != want*4096 || err != nil {
			t.Errorf("free = %d, %v, want %d blocks", got, err, want)
		}
	}
	free(4)
	f := create(t, m, "a", strings.Repeat("x", 4097))
	free(2)
	n, err := f.WriteAt(make([]byte, 3*4096), 4096)
	if n != 3*4096 || err != nil {
		t.Fatalf("filling up: %d, %v", n, err)
	}
	free(0)
	n, err = f.WriteAt(make([]byte, 2*4096), 3*4096)
	if _, located := err.(*fs.PathError); n != 4096 || !disk.IsFull(err) || !located {
		t.Errorf("over the end: %d, %v", n, err)
	}
	must(t, f.Truncate(4096))
	free(3)
	if err := f.Allocate(0, 5*4096); !disk.IsFull(err) {
		t.Errorf("allocate too much: %v", err)
	}
	free(0)
	must(t, f.Truncate(4096))
	must(t, f.Allocate(0, 2*4096))
	free(2)
	must(t, m.Remove("a"))
	free(2)
	must(t, f.Close())
	free(4)
	stableFile(t, m, "b", 'x', 4096)
	create(t, m, "c", "x")
	if n, err := m.Crash(nil, disk.Lost).Free(); n != 3*4096 || err != nil {
		t.Errorf("free after the crash = %d, %v", n, err)
	}
}
