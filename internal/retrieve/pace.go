package retrieve

import (
	"context"
	"slices"
	"sync"
	"time"
)

// hourly counts bytes by the hour. Its zero value has counted none.
type hourly struct {
	turn sync.Mutex // held by whoever is the next

	mu     sync.Mutex
	window []begun // of the last hour, the oldest first
}

type begun struct {
	at   time.Time
	size int64
}

// wait waits until size bytes more may be begun. What is larger than the limit
// waits for an hour in which nothing was begun.
func (h *hourly) wait(ctx context.Context, size, limit int64, r *Retriever) error {
	if limit <= 0 {
		return nil
	}
	h.turn.Lock()
	defer h.turn.Unlock()
	for {
		pause := h.take(size, limit, r.now())
		if pause <= 0 {
			return nil
		}
		if err := r.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// take counts size bytes, or says how long to wait before.
func (h *hourly) take(size, limit int64, now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.window = slices.DeleteFunc(h.window, func(b begun) bool { return now.Sub(b.at) >= time.Hour })
	sum := int64(0)
	for _, b := range h.window {
		sum += b.size
	}
	if sum == 0 || sum+size <= limit {
		h.window = append(h.window, begun{now, size})
		return 0
	}
	return min(time.Hour-now.Sub(h.window[0].at), time.Hour) // the clock may have been set back
}

// giveBack counts size bytes no more, which were not begun after all.
func (h *hourly) giveBack(size int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.IndexFunc(h.window, func(b begun) bool { return b.size == size }); i >= 0 {
		h.window = slices.Delete(h.window, i, i+1)
	}
}
