package csv_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

// A result is what comes out of a scan: the records before the error, and the error with its offset in the whole input.
type result struct {
	Records [][]string
	Code    string
	Offset  int
}

// reference splits an input byte by byte. It knows no limits.
func reference(d csv.Dialect, in string) result {
	var r result
	// delimiter is the length of the record delimiter at i.
	delimiter := func(i int) int {
		switch {
		case d.Record == "\n" && strings.HasPrefix(in[i:], "\r\n"):
			return 2
		case d.Record == "\n" && in[i:] == "\r":
			return 1
		case strings.HasPrefix(in[i:], d.Record):
			return len(d.Record)
		}
		return 0
	}
	for start := 0; start < len(in); {
		if n := delimiter(start); n > 0 {
			start += n
			continue
		}
		if d.Comment != 0 && in[start] == d.Comment {
			for start < len(in) && delimiter(start) == 0 {
				start++
			}
			continue
		}
		record, length, ok := referenceRecord(d, in[start:], func(i int) bool { return delimiter(start+i) > 0 })
		if !ok {
			r.Code, r.Offset = csv.UnescapedQuote, start
			return r
		}
		if !utf8.ValidString(in[start : start+length]) {
			r.Code, r.Offset = csv.InvalidTextEncoding, start
			return r
		}
		r.Records = append(r.Records, record)
		start += length
	}
	return r
}

// referenceRecord reads the record at the beginning of in, whose delimiter is where ends says.
func referenceRecord(d csv.Dialect, in string, ends func(i int) bool) (record []string, length int, ok bool) {
	const (
		opening = iota
		bare
		quoted
		closed
	)
	state, value := opening, []byte(nil)
	for i := 0; ; i++ {
		if state != quoted && (i == len(in) || ends(i)) {
			return append(record, string(value)), i, true
		}
		if i == len(in) {
			return nil, 0, false
		}
		next := byte(0x80) // no character of a dialect
		if i+1 < len(in) {
			next = in[i+1]
		}
		switch c := in[i]; {
		case state != quoted && c == d.Field:
			record, value, state = append(record, string(value)), nil, opening
		case state == opening && c == d.Quote:
			state = quoted
		case state == quoted && c == d.Escape && (next == d.Quote || next == d.Escape):
			value = append(value, next)
			i++
		case state == quoted && c == d.Quote:
			state = closed
		case state == closed:
			return nil, 0, false
		default:
			value = append(value, c)
			if state == opening {
				state = bare
			}
		}
	}
}

// scan reads an input in blocks that end at the cuts and at its end, as a caller does who keeps what was not consumed for the next block.
func scan(t testing.TB, d csv.Dialect, in string, cuts ...int) result {
	t.Helper()
	var r result
	s := csv.NewScanner(d)
	begin := 0
	for _, end := range append(cuts, len(in)) {
		block := []byte(in[begin:end])
		s.Reset(block, end == len(in))
		for s.Next() {
			r.Records = append(r.Records, fields(t, d, s, len(r.Records)))
		}
		if s.Raw() != nil || s.Plain() || s.Columns() != 0 {
			t.Errorf("a record is left at the end: %q", s.Raw())
		}
		if s.Next() {
			t.Error("a record after the end")
		}
		if s.Err() != nil {
			err := s.Err().(*csv.Error)
			if err.Offset != s.Consumed() {
				t.Errorf("error at %d, but %d bytes are consumed", err.Offset, s.Consumed())
			}
			r.Code, r.Offset = err.Code, begin+err.Offset
			return r
		}
		if end == len(in) && s.Consumed() != len(block) {
			t.Errorf("of the last %d bytes %d are consumed", len(block), s.Consumed())
		}
		begin += s.Consumed()
	}
	return r
}

// fields takes the fields of a record, in an order that depends on its number.
func fields(t testing.TB, d csv.Dialect, s *csv.Scanner, number int) []string {
	t.Helper()
	var values [][]byte
	switch number % 3 {
	case 0: // one after the other
		for {
			value, ok := s.Field(len(values))
			if !ok {
				break
			}
			values = append(values, value)
		}
	case 1: // backwards
		values = make([][]byte, s.Columns())
		for i := len(values) - 1; i >= 0; i-- {
			values[i], _ = s.Field(i)
		}
	case 2: // one of the middle first, all twice
		s.Field(2)
		values = make([][]byte, s.Columns())
		for i := range 2 * len(values) {
			values[i/2], _ = s.Field(i / 2)
		}
	}
	if _, ok := s.Field(len(values)); ok || s.Columns() != len(values) {
		t.Errorf("%q has %d columns, and not %d", s.Raw(), len(values), s.Columns())
	}
	if s.Plain() == bytes.Contains(s.Raw(), []byte{d.Quote}) {
		t.Errorf("%q: plain is %v", s.Raw(), s.Plain())
	}
	var record []string
	for _, value := range values {
		record = append(record, string(value))
	}
	if split := strings.Split(string(s.Raw()), string(d.Field)); s.Plain() && !cmp.Equal(split, record) {
		t.Errorf("plain %q is split into %q", s.Raw(), record)
	}
	return record
}
