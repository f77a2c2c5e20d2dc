package csv

import (
	"encoding/binary"
	"math/bits"
)

// Field is the value of column i, counted from 0, without quotes and escapes. ok is false if the record has no such column. The value is
// part of the block or of the scanner, valid until Next or Reset. A record without quotes is split no further than up to i.
func (s *Scanner) Field(i int) (value []byte, ok bool) {
	if i >= len(s.spans) {
		s.splitPlain(i)
		if i >= len(s.spans) {
			return nil, false
		}
	}
	f := &s.spans[i]
	if f.state != literal {
		return s.unescape(f), true
	}
	return s.raw[f.begin:f.end:f.end], true
}

// Columns is how many fields the record has, all of which it splits.
func (s *Scanner) Columns() int {
	s.splitPlain(MaxColumns)
	return len(s.spans)
}

// splitPlain splits a record without quotes up to column i, or a little further. Fields are short: looking at eight bytes at once is
// faster than a search for each of them.
func (s *Scanner) splitPlain(i int) {
	const ones, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	raw, begin, spans := s.raw, s.split, s.spans
	pattern := uint64(s.field) * ones
	pos := begin
	for ; pos+8 <= len(raw) && len(spans) <= i; pos += 8 {
		x := binary.LittleEndian.Uint64(raw[pos:]) ^ pattern
		// The top bit of each byte that is the delimiter.
		for m := ^((x&low + low) | x | low); m != 0; m &= m - 1 {
			end := pos + bits.TrailingZeros64(m)/8
			spans = append(spans, span{begin: int32(begin), end: int32(end)})
			begin = end + 1
		}
	}
	for ; len(spans) <= i && begin <= len(raw); pos++ {
		if pos == len(raw) || raw[pos] == s.field {
			spans = append(spans, span{begin: int32(begin), end: int32(pos)})
			begin = pos + 1
		}
	}
	s.spans, s.split = spans, begin
}

// splitQuoted splits the record that w begins with to the end, which it finds on the way: quotes may hide record delimiters. It takes and
// returns what recordEnd said, at first of the whole of w. If next is 0, w holds no end, nor any reason to refuse the record but its size.
func (s *Scanner) splitQuoted(w []byte, end, next int) (int, int) {
	closed := s.last && len(w) <= MaxRecord // the end of w is the input's
	for i := 0; ; i++ {
		if i == end || w[i] != s.quote {
			begin := i
			i += index(w[i:end], s.field)
			s.spans = append(s.spans, span{begin: int32(begin), end: int32(i)})
		} else {
			f := span{begin: int32(i + 1)}
			if i, f.state = s.closing(w, i+1); i == len(w) {
				if closed {
					s.refuse(UnescapedQuote, "a quoted field has no closing quote")
				}
				return len(w), 0
			}
			f.end = int32(i)
			s.spans = append(s.spans, f)
			if i++; i > end {
				end, next = s.recordEnd(w, i)
			}
			if i < end && w[i] != s.field {
				// The first half of a delimiter may be all there is of it yet.
				if !s.cr || w[i] != '\r' || i+1 < len(w) || closed {
					s.refuse(UnescapedQuote, "a closing quote is followed by text")
				}
				return len(w), 0
			}
		}
		if i == end {
			return end, next
		}
	}
}

// closing finds the quote that closes the field whose value begins at i of w, and how the value is to be had. If there is none it returns
// the length of w.
func (s *Scanner) closing(w []byte, i int) (int, state) {
	how := literal
	if s.escape == s.quote {
		for {
			i += index(w[i:], s.quote)
			if i+1 >= len(w) || w[i+1] != s.quote {
				return i, how
			}
			i, how = i+2, escaped
		}
	}
	for quote := -1; ; {
		if quote < i {
			quote = i + index(w[i:], s.quote)
		}
		i += index(w[i:quote], s.escape)
		if i == quote || i+1 == len(w) {
			return quote, how
		}
		if i++; w[i] == s.quote || w[i] == s.escape {
			i, how = i+1, escaped
		}
	}
}

// unescape makes the value of a field that is not literally in the record. It does so once.
func (s *Scanner) unescape(f *span) []byte {
	if f.state == escaped {
		begin := len(s.text)
		value := s.raw[f.begin:f.end]
		for i := 0; i < len(value); i++ {
			if value[i] == s.escape && i+1 < len(value) && (value[i+1] == s.quote || value[i+1] == s.escape) {
				i++
			}
			s.text = append(s.text, value[i])
		}
		*f = span{begin: int32(begin), end: int32(len(s.text)), state: unescaped}
	}
	return s.text[f.begin:f.end:f.end]
}
