package scan

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"firn/internal/query"
)

// maxNesting is how deep objects and arrays may be in each other.
const maxNesting = 1000

// A reader of JSON reads a line: it checks all of it, and tells its index of the
// members that are of interest. It copies nothing but names with escapes. The line
// is valid UTF-8. It is for one goroutine.
type reader struct {
	line  []byte
	index *index
	all   bool // vals are wanted: those of the line's object, in their order
	vals  []slice
	text  []byte // names and values without their escapes, until the next line
	fault string // what is wrong, if something is
	at    int    // where, from 0 on; a message counts from 1 on
}

// A slice is where something is in the line.
type slice struct{ begin, end int32 }

// read reads a line. The error is a [*query.Error].
func (r *reader) read(line []byte) error {
	r.line, r.fault, r.vals, r.text = line, "", r.vals[:0], r.text[:0]
	r.index.reset()
	if i := r.space(0); r.byteAt(i) != '{' {
		r.wrong(i, "it does not begin with one")
	} else if i = r.object(i, 1, rootObject); i >= 0 {
		if i = r.space(i); i < len(line) {
			r.wrong(i, "there is more behind it")
		}
	}
	if r.fault != "" {
		return &query.Error{Code: "JSONParsingError", Message: fmt.Sprintf("a line is not a JSON object: %s, at byte %d", r.fault, r.at+1)}
	}
	return nil
}

// wrong says what is wrong. It returns -1, which is no place in a line.
func (r *reader) wrong(i int, fault string) int {
	if i >= len(r.line) {
		fault = "it ends too early"
	}
	r.fault, r.at = fault, i
	return -1
}

// byteAt is the byte at i, or behind the end zero, which no JSON has.
func (r *reader) byteAt(i int) byte {
	if i < len(r.line) {
		return r.line[i]
	}
	return 0
}

