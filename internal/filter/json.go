package filter

import (
	"errors"
	"unicode/utf8"

	"firn/internal/tree"
)

// maxDepth is the deepest that objects and arrays may stand in each other: as deep as the standard library reads.
const maxDepth = 10000

// maxQuoted is the longest piece of a policy that an error repeats.
const maxQuoted = 80

// parseJSON reads a text of limited size.
func parseJSON(s string) (*tree.Node, *Error) {
	if len(s) > MaxSize {
		return nil, refuse("Filter policy is too long: it has %d bytes, and may have %d", len(s), MaxSize)
	}
	n, err := tree.Parse(s, maxDepth)
	if twice, ok := errors.AsType[*tree.DuplicateError](err); ok {
		return nil, refuse("Path `%s` cannot be allowed multiple times", clip(twice.Name))
	}
	if err != nil {
		return nil, refuse("failed to parse JSON.")
	}
	return n, nil
}

// clip limits a piece of a policy that an error repeats.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
