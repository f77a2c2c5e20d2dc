package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"firn/internal/csv"
	"firn/internal/query"
)

// lines evaluates lines of JSON, an object each.
type lines struct {
	rows
	members []member      // of the object
	values  []query.Value // of the program's paths, in this object
}

// A member is a name and its value, as it is written.
type member struct {
	name  string
	value json.RawMessage
}

func newLines(r rows) *lines {
	e := &lines{rows: r, values: make([]query.Value, len(r.program.Paths()))}
	r.env.Row = e
	return e
}

// Column implements [query.Row].
func (e *lines) Column(i int) query.Value { return e.values[i] }

// Text implements [query.Row].
func (e *lines) Text(int) ([]byte, bool) { return nil, false }

func (e *lines) evaluate(data []byte, last bool, limit int64) result {
	e.begin()
	r := &e.result
	for going := true; going && r.consumed < len(data); {
		line, rest, whole := bytes.Cut(data[r.consumed:], []byte("\n"))
		if !whole && !last && len(line) <= csv.MaxRecord {
			break
		}
		if err := e.read(line); err != nil {
			r.err = inRecord(err, r.records+1)
			break
		}
		if len(bytes.TrimSpace(line)) > 0 {
			going = e.record(len(line), limit, e.appendObject)
		}
		if r.err == nil {
			r.consumed = len(data) - len(rest)
		}
	}
	return *r
}

// read reads an object and finds the program's paths in it.
func (e *lines) read(line []byte) error {
	if len(line) > csv.MaxRecord {
		return &query.Error{Code: csv.OverMaxRecordSize, Message: fmt.Sprintf("a record has more than %d bytes", csv.MaxRecord)}
	}
	if !utf8.Valid(line) {
		return &query.Error{Code: csv.InvalidTextEncoding, Message: "a record is not valid UTF-8"}
	}
	e.members = e.members[:0]
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	members, err := parseObject(e.members, line)
	if err != nil {
		return &query.Error{Code: "JSONParsingError", Message: "a line is not a JSON object: " + err.Error()}
	}
	e.members = members
	for i, path := range e.program.Paths() {
		if e.values[i], err = follow(members, path); err != nil {
			return err
		}
	}
	return nil
}

// parseObject appends the members of an object in their order.
func parseObject(dst []member, text []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("it does not begin with an object: %w", orElse(err))
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{}
		m.name, _ = t.(string)
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		dst = append(dst, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return nil, fmt.Errorf("there is more behind the object")
	}
	return dst, nil
}

func orElse(err error) error {
	if err == nil {
		return fmt.Errorf("it is something else")
	}
	return err
}

// follow finds a value inside objects. What is not there is MISSING.
func follow(members []member, path []query.Name) (query.Value, error) {
	found, err := find(members, path[0])
	if found == nil || err != nil {
		return query.Missing(), err
	}
	if len(path) == 1 {
		return jsonValue(found), nil
	}
	if found[0] != '{' {
		return query.Missing(), nil
	}
	inner, err := parseObject(nil, found)
	if err != nil {
		return query.Missing(), err
	}
	return follow(inner, path[1:])
}

// find finds a member: the one whose name is exactly that, else the only one whose
// name is that but for case. Of equal names the last counts.
func find(members []member, name query.Name) (json.RawMessage, error) {
	var found, similar json.RawMessage
	count := 0
	for _, m := range members {
		switch {
		case m.name == name.Text:
			found = m.value
		case name.Is(m.name):
			similar = m.value
			count++
		}
	}
	switch {
	case found != nil:
		return found, nil
	case count > 1:
		return nil, &query.Error{Code: "AmbiguousFieldName", Message: "the name " + name.Text + " matches more than one member of an object"}
	}
	return similar, nil
}

// jsonValue is a value as the language has it; arrays and objects are text.
func jsonValue(raw json.RawMessage) query.Value {
	switch raw[0] {
	case 'n':
		return query.Null()
	case 't', 'f':
		return query.Bool(raw[0] == 't')
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil { // it was read before
			return query.Text(raw)
		}
		return query.Text([]byte(s))
	case '{', '[':
		return query.Text(raw)
	}
	if v, ok := query.Number(raw); ok {
		return v
	}
	return query.Text(raw)
}

// appendObject appends the values of an object in their order.
func (e *lines) appendObject(dst []byte) []byte {
	for i, m := range e.members {
		if i > 0 {
			dst = append(dst, e.q.out.Field)
		}
		dst = e.q.out.AppendField(dst, jsonValue(m.value).Append(nil))
	}
	return dst
}
