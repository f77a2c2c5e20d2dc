package job

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/glacier"
	"firn/internal/record"
	"firn/internal/selection"
)

func TestRoom(t *testing.T) {
	for _, tt := range []struct {
		name    string
		workers int
		busy    []int   // ranks
		want    [3]bool // Expedited, Standard, Bulk
	}{
		{"one worker, idle", 1, nil, [3]bool{true, true, true}},
		{"one worker, busy", 1, []int{rankBulk}, [3]bool{false, false, false}},
		{"two workers, one Expedited", 2, []int{rankExpedited}, [3]bool{true, true, true}},
		{"two workers, one Bulk", 2, []int{rankBulk}, [3]bool{true, false, false}},
		{"four workers, two Bulk", 4, []int{rankBulk, rankBulk}, [3]bool{true, true, false}},
		{"four workers, three Standard", 4, []int{rankStandard, rankStandard, rankStandard}, [3]bool{true, false, true}},
		{"four workers, all Expedited", 4, []int{rankExpedited, rankExpedited, rankExpedited, rankExpedited}, [3]bool{false, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, queries := range []int{0, max(1, tt.workers/4)} { // which change nothing
				p := newPlaces(tt.workers)
				for i, rank := range tt.busy {
					p.busy[uint64(i)] = entry{rank: rank}
				}
				for i := range queries {
					p.busy[uint64(100+i)] = entry{lane: laneQueries, rank: rankExpedited}
				}
				for rank, want := range tt.want {
					if _, got := p.pick(laneRetrievals, []entry{due(1, rank)}); got != want {
						t.Errorf("beside %d queries, room for rank %d: %t, want %t", queries, rank, got, want)
					}
				}
			}
		})
	}
}

// TestAccountsTakeTurns: however much one asks for, and of whatever tier, the
// others have their turns.
func TestAccountsTakeTurns(t *testing.T) {
	const a, b, c = glacier.AccountID("a"), glacier.AccountID("b"), glacier.AccountID("c")
	for _, workers := range []int{1, 4, 8, 16} {
		p := newPlaces(workers)
		q := window{compare: byRank, limit: 100}
		q.add(entry{lane: laneQueries, id: 1, rank: rankStandard, caller: b})
		for id := range uint64(20) {
			q.add(entry{lane: laneQueries, id: 10 + id, rank: rankExpedited, caller: a})
			q.add(entry{lane: laneQueries, id: 50 + id, rank: rankExpedited, caller: c})
		}
		turn := 0
		for running := []uint64{}; len(q.entries) > 0; turn++ {
			i, ok := p.pick(laneQueries, q.entries)
			if !ok { // the one that has run longest ends
				delete(p.busy, running[0])
				running = running[1:]
				turn--
				continue
			}
			e := q.entries[i]
			if e.caller == b {
				break
			}
			p.give(e)
			q.remove(i)
			running = append(running, e.id)
		}
		if turn > 2 {
			t.Errorf("%d workers: turn %d", workers, turn+1)
		}
	}
}

// TestRetriesAreKept: what was tried is in the queue although that is full, and
// does not take the place of others.
func TestRetriesAreKept(t *testing.T) {
	w := window{compare: byRank, limit: 3}
	for id := range uint64(6) {
		w.add(entry{id: id})
	}
	w.add(entry{id: 9, tries: 7})
	w.add(entry{id: 4, tries: 1})
	w.add(entry{id: 9, tries: 0})
	for range 3 {
		w.remove(0)
	}
	if !w.spent() || len(w.entries) != 2 || w.entries[0].tries != 1 || w.entries[1].tries != 7 {
		t.Errorf("%+v", w)
	}
}

