package timestamp

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// A Pattern is how TO_STRING writes a timestamp. It does not change, and may be used concurrently.
type Pattern struct {
	fields []field
}

// A field is a run of one letter, or, if that is 0, literal text.
type field struct {
	letter byte
	width  int
	text   string
}

// widths has the letters, and how often each may stand in a row.
const widths = "y124 M12345 d12 a1 h12 H12 m12 s12 S123456789 n1 X12345 x12345"

// ParsePattern reads a pattern, of which SQL's quotes are already undone:
//
//	yy 69          y 1969       yyyy 1969
//	M 7            MM 07        MMM Jul        MMMM July    MMMMM J
//	d 2            dd 02
//	a AM or PM
//	h 3            hh 03        (1 to 12)
//	H 3            HH 03        (0 to 23)
//	m 4            mm 04
//	s 5            ss 05
//	S 0            SS 06        SSS 060        and so on to SSSSSSSSS, the rest cut off
//	n 60000000     (nanosecond)
//	X +07 or Z     XX, XXXX +0700 or Z         XXX, XXXXX +07:00 or Z
//	x +07          xx, xxxx +0700              xxx, xxxxx +07:00
//
// The hours of X and x have the minutes after them, as +0730, where there are any. What stands in single quotes means itself, and
// so does all else that is no letter of ASCII. Within quotes two quotes are one, and so are two with nothing between them. An error
// names the run that stands for nothing, or the quote that is not closed, and at what character it begins, counted from 1.
func ParsePattern(s string) (*Pattern, error) {
	p := new(Pattern)
	for i := 0; i < len(s); {
		f, n := fieldAt(s[i:])
		if n == 0 {
			at := utf8.RuneCountInString(s[:i]) + 1
			if s[i] == '\'' {
				return nil, fmt.Errorf("parse timestamp pattern: the quote at %d is not closed", at)
			}
			return nil, fmt.Errorf("parse timestamp pattern: %.16q at %d stands for nothing", s[i:i+run(s[i:])], at)
		}
		p.fields = append(p.fields, f)
		i += n
	}
	return p, nil
}

// fieldAt returns the field that s begins with, and its length there, which is 0 where there is none.
func fieldAt(s string) (field, int) {
	switch {
	case s[0] == '\'':
		text, n := unquote(s)
		return field{text: text}, n
	case !isLetter(s[0]):
		n := strings.IndexFunc(s, func(r rune) bool { return r == '\'' || r < utf8.RuneSelf && isLetter(byte(r)) })
		if n < 0 {
			n = len(s)
		}
		return field{text: s[:n]}, n
	}
	n := run(s)
	_, allowed, _ := strings.Cut(widths, s[:1])
	allowed, _, _ = strings.Cut(allowed, " ")
	if n > 9 || !strings.Contains(allowed, string(rune('0'+n))) {
		return field{}, 0
	}
	return field{letter: s[0], width: n}, n
}

// unquote returns what the quotes mean that s begins with, and the length of all, which is 0 if they are not closed.
func unquote(s string) (string, int) {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
		case i+1 < len(s) && s[i+1] == '\'':
			i++
		case i == 1:
			return "'", 2
		default:
			return strings.ReplaceAll(s[1:i], "''", "'"), i + 1
		}
	}
	return "", 0
}

// run returns how often the first byte of s stands there in a row.
func run(s string) int {
	return len(s) - len(strings.TrimLeft(s, s[:1]))
}

func isLetter(c byte) bool {
	c |= 'a' - 'A'
	return 'a' <= c && c <= 'z'
}

// Append appends t in the manner of the pattern, at most 9 bytes for each of its own. An unknown offset is written like zero.
func (p *Pattern) Append(dst []byte, t Timestamp) []byte {
	c := t.clock()
	for _, f := range p.fields {
		switch f.letter {
		case 0:
			dst = append(dst, f.text...)
		case 'S':
			dst = appendFraction(dst, t.fraction, f.width)
		case 'n':
			dst = appendPlain(dst, int(t.fraction/1e9))
		case 'X', 'x':
			dst = f.appendOffset(dst, int(t.offset))
		default:
			dst = f.appendClock(dst, c)
		}
	}
	return dst
}

// appendClock appends a field of the local time.
func (f field) appendClock(dst []byte, c clock) []byte {
	n := 0
	switch f.letter {
	case 'a':
		return append(dst, [...]string{"AM", "PM"}[c.hour/12]...)
	case 'y':
		if f.width == 4 {
			dst = appendPair(dst, c.year/100)
		}
		if f.width > 1 {
			c.year %= 100
		}
		n = c.year
	case 'M':
		if f.width > 2 {
			return f.appendMonth(dst, time.Month(c.month).String())
		}
		n = c.month
	case 'd':
		n = c.day
	case 'h':
		n = (c.hour+11)%12 + 1
	case 'H':
		n = c.hour
	case 'm':
		n = c.minute
	case 's':
		n = c.second
	}
	if f.width == 1 {
		return appendPlain(dst, n)
	}
	return appendPair(dst, n)
}

// appendMonth appends the name of a month.
func (f field) appendMonth(dst []byte, name string) []byte {
	switch f.width {
	case 3:
		name = name[:3]
	case 5:
		name = name[:1]
	}
	return append(dst, name...)
}

// appendOffset appends the field of an offset in minutes.
func (f field) appendOffset(dst []byte, minutes int) []byte {
	switch {
	case f.letter == 'X' && minutes == 0:
		return append(dst, 'Z')
	case f.width == 1 && minutes%60 == 0:
		dst = appendOffset(dst, minutes, "")
		return dst[:len(dst)-len("00")]
	case f.width == 3 || f.width == 5:
		return appendOffset(dst, minutes, ":")
	}
	return appendOffset(dst, minutes, "")
}
