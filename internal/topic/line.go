package topic

import "container/heap"

// A rank says how well an endpoint does. Each rank has its share of the
// workers, so that endpoints that hang cannot keep the others from being
// served.
type rank int

const (
	healthy rank = iota // the last try succeeded
	unknown             // it has not been tried since the start, or its last send was slow
	ailing              // the last try failed
	ranks
)

// The states of a line.
const (
	idle    = iota // nothing is known to wait
	waiting        // in the heap, until an instant
	ready          // in the queue of its rank
	busy           // a turn is under way
)

// A line is a subscription as the dispatcher knows it: what stands in line
// there is in the store. It belongs to the dispatcher's goroutine.
type line struct {
	sub, topic uint64
	rank       rank
	state      int
	at         int64 // when it is to be served next, Unix ms; in state waiting
	rest       int64 // not before this instant, Unix ms: its endpoint keeps failing, or wants no more
	fails      int   // in a row
	again      bool  // while it was busy something more came
	index      int   // in the heap
}

// A lineHeap has the line that is to be served first at its top.
type lineHeap []*line

var _ heap.Interface = (*lineHeap)(nil)

// Len implements [heap.Interface].
func (h lineHeap) Len() int { return len(h) }

// Less implements [heap.Interface].
func (h lineHeap) Less(i, j int) bool { return h[i].at < h[j].at }

// Swap implements [heap.Interface].
func (h lineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements [heap.Interface].
func (h *lineHeap) Push(x any) {
	l := x.(*line)
	l.index = len(*h)
	*h = append(*h, l)
}

// Pop implements [heap.Interface].
func (h *lineHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return l
}
