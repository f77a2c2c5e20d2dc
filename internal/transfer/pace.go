package transfer

import (
	"context"

	"golang.org/x/time/rate"
)

// Pace returns what [remote.Config.Pace] wants: it holds all bodies together, both ways, to so many bytes a second. For 0
// it returns nil, which does not limit.
func Pace(bytesPerSecond int64) func(ctx context.Context, n int) error {
	if bytesPerSecond <= 0 {
		return nil
	}
	burst := int(min(max(bytesPerSecond/4, 16<<10), 1<<20))
	l := rate.NewLimiter(rate.Limit(bytesPerSecond), burst)
	return func(ctx context.Context, n int) error {
		for n > 0 {
			some := min(n, burst)
			if err := l.WaitN(ctx, some); err != nil {
				return err
			}
			n -= some
		}
		return nil
	}
}
