package files_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/internal/files"
)

// BenchmarkWalk walks 100 folders of 100 files.
func BenchmarkWalk(b *testing.B) {
	root := b.TempDir()
	for i := range 100 {
		dir := filepath.Join(root, fmt.Sprintf("folder %02d", i))
		if err := os.Mkdir(dir, 0o777); err != nil {
			b.Fatal(err)
		}
		for j := range 100 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file %02d", j)), nil, 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range files.Walk(context.Background(), root, nil, files.Options{}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkPlace places files of 4 KiB durably, several at a time.
func BenchmarkPlace(b *testing.B) {
	data := make([]byte, 4096)
	for _, parallel := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(parallel), func(b *testing.B) {
			dir := b.TempDir()
			var next atomic.Int64
			var crew sync.WaitGroup
			for range parallel {
				crew.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						t, err := files.Place(dir, fmt.Sprintf("%02d/%d", n%50, n), files.Placement{Mode: 0o644})
						if err == nil {
							_, err = t.WriteAt(data, 0)
						}
						if err == nil {
							err = t.Commit(time.Unix(1, 0))
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			crew.Wait()
		})
	}
}
