package query

import (
	"context"
	"errors"
	"fmt"

	"firn/internal/value"
)

// workPerLook is how much work is done between looks at the context. It is less
// than a second, whatever the work.
const workPerLook = 1 << 18

// errFold ends the folding of constants that take long: they are left as they are.
var errFold = errors.New("too much work for a constant")

// work counts what an evaluation does, in steps that take a microsecond at most, so
// that a query ends in time whatever it is asked and whatever a record holds. Each
// node of an expression is a step; what goes through texts counts more.
type work struct {
	ctx  context.Context // nil while constants are folded
	done int
}

// spend counts n steps, and looks at the context once in a while.
func (w *work) spend(n int) error {
	if w.done += n; w.done < workPerLook {
		return nil
	}
	if w.ctx == nil {
		return errFold
	}
	w.done = 0
	return w.ctx.Err()
}

// maxMade is how many bytes the strings have together that are made of one record.
// Expressions nest, and hold what they have made until it is compared.
const maxMade = 16 << 20

// make is a string that was made of another, which counts. It may be the longer one.
func (env *Env) make(of value.Value, made []byte) (value.Value, error) {
	if env.made += len(made); env.made > maxMade {
		return value.Value{}, &Error{Code: "ColumnTooLong", Message: fmt.Sprintf("the strings that LOWER and UPPER make of a record have more than %d bytes", maxMade)}
	}
	return of.With(made), nil
}

// Spend counts the work of reading a record of some bytes. The error is the
// context's, when it has ended.
func (env *Env) Spend(bytes int) error { return env.work.spend(bytes/64 + 1) }

// compare decides a comparison, and counts the work if both are long texts.
func (env *Env) compare(op value.Comparison, a, b value.Value) (value.Truth, error) {
	if n := min(len(a.Bytes()), len(b.Bytes())); n > value.MaxScalar {
		if err := env.work.spend(n / 64); err != nil {
			return value.Unknown, err
		}
	}
	return value.Compare(op, a, b), nil
}
