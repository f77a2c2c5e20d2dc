package query

import (
	"bytes"
	"unicode/utf8"

	"firn/internal/value"
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
	bytes int  // of the literal ones
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
			return nil, likeError("the escape of LIKE is one character, not '%s'", value.Clip(string(escape)))
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
			if n == 0 || r != e && r != '%' && r != '_' {
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
	s.bytes += len(b)
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

// cost is the work of looking whether the segment is at one place.
func (s *segment) cost() int { return len(s.parts) + s.bytes/64 }

// find returns what is behind the first place in b that the segment matches, and
// whether there is one. The work is counted: with wild parts it is the product of
// the lengths.
func (s *segment) find(w *work, b []byte) (rest []byte, found bool, err error) {
	if len(s.parts) == 0 {
		return b, true, nil
	}
	if !s.wild {
		from := bytes.Index(b, s.parts[0])
		if from < 0 {
			return nil, false, w.spend(len(b) / 64)
		}
		return b[from+s.bytes:], true, w.spend(from/64 + s.cost())
	}
	for len(b) > 0 {
		if n := s.prefix(b); n >= 0 {
			return b[n:], true, nil
		}
		if err := w.spend(s.cost()); err != nil {
			return nil, false, err
		}
		_, n := utf8.DecodeRune(b)
		b = b[n:]
	}
	return nil, false, nil
}

// match reports whether the pattern matches all of a text.
func (p *pattern) match(w *work, b []byte) (bool, error) {
	first, last := &p.segments[0], &p.segments[len(p.segments)-1]
	if err := w.spend(first.cost() + last.cost() + last.size/8); err != nil {
		return false, err
	}
	n := first.prefix(b)
	if n < 0 || len(p.segments) == 1 {
		return n == len(b), nil
	}
	b = b[n:]
	for i := 1; i < len(p.segments)-1; i++ {
		rest, found, err := p.segments[i].find(w, b)
		if !found || err != nil {
			return false, err
		}
		b = rest
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
