package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"firn/internal/tree"
)

// maxDepth is the deepest that objects and arrays may stand in each other. A policy needs seven.
const maxDepth = 16

// maxQuoted is the longest piece of a policy that an error repeats.
const maxQuoted = 80

// parseJSON reads a text of limited size and depth.
func parseJSON(s string) (*tree.Node, *SyntaxError) {
	if len(s) > MaxSize {
		return nil, refuse("", "the policy has %d bytes, and may have %d", len(s), MaxSize)
	}
	n, err := tree.Parse(s, maxDepth)
	if err != nil {
		return nil, jsonError(s, err)
	}
	return n, nil
}

// jsonError says what is wrong with the text, and where if it is no JSON.
func jsonError(s string, err error) *SyntaxError {
	if twice, ok := errors.AsType[*tree.DuplicateError](err); ok {
		return refuse("", "%s appears twice in the same object", quote(twice.Name))
	}
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := s[:min(int(at.Offset), len(s))]
		line := strings.Count(before, "\n") + 1
		return refuse("", "the policy is not JSON: line %d, character %d: %v", line, len(before)-strings.LastIndexByte(before, '\n')-1, at)
	}
	switch {
	case errors.Is(err, tree.ErrUTF8):
		return refuse("", "the policy is not UTF-8")
	case errors.Is(err, tree.ErrDepth):
		return refuse("", "the policy is nested deeper than %d", maxDepth)
	}
	return refuse("", "the policy is not JSON: %v", err)
}

// scalar tells whether a condition may compare with values of this kind.
func scalar(k tree.Kind) bool { return k == tree.Text || k == tree.Number || k == tree.Boolean }

// member returns the named member, or nil.
func member(n *tree.Node, name string) *tree.Node {
	for _, m := range n.Members {
		if m.Name == name {
			return m.Node
		}
	}
	return nil
}

// only refuses members with other names than these.
func only(element string, n *tree.Node, names ...string) *SyntaxError {
	for _, m := range n.Members {
		if !slices.Contains(names, m.Name) {
			return refuse(element, "there is no element %s", quote(m.Name))
		}
	}
	return nil
}

// texts returns the one string or the list of them.
func texts(element string, n *tree.Node) ([]string, *SyntaxError) {
	if n.Kind == tree.Text {
		return []string{n.Value}, nil
	}
	if n.Kind != tree.Array {
		return nil, refuse(element, "must be a string or a list of strings, not %s", n.Kind)
	}
	if len(n.Items) == 0 {
		return nil, refuse(element, "must not be empty")
	}
	for _, item := range n.Items {
		if item.Kind != tree.Text {
			return nil, refuse(element, "must be a string or a list of strings, not of %s", item.Kind)
		}
	}
	items := distinct(n.Items)
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item.Value
	}
	return list, nil
}

// distinct leaves out scalars that say the same as one before them: they would only take room.
func distinct(items []*tree.Node) []*tree.Node {
	if len(items) < 2 {
		return items
	}
	seen := make(map[string]bool, len(items))
	return slices.DeleteFunc(slices.Clone(items), func(n *tree.Node) bool {
		again := scalar(n.Kind) && seen[n.Value]
		seen[n.Value] = seen[n.Value] || scalar(n.Kind)
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
