package job

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
)

// due makes the entry of a job that is due.
func due(id uint64, rank int) entry {
	return entry{id: id, rank: rank, ready: int64(id), at: time.Now().Add(-time.Second)}
}

func TestQueueOrder(t *testing.T) {
	q := newQueue(100)
	for _, e := range []entry{
		due(5, rankBulk), due(9, rankStandard), due(7, rankExpedited), due(1, rankBulk),
		due(8, rankExpedited), due(2, rankStandard), due(2, rankStandard),
	} {
		q.add(e)
	}
	if diff := cmp.Diff([]uint64{7, 8, 2, 9, 1, 5}, drain(q)); diff != "" {
		t.Error(diff)
	}
}

// drain takes all jobs that are due.
func drain(q *queue) (ids []uint64) {
	for {
		e, ok, _ := q.next(newPlaces(1))
		if !ok {
			return ids
		}
		q.take(e)
		ids = append(ids, e.id)
	}
}

// TestQueueIsAWindow puts more jobs into a queue than it holds, in any order
// and while it is emptied. With the store's help it must still give out the
// first of those there are, each once.
func TestQueueIsAWindow(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		n, limit := 1+r.IntN(60), 1+r.IntN(8)
		q := newQueue(limit)
		q.refill()
		known := make(map[uint64]entry) // to the store
		begin := func(id uint64) {
			e := due(id, r.IntN(3))
			known[id] = e
			q.add(e)
		}
		begun := uint64(0)
		for ; begun < uint64(n/2); begun++ {
			begin(begun)
		}
		for begun < uint64(n) || len(known) > 0 {
			if begun < uint64(n) && r.IntN(2) == 0 || len(known) == 0 {
				begin(begun)
				begun++
				continue
			}
			if q.hungry() {
				q.refill()
				for _, e := range known {
					q.add(e)
				}
			}
			want := slices.MinFunc(slices.Collect(maps.Values(known)), byRank)
			e, ok, _ := q.next(newPlaces(1))
			if !ok || e.id != want.id {
				t.Fatalf("seed %d: %d jobs through %d places: got %d, %t, want %d", seed, n, limit, e.id, ok, want.id)
			}
			if len(q.due[laneRetrievals].entries) > limit {
				t.Fatalf("seed %d: %d entries in %d places", seed, len(q.due[laneRetrievals].entries), limit)
			}
			q.take(e)
			delete(known, e.id)
		}
		if e, ok, _ := q.next(newPlaces(1)); ok {
			t.Fatalf("seed %d: job %d once more", seed, e.id)
		}
	}
}

func TestRefillKnowsRetries(t *testing.T) {
	q := newQueue(10)
	q.add(entry{id: 1, ready: 1, at: time.Now().Add(time.Hour), tries: 2})
	q.add(entry{id: 2, ready: 2, at: time.Now().Add(time.Hour)})
	if diff := cmp.Diff(map[uint64]bool{1: true}, q.refill()); diff != "" {
		t.Error(diff)
	}
}

func TestRanks(t *testing.T) {
	for _, tt := range []struct {
		action, tier string
		want         int
	}{
		{glacier.ActionArchiveRetrieval, glacier.Expedited, rankExpedited},
		{glacier.ActionArchiveRetrieval, glacier.Standard, rankStandard},
		{glacier.ActionArchiveRetrieval, glacier.Bulk, rankBulk},
		{glacier.ActionInventoryRetrieval, "", rankStandard},
	} {
		if got := rankOf(tt.action, tt.tier); got != tt.want {
			t.Errorf("rank of %s %s: %d, want %d", tt.action, tt.tier, got, tt.want)
		}
	}
}
