package names_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/names"
	"firn/treehash"
)

// BenchmarkAdd: durable additions of eight goroutines, as parallel uploads make them.
//
//	go test ./internal/names -run - -bench Add -benchtime 100000x
func BenchmarkAdd(b *testing.B) {
	c, err := names.Open(b.Context(), filepath.Join(b.TempDir(), "v.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var n atomic.Int64
	b.SetParallelism(4) // of two processors
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			a, f := archive(fmt.Sprintf("%0138d", i*7919%1_000_003), fmt.Sprintf("folder/%d/file", i), 1)
			if err := c.Add(b.Context(), a, f); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "adds/s")
}

// vaultOf is the inventory of a vault of so many archives, in the order of their ids, which is that of nothing else.
func vaultOf(n int) names.Inventory {
	return names.Inventory{Exact: true, Date: func() time.Time { return at(59) }, Rows: func(yield func(inventory.Row, error) bool) {
		for i := range n {
			hash := treehash.Sum(binary.LittleEndian.AppendUint64(nil, uint64(i)))
			r := inventory.Row{
				ID: glacier.ArchiveID(fmt.Sprintf("%x%074d", hash, 0)), Size: int64(i), TreeHash: hash, Created: at(0),
				Description: fmt.Sprintf(`{"Path":"home/user/pictures/%04d/IMG_%07d.JPG","UTCDateModified":"20240106T184257Z"}`, i%1000, i),
			}
			if !yield(r, nil) {
				return
			}
		}
	}}
}

// BenchmarkInventory: a vault of FIRN_ROWS archives (100,000) rebuilt from nothing, compared with the inventory again, and rebuilt again.
// Memory is that of the process, as the kernel has seen it at most.
//
//	FIRN_ROWS=1000000 go test ./internal/names -run - -bench Inventory -benchtime 1x
func BenchmarkInventory(b *testing.B) {
	rows := 100_000
	if s := os.Getenv("FIRN_ROWS"); s != "" {
		rows, _ = strconv.Atoi(s)
	}
	for b.Loop() {
		c, err := names.Open(b.Context(), filepath.Join(b.TempDir(), "v.db"))
		if err != nil {
			b.Fatal(err)
		}
		for _, step := range []struct {
			name string
			do   func(context.Context, names.Inventory, names.Check) (names.Counts, error)
		}{{"rebuild", c.Rebuild}, {"reconcile", c.Reconcile}, {"again", c.Rebuild}} {
			begun := time.Now()
			if counts, err := step.do(b.Context(), vaultOf(rows), names.Check{}); err != nil || counts.Inventory != int64(rows) {
				b.Fatal(counts, err)
			}
			b.ReportMetric(float64(rows)/time.Since(begun).Seconds(), step.name+"/s")
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(peak())/(1<<20), "MiB-peak")
}

// BenchmarkText: a catalogue of FIRN_ROWS archives (100,000) written as text, and read by another.
func BenchmarkText(b *testing.B) {
	rows := 100_000
	if s := os.Getenv("FIRN_ROWS"); s != "" {
		rows, _ = strconv.Atoi(s)
	}
	from, err := names.Open(b.Context(), filepath.Join(b.TempDir(), "from.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer from.Close()
	if _, err := from.Rebuild(b.Context(), vaultOf(rows), names.Check{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		to, err := names.Open(b.Context(), filepath.Join(b.TempDir(), "to.db"))
		if err != nil {
			b.Fatal(err)
		}
		r, w := io.Pipe()
		go func() { w.CloseWithError(from.Export(b.Context(), w)) }()
		if err := errors.Join(to.Import(b.Context(), r), to.Close()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "archives/s")
	b.ReportMetric(float64(peak())/(1<<20), "MiB-peak")
}

// peak is the most memory that this process has had.
func peak() (bytes int64) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	return 0
}

// BenchmarkLatest: what a sync asks for each file.
func BenchmarkLatest(b *testing.B) {
	c, err := names.Open(b.Context(), filepath.Join(b.TempDir(), "v.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	a, f := archive("A", "folder/file", 1)
	if err := c.Add(b.Context(), a, f); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok, err := c.Latest(b.Context(), "folder/file"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
