package scan

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"firn/internal/csv"
	"firn/internal/query"
	"firn/internal/value"
)

// lines evaluates lines of JSON, an object each.
type lines struct {
	rows
	reader reader
	names  int           // in all paths
	values []value.Value // of the program's paths, in this object
}

func newLines(r rows) *lines {
	paths := r.program.Paths()
	e := &lines{rows: r, values: make([]value.Value, len(paths))}
	e.reader = reader{index: newIndex(paths), all: r.program.Star()}
	for _, path := range paths {
		e.names += len(path)
	}
	r.env.Row = e
	return e
}

// Column implements [query.Row].
func (e *lines) Column(i int) value.Value { return e.values[i] }

// Text implements [query.Row].
func (e *lines) Text(i int) ([]byte, bool) { return e.values[i].Bytes(), e.values[i].IsText() }

func (e *lines) evaluate(data []byte, last bool, limit int64) result {
	e.begin()
	r := &e.result
	for going := true; going && r.consumed < len(data); {
		line, rest, whole := bytes.Cut(data[r.consumed:], []byte("\n"))
		if !whole && !last && len(line) <= csv.MaxRecord+1 {
			break
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		blank, err := e.read(line)
		if err != nil {
			r.err = inRecord(err, r.records+1)
			break
		}
		if !blank {
			going = e.record(len(line), limit, e.appendObject)
		}
		if r.err == nil {
			r.consumed = len(data) - len(rest)
		}
	}
	return *r
}

// read reads an object and finds the program's paths in it, unless the line is
// blank.
func (e *lines) read(line []byte) (blank bool, err error) {
	switch {
	case len(line) > csv.MaxRecord:
		return false, &query.Error{Code: csv.OverMaxRecordSize, Message: fmt.Sprintf("a record has more than %d bytes", csv.MaxRecord)}
	case !utf8.Valid(line):
		return false, &query.Error{Code: csv.InvalidTextEncoding, Message: "a record is not valid UTF-8"}
	case len(bytes.TrimLeft(line, " \t\r")) == 0:
		return true, nil
	}
	if err := e.reader.read(line); err != nil {
		return false, err
	}
	index := e.reader.index
	if err := e.env.Spend(readingByte*len(line) + findingMember*(len(index.members)+e.names)); err != nil {
		return false, err
	}
	for i, path := range index.paths {
		m, err := index.follow(path)
		switch {
		case err != nil:
			return false, err
		case m == nil:
			e.values[i] = value.Missing()
		case m.path > 0:
			e.values[i] = e.values[m.path-1]
		default:
			e.values[i], m.path = e.reader.valueOf(m.value), int32(i+1)
		}
	}
	return false, nil
}

// What work costs, in that of reading a byte of CSV.
const (
	readingByte   = 16
	findingMember = 256
)

// valueOf is a value as the language has it; arrays and objects are text, and so are
// numbers that no type holds.
func (r *reader) valueOf(s slice) value.Value {
	raw := r.line[s.begin:s.end:s.end]
	switch raw[0] {
	case 'n':
		return value.Null()
	case 't', 'f':
		return value.Bool(raw[0] == 't')
	case '"':
		return value.Text(r.stringOf(raw))
	case '{', '[':
		return value.Text(raw)
	}
	if v, ok := value.ParseNumber(raw); ok && exact(raw) {
		return v
	}
	return value.Text(raw)
}

// decimalDigits is how many digits a DECIMAL has.
const decimalDigits = 38

// exact reports whether a number is one for all of its digits. One that has more of them
// than a DECIMAL is text, and loses them only where it is calculated with.
func exact(number []byte) bool {
	if len(number) <= decimalDigits {
		return true
	}
	digits := 0
	for _, c := range number {
		if c|0x20 == 'e' {
			break
		}
		if isDigit(c) && (digits > 0 || c != '0') {
			digits++
		}
	}
	return digits <= decimalDigits
}

// stringOf is what a string stands for.
func (r *reader) stringOf(raw []byte) []byte {
	text := raw[1 : len(raw)-1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	return r.unescape(text)
}

// appendObject appends the values of an object in their order: strings as what
// they stand for, null as nothing, anything else as it is written.
func (e *lines) appendObject(dst []byte) []byte {
	out := &e.q.out
	for i, s := range e.reader.vals {
		raw := e.reader.line[s.begin:s.end]
		switch raw[0] {
		case 'n':
			raw = nil
		case '"':
			raw = e.reader.stringOf(raw)
		}
		if i == 0 {
			dst = out.AppendFirst(dst, raw)
			continue
		}
		dst = out.AppendField(append(dst, out.Field), raw)
	}
	return dst
}
