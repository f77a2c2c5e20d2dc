package local

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/store"
)

// tight is a store that reaches the end of its disk soon.
func tight(t testing.TB, capacity, reserve int64) (Config, *disk.Mem) {
	mem := disk.NewMem(capacity)
	cfg := small(mem, filepath.Join(memoryDir(t), "catalog.db"))
	cfg.Reserve = reserve
	return cfg, mem
}

// fill stores archives until there is no space, and returns their number.
func fill(t testing.TB, l *ledger, s *Store, size int) (n int) {
	t.Helper()
	for {
		err := l.put(s, size)
		if errors.Is(err, store.ErrFull) {
			return n
		}
		if err != nil {
			t.Fatalf("put number %d failed with %v, not for lack of space", n, err)
		}
		if n++; n > 10_000 {
			t.Fatal("the disk does not get full")
		}
	}
}

// noLeftovers checks that every payload file belongs to an archive, and that
// nothing else lies around.
func noLeftovers(t testing.TB, l *ledger, s *Store, fsys disk.FS) {
	t.Helper()
	s.reclaim.flush()
	owned := map[uint64]bool{}
	for n := range l.live {
		a, _, err := l.find(s, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range a.Pieces {
			owned[p.Payload] = true
		}
	}
	for f, err := range payload.List(fsys) {
		if err != nil {
			t.Fatal(err)
		}
		if !owned[f.ID] {
			t.Errorf("%s is left over", f.Name)
		}
	}
	entries, err := fsys.ReadDir(journalDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".tmp") || strings.HasSuffix(e.Name, ".cmp") {
			t.Errorf("%s is left over", e.Name)
		}
	}
}

func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		name    string
		reserve int64
		sizes   []int
	}{
		{"small archives, no reserve", -1, []int{20_000}},
		{"small archives", 256 << 10, []int{20_000}},
		{"large archives", 256 << 10, []int{payload.LeafSize + 1}},
		{"large ones, then small ones", 256 << 10, []int{payload.LeafSize * 2, 30_000, 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, mem := tight(t, 10<<20, c.reserve)
			l, s := begun(t, 1, cfg)
			for _, size := range c.sizes {
				if fill(t, l, s, size) == 0 && size == c.sizes[0] {
					t.Error("nothing fits at all")
				}
			}
			l.asked = map[uint64][]byte{} // refused, and therefore not there
			l.compare(t, s)
			noLeftovers(t, l, s, mem)
			if c.reserve > 0 { // without one, a delete may find no space either
				emptyHalf(t, l, s)
				for _, size := range c.sizes {
					if err := l.put(s, size); err != nil {
						t.Errorf("after half was deleted, %d bytes are refused: %v", size, err)
					}
				}
			}
			l.compare(t, s)
			noLeftovers(t, l, s, mem)
			mustClose(t, s)
			s = mustOpen(t, cfg)
			l.compare(t, s)
			mustClose(t, s)
			mustBeClean(t, cfg)
		})
	}
}

// emptyHalf deletes every other archive, and waits until their space is free.
func emptyHalf(t testing.TB, l *ledger, s *Store) {
	t.Helper()
	empty(t, l, s, func(n uint64) bool { return n%2 == 0 })
	s.reclaim.flush()
	compact(t, s)
	s.space.refill()
}

// empty deletes the archives that which chooses. Now and then it looks for
// segments to compact, as the store itself does every minute.
func empty(t testing.TB, l *ledger, s *Store, which func(n uint64) bool) {
	t.Helper()
	done := 0
	for n := range l.next {
		if _, ok := l.live[n]; !ok || !which(n) {
			continue
		}
		if err := l.remove(s, n); err != nil {
			t.Fatalf("delete number %d with no space: %v", done, err)
		}
		if done++; done%30 == 0 {
			s.Compact(t.Context()) // as far as it gets
		}
	}
}

