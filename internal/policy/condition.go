package policy

import (
	"strings"

	"firn/internal/tree"
)

// A condition is one operator with one key of a Condition element. All those of a statement must hold.
type condition struct {
	key      string
	operator operator
	tests    []test // one for each value in the policy; nil for Null
	absent   bool   // of Null: holds if the key is absent
	present  bool   // of Null: holds if it is there
}

// A test compares a value of a request with a value of the policy.
type test interface {
	match(value string, e *evaluation) bool
}

func parseConditions(kind Kind, variables bool, n *tree.Node) ([]condition, *SyntaxError) {
	if n == nil {
		return nil, nil
	}
	if n.Kind != tree.Object {
		return nil, refuse("Condition", "must be an object, not %s", n.Kind)
	}
	var all []condition
	seen := make(map[string]bool)
	for _, m := range n.Members {
		element := "Condition: " + clip(m.Name)
		operator, err := parseOperator(m.Name)
		if err != nil {
			return nil, err
		}
		if folded := strings.ToLower(m.Name); seen[folded] {
			return nil, refuse(element, "appears twice, in different case")
		} else {
			seen[folded] = true
		}
		if m.Kind != tree.Object {
			return nil, refuse(element, "must be an object, not %s", m.Kind)
		}
		keys := make(map[string]bool)
		for _, k := range m.Members {
			c, err := parseCondition(kind, variables, operator, element, k)
			if err != nil {
				return nil, err
			}
			if keys[c.key] {
				return nil, refuse(element, "the key %s appears twice, in different case", quote(k.Name))
			}
			keys[c.key] = true
			all = append(all, c)
		}
	}
	return all, nil
}

func parseCondition(kind Kind, variables bool, o operator, element string, k tree.Member) (condition, *SyntaxError) {
	c := condition{key: foldKey(k.Name), operator: o}
	vendor, name, _ := strings.Cut(c.key, ":")
	if vendor == "" || name == "" || strings.ContainsAny(vendor, "/ ") {
		return c, refuse(element, "%s is not a condition key: those are of the form vendor:name", quote(k.Name))
	}
	if kind == Resource && vendor != "aws" && vendor != "glacier" {
		return c, refuse(element, "%s is not a condition key of a vault: those begin with aws: or glacier:", quote(k.Name))
	}
	element += ": " + clip(k.Name)
	values := []*tree.Node{k.Node}
	if k.Kind == tree.Array {
		values = distinct(k.Items)
	}
	if len(values) == 0 {
		return c, refuse(element, "must not be empty")
	}
	if o.kind != nullOperator {
		c.tests = make([]test, 0, len(values))
	}
	for _, v := range values {
		if err := c.add(variables, element, v); err != nil {
			return c, err
		}
	}
	return c, nil
}

// add compiles one value of the policy.
func (c *condition) add(variables bool, element string, v *tree.Node) *SyntaxError {
	if !scalar(v.Kind) {
		return refuse(element, "must be a string, a number, a boolean or a list of them, not %s", v.Kind)
	}
	if c.operator.kind == nullOperator {
		absent, ok := parseBool(v.Value)
		if !ok {
			return refuse(element, "%s is neither true nor false", quote(v.Value))
		}
		c.absent, c.present = c.absent || absent, c.present || !absent
		return nil
	}
	t, err := c.operator.compile(variables, element, v.Value)
	if err != nil {
		return err
	}
	c.tests = append(c.tests, t)
	return nil
}

func (c *condition) holds(e *evaluation) bool {
	values := e.values(c.key)
	o := &c.operator
	switch {
	case o.kind == nullOperator:
		return len(values) == 0 && c.absent || len(values) > 0 && c.present
	case len(values) == 0 && o.ifExists:
		return true
	case o.set != noSet && allEmpty(values):
		return o.set == forAll
	case len(values) == 0:
		return o.negated
	}
	switch o.set {
	case forAny:
		for _, v := range values {
			if c.matches(v, e) != o.negated {
				return true
			}
		}
		return false
	case forAll:
		for _, v := range values {
			if c.matches(v, e) == o.negated {
				return false
			}
		}
		return true
	}
	for _, v := range values {
		if c.matches(v, e) {
			return !o.negated
		}
	}
	return o.negated
}

// matches says whether a value of the request is like one of the policy, before negation.
func (c *condition) matches(value string, e *evaluation) bool {
	for _, t := range c.tests {
		if !e.spend(1) {
			return false
		}
		if t.match(value, e) {
			return true
		}
	}
	return false
}

func allEmpty(values []string) bool {
	for _, v := range values {
		if v != "" {
			return false
		}
	}
	return true
}
