package query

import (
	"bytes"
	"unicode/utf8"
)

// A pattern is what LIKE compares with, cut at its percent signs: the first
// segment stands at the beginning of the text, the last at its end, and each of
// the others at the first place behind the one before. Looking no further than
// the first place is enough, so there is nothing to go back to.
type pattern struct {
	segments []segment
}

// A segment matches a stretch of text: its bytes and, where any is set, any one
// character.
type segment struct {
	parts []part
	wild  bool // some part is any character
	size  int  // characters
}

// A part is literal bytes, or, without any, one character whatever it is.
type part []byte

// parsePattern reads a pattern. With an escape character, what follows it stands
// for itself, and is a percent sign, an underscore or the escape character.
func parsePattern(text, escape []byte) (*pattern, error) {
	e := rune(-1)
	if escape != nil {
		r, n := utf8.DecodeRune(escape)
		if n == 0 || n != len(escape) {
			return nil, likeError("the escape of LIKE is one character, not '%s'", escape)
		}
		e = r
	}
	p := &pattern{segments: []segment{{}}}
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		s := &p.segments[len(p.segments)-1]
		switch {
		case r == e:
			text = text[n:]
			r, n = utf8.DecodeRune(text)
			if r != e && r != '%' && r != '_' {
				return nil, likeError("in a pattern of LIKE the escape character stands before %%, _ or itself")
			}
			s.literal(text[:n])
		case r == '%':
			p.segments = append(p.segments, segment{})
		case r == '_':
			s.any()
		default:
			s.literal(text[:n])
		}
		text = text[n:]
	}
	return p, nil
}

func likeError(format string, args ...any) error {
	return errorAt(position{}, "EvaluatorInvalidArguments", format, args...)
}

func (s *segment) any() {
	s.parts = append(s.parts, nil)
	s.wild = true
	s.size++
}

func (s *segment) literal(b []byte) {
	s.size++
	if n := len(s.parts); n > 0 && len(s.parts[n-1]) > 0 {
		s.parts[n-1] = append(s.parts[n-1], b...)
		return
	}
	s.parts = append(s.parts, append(part{}, b...))
}

// prefix returns how many bytes at the beginning of b the segment matches, or -1.
func (s *segment) prefix(b []byte) int {
	at := 0
	for _, p := range s.parts {
		if len(p) > 0 {
			if !bytes.HasPrefix(b[at:], p) {
				return -1
			}
			at += len(p)
			continue
		}
		_, n := utf8.DecodeRune(b[at:])
		if n == 0 {
			return -1
		}
		at += n
	}
	return at
}

// find returns where in b the segment matches first, as a stretch of bytes, or
// -1. The work is counted: with wild parts it is the product of the lengths.
func (s *segment) find(w *work, b []byte) (from, to int, err error) {
	if len(s.parts) == 0 {
		return 0, 0, nil
	}
	if !s.wild {
		if from = bytes.Index(b, s.parts[0]); from < 0 {
			return -1, -1, nil
		}
		return from, from + len(s.parts[0]), nil
	}
	for from < len(b) {
		if n := s.prefix(b[from:]); n >= 0 {
			return from, from + n, nil
		}
		_, n := utf8.DecodeRune(b[from:])
		from += n
		if err := w.spend(len(s.parts)); err != nil {
			return -1, -1, err
		}
	}
	return -1, -1, nil
}

// match reports whether the pattern matches all of a text.
func (p *pattern) match(w *work, b []byte) (bool, error) {
	if err := w.spend(len(b) / 64); err != nil {
		return false, err
	}
	first, last := &p.segments[0], &p.segments[len(p.segments)-1]
	n := first.prefix(b)
	if n < 0 || len(p.segments) == 1 {
		return n == len(b), nil
	}
	b = b[n:]
	for i := 1; i < len(p.segments)-1; i++ {
		_, to, err := p.segments[i].find(w, b)
		if to < 0 {
			return false, err
		}
		b = b[to:]
	}
	return last.suffix(b), nil
}

// suffix reports whether the segment matches the end of b.
func (s *segment) suffix(b []byte) bool {
	at := len(b)
	for range s.size {
		if at == 0 {
			return false
		}
		_, n := utf8.DecodeLastRune(b[:at])
		at -= n
	}
	return s.prefix(b[at:]) == len(b)-at
}
