package value

import (
	"fmt"
	"strings"
	"unicode"
)

// An Error is why a query cannot be run, or why it ended. The codes are those
// of Amazon S3 Select, whose engine Glacier's was.
type Error struct {
	Code    string
	Message string // a sentence without its full stop
	// Line and Column are where in the expression, from 1 on, in characters; 0
	// if the error has no place there.
	Line, Column int
	// Record is the number of the record it happened at, from 1 on, the header
	// included; 0 if it was none.
	Record int64
}

// Error implements error.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	if e.Line > 0 {
		s += fmt.Sprintf(" at line %d, column %d", e.Line, e.Column)
	}
	if e.Record > 0 {
		s += fmt.Sprintf(" in record %d", e.Record)
	}
	return s + "."
}

// clipLength is how many characters an error shows of a text.
const clipLength = 60

// Clip cuts a text for the message of an [Error], and shows what is not printable as an escape.
func Clip(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > clipLength {
			return b.String() + "..."
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}
