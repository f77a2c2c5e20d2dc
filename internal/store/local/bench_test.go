package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/disk"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

// BenchmarkUpdate stores archives of 64 KiB on a real disk, from so many
// goroutines at once. Every one is durable when it is counted.
func BenchmarkUpdate(b *testing.B) {
	for _, clients := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := mustOpen(b, Config{FS: disk.OS(b.TempDir()), Buffers: 128})
			defer mustClose(b, s)
			data := bytes.Repeat([]byte("firn"), 16<<10)
			b.SetBytes(int64(len(data)))
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var wg sync.WaitGroup
			for range clients {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := putOne(s, data); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "archives/s")
		})
	}
}

func putOne(s *Store, data []byte) error {
	ctx := context.Background()
	w, err := s.NewPayload(ctx, payload.Header{Vault: testVault, Size: int64(len(data))})
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := w.Write(data); err != nil {
		return err
	}
	sum, err := w.Finish()
	if err != nil {
		return err
	}
	return s.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		p := w.Attach(&r, tx.LSN())
		r.Put(archiveOf(tx, sum, p))
		return r, nil
	})
}

func archiveOf(tx *catalog.Tx, sum payload.Sum, p record.Payload) *record.Archive {
	id := uint64(tx.LSN())
	return &record.Archive{
		Vault: testVault, ID: id, Public: glacier.ArchiveID(fmt.Sprintf("%0138d", id)),
		Created: tx.Now().UnixMilli(), Size: sum.Size, TreeHash: sum.Tree,
		Pieces: []record.Piece{{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash}},
	}
}

// tiny is a payload of a few bytes without a writer.
type tiny []byte

func (t tiny) Inline() []byte { return t }
func (tiny) Settle(bool)      {}

// TestAMillionArchives measures how long a store of a million small archives
// takes to open, and how much memory: with its catalog, and without.
func TestAMillionArchives(t *testing.T) {
	if !long() {
		t.Skip("it takes minutes: FIRN_LONG=1")
	}
	const archives, clients = 1_000_000, 256
	cfg := Config{FS: disk.OS(t.TempDir()), SegmentSize: 256 << 20, Reserve: -1}
	s := mustOpen(t, cfg)
	data := tiny("firn is snow that has outlived a summer")
	sum := payload.Sum{Size: int64(len(data)), Tree: treehash.Sum(data)}
	mustUpdate(t, s, func(*catalog.Tx) (r record.Record, err error) {
		r.Put(&record.Vault{ID: testVault, Account: "111122223333", Name: "v", Created: 1})
		return r, nil
	})
	began := time.Now()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range archives / clients {
				err := s.Update(context.Background(), func(tx *catalog.Tx) (r record.Record, err error) {
					p := record.Payload{ID: 1e6 + uint64(tx.LSN()), LSN: tx.LSN(), Size: sum.Size, TreeHash: sum.Tree, Vault: testVault}
					r.Put(&p)
					r.Put(archiveOf(tx, sum, p))
					r.Stores = data
					return r, nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("stored: %.1f s", time.Since(began).Seconds())
	mustClose(t, s)
	measure(t, "open", cfg)
	if err := catalog.Remove(filepath.Join(cfg.FS.(disk.Pather).Path(catalogFile))); err != nil {
		t.Fatal(err)
	}
	measure(t, "open without a catalog", cfg)
	mustBeClean(t, cfg)
}

// measure opens a store and says what that took.
func measure(t *testing.T, what string, cfg Config) {
	t.Helper()
	runtime.GC()
	before := resident()
	began := time.Now()
	s := mustOpen(t, cfg)
	t.Logf("%s: %.2f s, memory %d MiB before and %d MiB after", what, time.Since(began).Seconds(), before, resident())
	mustClose(t, s)
}

// resident is the process's memory in MiB; 0 where nobody tells.
func resident() (mib int64) {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kib int64
	fmt.Sscan(rest, &kib)
	return kib >> 10
}
