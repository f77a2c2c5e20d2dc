package filter

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxQuoted is the longest piece of a policy that an error repeats.
const maxQuoted = 80

// A node is a JSON value of a policy. Unlike the standard library's it keeps the order of members, so that an error is always the same
// one, and knows of members that appear twice, which are refused.
type node struct {
	kind    nodeKind
	value   string // of a text as it reads; of a number or boolean as it is written
	items   []*node
	members []member
}

type member struct {
	name string
	*node
}

type nodeKind int

const (
	null nodeKind = iota
	boolean
	number
	text
	array
	object
)

func parseJSON(s string) (*node, *Error) {
	if len(s) > MaxSize {
		return nil, refuse("Filter policy is too long: it has %d bytes, and may have %d", len(s), MaxSize)
	}
	// The decoder of tokens is lenient in places; Valid is not.
	if !utf8.ValidString(s) || !json.Valid([]byte(s)) {
		return nil, refuse("failed to parse JSON.")
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	return parseNode(d)
}

// parseNode recurses no deeper than json.Valid allows.
func parseNode(d *json.Decoder) (*node, *Error) {
	token, err := d.Token()
	if err != nil {
		return nil, refuse("failed to parse JSON.")
	}
	switch t := token.(type) {
	case bool:
		return &node{kind: boolean, value: fmt.Sprint(t)}, nil
	case json.Number:
		return &node{kind: number, value: t.String()}, nil
	case string:
		return &node{kind: text, value: t}, nil
	case json.Delim:
		if t == '[' {
			return parseArray(d)
		}
		return parseObject(d)
	}
	return &node{kind: null}, nil
}

func parseArray(d *json.Decoder) (*node, *Error) {
	n := &node{kind: array}
	for d.More() {
		item, err := parseNode(d)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, _ = d.Token() // it is the bracket: the whole text has been checked
	return n, nil
}

func parseObject(d *json.Decoder) (*node, *Error) {
	n := &node{kind: object}
	seen := make(map[string]bool)
	for d.More() {
		name, err := parseNode(d)
		if err != nil {
			return nil, err
		}
		if seen[name.value] {
			return nil, refuse("Path `%s` cannot be allowed multiple times", clip(name.value))
		}
		seen[name.value] = true
		value, err := parseNode(d)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name.value, value})
	}
	_, _ = d.Token()
	return n, nil
}

// clip limits a piece of a policy that an error repeats.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
