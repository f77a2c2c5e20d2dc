package transfer

import (
	"context"
	"sync"
)

// Slots bound how many parts and chunks are on their way at a time, whatever files they belong to. They may be used
// concurrently.
type Slots struct{ free chan struct{} }

// NewSlots returns n slots, at least one.
func NewSlots(n int) *Slots { return &Slots{make(chan struct{}, max(n, 1))} }

// take waits for a slot. The error is the context's cause.
func (s *Slots) take(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case s.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Slots) release() { <-s.free }

// A crew does tasks in slots, until one fails.
type crew struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	slots  *Slots
	tasks  sync.WaitGroup
}

func newCrew(ctx context.Context, slots *Slots) *crew {
	c := &crew{slots: slots}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	return c
}

// do starts a task as soon as there is a slot, and reports whether it was started.
func (c *crew) do(task func(ctx context.Context) error) bool {
	if c.slots.take(c.ctx) != nil {
		return false
	}
	c.tasks.Go(func() {
		defer c.slots.release()
		if err := task(c.ctx); err != nil {
			c.cancel(err)
		}
	})
	return true
}

// end waits for what was started and returns the first error.
func (c *crew) end() error {
	c.tasks.Wait()
	defer c.cancel(nil)
	return context.Cause(c.ctx)
}
