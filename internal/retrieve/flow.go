package retrieve

import (
	"context"
	"sync"
	"time"

	"firn/glacier"
)

// A flow keeps what is begun and not yet copied below what can be copied before
// a server forgets it. Its zero value is ready.
type flow struct {
	mu     sync.Mutex
	open   map[*job]bool
	bytes  int64         // of the open jobs
	freed  chan struct{} // closed when a job was given back
	copied int64
	busy   time.Duration // in which anything was being copied
	active int
	since  time.Time // when there was something to copy, if active
}

const (
	// least is what may be open as long as nobody knows how fast it is copied.
	least = 100 * glacier.GiB
	// halfDay is half of the time that outputs are kept.
	halfDay = 12 * time.Hour
)

// take waits until a job may be begun.
func (f *flow) take(ctx context.Context, j *job, r *Retriever) error {
	for {
		f.mu.Lock()
		if f.room(j.span.size, max(least, 6*r.Hourly), r.now()) {
			if f.open == nil {
				f.open = make(map[*job]bool)
			}
			f.open[j] = true
			f.bytes += j.span.size
			f.mu.Unlock()
			return nil
		}
		if f.freed == nil {
			f.freed = make(chan struct{})
		}
		freed := f.freed
		f.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// room reports whether size bytes more can be copied in time. The caller holds
// mu.
func (f *flow) room(size, least int64, now time.Time) bool {
	busy := f.busy
	if f.active > 0 {
		busy += now.Sub(f.since)
	}
	rate := float64(f.copied) / max(1, busy.Seconds())
	return len(f.open) == 0 || float64(f.bytes)+float64(size) <= max(float64(least), rate*halfDay.Seconds())
}

// give says that jobs are done with, or come to nothing. Those that are not open count for nothing.
func (f *flow) give(jobs ...*job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, j := range jobs {
		if !f.open[j] {
			continue
		}
		delete(f.open, j)
		f.bytes -= j.span.size
		if j.complete {
			f.copied += j.span.size
		}
	}
	if f.freed != nil {
		close(f.freed)
		f.freed = nil
	}
}

// while measures how long something is being copied.
func (f *flow) while(r *Retriever, fn func() error) error {
	f.mu.Lock()
	if f.active++; f.active == 1 {
		f.since = r.now()
	}
	f.mu.Unlock()
	err := fn()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active--; f.active == 0 {
		f.busy += r.now().Sub(f.since)
	}
	return err
}
