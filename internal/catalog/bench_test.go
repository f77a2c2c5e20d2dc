package catalog

import (
	"context"
	"fmt"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/record"
	"firn/treehash"
)

// The benchmarks count rows: an upload is two, its archive and its payload.

const benchBatch = 64

// put commits archives to vaults in turn, a batch at a time, and returns the
// last LSN.
func fill(tb testing.TB, c *Catalog, archives, vaults int) record.LSN {
	tb.Helper()
	return fillWith(tb, c, archives, vaults, upload)
}

func fillWith(tb testing.TB, c *Catalog, archives, vaults int, make func(tx *Tx, vault uint64) record.Record) record.LSN {
	tb.Helper()
	next := c.Applied().LSN + 1
	for n := 0; n < archives; n += benchBatch {
		b, err := c.Begin(context.Background(), next, time.Now)
		if err != nil {
			tb.Fatal(err)
		}
		for i := n; i < min(n+benchBatch, archives); i++ {
			if _, _, err := b.Run(func(tx *Tx) (record.Record, error) { return make(tx, uint64(i%vaults)+1), nil }); err != nil {
				tb.Fatal(err)
			}
			next++
		}
		if err := b.Commit(Position{Segment: 1, LSN: next - 1}); err != nil {
			tb.Fatal(err)
		}
	}
	return next - 1
}

// upload is the record of a small archive of realistic size.
func upload(tx *Tx, vault uint64) record.Record { return sent(tx, vault, "") }

// sent is the record of an upload with a token.
func sent(tx *Tx, vault uint64, by glacier.UploadToken) record.Record {
	lsn := tx.LSN()
	var r record.Record
	r.Put(&record.Payload{ID: uint64(lsn), LSN: lsn, Size: 65536, TreeHash: treehash.Hash{byte(lsn)}, Vault: vault})
	r.Put(&record.Archive{
		Vault: vault, ID: uint64(lsn), Public: glacier.ArchiveID(fmt.Sprintf("%0138d", lsn)), Description: "holiday/2019/IMG_0001.jpg",
		Created: tx.Now().UnixMilli(), Size: 65536, TreeHash: treehash.Hash{byte(lsn)},
		Pieces: []record.Piece{{Payload: uint64(lsn), LSN: lsn, Size: 65536, TreeHash: treehash.Hash{byte(lsn)}}},
		Token:  by,
	})
	return r
}

// imported is the record of an archive that comes from elsewhere.
func imported(tx *Tx, vault uint64) record.Record {
	lsn := tx.LSN()
	var r record.Record
	r.Put(&record.Payload{ID: uint64(lsn), LSN: lsn, Size: 65536, Vault: vault})
	r.Put(&record.Archive{
		Vault: vault, ID: uint64(lsn), Public: glacier.ArchiveID(fmt.Sprintf("%0138d", lsn)), Description: "holiday/2019/IMG_0001.jpg",
		Created: 1, Imported: tx.Now().UnixMilli(), Witnessed: tx.Now().UnixMilli(), Size: 65536,
		Pieces: []record.Piece{{Payload: uint64(lsn), LSN: lsn, Size: 65536}},
	})
	return r
}

// BenchmarkImports has the index that other uploads do not have.
func BenchmarkImports(b *testing.B) {
	c := open(b)
	b.ResetTimer()
	fillWith(b, c, b.N, 1, imported)
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkUploads(b *testing.B) {
	for _, vaults := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d vaults", vaults), func(b *testing.B) {
			c := open(b)
			fill(b, c, 10_000, vaults)
			b.ResetTimer()
			fill(b, c, b.N, vaults)
			b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// Each upload is looked up by its token first, as the rules do it.
func BenchmarkUploadsWithTokens(b *testing.B) {
	c := open(b)
	send := func(tx *Tx, vault uint64) record.Record {
		by := glacier.UploadToken(fmt.Sprintf("%064d", tx.LSN()))
		if _, there, err := tx.Sent(vault, by); err != nil || there {
			b.Fatal(there, err)
		}
		return sent(tx, vault, by)
	}
	fillWith(b, c, 10_000, 1, send)
	b.ResetTimer()
	fillWith(b, c, b.N, 1, send)
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkFold(b *testing.B) {
	c := open(b)
	entries := make([]record.Entry, 0, b.N)
	for lsn := record.LSN(1); len(entries) < b.N; lsn++ {
		rec := upload(&Tx{lsn: lsn}, 1)
		entries = append(entries, record.Entry{LSN: lsn, Time: time.UnixMilli(1), Images: rec.Images})
	}
	b.ResetTimer()
	for len(entries) > 0 {
		n := min(len(entries), 4096)
		if err := c.Fold(context.Background(), entries[:n], Position{LSN: entries[n-1].LSN}); err != nil {
			b.Fatal(err)
		}
		entries = entries[n:]
	}
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkInventory(b *testing.B) {
	c := open(b)
	const archives = 50_000
	head := fill(b, c, archives, 1)
	b.ResetTimer()
	for range b.N {
		seen := 0
		for after := uint64(0); ; {
			var page []record.Archive
			err := c.View(context.Background(), func(tx *Tx) (err error) {
				page, err = tx.Archives(1, after, uint64(head), 1000)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			seen += len(page)
			after = page[len(page)-1].ID
		}
		if seen != archives {
			b.Fatalf("saw %d archives", seen)
		}
	}
	b.ReportMetric(archives*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLookup(b *testing.B) {
	c := open(b)
	head := fill(b, c, 50_000, 1)
	b.ResetTimer()
	for i := range b.N {
		err := c.View(context.Background(), func(tx *Tx) error {
			_, ok, err := tx.Archive(1, uint64(i*7919)%uint64(head)+1)
			if !ok {
				b.Fatal("archive is gone")
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
