package job

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"firn/glacier"
	"firn/internal/record"
)

// windowLimit is how many jobs the queue knows of at a time, three times: those
// of each lane that are due, and those that wait.
const windowLimit = 4096

// The ranks of jobs: the lower, the earlier its turn.
const (
	rankExpedited = iota
	rankStandard  // inventories too
	rankBulk
	rankUnknown
)

func rankOf(action, tier string) int {
	switch {
	case action == glacier.ActionInventoryRetrieval, tier == glacier.Standard:
		return rankStandard
	case tier == glacier.Expedited:
		return rankExpedited
	case tier == glacier.Bulk:
		return rankBulk
	}
	return rankUnknown
}

// An entry is what the queue knows of a job in progress.
type entry struct {
	vault, id uint64
	lane      lane
	rank      int
	caller    glacier.AccountID // of a select job
	ready     int64             // the store's instant (Unix ms) from which it is due
	at        time.Time         // that instant by the process's monotonic clock

	tries    int // that have failed
	faults   int // of these, by what happens in this house, except for lack of space
	refusals int // of these, by a bucket
}

// newEntry makes the entry of a job. now is the store's present (Unix ms).
func newEntry(j *record.Job, now int64) entry {
	return entry{
		vault: j.Vault, id: j.ID,
		lane:   laneOf(j.Action),
		rank:   rankOf(j.Action, j.Tier),
		caller: j.Caller,
		ready:  j.Ready,
		at:     time.Now().Add(time.Duration(j.Ready-now) * time.Millisecond),
	}
}

// byRank is the order in which due jobs have their turn.
func byRank(a, b entry) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id))
}

// byReady is the order in which waiting jobs fall due.
func byReady(a, b entry) int {
	return cmp.Or(cmp.Compare(a.ready, b.ready), cmp.Compare(a.id, b.id))
}

// A window holds the first entries of an order, up to a limit, and knows
// where what it could not hold begins. The store knows the rest. But it does not
// know how often a job was tried: those that were, a window holds beyond its limit.
type window struct {
	compare func(a, b entry) int
	limit   int     // of entries that were not tried
	entries []entry // ascending
	fresh   int     // how many of them were not tried
	beyond  *entry  // the first that was left out; nil if none was
}

// add puts an entry in its place, unless it is there or beyond the window.
func (w *window) add(e entry) {
	if e.tries == 0 && w.beyond != nil && w.compare(e, *w.beyond) >= 0 {
		return
	}
	i, found := slices.BinarySearchFunc(w.entries, e, w.compare)
	if found {
		return
	}
	w.entries = slices.Insert(w.entries, i, e)
	if e.tries > 0 {
		return
	}
	if w.fresh++; w.fresh > w.limit {
		for i = len(w.entries) - 1; w.entries[i].tries > 0; {
			i--
		}
		last := w.entries[i]
		w.beyond = &last
		w.remove(i)
	}
}

// remove removes an entry.
func (w *window) remove(i int) {
	if w.entries[i].tries == 0 {
		w.fresh--
	}
	w.entries = slices.Delete(w.entries, i, i+1)
}

// spent reports whether the entries have come to an end before the jobs have.
func (w *window) spent() bool { return w.fresh == 0 && w.beyond != nil }

// A queue orders the jobs in progress. It holds a bounded number of them: when
// it has run out of those, it says so, and is filled again from the store.
// All methods may be called concurrently.
type queue struct {
	wake chan struct{} // one token: something was added

	mu      sync.Mutex // guards what follows
	due     [lanes]window
	waiting window
	stale   bool // never filled
}

func newQueue(limit int) *queue {
	q := &queue{
		wake:    make(chan struct{}, 1),
		waiting: window{compare: byReady, limit: limit},
		stale:   true,
	}
	for l := range q.due {
		q.due[l] = window{compare: byRank, limit: limit}
	}
	return q
}

// add takes note of a job.
func (q *queue) add(e entry) {
	q.mu.Lock()
	q.place(e)
	q.mu.Unlock()
	q.signal()
}

// signal wakes the dispatcher.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// place puts an entry where it belongs. mu is held.
func (q *queue) place(e entry) {
	if e.at.After(time.Now()) {
		q.waiting.add(e)
	} else {
		q.due[e.lane].add(e)
	}
}

// hungry reports whether the queue has to be filled.
func (q *queue) hungry() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stale || q.waiting.spent() || slices.ContainsFunc(q.due[:], func(w window) bool { return w.spent() })
}

// refill begins a filling: every job in progress is now to be added, except
// those it returns, which wait for another try.
func (q *queue) refill() (retries map[uint64]bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stale, q.waiting.beyond = false, nil
	for l := range q.due {
		q.due[l].beyond = nil
	}
	retries = make(map[uint64]bool)
	for _, e := range q.waiting.entries {
		if e.tries > 0 {
			retries[e.id] = true
		}
	}
	return retries
}

// unfilled says that a filling was not completed.
func (q *queue) unfilled() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stale = true
}

// doubt has the queue filled from the store: it may lack a job.
func (q *queue) doubt() {
	q.unfilled()
	q.signal()
}

// next returns the due job that is to be given to a worker, without removing it,
// and the time until the next waiting one is due, negative if none waits.
func (q *queue) next(p *places) (e entry, ok bool, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for len(q.waiting.entries) > 0 && !q.waiting.entries[0].at.After(now) {
		q.due[q.waiting.entries[0].lane].add(q.waiting.entries[0])
		q.waiting.remove(0)
	}
	wait = -1
	if len(q.waiting.entries) > 0 {
		wait = q.waiting.entries[0].at.Sub(now)
	}
	for l, due := range q.due {
		if i, ok := p.pick(lane(l), due.entries); ok {
			return due.entries[i], true, wait
		}
	}
	return entry{}, false, wait
}

// take removes a due job.
func (q *queue) take(e entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	due := &q.due[e.lane]
	if i, found := slices.BinarySearchFunc(due.entries, e, byRank); found {
		due.remove(i)
	}
}
