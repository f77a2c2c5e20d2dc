package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is the deepest that objects and arrays may stand in each other. A policy needs seven.
const maxDepth = 16

// maxQuoted is the longest piece of a policy that an error repeats.
const maxQuoted = 80

// A node is a JSON value. Unlike the standard library's it keeps the order of members, so that an error is always the same one, and
// knows of members that appear twice, which are refused.
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

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

func (k nodeKind) scalar() bool { return k == text || k == number || k == boolean }

// parseJSON reads a text of limited size and depth.
func parseJSON(s string) (*node, error) {
	if len(s) > MaxSize {
		return nil, refuse("", "the policy has %d bytes, and may have %d", len(s), MaxSize)
	}
	if !utf8.ValidString(s) {
		return nil, refuse("", "the policy is not UTF-8")
	}
	// The decoder of tokens is lenient in places; this is not.
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(s), &raw); err != nil {
		return nil, jsonError(s, err)
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	n, err := parseNode(d, 0)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func jsonError(s string, err error) *SyntaxError {
	var at *json.SyntaxError
	if !errors.As(err, &at) {
		return refuse("", "the policy is not JSON: %v", err)
	}
	before := s[:min(int(at.Offset), len(s))]
	line := strings.Count(before, "\n") + 1
	return refuse("", "the policy is not JSON: line %d, character %d: %v", line, len(before)-strings.LastIndexByte(before, '\n')-1, at)
}

func parseNode(d *json.Decoder, depth int) (*node, *SyntaxError) {
	token, err := d.Token()
	if err != nil {
		return nil, refuse("", "the policy is not JSON: %v", err)
	}
	switch t := token.(type) {
	case bool:
		return &node{kind: boolean, value: fmt.Sprint(t)}, nil
	case json.Number:
		return &node{kind: number, value: t.String()}, nil
	case string:
		return &node{kind: text, value: t}, nil
	case json.Delim:
		if depth == maxDepth {
			return nil, refuse("", "the policy is nested deeper than %d", maxDepth)
		}
		if t == '[' {
			return parseArray(d, depth+1)
		}
		return parseObject(d, depth+1)
	}
	return &node{kind: null}, nil
}

func parseArray(d *json.Decoder, depth int) (*node, *SyntaxError) {
	n := &node{kind: array}
	for d.More() {
		item, err := parseNode(d, depth)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, _ = d.Token() // it is the bracket: the whole text has been checked
	return n, nil
}

func parseObject(d *json.Decoder, depth int) (*node, *SyntaxError) {
	n := &node{kind: object}
	seen := make(map[string]bool)
	for d.More() {
		name, err := parseNode(d, depth)
		if err != nil {
			return nil, err
		}
		if seen[name.value] {
			return nil, refuse("", "%s appears twice in the same object", quote(name.value))
		}
		seen[name.value] = true
		value, err := parseNode(d, depth)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name.value, value})
	}
	_, _ = d.Token()
	return n, nil
}

// member returns the named member, or nil.
func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

// only refuses members with other names than these.
func (n *node) only(element string, names ...string) *SyntaxError {
	for _, m := range n.members {
		if !slices.Contains(names, m.name) {
			return refuse(element, "there is no element %s", quote(m.name))
		}
	}
	return nil
}

// strings returns the one string or the list of them.
func (n *node) strings(element string) ([]string, *SyntaxError) {
	if n.kind == text {
		return []string{n.value}, nil
	}
	if n.kind != array {
		return nil, refuse(element, "must be a string or a list of strings, not %s", n.kind)
	}
	if len(n.items) == 0 {
		return nil, refuse(element, "must not be empty")
	}
	for _, item := range n.items {
		if item.kind != text {
			return nil, refuse(element, "must be a string or a list of strings, not of %s", item.kind)
		}
	}
	items := distinct(n.items)
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item.value
	}
	return list, nil
}

// distinct leaves out scalars that say the same as one before them: they would only take room.
func distinct(items []*node) []*node {
	if len(items) < 2 {
		return items
	}
	seen := make(map[string]bool, len(items))
	return slices.DeleteFunc(slices.Clone(items), func(n *node) bool {
		again := n.kind.scalar() && seen[n.value]
		seen[n.value] = seen[n.value] || n.kind.scalar()
		return again
	})
}

// quote repeats a piece of a policy in an error, within limits.
func quote(s string) string {
	if len(s) > maxQuoted {
		cut := maxQuoted
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return fmt.Sprintf("%q", s)
}
