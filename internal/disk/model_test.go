package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/disk"
)

// TestMemIsLikeOS does the same random things to the memory and to the real file system, which must answer alike.
func TestMemIsLikeOS(t *testing.T) {
	for seed := range 30 {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			want := act(t, disk.OS(t.TempDir()), random(seed))
			m := disk.NewMem(0)
			got := act(t, m, random(seed))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("memory (+) differs from the file system (-):\n%s", diff)
			}
			if want, got := tree(t, m, "."), tree(t, m.Crash(nil, disk.Kept), "."); want != got {
				t.Errorf("a kill changes\n%s\nto\n%s", want, got)
			}
		})
	}
}

// act performs random calls and returns what came of each.
func act(t *testing.T, fsys disk.FS, rng *rand.Rand) []string {
	names := []string{"a", "b", "c", "d", "d/a", "d/b", "e", "e/a", "e/a/b"}
	var log []string
	files := map[string]disk.File{}
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for range 300 {
		name, other := names[rng.IntN(len(names))], names[rng.IntN(len(names))]
		off, size, c := rng.Int64N(10000), rng.IntN(9000), byte('a'+rng.IntN(26))
		var err error
		step := ""
		switch rng.IntN(10) {
		case 0, 1:
			step = "create " + name
			var f disk.File
			if f, err = fsys.Create(name); err == nil {
				keep(files, name, f)
			}
		case 2:
			step = "remove " + name
			err = fsys.Remove(name)
		case 3:
			if _, err := fsys.ReadDir(name); err == nil {
				continue // Directories are not renamed.
			}
			step = "rename " + name + " " + other
			err = fsys.Rename(name, other)
		case 4:
			step = "mkdir " + name
			err = fsys.Mkdir(name)
		case 5:
			step = "open " + name
			var f disk.File
			if f, err = fsys.OpenWrite(name); err == nil {
				keep(files, name, f)
			}
		default:
			f := files[name]
			if f == nil {
				continue
			}
			step, err = actOnFile(f, name, off, size, c, rng.IntN(5))
		}
		log = append(log, fmt.Sprintf("%s: %s", step, class(err)))
	}
	must(t, fsys.SyncDir("."))
	return append(log, tree(t, fsys, "."))
}

func keep(files map[string]disk.File, name string, f disk.File) {
	if old := files[name]; old != nil {
		old.Close()
	}
	files[name] = f
}

func actOnFile(f disk.File, name string, off int64, size int, c byte, which int) (string, error) {
	switch which {
	case 0:
		return fmt.Sprintf("truncate %s %d", name, off), f.Truncate(off)
	case 1:
		return fmt.Sprintf("allocate %s %d %d", name, off, size+1), f.Allocate(off, int64(size)+1)
	case 2:
		p := make([]byte, size)
		n, err := f.ReadAt(p, off)
		return fmt.Sprintf("read %s %d %d = %s", name, off, size, runs(p[:n])), err
	case 3:
		n, err := f.Size()
		return fmt.Sprintf("size %s = %d", name, n), err
	}
	n, err := f.WriteAt(bytes.Repeat([]byte{c}, size), off)
	return fmt.Sprintf("write %s %d %d = %d", name, off, size, n), err
}

// class is what callers can rightly tell apart in an error.
func class(err error) string {
	switch {
	case err == nil:
		return "ok"
	case err == io.EOF:
		return "end of file"
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrExist):
		return "exists"
	}
	return "fails"
}

// TestConcurrentCalls is for the race detector, and crashes while calls are under way.
func TestConcurrentCalls(t *testing.T) {
	m := disk.NewMem(1 << 20)
	for g := range 4 {
		must(t, disk.WriteFile(m, fmt.Sprint("f", g), nil))
	}
	fsys := disk.Inject(m, disk.CrashAfter(1000))
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			name := fmt.Sprint("f", g)
			for i := 0; ; i++ {
				err := disk.WriteFile(fsys, name, fmt.Append(nil, i))
				if err != nil {
					if !errors.Is(err, disk.ErrCrashed) {
						t.Error(err)
					}
					return
				}
				if data, err := disk.ReadFile(m, name); err != nil || string(data) != fmt.Sprint(i) {
					t.Errorf("%s holds %q, %v, want %d", name, data, err, i)
				}
			}
		})
	}
	for range 20 {
		m.Clone().Crash(random(1), disk.Chaos)
	}
	wg.Wait()
	after := m.Crash(random(1), disk.Ordered)
	for g := range 4 {
		if _, err := disk.ReadFile(after, fmt.Sprint("f", g)); err != nil {
			t.Error(err)
		}
	}
}
