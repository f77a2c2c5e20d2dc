package job

import (
	"cmp"
	"container/heap"
	"slices"

	"firn/glacier"
	"firn/internal/catalog"
)

const (
	// recentWork is how much a call does after its first look, in jobs that are
	// glanced at: some 20 ms.
	recentWork = 15_000
	// recentView is how much of that it does in one view of the store.
	recentView = 2_000
	// recentQuery is how many jobs a statement of its own is as much work as.
	recentQuery = 25
	// firstLook and firstSearch are how many jobs of each vault the first look
	// is at, and if not all of them are asked for; maxLook is the most for
	// others.
	firstLook, firstSearch, maxLook = 1, 8, 1000
)

// A gathering is one call of Recent under way: the jobs of each vault lie in the
// order of their ids, and it merges them.
type gathering struct {
	owner  glacier.AccountID
	status string
	limit  int
	from   uint64 // the highest id that is listed

	vaults  map[uint64]bool // if jobs in progress are asked for, which have an index of their own
	streams streams         // otherwise

	found []catalog.JobGlance // one more than the page has, if there are
	edge  uint64              // the last that was looked at
	left  int                 // work that may still be done
	ended bool                // there are no more
}

func (g *gathering) over() bool { return g.ended || g.left <= 0 || len(g.found) > g.limit }

// place is where the next page begins.
func (g *gathering) place() uint64 {
	if len(g.found) > g.limit {
		return g.found[g.limit].ID
	}
	return g.edge - 1
}

// begin looks at each of the account's vaults.
func (g *gathering) begin(tx *catalog.Tx) error {
	if g.status == glacier.InProgress {
		names, err := tx.VaultNames(g.owner, "", glacier.MaxVaults)
		g.vaults = make(map[uint64]bool, len(names))
		for _, v := range names {
			g.vaults[v.ID] = true
		}
		g.edge = g.from + 1
		return err
	}
	each := firstLook
	if g.status != "" {
		each = firstSearch
	}
	newest, err := tx.GlanceNewest(g.owner, g.from, each)
	if err != nil {
		return err
	}
	g.streams = newStreams(newest, each)
	g.ended = len(g.streams) == 0
	return nil
}

// look goes on for one view.
func (g *gathering) look(tx *catalog.Tx) error {
	if g.vaults != nil {
		return g.lookUnfinished(tx)
	}
	for until := g.left - recentView; !g.over() && g.left > until; {
		first := g.streams[0]
		if len(first.jobs) == 0 {
			cost, err := first.refill(tx)
			if err != nil {
				return err
			}
			g.left -= cost
		} else {
			g.see(first.jobs[0])
			first.jobs = first.jobs[1:]
		}
		if len(first.jobs) > 0 || !first.whole {
			heap.Fix(&g.streams, 0)
			continue
		}
		heap.Pop(&g.streams)
		g.ended = len(g.streams) == 0
	}
	return nil
}

// lookUnfinished goes on with jobs in progress of all accounts.
func (g *gathering) lookUnfinished(tx *catalog.Tx) error {
	n := min(recentView, g.left)
	jobs, err := tx.GlanceUnfinished(g.edge-1, n)
	for _, j := range jobs {
		if g.over() {
			return nil
		}
		if g.edge = j.ID; g.vaults[j.Vault] {
			g.see(j)
		}
		g.left--
	}
	g.ended = err == nil && len(jobs) < n
	return err
}

// see looks at a job.
func (g *gathering) see(j catalog.JobGlance) {
	g.edge = j.ID
	if g.wants(j.Status) {
		g.found = append(g.found, j)
	}
}

func (g *gathering) wants(status string) bool { return g.status == "" || status == g.status }

// A stream is the jobs of one vault.
type stream struct {
	vault uint64
	jobs  []catalog.JobGlance // newest first, that were read and not merged yet
	last  uint64              // id of the last that was read
	whole bool                // there are none behind it
	next  int                 // how many to read next
}

// newStreams are the streams that begin with some jobs, of which as many are there as
// were asked for, or all.
func newStreams(jobs []catalog.JobGlance, asked int) streams {
	slices.SortFunc(jobs, func(a, b catalog.JobGlance) int {
		return cmp.Or(cmp.Compare(a.Vault, b.Vault), cmp.Compare(b.ID, a.ID))
	})
	var all streams
	for len(jobs) > 0 {
		s := &stream{vault: jobs[0].Vault, next: asked}
		n := 1
		for n < len(jobs) && jobs[n].Vault == s.vault {
			n++
		}
		s.jobs, jobs = jobs[:n:n], jobs[n:]
		s.last, s.whole = s.jobs[n-1].ID, n < asked
		all = append(all, s)
	}
	heap.Init(&all)
	return all
}

// refill reads on.
func (s *stream) refill(tx *catalog.Tx) (cost int, err error) {
	s.next = min(4*s.next, maxLook)
	if s.jobs, err = tx.GlanceJobs(s.vault, s.last-1, s.next); err != nil {
		return 0, err
	}
	s.whole = len(s.jobs) < s.next
	if n := len(s.jobs); n > 0 {
		s.last = s.jobs[n-1].ID
	}
	return recentQuery + len(s.jobs), nil
}

// newest is a number that no job of the stream that is not merged yet is above.
func (s *stream) newest() uint64 {
	if len(s.jobs) > 0 {
		return s.jobs[0].ID
	}
	return s.last - 1
}

// streams are a heap: the stream that may have the newest job is first.
type streams []*stream

func (s streams) Len() int           { return len(s) }
func (s streams) Less(i, j int) bool { return s[i].newest() > s[j].newest() }
func (s streams) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *streams) Push(x any)        { *s = append(*s, x.(*stream)) }

func (s *streams) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}
