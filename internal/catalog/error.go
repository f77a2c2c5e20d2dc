package catalog

import (
	"errors"
	"fmt"

	"firn/internal/sqlite"
)

var (
	// ErrDamaged means that the catalog is not what was once written. It is to
	// be removed and made again.
	ErrDamaged = errors.New("catalog is damaged")
	// ErrForeign means that the catalog belongs to another pool or another
	// version. It is to be removed and made again.
	ErrForeign = errors.New("catalog is of another pool or version")
	// ErrFull means that the catalog found no space to write to.
	ErrFull = errors.New("no space left for the catalog")
)

// An EngineError is a failure of the catalog itself, as opposed to a rule's
// refusal: no space, I/O error, no memory, damage. The batch it happened in is
// lost.
type EngineError struct {
	Statement string // without its values
	Code      int    // SQLite's extended result code; 0 if the failure is not SQLite's
	Err       error
}

// Error implements error.
func (e *EngineError) Error() string {
	return fmt.Sprintf("catalog: %v, in %q", e.Err, e.Statement)
}

// Unwrap returns what the driver said.
func (e *EngineError) Unwrap() error { return e.Err }

// Is reports whether the failure is ErrDamaged or ErrFull.
func (e *EngineError) Is(target error) bool {
	switch target {
	case ErrDamaged:
		return sqlite.Damaged(e.Code)
	case ErrFull:
		return sqlite.Full(e.Code)
	default:
		return false
	}
}

// engine makes err, if it is one, an EngineError.
func engine(statement string, err error) error {
	if err == nil {
		return nil
	}
	return &EngineError{Statement: statement, Code: sqlite.Code(err), Err: err}
}

// undecodable is the error of a row whose image is not one.
func undecodable(statement string, err error) error {
	return &EngineError{Statement: statement, Err: fmt.Errorf("%w: %w", ErrDamaged, err)}
}

// isEngine reports whether there is an EngineError in err.
func isEngine(err error) bool {
	var e *EngineError
	return errors.As(err, &e)
}
