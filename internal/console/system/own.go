package system

import (
	"fmt"
	"time"

	"firn/internal/console/frame"
)

// ownSince is when the caller's account was made. What is older may be of
// another that had the number before. The zero time is for the management
// account: who runs the server may see what was before it.
func ownSince(c *frame.Call) (time.Time, error) {
	if c.Caller.Account == c.Config.Management {
		return time.Time{}, nil
	}
	account, err := c.Config.Access.Account(c.Request.Context(), c.Caller.Account)
	if err != nil {
		return time.Time{}, fmt.Errorf("look up account %s: %w", c.Caller.Account, err)
	}
	return account.Created.Truncate(time.Second), nil // as times in the log are
}
