package query

import "context"

const (
	// workPerLook is how much work is done between looks at the context. It is
	// some milliseconds.
	workPerLook = 1 << 20
)

// work counts what an evaluation does, in steps of some nanoseconds, so that a
// query ends in time whatever it is asked and whatever a record holds.
type work struct {
	ctx  context.Context
	done int
}

// spend counts n steps, and looks at the context once in a while.
func (w *work) spend(n int) error {
	if w.done += n + 1; w.done < workPerLook {
		return nil
	}
	w.done = 0
	return w.ctx.Err()
}

// Spend counts the work of reading a record of some bytes. The error is the
// context's, when it has ended.
func (env *Env) Spend(bytes int) error { return env.work.spend(bytes / 64) }
