package awsapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	maxParameters = 4096
	maxDepth      = 8   // dots in a parameter's name, and one
	maxMembers    = 256 // of a list, or of a map
)

// A node is a parameter, and those whose names go on after its and a dot.
type node struct {
	values []string
	below  map[string]*node
}

// grow makes a tree of a form. Names that are too deep are no parameters of
// anything.
func grow(form url.Values) *node {
	root := &node{}
	for name, values := range form {
		if strings.Count(name, ".") >= maxDepth {
			continue
		}
		n := root
		for part := range strings.SplitSeq(name, ".") {
			next := n.below[part]
			if next == nil {
				next = &node{}
				if n.below == nil {
					n.below = map[string]*node{}
				}
				n.below[part] = next
			}
			n = next
		}
		n.values = values
	}
	return root
}

// at follows a dotted path, to nil if nothing is there.
func (n *node) at(path string) *node {
	for part := range strings.SplitSeq(path, ".") {
		if n == nil {
			return nil
		}
		n = n.below[part]
	}
	return n
}

// A member is one of a list, by its number.
type member struct {
	number int
	node   *node
}

// members are what is below a list, in the order of their numbers, which may
// have gaps. It is not ok if something else is there, or too much.
func (n *node) members() (list []member, ok bool) {
	if n == nil {
		return nil, true
	}
	if len(n.below) > maxMembers {
		return nil, false
	}
	for part, below := range n.below {
		i, err := strconv.Atoi(part)
		if err != nil || i < 1 || strconv.Itoa(i) != part {
			return nil, false
		}
		list = append(list, member{i, below})
	}
	slices.SortFunc(list, func(a, b member) int { return a.number - b.number })
	return list, true
}
