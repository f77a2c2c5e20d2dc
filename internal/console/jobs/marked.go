package jobs

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"firn/internal/console/frame"
)

// maxMarked is how much of a query is shown before and behind a place in it, in
// characters. Queries may have more than a page.
const maxMarked = 2000

// A marked is a query with a place in it.
type marked struct {
	Line, Column int // from 1 on, in characters; 0 if there is no place
	Before       string
	At           string // the character, or a space at the end of a line
	After        string
	Expression   string
	LinesBefore  string // with the line feed
	LinesAfter   string
}

// mark finds the place that an error of the API's names.
func mark(expression, message string) *marked {
	m := &marked{Expression: frame.Clip(expression, 2*maxMarked)}
	found := regexp.MustCompile(`at line (\d+), column (\d+)(?: in record \d+)?\.$`).FindStringSubmatch(message)
	if found == nil {
		return m
	}
	line, _ := strconv.Atoi(found[1]) // digits alone; too many are no line of the text
	column, _ := strconv.Atoi(found[2])
	lines := strings.Split(expression, "\n")
	if line < 1 || line > len(lines) || column < 1 {
		return m
	}
	text := []rune(lines[line-1])
	if column > len(text)+1 {
		return m
	}
	m.Line, m.Column, m.At = line, column, " "
	m.Before = string(text[:column-1])
	if column <= len(text) {
		m.At, m.After = string(text[column-1]), string(text[column:])
	}
	if line > 1 {
		m.Before = strings.Join(lines[:line-1], "\n") + "\n" + m.Before
	}
	if line < len(lines) {
		m.After += "\n" + strings.Join(lines[line:], "\n")
	}
	m.Before, m.After = clipFront(m.Before, maxMarked), frame.Clip(m.After, maxMarked)
	return m
}

// clipFront cuts a text to so many characters at its end.
func clipFront(s string, most int) string {
	if n := utf8.RuneCountInString(s); n > most {
		return "…" + string([]rune(s)[n-most:])
	}
	return s
}
