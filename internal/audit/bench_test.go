package audit

import (
	"testing"
	"time"

	"firn/internal/disk"
)

// BenchmarkAppend appends to a log on the real file system below the test's temporary directory.
func BenchmarkAppend(b *testing.B) {
	event := samples()["CreateVault"]
	event.Name = "CreateVault"
	start := func(b *testing.B) *Log {
		b.ReportAllocs()
		return open(b, Config{FS: disk.OS(b.TempDir()), Keep: 2, Now: time.Now})
	}
	b.Run("handed over", func(b *testing.B) {
		l := start(b)
		for b.Loop() {
			if err := l.Append(event, false); err != nil {
				b.Fatal(err)
			}
		}
		l.Close()
	})
	b.Run("durable", func(b *testing.B) {
		l := start(b)
		for b.Loop() {
			if err := l.Append(event, true); err != nil {
				b.Fatal(err)
			}
		}
		l.Close()
	})
	b.Run("durable, 64 callers", func(b *testing.B) {
		l := start(b)
		b.SetParallelism(32) // for each of two processors
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := l.Append(event, true); err != nil {
					b.Error(err)
				}
			}
		})
		l.Close()
	})
}

func BenchmarkEncode(b *testing.B) {
	event := samples()["CreateVault"]
	enc := newEncoder()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := enc.encode(event, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}
