package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/payload"
	"firn/internal/record"
	"firn/treehash"
)

const testVault = 1

// A ledger remembers what a store has acknowledged, and what it was asked and
// did not acknowledge, which may have happened or not.
type ledger struct {
	seed  uint64
	live  map[uint64][]byte // acknowledged archives, by a number of our own
	ids   map[uint64]uint64 // number → archive id
	gone  map[uint64]bool   // acknowledged deletes
	doubt map[uint64]bool   // asked to be deleted, without an answer
	asked map[uint64][]byte // asked to be stored, without an answer
	used  map[uint64]bool   // payload ids that were handed out
	twice []uint64          // those that were handed out again
	next  uint64
	buf   []byte // one leaf
}

func newLedger(seed uint64) *ledger {
	return &ledger{
		seed: seed, live: map[uint64][]byte{}, ids: map[uint64]uint64{},
		gone: map[uint64]bool{}, doubt: map[uint64]bool{}, asked: map[uint64][]byte{},
		used: map[uint64]bool{}, buf: make([]byte, payload.LeafSize),
	}
}

// clone returns an independent copy.
func (l *ledger) clone() *ledger {
	return &ledger{
		seed: l.seed, next: l.next, twice: slices.Clone(l.twice),
		live: maps.Clone(l.live), ids: maps.Clone(l.ids), gone: maps.Clone(l.gone),
		doubt: maps.Clone(l.doubt), asked: maps.Clone(l.asked), used: maps.Clone(l.used),
		buf: make([]byte, payload.LeafSize),
	}
}

// put stores an archive of size bytes. Its description is its number, by
// which it is known again.
func (l *ledger) put(s *Store, size int) error {
	n := l.next
	l.next++
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(l.seed), byte(l.seed >> 8)}).Read(data) // never fails
	l.asked[n] = data
	ctx := context.Background()
	w, err := s.NewPayload(ctx, payload.Header{Vault: testVault, Size: int64(size)})
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
	l.handedOut(w)
	var id uint64
	err = s.Update(ctx, func(tx *catalog.Tx) (r record.Record, err error) {
		id = uint64(tx.LSN())
		p := w.Attach(&r, tx.LSN())
		r.Put(&record.Archive{
			Vault: testVault, ID: id, Public: glacier.ArchiveID(fmt.Sprint("public", id)), Description: fmt.Sprint(n),
			Created: tx.Now().UnixMilli(), Size: sum.Size, TreeHash: sum.Tree,
			Pieces: []record.Piece{{Payload: p.ID, LSN: p.LSN, Size: p.Size, TreeHash: p.TreeHash}},
		})
		return r, nil
	})
	if err != nil {
		return err
	}
	delete(l.asked, n)
	l.live[n], l.ids[n] = data, id
	return nil
}

// handedOut notes the payload id of a finished writer.
func (l *ledger) handedOut(w payload.Writer) {
	var scratch record.Record
	id := w.Attach(&scratch, 1).ID
	if l.used[id] {
		l.twice = append(l.twice, id)
	}
	l.used[id] = true
}

// remove deletes an archive.
func (l *ledger) remove(s *Store, n uint64) error {
	l.doubt[n] = true
	err := s.Update(context.Background(), func(tx *catalog.Tx) (r record.Record, err error) {
		a, ok, err := tx.Archive(testVault, l.ids[n])
		if err != nil || !ok {
			return r, errors.Join(err, fmt.Errorf("archive %d is not there", n))
		}
		r.Delete(a.Key())
		for _, p := range a.Pieces {
			r.Delete(record.PayloadKey(p.Payload))
		}
		return r, nil
	})
	if err != nil {
		return err
	}
	delete(l.doubt, n)
	delete(l.live, n)
	l.gone[n] = true
	return nil
}