// TestDeletesOnAFullDisk takes away all the space that is left beside the
// reserve: deletes must go on until everything is gone.
func TestDeletesOnAFullDisk(t *testing.T) {
	cfg, mem := tight(t, 8<<20, 512<<10)
	l, s := begun(t, 1, cfg)
	fill(t, l, s, 20_000)
	hog(t, mem)
	if err := l.put(s, 100); !errors.Is(err, store.ErrFull) {
		t.Errorf("an upload with nothing free: %v", err)
	}
	l.asked = map[uint64][]byte{}
	empty(t, l, s, func(uint64) bool { return true })
	compact(t, s)
	s.space.refill()
	if s.space.held != cfg.Reserve {
		t.Errorf("after everything was deleted, %d bytes are held in reserve", s.space.held)
	}
	if err := l.put(s, 20_000); err != nil {
		t.Errorf("after everything was deleted: %v", err)
	}
	l.compare(t, s)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

// hog takes all free space for a file that is not the store's.
func hog(t testing.TB, fsys disk.FS) {
	t.Helper()
	f, err := fsys.Create("hog")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	free, err := fsys.Free()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Allocate(0, free); err != nil {
		t.Fatal(err)
	}
}

// TestAdmission lets more uploads begin at once than there is space for. Those
// that are admitted must get to their end; the others must be refused before
// they have sent a byte.
func TestAdmission(t *testing.T) {
	const size = 3 * payload.LeafSize
	cfg, mem := tight(t, 8<<20, 128<<10)
	cfg.Buffers = 64
	l, s := begun(t, 1, cfg)
	for round := range 20 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var admitted []payload.Writer
		for range 8 {
			wg.Go(func() {
				w, err := s.NewPayload(context.Background(), payload.Header{Vault: testVault, Size: size})
				switch {
				case errors.Is(err, store.ErrFull):
				case err != nil:
					t.Errorf("refused with %v", err)
				default:
					mu.Lock()
					admitted = append(admitted, w)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if n := len(admitted); n < 1 || n > 2 { // one, if the first had its space allocated before the second came
			t.Errorf("round %d: %d uploads were admitted", round, n)
		}
		for _, w := range admitted {
			wg.Go(func() {
				defer w.Close()
				piece := make([]byte, 100_000)
				for sent := 0; sent < size; {
					n := min(len(piece), size-sent)
					if _, err := w.Write(piece[:n]); err != nil {
						t.Errorf("round %d: admitted, and failed after %d bytes: %v", round, sent, err)
						return
					}
					sent += n
				}
				if _, err := w.Finish(); err != nil {
					t.Errorf("round %d: admitted, and failed at the end: %v", round, err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			break
		}
	}
	if s.space.promised != 0 {
		t.Errorf("%d bytes are still promised", s.space.promised)
	}
	noLeftovers(t, l, s, mem)
	mustClose(t, s)
	mustBeClean(t, cfg)
}

// TestSpacePromises is about what an upload counts for while it begins.
func TestSpacePromises(t *testing.T) {
	cfg, _ := tight(t, 64<<20, 1<<20)
	_, s := begun(t, 1, cfg)
	defer mustBeClean(t, cfg)
	defer mustClose(t, s)
	w, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Size: 30 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if s.space.promised < 30<<20 {
		t.Errorf("promised %d bytes", s.space.promised)
	}
	if _, err := w.Write(make([]byte, 2*payload.LeafSize+1)); err != nil {
		t.Fatal(err)
	}
	if s.space.promised != 0 { // the file system counts it by now
		t.Errorf("promised %d bytes after the file was allocated", s.space.promised)
	}
	if _, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Size: 32 << 20}); !errors.Is(err, store.ErrFull) {
		t.Errorf("an upload that does not fit beside the first: %v", err)
	}
	second, err := s.NewPayload(t.Context(), payload.Header{Vault: testVault, Size: 29 << 20})
	if err != nil {
		t.Errorf("an upload that fits beside the first: %v", err)
	} else {
		second.Close()
	}
}

func TestReserve(t *testing.T) {
	mem := disk.NewMem(10 << 20)
	log := small(mem, "x")
	if err := log.setDefaults(); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		f, err := mem.Open(reserveFile)
		if err != nil {
			return 0
		}
		defer f.Close()
		n, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	sp := newSpace(mem, 2<<20, log.Log)
	if size() != 2<<20 {
		t.Fatalf("%d bytes are held", size())
	}
	pieces := 0
	for sp.giveUp() {
		pieces++
	}
	if free, _ := mem.Free(); size() != 0 || pieces < 3 || free != 10<<20 {
		t.Errorf("after %d pieces, %d bytes are held and %d free", pieces, size(), free)
	}
	hog(t, mem)
	if sp.refill(); size() != 0 {
		t.Errorf("%d bytes were taken from a full disk", size())
	}
	if err := mem.Remove("hog"); err != nil {
		t.Fatal(err)
	}
	if sp.refill(); size() != 2<<20 {
		t.Errorf("refilled to %d bytes", size())
	}
	if newSpace(mem, 1<<20, log.Log); size() != 1<<20 {
		t.Errorf("with a smaller reserve configured, %d bytes are held", size())
	}
	if newSpace(mem, -1, log.Log); size() != 0 {
		t.Errorf("with no reserve configured, %d bytes are held", size())
	}
}

// TestFullDiskUnderSQLite puts journal and catalog on a file system of 12 MiB.
func TestFullDiskUnderSQLite(t *testing.T) {
	dir := t.TempDir()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("mounting a small file system takes root on Linux")
	}
	if err := syscall.Mount("firn-test", dir, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	cfg := Config{FS: disk.OS(dir), SegmentSize: 256 << 10, Reserve: 2 << 20, Buffers: 8}
	l, s := begun(t, rand.Uint64(), cfg)
	t.Cleanup(func() { s.Close() }) // so that the file system can go
	for round := range 3 {
		if n := fill(t, l, s, 3000); n == 0 {
			t.Fatalf("round %d: nothing fits", round)
		}
		l.asked = map[uint64][]byte{}
		os.Remove(filepath.Join(dir, "hog"))
		hog(t, cfg.FS)
		empty(t, l, s, func(n uint64) bool { return n%8 != 0 })
		l.compare(t, s)
		mustClose(t, s) // a start on a full disk
		s = mustOpen(t, cfg)
		l.compare(t, s)
		if err := os.Remove(filepath.Join(dir, "hog")); err != nil {
			t.Fatal(err)
		}
		compact(t, s)
		s.space.refill()
	}
	mustClose(t, s)
	mustBeClean(t, cfg)
}