// TestTurnsOfQueries: there are a quarter as many workers for them, whatever
// their rank is, and who has fewer of them goes first.
func TestTurnsOfQueries(t *testing.T) {
	const a, b, c = glacier.AccountID("a"), glacier.AccountID("b"), glacier.AccountID("c")
	for _, tt := range []struct {
		name      string
		workers   int
		busy, due []glacier.AccountID
		want      int // of due; -1: none
	}{
		{"nothing is due", 8, nil, nil, -1},
		{"one worker beside one", 1, nil, []glacier.AccountID{a}, 0},
		{"one worker, which is busy", 3, []glacier.AccountID{a}, []glacier.AccountID{b}, -1},
		{"two workers, one busy, another account waits", 8, []glacier.AccountID{a}, []glacier.AccountID{a, a, b, c}, 2},
		{"two workers, one busy, nobody else waits", 8, []glacier.AccountID{a}, []glacier.AccountID{a, a}, 0},
		{"two workers, both busy", 8, []glacier.AccountID{a, b}, []glacier.AccountID{c}, -1},
		{"four workers, half of one account's", 16, []glacier.AccountID{a, a, b}, []glacier.AccountID{a, b}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlaces(tt.workers)
			for i, caller := range tt.busy {
				p.busy[uint64(i)] = entry{lane: laneQueries, caller: caller}
			}
			p.busy[100] = entry{rank: rankStandard} // which changes nothing
			var list []entry
			for _, caller := range tt.due {
				list = append(list, entry{lane: laneQueries, caller: caller})
			}
			got, ok := p.pick(laneQueries, list)
			if !ok {
				got = -1
			}
			if got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

// TestFailedByABucket: queries that a bucket has failed before have half of the workers, however many there are and whatever their
// rank is; the others go to the next that was not.
func TestFailedByABucket(t *testing.T) {
	failed := func(id uint64, rank int) entry { return entry{lane: laneQueries, id: id, rank: rank, refusals: 3} }
	fresh := func(id uint64, rank int) entry { return entry{lane: laneQueries, id: id, rank: rank} }
	for _, tt := range []struct {
		name      string
		workers   int
		busy, due []entry
		want      int // of due; -1: none
	}{
		{"no other is at work", 8, nil, []entry{failed(1, rankExpedited), fresh(2, rankStandard)}, 0},
		{"another is", 8, []entry{failed(3, rankStandard)}, []entry{failed(1, rankExpedited), failed(2, rankExpedited), fresh(4, rankBulk)}, 2},
		{"another is, and nothing else is due", 8, []entry{failed(3, rankStandard)}, []entry{failed(1, rankExpedited)}, -1},
		{"one is at work that was not failed", 8, []entry{fresh(3, rankStandard)}, []entry{failed(1, rankExpedited), fresh(4, rankBulk)}, 0},
		{"one of four", 16, []entry{failed(3, rankStandard)}, []entry{failed(1, rankExpedited), fresh(4, rankBulk)}, 0},
		{"two of four", 16, []entry{failed(3, rankStandard), failed(5, rankStandard)}, []entry{failed(1, rankExpedited), fresh(4, rankBulk)}, 1},
		{"one worker", 1, nil, []entry{failed(1, rankExpedited)}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlaces(tt.workers)
			for _, e := range tt.busy {
				p.busy[e.id] = e
			}
			got, ok := p.pick(laneQueries, tt.due)
			if !ok {
				got = -1
			}
			if got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

// TestHangingBucket: a bucket that makes every try wait does not keep queries from their turn that have nothing to do with it.
func TestHangingBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t)
		h := newHouse(t, l.selects(), func(c *Config) { c.Workers = 8 })
		a := h.small(photos, "a\n")
		for range 8 {
			h.begin(selectInto("remote", a, everything, ""))
		}
		l.fail(func(string) error {
			time.Sleep(time.Minute)
			return errors.New("no answer within 1m0s")
		})
		h.start()
		time.Sleep(time.Hour)
		began := time.Now()
		if d := h.await(h.begin(selectJob(a, everything, ""))); d.StatusCode != glacier.Succeeded {
			t.Errorf("%s", *d.StatusMessage)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it had its turn after %v", took)
		}
	})
}

// TestQueriesHoldUpNoRetrievals: whatever queries do, and however many wait, there
// are workers for the rest.
func TestQueriesHoldUpNoRetrievals(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			l := newLibrary(t)
			h := newHouse(t, l.selects(), func(c *Config) { c.Workers = workers })
			h.Service.queue = newQueue(4) // which they fill
			a := h.small(photos, "a\n")
			var queries []glacier.JobID
			for range 12 {
				queries = append(queries, h.begin(selectInto("remote", a, everything, `,"Tier":"Expedited"`)))
			}
			stuck, leave := make(chan struct{}), make(chan struct{})
			var once sync.Once
			l.fail(func(string) error { once.Do(func() { close(stuck) }); <-leave; return nil })
			h.start()
			<-stuck
			for _, text := range []string{retrieval(a, ""), `{"Type":"inventory-retrieval"}`, retrieval(a, `,"Tier":"Expedited"`), retrieval(a, `,"Tier":"Bulk"`)} {
				h.run(text)
			}
			l.fail(nil)
			close(leave)
			for _, id := range queries {
				if d := h.await(id); d.StatusCode != glacier.Succeeded {
					t.Errorf("%s", *d.StatusMessage)
				}
			}
		})
	}
}

// TestPatience: what a bucket has failed by is not counted against the house, nor
// the other way round, and a lack of space against nobody.
func TestPatience(t *testing.T) {
	h := newHouse(t)
	j := h.job(h.begin(`{"Type":"inventory-retrieval"}`))
	e := entry{vault: j.Vault, id: j.ID}
	try := func(err error, n int) {
		t.Helper()
		for i := range n {
			r := h.judge(t.Context(), e, &j, err)
			if r.again == 0 {
				t.Fatalf("given up by try %d, %+v", i, e)
			}
			e = r.entry
		}
	}
	broken := errors.New("input/output error")
	try(fmt.Errorf("%w: no route to host", selection.ErrBucket), 3*maxTries)
	try(broken, maxTries-1)
	try(fmt.Errorf("%w: no route to host", selection.ErrBucket), 3*maxTries)
	if r := h.judge(t.Context(), e, &j, broken); r.again != 0 {
		t.Errorf("%+v", r)
	}
}

// TestChecksAreFew: only so many queries are checked at once; the others wait,
// until their clients do not.
func TestChecksAreFew(t *testing.T) {
	h := newHouse(t, newLibrary(t).selects())
	a := h.small(photos, "a\n")
	for range maxChecks {
		h.checks <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ask := func(ctx context.Context) error {
		_, err := h.InitiateJob(ctx, owner, owner, photos, parameters(t, selectJob(a, everything, "")))
		return err
	}
	cancel()
	if err := ask(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("while all are busy: %v", err)
	}
	<-h.checks
	for range 2 { // who has had his check makes room
		if err := ask(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, selectJob(record.Archive{Public: "x"}, everything, ""))); err == nil {
		t.Error("an archive that is not there")
	}
	if n := len(h.checks); n != maxChecks-1 {
		t.Errorf("%d places are taken", n)
	}
}
