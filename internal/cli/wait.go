package cli

import (
	"context"
	"time"

	"firn/glacier"
	"firn/internal/errand"
	"firn/internal/remote"
)

// Wait waits until a job is complete, whatever became of it, and returns its
// last description. what names it on the screen.
func (s *Session) Wait(ctx context.Context, v *remote.Vault, id glacier.JobID, what string) (glacier.JobDescription, error) {
	p := s.Progress("Waiting for "+what, 0, false)
	defer p.Close()
	r := errand.Runner{Vault: v}
	return r.Wait(ctx, id, time.Now(), nil)
}
