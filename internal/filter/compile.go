package filter

import (
	"slices"
	"unsafe"

	"firn/internal/tree"
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
func isOr(m tree.Member) bool {
	if m.Name != "$or" || m.Kind != tree.Array || len(m.Items) < 2 {
		return false
	}
	for _, branch := range m.Items {
		if branch.Kind != tree.Object || slices.ContainsFunc(branch.Members, func(m tree.Member) bool { return reserved(m.Name) }) {
			return false
		}
	}
	return true
}

// check refuses what is not of the shape of a policy.
func check(n *tree.Node) *Error {
	if len(n.Members) == 0 {
		return refuse("Empty objects are not allowed")
	}
	for _, m := range n.Members {
		switch {
		case isOr(m):
			for _, branch := range m.Items {
				if err := check(branch); err != nil {
					return err
				}
			}
		case m.Kind == tree.Object:
			if err := check(m.Node); err != nil {
				return err
			}
		case m.Kind != tree.Array:
			return refuse(`"%s" must be an object or an array`, clip(m.Name))
		case len(m.Items) == 0:
			return refuse("Empty arrays are not allowed")
		}
	}
	return nil
}

// nested tells whether a key of the policy holds an object.
func nested(n *tree.Node) bool {
	for _, m := range n.Members {
		if m.Kind == tree.Object || isOr(m) && slices.ContainsFunc(m.Items, nested) {
			return true
		}
	}
	return false
}

// leaves counts the keys that have values.
func leaves(n *tree.Node) int {
	sum := 0
	for _, m := range n.Members {
		switch {
		case isOr(m):
			for _, branch := range m.Items {
				sum += leaves(branch)
			}
		case m.Kind == tree.Object:
			sum += leaves(m.Node)
		default:
			sum++
		}
	}
	return sum
}

// combinations is SNS's measure of a policy, up to one more than it may have: the product of the numbers of values (those that
// anything-but lists counted), each times the depth of its key; of an $or, the sum over its branches.
func combinations(n *tree.Node, depth int) int {
	product := 1
	for _, m := range n.Members {
		factor := 0
		switch {
		case isOr(m):
			for _, branch := range m.Items {
				factor = min(factor+combinations(branch, depth), maxCombinations+1)
			}
		case m.Kind == tree.Object:
			factor = combinations(m.Node, depth+1)
		default:
			factor = min(values(m.Items)*depth, maxCombinations+1)
		}
		product = min(product*factor, maxCombinations+1)
	}
	return product
}

// values counts the values of a key. Each that anything-but lists is one, for each is compared. A numeric range is one, of two bounds.
func values(items []*tree.Node) int {
	sum := 0
	for _, item := range items {
		n := 1
		for _, m := range item.Members {
			if m.Name == "anything-but" {
				n = max(n, len(m.Items))
			}
		}
		sum += n
	}
	return sum
}

// expand adds the conditions of an object to every alternative. There are no more alternatives than combinations.
func expand(n *tree.Node, path string, all []alternative) ([]alternative, *Error) {
	var err *Error
	for _, m := range n.Members {
		switch {
		case isOr(m):
			var branches []alternative
			for _, branch := range m.Items {
				more, err := expand(branch, path, all)
				if err != nil {
					return nil, err
				}
				branches = append(branches, more...)
			}
			all = branches
		case m.Kind == tree.Object:
			if all, err = expand(m.Node, path+m.Name+".", all); err != nil {
				return nil, err
			}
		default:
			c := condition{path: path + m.Name, tests: make([]test, len(m.Items))}
			for i, item := range m.Items {
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
