package query

import (
	"errors"
	"fmt"

	"firn/internal/value"
)

// An Error is why a query cannot be run, or why it ended.
type Error = value.Error

// errorAt makes an error with a place.
func errorAt(at position, code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Line: at.line, Column: at.column}
}

// placed gives an error the place of the node that it comes from, unless it has
// one.
func placed(err error, at position) error {
	var e *Error
	if errors.As(err, &e) && e.Line == 0 {
		e.Line, e.Column = at.line, at.column
	}
	return err
}
