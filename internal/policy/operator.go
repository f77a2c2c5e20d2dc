package policy

import (
	"strings"
)

// An operator is how a condition compares.
type operator struct {
	kind     operatorKind
	relation relation // of numbers and dates
	negated  bool
	set      set
	ifExists bool
}

type operatorKind int

const (
	stringEquals operatorKind = iota
	stringEqualsIgnoreCase
	stringLike
	numeric
	date
	boolOperator
	binaryEquals
	ipAddress
	arnLike
	nullOperator
)

// A relation is what the order of a request's value and the policy's must be.
type relation int

const (
	equal relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// holds takes the order as cmp.Compare gives it.
func (r relation) holds(order int) bool {
	switch r {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	case greaterOrEqual:
		return order >= 0
	}
	return order == 0
}

// A set says how a condition looks at several values in a request.
type set int

const (
	noSet set = iota
	forAny
	forAll
)

// parseOperator reads a name such as "ForAnyValue:StringLikeIfExists".
func parseOperator(full string) (operator, *SyntaxError) {
	name := strings.ToLower(full)
	set := noSet
	if rest, ok := strings.CutPrefix(name, "foranyvalue:"); ok {
		set, name = forAny, rest
	} else if rest, ok := strings.CutPrefix(name, "forallvalues:"); ok {
		set, name = forAll, rest
	}
	name, ifExists := strings.CutSuffix(name, "ifexists")
	o, ok := operatorNamed(name)
	switch {
	case !ok:
		return o, refuse("Condition", "there is no operator %s", quote(full))
	case o.kind == nullOperator && ifExists:
		return o, refuse("Condition", "%s: Null takes no IfExists", quote(full))
	case o.kind == nullOperator && set != noSet:
		return o, refuse("Condition", "%s: Null takes no set operator", quote(full))
	}
	o.set, o.ifExists = set, ifExists
	return o, nil
}

// operatorNamed takes a name in lower case.
func operatorNamed(name string) (operator, bool) {
	if rest, ok := strings.CutPrefix(name, "numeric"); ok {
		return ordered(numeric, rest)
	}
	if rest, ok := strings.CutPrefix(name, "date"); ok {
		return ordered(date, rest)
	}
	switch name {
	case "stringequals":
		return operator{kind: stringEquals}, true
	case "stringnotequals":
		return operator{kind: stringEquals, negated: true}, true
	case "stringequalsignorecase":
		return operator{kind: stringEqualsIgnoreCase}, true
	case "stringnotequalsignorecase":
		return operator{kind: stringEqualsIgnoreCase, negated: true}, true
	case "stringlike":
		return operator{kind: stringLike}, true
	case "stringnotlike":
		return operator{kind: stringLike, negated: true}, true
	case "bool":
		return operator{kind: boolOperator}, true
	case "binaryequals":
		return operator{kind: binaryEquals}, true
	case "ipaddress":
		return operator{kind: ipAddress}, true
	case "notipaddress":
		return operator{kind: ipAddress, negated: true}, true
	case "arnequals", "arnlike":
		return operator{kind: arnLike}, true
	case "arnnotequals", "arnnotlike":
		return operator{kind: arnLike, negated: true}, true
	case "null":
		return operator{kind: nullOperator}, true
	}
	return operator{}, false
}

// ordered takes what follows Numeric or Date.
func ordered(kind operatorKind, name string) (operator, bool) {
	o := operator{kind: kind}
	switch name {
	case "equals":
		o.relation = equal
	case "notequals":
		o.relation, o.negated = equal, true
	case "lessthan":
		o.relation = less
	case "lessthanequals":
		o.relation = lessOrEqual
	case "greaterthan":
		o.relation = greater
	case "greaterthanequals":
		o.relation = greaterOrEqual
	default:
		return operator{}, false
	}
	return o, true
}

// compile makes the test for a value of the policy.
func (o operator) compile(variables bool, element, value string) (test, *SyntaxError) {
	switch o.kind {
	case stringEquals, stringEqualsIgnoreCase, stringLike, arnLike:
		return o.compileText(variables, element, value)
	}
	if variables && strings.Contains(value, "${") {
		return nil, refuse(element, "%s: only the String and Arn operators take variables", quote(value))
	}
	switch o.kind {
	case numeric:
		if n, ok := parseNumber(value); ok {
			return numberTest{o.relation, n}, nil
		}
		return nil, refuse(element, "%s is not a number", quote(value))
	case date:
		if d, ok := parseDate(value); ok {
			return dateTest{o.relation, d}, nil
		}
		return nil, refuse(element, "%s is neither a date, such as 2026-01-31T00:00:00Z, nor seconds since 1970", quote(value))
	case boolOperator:
		if b, ok := parseBool(value); ok {
			return boolTest(b), nil
		}
		return nil, refuse(element, "%s is neither true nor false", quote(value))
	case binaryEquals:
		if b, ok := parseBinary(value); ok {
			return exactTest(b), nil
		}
		return nil, refuse(element, "%s is not base64", quote(value))
	}
	if p, ok := parsePrefix(value); ok {
		return prefixTest(p), nil
	}
	return nil, refuse(element, "%s is neither an IP address nor a range such as 192.0.2.0/24", quote(value))
}