// compare checks a store against the ledger: everything acknowledged is there
// and whole, everything deleted is gone, and nothing else is there but what
// was asked for.
func (l *ledger) compare(t testing.TB, s *Store) {
	t.Helper()
	if len(l.twice) > 0 {
		t.Errorf("payload ids %d were used twice", l.twice)
	}
	seen := map[uint64]bool{}
	err := s.eachArchive(t.Context(), testVault, func(a record.Archive) error {
		var n uint64
		if _, err := fmt.Sscan(a.Description, &n); err != nil {
			return err
		}
		seen[n] = true
		want, ok := l.live[n]
		if !ok {
			want, ok = l.asked[n]
		}
		switch {
		case l.gone[n]:
			t.Errorf("archive %d was deleted and is back", n)
		case !ok:
			t.Errorf("archive %d was never asked for", n)
		default:
			l.compareArchive(t, s, n, a, want)
		}
		return nil
	})
	if err != nil {
		t.Errorf("list archives: %v", err)
	}
	for n := range l.live {
		if !seen[n] && !l.doubt[n] {
			t.Errorf("archive %d was acknowledged and is lost", n)
		}
	}
}

func (l *ledger) compareArchive(t testing.TB, s *Store, n uint64, a record.Archive, want []byte) {
	t.Helper()
	if a.TreeHash != treehash.Sum(want) {
		t.Errorf("archive %d has another tree hash", n)
	}
	var got bytes.Buffer
	for _, p := range a.Pieces {
		r, err := s.OpenPayload(t.Context(), payload.Ref{ID: p.Payload, LSN: p.LSN, Size: p.Size})
		if err != nil {
			t.Errorf("archive %d: %v", n, err)
			return
		}
		err = payload.CopyRange(t.Context(), &got, r, 0, r.Size(), l.buf)
		if err = errors.Join(err, r.Close()); err != nil {
			t.Errorf("archive %d: %v", n, err)
			return
		}
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("archive %d has other bytes", n)
	}
}

// find looks an acknowledged archive up.
func (l *ledger) find(s *Store, n uint64) (a record.Archive, ok bool, err error) {
	err = s.View(context.Background(), func(tx *catalog.Tx) (err error) {
		a, ok, err = tx.Archive(testVault, l.ids[n])
		return err
	})
	return a, ok, err
}

// settle takes what the store now says as the truth about what was asked
// without an answer.
func (l *ledger) settle(t testing.TB, s *Store) {
	t.Helper()
	seen := map[uint64]uint64{}
	err := s.eachArchive(t.Context(), testVault, func(a record.Archive) error {
		var n uint64
		_, err := fmt.Sscan(a.Description, &n)
		seen[n] = a.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, data := range l.asked {
		if id, ok := seen[n]; ok {
			l.live[n], l.ids[n] = data, id
		}
		delete(l.asked, n)
	}
	for n := range l.doubt {
		if _, ok := seen[n]; !ok {
			delete(l.live, n)
			l.gone[n] = true
		}
		delete(l.doubt, n)
	}
}

// begin makes the vault that the archives are in.
func (l *ledger) begin(s *Store) error {
	return s.Update(context.Background(), func(tx *catalog.Tx) (r record.Record, err error) {
		_, ok, err := tx.VaultByID(testVault)
		if err == nil && !ok {
			r.Put(&record.Vault{ID: testVault, Account: "111122223333", Name: "v", Created: 1})
		}
		return r, err
	})
}

// step does one operation that rng chooses.
func (l *ledger) step(s *Store, rng *rand.Rand) error {
	switch k := rng.IntN(20); {
	case k < 5 && len(l.live) > 0:
		return l.remove(s, l.any(rng))
	case k == 5:
		s.reclaim.mark(true)
		return s.Compact(context.Background())
	case k == 6:
		return l.put(s, payload.LeafSize+1+rng.IntN(5000))
	case k == 7:
		return l.put(s, 70<<10) // more than a small segment
	default:
		return l.put(s, 1+rng.IntN(20_000))
	}
}

// any returns the number of a live archive, the same for the same rng.
func (l *ledger) any(rng *rand.Rand) uint64 {
	for n, skip := uint64(0), rng.IntN(len(l.live)); ; n++ {
		if _, ok := l.live[n]; ok {
			if skip == 0 {
				return n
			}
			skip--
		}
	}
}

// recorder returns a log, and what was said in it so far.
func recorder() (log *slog.Logger, said func() string) {
	var mu sync.Mutex
	var b strings.Builder
	w := writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return b.Write(p)
	})
	return slog.New(slog.NewTextHandler(w, nil)), func() string {
		mu.Lock()
		defer mu.Unlock()
		return b.String()
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
