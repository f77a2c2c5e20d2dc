package job

import "sync"

// holds are jobs that are in the store and are not to be worked on yet, because
// InitiateJob is not done with them. They are not in the queue, but whoever
// fills it from the store comes across them. All methods may be called
// concurrently.
type holds struct {
	mu  sync.Mutex
	ids map[uint64]int // how often each is held
}

func newHolds() *holds { return &holds{ids: make(map[uint64]int)} }

func (h *holds) has(id uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ids[id] > 0
}

func (h *holds) add(id uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids[id]++
}

func (h *holds) remove(id uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids[id]--; h.ids[id] <= 0 {
		delete(h.ids, id)
	}
}
