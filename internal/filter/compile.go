package filter

import (
	"slices"
	"unsafe"
)

// An alternative is a list of conditions that must all hold. What a policy says without $or is one alternative; each $or has one for each
// of its branches, for every alternative of the rest.
type alternative []condition

// A condition is one key of a policy. In a body the path is the names that lead there, with dots between them.
type condition struct {
	path  string
	tests []test // one must match
}

// conditionSize is how many bytes a condition has.
const conditionSize = int(unsafe.Sizeof(condition{}))

// reserved are the words that keep an array of objects under $or from being its branches.
func reserved(name string) bool {
	switch name {
	case "exact", "exists", "prefix", "suffix", "equals-ignore-case", "numeric", "cidr", "anything-but", "wildcard", "=", "<", "<=", ">", ">=":
		return true
	}
	return false
}

// isOr tells whether a member is an OR of branches. Otherwise $or is a name like any other.
func isOr(m member) bool {
	if m.name != "$or" || m.kind != array || len(m.items) < 2 {
		return false
	}
	for _, branch := range m.items {
		if branch.kind != object || slices.ContainsFunc(branch.members, func(m member) bool { return reserved(m.name) }) {
			return false
		}
	}
	return true
}

// check refuses what is not of the shape of a policy.
func check(n *node) *Error {
	if len(n.members) == 0 {
		return refuse("Empty objects are not allowed")
	}
	for _, m := range n.members {
		switch {
		case isOr(m):
			for _, branch := range m.items {
				if err := check(branch); err != nil {
					return err
				}
			}
		case m.kind == object:
			if err := check(m.node); err != nil {
				return err
			}
		case m.kind != array:
			return refuse(`"%s" must be an object or an array`, clip(m.name))
		case len(m.items) == 0:
			return refuse("Empty arrays are not allowed")
		}
	}
	return nil
}

// nested tells whether a key of the policy holds an object.
func nested(n *node) bool {
	for _, m := range n.members {
		if m.kind == object || isOr(m) && slices.ContainsFunc(m.items, nested) {
			return true
		}
	}
	return false
}

// leaves counts the keys that have values.
func leaves(n *node) int {
	sum := 0
	for _, m := range n.members {
		switch {
		case isOr(m):
			for _, branch := range m.items {
				sum += leaves(branch)
			}
		case m.kind == object:
			sum += leaves(m.node)
		default:
			sum++
		}
	}
	return sum
}

// combinations is SNS's measure of a policy, up to one more than it may have: the product of the numbers of values (those that
// anything-but lists counted), each times the depth of its key; of an $or, the sum over its branches.
func combinations(n *node, depth int) int {
	product := 1
	for _, m := range n.members {
		factor := 0
		switch {
		case isOr(m):
			for _, branch := range m.items {
				factor = min(factor+combinations(branch, depth), maxCombinations+1)
			}
		case m.kind == object:
			factor = combinations(m.node, depth+1)
		default:
			factor = min(values(m.items)*depth, maxCombinations+1)
		}
		product = min(product*factor, maxCombinations+1)
	}
	return product
}

// values counts the values of a key. Each that anything-but lists is one, for each is compared. A numeric range is one, of two bounds.
func values(items []*node) int {
	sum := 0
	for _, item := range items {
		n := 1
		for _, m := range item.members {
			if m.name == "anything-but" {
				n = max(n, len(m.items))
			}
		}
		sum += n
	}
	return sum
}

// expand adds the conditions of an object to every alternative. There are no more alternatives than combinations.
func expand(n *node, path string, all []alternative) ([]alternative, *Error) {
	var err *Error
	for _, m := range n.members {
		switch {
		case isOr(m):
			var branches []alternative
			for _, branch := range m.items {
				more, err := expand(branch, path, all)
				if err != nil {
					return nil, err
				}
				branches = append(branches, more...)
			}
			all = branches
		case m.kind == object:
			if all, err = expand(m.node, path+m.name+".", all); err != nil {
				return nil, err
			}
		default:
			c := condition{path: path + m.name, tests: make([]test, len(m.items))}
			for i, item := range m.items {
				if c.tests[i], err = compile(item); err != nil {
					return nil, err
				}
			}
			grown := make([]alternative, len(all))
			for i, a := range all {
				grown[i] = append(slices.Clip(a), c)
			}
			all = grown
		}
	}
	return all, nil
}
