package console

import (
	"regexp"
	"strconv"
	"strings"
)

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
	m := &marked{Expression: expression}
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
		m.LinesBefore = strings.Join(lines[:line-1], "\n") + "\n"
	}
	if line < len(lines) {
		m.LinesAfter = "\n" + strings.Join(lines[line:], "\n")
	}
	return m
}
