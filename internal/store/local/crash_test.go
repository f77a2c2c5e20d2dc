package local

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"firn/internal/disk"
)

// stride is the step of a sweep that usually goes by usual: one in the long
// run, and a wider one under -short, which the race detector runs with.
func stride(usual int) int {
	switch {
	case long():
		return 1
	case testing.Short():
		return 6 * usual
	}
	return usual
}

// long reports whether the long versions of tests were asked for.
func long() bool { return os.Getenv("FIRN_LONG") != "" }

const crashSteps = 40

// memoryDir returns a directory for a catalog, in memory if the machine has
// such a place: SQLite's flushes prove nothing here, and they take time.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "firn")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestCrashSweep stops the machine after its n-th change to the disk, for
// every n (in the short run, for some), in every way a disk can forget, and
// with every kind of catalog that could be there afterwards.
func TestCrashSweep(t *testing.T) {
	seed := rand.Uint64()
	stride := stride(7)
	var changes atomic.Int64
	l := newLedger(seed)
	crashRun(t, l, seed, disk.NewMem(0), disk.Count(&changes, disk.Changes()...), nil)
	total := int(changes.Load())
	if total < 100 {
		t.Fatalf("a run makes only %d changes", total)
	}
	for n := int(seed % uint64(stride)); n < total; n += stride {
		for _, mode := range disk.Modes() {
			for c, name := range catalogFates {
				if !long() && (n/stride+int(mode)+c)%5 != 0 {
					continue
				}
				t.Run(fmt.Sprintf("seed %d, after %d of %d, %v, %s", seed, n, total, mode, name), func(t *testing.T) {
					crashAt(t, seed, n, mode, name)
				})
			}
		}
	}
}

// crashRun does a run of operations until the disk fails. keep, if not nil,
// is called half-way with the path of the catalog.
func crashRun(t testing.TB, l *ledger, seed uint64, mem *disk.Mem, hook func(disk.Op) error, keep func(path string)) (path string) {
	t.Helper()
	path = filepath.Join(memoryDir(t), "catalog.db")
	s, err := Open(small(disk.Inject(mem, hook), path))
	if err != nil {
		return path
	}
	defer s.Close() // it may have been cut off
	if l.begin(s) != nil {
		return path
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range crashSteps {
		if i == crashSteps/2 && keep != nil {
			keep(path)
		}
		if l.step(s, rng) != nil && s.Ready() != nil {
			return path
		}
	}
	return path
}

// catalogFates are what SQLite, which does not go through disk, may have left
// after a power cut.
var catalogFates = []string{"none", "current", "older", "foreign", "damaged"}

func crashAt(t *testing.T, seed uint64, n int, mode disk.Mode, fate string) {
	mem := disk.NewMem(0)
	l := newLedger(seed)
	older := filepath.Join(memoryDir(t), "older.db")
	path := crashRun(t, l, seed, mem, disk.CrashAfter(n, disk.Changes()...), func(path string) { copyCatalog(t, path, older) })
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	after := mem.Crash(rng, mode)

	fresh := filepath.Join(memoryDir(t), "catalog.db")
	switch fate {
	case "current":
		copyCatalog(t, path, fresh)
	case "older":
		copyCatalog(t, older, fresh)
	case "foreign":
		other := small(disk.NewMem(0), fresh)
		if err := mustOpen(t, other).Close(); err != nil {
			t.Fatal(err)
		}
	case "damaged":
		copyCatalog(t, path, fresh)
		flipPage(t, fresh, rng)
	}
	cfg := small(after, fresh)
	if fate == "damaged" {
		// SQLite notices a damaged page when it meets it, and the store then
		// rebuilds; one that it has not met is the check's to find.
		defer mustBeClean(t, cfg)
		defer func() {
			if err := Rebuild(cfg); err != nil {
				t.Errorf("rebuild: %v", err)
			}
		}()
		verifyRunning(t, l, cfg)
		return
	}
	verify(t, l, cfg)
}

// verify opens a store after a crash, compares it with the ledger, goes on
// with it, and has it checked.
func verify(t testing.TB, l *ledger, cfg Config) {
	t.Helper()
	verifyRunning(t, l, cfg)
	mustBeClean(t, cfg)
	s := mustOpen(t, cfg)
	l.compare(t, s)
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// verifyRunning is verify without the check.
func verifyRunning(t testing.TB, l *ledger, cfg Config) {
	t.Helper()
	s := mustOpen(t, cfg)
	l.compare(t, s)
	l.settle(t, s)
	if err := l.begin(s); err != nil {
		t.Fatalf("go on: %v", err)
	}
	for range 3 {
		if err := l.put(s, 1000); err != nil {
			t.Fatalf("go on: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// mustBeClean checks the whole store.
func mustBeClean(t testing.TB, cfg Config) {
	t.Helper()
	report, err := Check(context.Background(), cfg, CheckOptions{Deep: true})
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	for _, d := range report.Damaged {
		t.Errorf("check: damaged: %+v", d)
	}
	for _, p := range report.Problems {
		t.Errorf("check: %s", p)
	}
}

// copyCatalog copies SQLite's files as they are.
func copyCatalog(t testing.TB, from, to string) {
	t.Helper()
	names, err := filepath.Glob(from + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "-shm") {
			continue // it lives in memory only
		}
		copyFile(t, name, to+strings.TrimPrefix(name, from))
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// flipPage damages a page of the catalog.
func flipPage(t testing.TB, path string, rng *rand.Rand) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return
	}
	page := rng.IntN((len(b) + 4095) / 4096)
	for i := page * 4096; i < min(len(b), page*4096+4096); i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