// space skips white space.
func (r *reader) space(i int) int {
	for i < len(r.line) && isSpace(r.line[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// value reads the value that begins at i, and returns where it ends, as all of
// these do. An object is number in the index.
func (r *reader) value(i, depth int, number object) int {
	switch c := r.byteAt(i); {
	case c == '"':
		end, _ := r.string(i)
		return end
	case c == '{' || c == '[':
		if depth > maxNesting {
			return r.wrong(i, fmt.Sprintf("it is more than %d levels deep", maxNesting))
		}
		if c == '{' {
			return r.object(i, depth, number)
		}
		return r.array(i, depth)
	case c == '-' || isDigit(c):
		return r.number(i)
	case c == 't':
		return r.word(i, "true")
	case c == 'f':
		return r.word(i, "false")
	case c == 'n':
		return r.word(i, "null")
	}
	return r.wrong(i, "there is no value")
}

func (r *reader) word(i int, word string) int {
	for n := range len(word) {
		if r.byteAt(i+n) != word[n] {
			return r.wrong(i+n, "there is no value")
		}
	}
	return i + len(word)
}

func (r *reader) object(i, depth int, number object) int {
	if i = r.space(i + 1); r.byteAt(i) == '}' {
		return i + 1
	}
	for {
		if i = r.member(i, depth, number); i < 0 {
			return i
		}
		switch i = r.space(i); r.byteAt(i) {
		case '}':
			return i + 1
		case ',':
			i = r.space(i + 1)
		default:
			return r.wrong(i, "there is neither a comma nor the end of an object")
		}
	}
}

// member reads a name and its value.
func (r *reader) member(i, depth int, number object) int {
	if r.byteAt(i) != '"' {
		return r.wrong(i, "there is no name")
	}
	begin := i + 1
	i, plain := r.string(i)
	if i < 0 {
		return i
	}
	name := r.line[begin : i-1]
	if i = r.space(i); r.byteAt(i) != ':' {
		return r.wrong(i, "there is no colon")
	}
	i = r.space(i + 1)
	m := member{value: slice{begin: int32(i)}}
	var called called
	if number != noObject {
		if !plain {
			name = r.unescape(name)
		}
		if called = r.index.called(name); called.known() && r.byteAt(i) == '{' {
			m.object = r.index.newObject()
		}
	}
	if i = r.value(i, depth+1, m.object); i < 0 {
		return i
	}
	m.value.end = int32(i)
	if called.known() {
		r.index.add(number, called, name, m)
	}
	if depth == 1 && r.all {
		r.vals = append(r.vals, m.value)
	}
	return i
}

func (r *reader) array(i, depth int) int {
	if i = r.space(i + 1); r.byteAt(i) == ']' {
		return i + 1
	}
	for {
		if i = r.value(i, depth+1, noObject); i < 0 {
			return i
		}
		switch i = r.space(i); r.byteAt(i) {
		case ']':
			return i + 1
		case ',':
			i = r.space(i + 1)
		default:
			return r.wrong(i, "there is neither a comma nor the end of an array")
		}
	}
}

// string reads a string. If it is plain its value is what stands between the quotes.
func (r *reader) string(i int) (end int, plain bool) {
	plain = true
	for i++; i < len(r.line); i++ {
		switch c := r.line[i]; {
		case c == '"':
			return i + 1, plain
		case c < ' ':
			return r.wrong(i, "a control character is in a string"), false
		case c == '\\':
			plain = false
			if i = r.escape(i); i < 0 {
				return i, false
			}
		}
	}
	return r.wrong(i, ""), false
}

// escape reads an escape. Unlike the others it returns the place of its last byte.
func (r *reader) escape(i int) int {
	c := r.byteAt(i + 1)
	if c == 'u' {
		for n := range 4 {
			if _, ok := hex(r.byteAt(i + 2 + n)); !ok {
				return r.wrong(i+2+n, "there are not four hexadecimal digits")
			}
		}
		return i + 5
	}
	if strings.IndexByte(escapes, c) < 0 {
		return r.wrong(i+1, "there is no such escape")
	}
	return i + 1
}

// The characters that stand behind a backslash, and what they stand for.
const (
	escapes = `"\/bfnrt`
	escaped = "\"\\/\b\f\n\r\t"
)

func hex(c byte) (rune, bool) {
	switch {
	case isDigit(c):
		return rune(c - '0'), true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10, true
	}
	return 0, false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (r *reader) number(i int) int {
	if r.line[i] == '-' {
		i++
	}
	if r.byteAt(i) == '0' {
		i++
	} else if i = r.digits(i); i < 0 {
		return i
	}
	if r.byteAt(i) == '.' {
		if i = r.digits(i + 1); i < 0 {
			return i
		}
	}
	if r.byteAt(i)|0x20 == 'e' {
		i++
		if c := r.byteAt(i); c == '+' || c == '-' {
			i++
		}
		return r.digits(i)
	}
	return i
}

// digits reads one digit or more.
func (r *reader) digits(i int) int {
	if !isDigit(r.byteAt(i)) {
		return r.wrong(i, "a digit is missing")
	}
	for i < len(r.line) && isDigit(r.line[i]) {
		i++
	}
	return i
}

// unescape makes the value of a string that was read, whose quotes are cut off.
// Half of a surrogate pair becomes the replacement character.
func (r *reader) unescape(s []byte) []byte {
	begin := len(r.text)
	for len(s) > 0 {
		n := bytes.IndexByte(s, '\\')
		if n < 0 {
			n = len(s)
		}
		r.text = append(r.text, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			break
		}
		if s[1] != 'u' {
			r.text = append(r.text, escaped[strings.IndexByte(escapes, s[1])])
			s = s[2:]
			continue
		}
		c := unit(s)
		s = s[6:]
		if utf16.IsSurrogate(c) {
			pair := utf8.RuneError
			if len(s) > 1 && s[1] == 'u' && s[0] == '\\' {
				pair = utf16.DecodeRune(c, unit(s))
			}
			if c = pair; pair != utf8.RuneError {
				s = s[6:]
			}
		}
		r.text = utf8.AppendRune(r.text, c)
	}
	return r.text[begin:len(r.text):len(r.text)]
}

// unit is the code unit of an escape \uxxxx that s begins with.
func unit(s []byte) (c rune) {
	for _, b := range s[2:6] {
		digit, _ := hex(b)
		c = c<<4 | digit
	}
	return c
}
