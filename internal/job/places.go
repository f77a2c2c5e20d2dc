package job

import (
	"cmp"

	"firn/glacier"
)

// A lane is a kind of jobs that has its own workers.
type lane int

const (
	laneRetrievals lane = iota // and inventories
	laneQueries
	lanes
)

// laneOf is the lane of a job. A query takes as long as its author likes, and a
// bucket of somebody else's may make it wait: so it has no part in the workers
// that retrievals wait for.
func laneOf(action string) lane {
	if action == glacier.ActionSelect {
		return laneQueries
	}
	return laneRetrievals
}

// places are the workers, and what they have to do. They are for one goroutine.
type places struct {
	retrievals int                       // workers of that lane
	queries    int                       // of the other, beside those
	busy       map[uint64]entry          // the jobs that workers have, by id
	turns      int                       // of queries so far
	served     map[glacier.AccountID]int // the last of them that an account had
}

func newPlaces(workers int) *places {
	return &places{retrievals: workers, queries: max(1, workers/4), busy: make(map[uint64]entry), served: make(map[glacier.AccountID]int)}
}

// all is how many workers there are.
func (p *places) all() int { return p.retrievals + p.queries }

// give notes that a worker has a job.
func (p *places) give(e entry) {
	p.busy[e.id] = e
	if e.lane == laneQueries {
		p.turns++
		p.served[e.caller] = p.turns
	}
}

// pick returns which of the due jobs of a lane, in the order of their ranks, is
// to be given to a worker now; none if ok is false. Queries are picked by account:
// the one that has the fewest workers, and of those the one that has waited longest
// since its last turn. Rank decides among an account's own. Half of the workers, one at least, take those that a bucket has failed
// before: it may make each try wait, again and again.
func (p *places) pick(l lane, due []entry) (i int, ok bool) {
	if len(due) == 0 {
		return 0, false
	}
	if l == laneRetrievals {
		return 0, p.room(due[0].rank)
	}
	running := make(map[glacier.AccountID]int)
	n, again := 0, 0
	for _, e := range p.busy {
		if e.lane == laneQueries {
			running[e.caller]++
			n++
			again += min(e.refusals, 1)
		}
	}
	best := -1
	for i, e := range due {
		if e.refusals > 0 && again >= max(1, p.queries/2) {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(running[e.caller], running[due[best].caller]), cmp.Compare(p.served[e.caller], p.served[due[best].caller])) < 0 {
			best = i
		}
	}
	return best, best >= 0 && n < p.queries
}

// room reports whether a retrieval of the rank may be given to a worker: all of
// them are there for Expedited retrievals, all but one for what is Standard, half
// for Bulk. One is always there for each.
func (p *places) room(rank int) bool {
	most, busy := p.retrievals, 0
	switch rank {
	case rankStandard:
		most--
	case rankBulk:
		most /= 2
	}
	for _, e := range p.busy {
		if e.lane != laneRetrievals {
			continue
		}
		busy++
		if e.rank >= rank {
			most--
		}
	}
	return busy < p.retrievals && (most > 0 || busy == 0)
}
