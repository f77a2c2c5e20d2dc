package csv

import (
	"bytes"
	"unicode/utf8"
)

// A Scanner cuts records from blocks. It allocates nothing for a record, but grows to the needs of the largest. One goroutine at a time
// may use it. The memory of the block is the caller's, who must not change it before the last value taken from it is done with.
//
// Whether the block really begins at the beginning of a record is the caller's business: if it does not, the records are wrong, but
// nothing worse happens.
type Scanner struct {
	field, quote, escape, comment byte
	delimiter                     byte // the last byte of the record delimiter
	cr                            bool // '\r' before it belongs to it
	crlf                          bool // and must be there

	block   []byte
	last    bool
	valid   bool // the block's records are known to be UTF-8
	pos     int  // where the next record begins
	quoteAt int  // of the first quote that is not before pos, or the end of the block; not up to date if it is before pos
	done    bool // the rest of the block is the beginning of a record
	err     *Error

	raw   []byte
	plain bool
	spans []span // the fields of raw before split
	split int    // where in raw the next field begins; behind its end if there is none
	text  []byte // the unescaped values of the record
}

// A span is where a field's value is.
type span struct {
	begin, end int32 // in raw, without quotes
	state      state
}

// A state of a span says how its value is to be had.
type state uint8

const (
	literal   state = iota // as it is in raw
	escaped                // by unescaping what is in raw
	unescaped              // begin and end are of text, not raw
)

// NewScanner makes a scanner of a valid dialect, with an empty block.
func NewScanner(d Dialect) *Scanner {
	s := &Scanner{field: d.Field, quote: d.Quote, escape: d.Escape, comment: d.Comment}
	s.delimiter = d.Record[len(d.Record)-1]
	s.crlf = len(d.Record) == 2
	s.cr = s.delimiter == '\n'
	s.Reset(nil, true)
	return s
}

// Reset begins with another block, which begins where a record does. With last the input ends with the block, and so does its last
// record, delimiter or not.
func (s *Scanner) Reset(block []byte, last bool) {
	s.block, s.last = block, last
	s.pos, s.quoteAt, s.done, s.err = 0, -1, false, nil
	whole := block
	if !last {
		whole = block[:bytes.LastIndexByte(block, s.delimiter)+1]
	}
	s.valid = utf8.Valid(whole)
	s.clear()
}

// clear forgets the record.
func (s *Scanner) clear() {
	s.raw, s.plain, s.spans, s.split, s.text = nil, false, s.spans[:0], 1, s.text[:0]
}

// Next goes to the next record. It returns false behind the last complete record of the block, and at a record that cannot be read,
// which Err tells apart.
//
// What is wrong with a record is reported as soon as the block holds enough of it to know. A record of more than MaxRecord bytes is
// therefore refused before its end is there: of a block of more than MaxRecord+1 bytes something is consumed, or something is wrong.
func (s *Scanner) Next() bool {
	s.clear()
	for !s.done && s.pos < len(s.block) {
		// An end that does not show in as many bytes comes too late.
		w := s.block[s.pos:min(len(s.block), s.pos+MaxRecord+2)]
		end, next := s.recordEnd(w, 0)
		if s.quoteAt < s.pos {
			s.quoteAt = s.pos + index(s.block[s.pos:], s.quote)
		}
		plain := s.quoteAt >= s.pos+end
		comment := w[0] == s.comment && s.comment != 0
		if !plain && !comment {
			end, next = s.splitQuoted(w, end, next)
		}
		if next == 0 && s.last && len(w) <= MaxRecord {
			next = len(w)
		}
		switch {
		case s.done: // splitQuoted refused it
		case next == 0 && !s.last && len(w) <= MaxRecord+1:
			s.done = true
		case next == 0 || end > MaxRecord:
			s.refuse(OverMaxRecordSize, "a record is longer than 1 MiB")
		case comment || end == 0:
			s.pos += next
		case s.check(w[:end]):
			s.raw, s.plain, s.split = w[:end:end], plain, 0
			if !plain {
				s.split = end + 1
			}
			s.pos += next
			return true
		}
	}
	s.clear()
	return false
}

// recordEnd finds the first record delimiter of w at or behind from, without looking at quotes. The record ends at end, and the next one
// begins at next. If there is no delimiter, the end is that of w and next is 0; but a '\r' that the input ends with is what is left of one.
func (s *Scanner) recordEnd(w []byte, from int) (end, next int) {
	for i := from; ; i++ {
		n := bytes.IndexByte(w[i:], s.delimiter)
		if n < 0 {
			if s.last && s.cr && !s.crlf && s.pos+len(w) == len(s.block) && from < len(w) && w[len(w)-1] == '\r' {
				return len(w) - 1, len(w)
			}
			return len(w), 0
		}
		i += n
		if s.cr && i > from && w[i-1] == '\r' {
			return i - 1, i + 1
		}
		if !s.crlf {
			return i, i + 1
		}
	}
}

// check refuses a record for what it holds, however it is divided.
func (s *Scanner) check(raw []byte) bool {
	if !s.valid && !utf8.Valid(raw) {
		s.refuse(InvalidTextEncoding, "a record is not valid UTF-8")
	}
	// No shorter record has as many.
	if len(raw) >= MaxColumns && bytes.Count(raw, []byte{s.field}) >= MaxColumns {
		s.refuse(OverMaxColumn, "a record has more than 1048576 columns")
	}
	return !s.done
}

// refuse ends the scan with an error about the record at pos.
func (s *Scanner) refuse(code, message string) {
	s.done = true
	s.err = &Error{Code: code, Message: message, Offset: s.pos}
}

// Err is what is wrong with the record that Next stopped at, an *Error, or nil.
func (s *Scanner) Err() error {
	if s.err == nil {
		return nil
	}
	return s.err
}

// Consumed is how many bytes of the block all records so far take, with their delimiters and the comments and blank lines between them;
// once Next has returned false, also with those behind them. What the block holds beyond is the beginning of a record that goes on in the
// next block, or the record with the error.
func (s *Scanner) Consumed() int { return s.pos }

// Raw is the record as it is in the block, without the delimiter.
func (s *Scanner) Raw() []byte { return s.raw }

// Plain tells that no quote is in the record, so that Raw, split at the field delimiter, is its values.
func (s *Scanner) Plain() bool { return s.plain }

// index is where c is first in b, or the length of b.
func index(b []byte, c byte) int {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return i
	}
	return len(b)
}
