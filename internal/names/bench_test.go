package names_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"firn/internal/names"
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
