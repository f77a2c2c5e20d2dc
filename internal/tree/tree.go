// Package tree is JSON that keeps the order of members and refuses doubled ones.
//
// The standard library's maps forget the order, so that of several errors now one and now another would be told; and of members with
// the same name they keep the last, so that a text could say one thing to its reader and another to us. A tree is no deeper than the
// caller of Parse allows. How long a text may be is the caller's to limit.
package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Node is a JSON value.
type Node struct {
	Kind    Kind
	Value   string // of a text as it reads; of a number or boolean as it is written
	Items   []*Node
	Members []Member // in the order of the text, each name once
}

// A Member is a name in an object, and what it holds.
type Member struct {
	Name string
	*Node
}

// Kind is the type of a JSON value.
type Kind int

// The kinds of value.
const (
	Null Kind = iota
	Boolean
	Number
	Text
	Array
	Object
)

// String is the kind in a sentence to whoever wrote the text: "a string".
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// Errors of Parse.
var (
	ErrUTF8  = errors.New("the text is not UTF-8")
	ErrDepth = errors.New("the text is nested too deep")
)

// A DuplicateError says that a name appears twice in the same object.
type DuplicateError struct {
	Name string // of any length
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%q appears twice in the same object", e.Name)
}

// Parse reads a text that is one JSON value, in which objects and arrays may stand in each other depth deep; more than the 10,000 of
// the standard library it never reads. The error is ErrUTF8; a *json.SyntaxError, with the offset, if the text is no JSON; and else, for
// the first place that has one, ErrDepth or a *DuplicateError.
func Parse(text string, depth int) (*Node, error) {
	if !utf8.ValidString(text) {
		return nil, ErrUTF8
	}
	// The decoder of tokens is lenient in places; this is not.
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return parseNode(d, depth)
}

func parseNode(d *json.Decoder, depth int) (*Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case bool:
		return &Node{Kind: Boolean, Value: fmt.Sprint(t)}, nil
	case json.Number:
		return &Node{Kind: Number, Value: t.String()}, nil
	case string:
		return &Node{Kind: Text, Value: t}, nil
	case json.Delim:
		if depth <= 0 {
			return nil, ErrDepth
		}
		if t == '[' {
			return parseArray(d, depth-1)
		}
		return parseObject(d, depth-1)
	}
	return &Node{Kind: Null}, nil
}

// parseArray reads what follows the bracket, in which depth more may open.
func parseArray(d *json.Decoder, depth int) (*Node, error) {
	n := &Node{Kind: Array}
	for d.More() {
		item, err := parseNode(d, depth)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	_, _ = d.Token() // it is the bracket: the whole text has been checked
	return n, nil
}

// parseObject is as parseArray.
func parseObject(d *json.Decoder, depth int) (*Node, error) {
	n := &Node{Kind: Object}
	seen := make(map[string]bool)
	for d.More() {
		name, err := parseNode(d, depth)
		if err != nil {
			return nil, err
		}
		if seen[name.Value] {
			return nil, &DuplicateError{name.Value}
		}
		seen[name.Value] = true
		value, err := parseNode(d, depth)
		if err != nil {
			return nil, err
		}
		n.Members = append(n.Members, Member{name.Value, value})
	}
	_, _ = d.Token()
	return n, nil
}
