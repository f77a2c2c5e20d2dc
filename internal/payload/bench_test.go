package payload

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"firn/internal/disk"
	"firn/treehash"
)

const benchSize = 256 << 20

// BenchmarkWrite writes 256 MiB to a real directory, and in the same run, in turn, does without a payload what cannot be
// done without: a plain write of the same bytes with fdatasync, once as the kernel likes it (plain) and once with space
// reserved and writing begun early (best), and the hashes alone. The ratios are to these.
func BenchmarkWrite(b *testing.B) {
	fsys := disk.OS(b.TempDir())
	f := newFiles(b, fsys, 1, 8)
	leaf := noise(LeafSize)
	var own, plain, best, hash time.Duration
	for b.Loop() {
		plain += timed(b, func() error { return plainFile(fsys, leaf, false) })
		own += timed(b, func() error { return writeFile(f, leaf) })
		best += timed(b, func() error { return plainFile(fsys, leaf, true) })
		hash += timed(b, func() error {
			h := treehash.NewHasher()
			for range benchSize / LeafSize {
				h.Write(leaf)
			}
			return nil
		})
	}
	speed := func(d time.Duration) float64 { return float64(b.N) * benchSize / 1e6 / d.Seconds() }
	b.ReportMetric(speed(own), "MB/s")
	b.ReportMetric(speed(plain), "plain-MB/s")
	b.ReportMetric(speed(best), "best-MB/s")
	b.ReportMetric(speed(hash), "hash-MB/s")
	b.ReportMetric(speed(own)/speed(plain), "of-plain")
	b.ReportMetric(speed(own)/speed(best), "of-best")
	b.ReportMetric(speed(own)/speed(hash), "of-hash")
}

func timed(b *testing.B, f func() error) time.Duration {
	runtime.GC()
	start := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// writeFile writes a payload, and unlinks it.
func writeFile(f *Files, leaf []byte) error {
	w, err := f.New(context.Background(), Header{Size: benchSize})
	if err != nil {
		return err
	}
	defer w.Close()
	for range benchSize / LeafSize {
		if _, err := w.Write(leaf); err != nil {
			return err
		}
	}
	_, err = w.Finish()
	return err
}

// plainFile writes the same bytes, syncs and unlinks them.
func plainFile(fsys disk.FS, leaf []byte, early bool) error {
	file, err := fsys.Create("plain")
	if err != nil {
		return err
	}
	defer fsys.Remove("plain")
	defer file.Close()
	if early {
		if err := file.Allocate(0, benchSize); err != nil {
			return err
		}
	}
	for i := range int64(benchSize / LeafSize) {
		if _, err := file.WriteAt(leaf, i*LeafSize); err != nil {
			return err
		}
		if early && (i+1)%flushLeaves == 0 {
			if err := file.FlushAsync((i+1-flushLeaves)*LeafSize, flushLeaves*LeafSize); err != nil {
				return err
			}
		}
	}
	return file.Sync()
}

// BenchmarkInline takes in 64 KiB that stay in memory.
func BenchmarkInline(b *testing.B) {
	f := newFiles(b, disk.NewMem(0), 1, 1)
	data := noise(64 << 10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		w, _, err := write(f, Header{Size: int64(len(data))}, data)
		if err != nil {
			b.Fatal(err)
		}
		w.Close()
	}
}

// BenchmarkCheck reads and checks 256 MiB from a real directory, out of the page cache.
func BenchmarkCheck(b *testing.B) {
	f := newFiles(b, disk.OS(b.TempDir()), 1, 2)
	data := make([]byte, benchSize)
	image := keep(b, f, Header{Size: benchSize}, data)
	r, err := f.Open(ref(image))
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for b.Loop() {
		if err := Check(context.Background(), r, image.TreeHash); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteMany runs four streams of 64 MiB at once.
func BenchmarkWriteMany(b *testing.B) {
	f := newFiles(b, disk.OS(b.TempDir()), 1, 8)
	leaf := noise(LeafSize)
	const streams, leaves = 4, 64
	b.SetBytes(streams * leaves * LeafSize)
	for b.Loop() {
		var wg sync.WaitGroup
		for range streams {
			wg.Go(func() {
				w, err := f.New(context.Background(), Header{Size: leaves * LeafSize})
				if err != nil {
					b.Error(err)
					return
				}
				defer w.Close()
				for range leaves {
					if _, err := w.Write(leaf); err != nil {
						b.Error(err)
						return
					}
				}
				if _, err := w.Finish(); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
