package journal

import (
	"fmt"
	"testing"
	"time"

	"firn/internal/disk"
	"firn/internal/record"
)

// BenchmarkAppend appends to a journal on the real file system below the test's
// temporary directory.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d×64KiB", n), func(b *testing.B) {
			j, err := Open(Config{FS: disk.OS(b.TempDir()), Pool: [16]byte{1}}, Position{})
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			batch := make([]record.Entry, n)
			for i := range batch {
				batch[i] = record.Entry{Time: time.UnixMilli(1), Inline: make([]byte, 64<<10),
					Images: []record.Image{{Key: record.PayloadKey(1), Body: make([]byte, 60)}, {Key: record.Key{Kind: record.KindArchive, A: 1}, Body: make([]byte, 200)}}}
			}
			b.SetBytes(int64(n) * 64 << 10)
			b.ReportAllocs()
			for b.Loop() {
				for i := range batch {
					batch[i].LSN = j.Head() + 1 + record.LSN(i)
				}
				if _, err := j.Append(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
