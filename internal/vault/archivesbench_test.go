package vault_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
	"firn/internal/store"
	"firn/internal/token"
	"firn/internal/vault"
	"firn/treehash"
)

// A shelf is a store with nothing but a catalog.
type shelf struct {
	store.Store
	catalog *catalog.Catalog
}

func (s *shelf) View(ctx context.Context, look func(*catalog.Tx) error) error {
	return s.catalog.View(ctx, look)
}

// newShelf returns a Service over a catalog of which fold makes the records, from
// the first on until there are no more.
func newShelf(tb testing.TB, fold func(lsn record.LSN) (record.Record, bool)) *vault.Service {
	tb.Helper()
	c, err := catalog.Open(filepath.Join(tb.TempDir(), "catalog.db"), [16]byte{1}, catalog.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	var entries []record.Entry
	flush := func() {
		if len(entries) == 0 {
			return
		}
		if err := c.Fold(context.Background(), entries, catalog.Position{LSN: entries[len(entries)-1].LSN}); err != nil {
			tb.Fatal(err)
		}
		entries = entries[:0]
	}
	for lsn := record.LSN(1); ; lsn++ {
		r, ok := fold(lsn)
		if !ok {
			break
		}
		entries = append(entries, record.Entry{LSN: lsn, Time: shelfTime(lsn), Images: r.Images})
		if len(entries) == 4096 {
			flush()
		}
	}
	flush()
	return vault.New(vault.Config{Store: &shelf{catalog: c}, Region: region, Live: true})
}

// shelfTime is when a record was made: one a second.
func shelfTime(lsn record.LSN) time.Time { return time.Unix(1_700_000_000+int64(lsn), 0).UTC() }

// million is a vault of a million archives.
func million(lsn record.LSN) (r record.Record, ok bool) {
	const archives = 1_000_000
	if lsn == 1 {
		r.Put(&record.Vault{ID: 1, Account: owner, Name: photos, Created: shelfTime(lsn).UnixMilli()})
		return r, true
	}
	r.Put(&record.Archive{
		Vault: 1, ID: uint64(lsn), Description: fmt.Sprintf("holiday/2019/IMG_%07d.jpg", lsn),
		Public:  glacier.ArchiveID(token.Key{}.Seal(token.ID{Kind: token.Archive, Vault: 1, Number: uint64(lsn)})),
		Created: shelfTime(lsn).UnixMilli(), Size: 65536, TreeHash: treehash.Hash{byte(lsn)},
		Pieces: []record.Piece{{Payload: uint64(lsn), LSN: lsn, Size: 65536, TreeHash: treehash.Hash{byte(lsn)}}},
	})
	return r, lsn <= archives+1
}

// A call must stay well under 50 ms, whatever is asked for.
func BenchmarkArchives(b *testing.B) {
	s := newShelf(b, million)
	deep := shelfTime(500_000)
	for _, bb := range []struct {
		name string
		q    vault.ArchiveQuery
	}{
		{"first page", vault.ArchiveQuery{Limit: 50}},
		{"first page of a thousand", vault.ArchiveQuery{Limit: 1000}},
		{"half a million in, by date", vault.ArchiveQuery{Limit: 50, To: deep}},
		{"one day", vault.ArchiveQuery{Limit: 50, From: deep, To: deep.Add(24 * time.Hour), Oldest: true}},
		{"text that never matches", vault.ArchiveQuery{Limit: 50, Match: "nowhere"}},
		{"text that always matches, size that never does", vault.ArchiveQuery{Limit: 50, Match: "img_", Least: math.MaxInt64}},
		{"text that matches one in a hundred", vault.ArchiveQuery{Limit: 1000, Match: "00.jpg"}},
		{"an id", vault.ArchiveQuery{Limit: 50, Match: token.Key{}.Seal(token.ID{Kind: token.Archive, Vault: 1, Number: 77_777})}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			searched := 0
			for b.Loop() {
				p, err := s.Archives(b.Context(), owner, photos, bb.q)
				if err != nil {
					b.Fatal(err)
				}
				searched = p.Searched
			}
			b.ReportMetric(float64(searched), "archives/op")
		})
	}
	b.Run("page after page", func(b *testing.B) {
		q := vault.ArchiveQuery{Limit: 50}
		for b.Loop() {
			p, err := s.Archives(b.Context(), owner, photos, q)
			if err != nil {
				b.Fatal(err)
			}
			q.Cursor = p.Next
		}
	})
}
