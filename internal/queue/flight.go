package queue

import (
	"container/heap"
	"time"
)

// A flight is what is remembered of a message: that it is not visible before an
// instant, or was received before. It is in one of three places: in the heap of
// those that are not visible, in the line of those that are visible again, or in
// the hand of the receive that has the queue's turn.
type flight struct {
	number   uint64
	due      time.Duration // not visible before, by the service's clock
	receives int           // 0: it waits for the end of its delay
	receive  uint64        // which was the last
	received time.Duration // when that was
	first    int64         // when the first was, Unix ms
	at       int           // its index in the heap; nowhere if it is elsewhere
}

const nowhere = -1

// hidden are the flights that are not visible, as a heap: the first that will
// be is in front.
type hidden []*flight

var _ heap.Interface = (*hidden)(nil)

// Len implements [heap.Interface].
func (h hidden) Len() int { return len(h) }

// Less implements [heap.Interface]. Of two that will be visible at the same
// instant, the one that was sent first is in front.
func (h hidden) Less(i, j int) bool {
	if h[i].due != h[j].due {
		return h[i].due < h[j].due
	}
	return h[i].number < h[j].number
}

// Swap implements [heap.Interface].
func (h hidden) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements [heap.Interface].
func (h *hidden) Push(x any) {
	f := x.(*flight)
	f.at = len(*h)
	*h = append(*h, f)
}

// Pop implements [heap.Interface].
func (h *hidden) Pop() any {
	last := len(*h) - 1
	f := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	f.at = nowhere
	return f
}

// A line is a queue of flights: first in, first out.
type line struct {
	flights []*flight
	head    int
}

func (l *line) push(f *flight) { l.flights = append(l.flights, f) }

func (l *line) pop() *flight {
	if l.head == len(l.flights) {
		return nil
	}
	f := l.flights[l.head]
	l.flights[l.head] = nil
	l.head++
	switch {
	case l.head == len(l.flights):
		l.flights, l.head = nil, 0
	case l.head > 1024 && l.head > len(l.flights)/2:
		l.flights = append([]*flight(nil), l.flights[l.head:]...)
		l.head = 0
	}
	return f
}

func (l *line) len() int { return len(l.flights) - l.head }
