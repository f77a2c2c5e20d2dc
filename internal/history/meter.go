package history

import (
	"sync"
	"time"

	"firn/glacier"
)

// Flow is what has come and gone.
type Flow struct {
	Uploads    int64 // bodies taken in: archives, and parts of archives
	Uploaded   int64 // their bytes
	Downloads  int64 // outputs of jobs, and ranges of them, that were handed out, those broken off too
	Downloaded int64 // bytes sent of them
}

func (f Flow) plus(g Flow) Flow {
	return Flow{f.Uploads + g.Uploads, f.Uploaded + g.Uploaded, f.Downloads + g.Downloads, f.Downloaded + g.Downloaded}
}

// Meter counts what comes and goes, for each account that there is. The zero value is ready. Its methods may be called concurrently.
type Meter struct {
	mu     sync.Mutex
	counts map[glacier.AccountID]*count
}

// count is what has been counted since a time.
type count struct {
	flow  Flow
	span  int64     // seconds before since
	since time.Time // with a monotonic reading; zero before the first sample
}

// Uploaded counts a body that was taken in.
func (m *Meter) Uploaded(account glacier.AccountID, bytes int64) {
	m.add(account, Flow{Uploads: 1, Uploaded: bytes})
}

// Downloaded counts an output that was handed out, or as much of it as the client took.
func (m *Meter) Downloaded(account glacier.AccountID, bytes int64) {
	m.add(account, Flow{Downloads: 1, Downloaded: bytes})
}

func (m *Meter) add(account glacier.AccountID, f Flow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.of(account)
	c.flow = c.flow.plus(f)
}

// of returns an account's count. The mutex is held.
func (m *Meter) of(account glacier.AccountID) *count {
	if m.counts == nil {
		m.counts = map[glacier.AccountID]*count{}
	}
	if m.counts[account] == nil {
		m.counts[account] = &count{}
	}
	return m.counts[account]
}

// take returns what has been counted, and for how many seconds, and begins anew.
func (m *Meter) take(account glacier.AccountID, now time.Time) (Flow, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.of(account)
	flow, span := c.upTo(now)
	*c = count{since: now}
	return flow, span
}

// look returns what take would, and changes nothing.
func (m *Meter) look(account glacier.AccountID, now time.Time) (Flow, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.counts[account]; c != nil {
		return c.upTo(now)
	}
	return Flow{}, 0
}

// upTo is what has been counted by now, and for how many seconds.
func (c *count) upTo(now time.Time) (Flow, int64) {
	if c.since.IsZero() {
		return c.flow, c.span
	}
	return c.flow, c.span + max(0, int64(now.Sub(c.since)/time.Second))
}

// drop forgets what has been counted.
func (m *Meter) drop(account glacier.AccountID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.counts, account)
}

// giveBack undoes take.
func (m *Meter) giveBack(account glacier.AccountID, f Flow, span int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.of(account)
	c.flow = c.flow.plus(f)
	c.span += span
}
