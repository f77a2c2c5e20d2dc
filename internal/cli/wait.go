package cli

import (
	"context"
	"time"

	"firn/glacier"
	"firn/internal/remote"
)

// The pauses between looks at a job: a twentieth of the time that was waited,
// within bounds.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = time.Minute
)

// Wait waits until a job is complete, whatever became of it, and returns its
// last description. what names it on the screen.
func (s *Session) Wait(ctx context.Context, v *remote.Vault, id glacier.JobID, what string) (glacier.JobDescription, error) {
	p := s.Progress("Waiting for "+what, 0, false)
	defer p.Close()
	for began := time.Now(); ; {
		d, err := v.Job(ctx, id)
		if err != nil || d.Completed {
			return d, err
		}
		timer := time.NewTimer(min(max(time.Since(began)/20, shortestPause), longestPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return d, context.Cause(ctx)
		}
	}
}
