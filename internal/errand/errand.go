// Package errand sees a job of a vault's through: it is begun, waited for, and
// what it brings is read.
//
// It promises that no job is begun as long as one with the same description can
// be found, whichever process has begun that; that looks at a job become rarer
// the longer it takes; that one which the server does not know is begun anew only
// when there is reason to believe it; and that an output is read as the server
// has it, from the first byte to the last, however often the connection breaks.
// What has to be known of a job when the process has ended, a [Memory] keeps.
package errand

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firn/glacier"
	"firn/internal/remote"
)

// A Runner runs errands to a vault. Its methods may be called concurrently.
type Runner struct {
	Vault *remote.Vault
	// Progress hears of bytes of outputs, as in [transfer.Output]; nil if nobody
	// wants to know.
	Progress func(n int64)
	// Sleep waits, and Now is the clock; nil are the machine's.
	Sleep func(context.Context, time.Duration) error
	Now   func() time.Time
}

func (r *Runner) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	return remote.Sleep(ctx, d)
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// Begin returns the job with a description, which p must have, and begins it if
// there is none.
func (r *Runner) Begin(ctx context.Context, p glacier.JobParameters) (glacier.JobID, error) {
	if id, found, err := r.Vault.FindJob(ctx, *p.Description); found || err != nil {
		return id, err
	}
	return r.Vault.StartJob(ctx, p)
}

// Wait waits until a job is complete, whatever became of it, and returns its last
// description. The pauses grow with the time since it was begun, or is waited for.
// underWay, if not nil, hears of each look before a pause, and of that time.
func (r *Runner) Wait(ctx context.Context, id glacier.JobID, since time.Time, underWay func(time.Duration)) (glacier.JobDescription, error) {
	for {
		d, err := r.Vault.Job(ctx, id)
		if err != nil || d.Completed {
			return d, err
		}
		waited := r.now().Sub(since)
		if underWay != nil {
			underWay(waited)
		}
		if err := r.sleep(ctx, Pause(waited, longestPause)); err != nil {
			return d, err
		}
	}
}

// The pauses between looks at a job.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = time.Minute
)

// Pause is how long it is until the next look at a job that is waited for since
// some time: a twentieth of that, within bounds.
func Pause(waited, longest time.Duration) time.Duration {
	return min(max(waited/20, shortestPause), longest)
}

// Reason is why a job failed, in the server's words.
func Reason(d *glacier.JobDescription) string {
	if d.StatusMessage == nil {
		return "no reason is given"
	}
	return *d.StatusMessage
}

// Outputs are kept for a day, so what the server does not know sooner after it was
// begun than kept is looked for a few times more.
const (
	kept     = 20 * time.Hour
	maxLooks = 8 // three minutes
)

// ErrLost is the error of a job that was begun anew, and is gone again and again.
var ErrLost = errors.New("the server has lost its job")

// maxAgain is how often a job is begun anew.
const maxAgain = 3

// A Loss counts how often the server did not know a job. The zero value has
// counted nothing.
type Loss struct{ looks, renewals int }

// IsGone reports whether a job that the server does not know has to be begun
// anew. If that is hard to believe, it waits a little before the next look. If it
// is so time and again, the error is ErrLost.
func (r *Runner) IsGone(ctx context.Context, begun time.Time, l *Loss) (bool, error) {
	if r.now().Sub(begun) < kept && l.looks < maxLooks {
		l.looks++
		return false, r.sleep(ctx, min(time.Second<<(l.looks-1), longestPause))
	}
	l.looks = 0
	if l.renewals++; l.renewals > maxAgain {
		return false, fmt.Errorf("%w %d times", ErrLost, l.renewals)
	}
	return true, nil
}
