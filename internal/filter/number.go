package filter

import (
	"math"
	"strconv"
	"strings"

	"firn/internal/tree"
)

// A decimal is a number with five digits after the point, as an integer. Numbers are compared so.
type decimal int64

// The range of numbers, and how many parts one has.
const (
	maxNumber = 1e9
	parts     = 1e5
)

// The bounds of an open range.
const (
	lowest  decimal = -maxNumber * parts
	highest decimal = maxNumber * parts
)

// parseDecimal reads a number that is in the range.
func parseDecimal(s string) (decimal, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(math.Abs(f) <= maxNumber) { // which a NaN is not
		return 0, false
	}
	return decimal(math.Round(f * parts)), true
}

// maxFastDigits is how many digits strconv always has a fast way for.
const maxFastDigits = 19

// numberWork is what it costs to parse a number.
func numberWork(s string) int {
	digits := strings.TrimLeft(s, "+-0.")
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		digits = digits[:i]
	}
	if len(digits) <= maxFastDigits {
		return parseWork + len(s)/bytesPerWork
	}
	return slowWork + len(s)/2
}

// bounds is a range of numbers, both ends included.
type bounds struct{ low, high decimal }

func (t bounds) match(m *Message, v *value) bool {
	d, ok := v.number(m)
	return ok && t.low <= d && d <= t.high
}

// compileNumeric reads one comparison, or a range: > or >= and then < or <=.
func compileNumeric(m tree.Member) (test, *Error) {
	if m.Kind != tree.Array {
		return nil, refuse("Value of numeric must be an array.")
	}
	if len(m.Items) == 0 {
		return nil, refuse("Invalid member in numeric match: ]")
	}
	operator := m.Items[0]
	if operator.Kind != tree.Text {
		return nil, refuse("Invalid member in numeric match: %s", clip(operator.Value))
	}
	switch operator.Value {
	case "=", "<", "<=", ">", ">=":
	default:
		return nil, refuse("Unrecognized numeric range operator: %s", clip(operator.Value))
	}
	first, err := operand(m.Items, 0)
	if err != nil {
		return nil, err
	}
	b := bounds{lowest, highest}
	b.apply(operator.Value, first)
	if len(m.Items) == 2 {
		return b, nil
	}
	if operator.Value != ">" && operator.Value != ">=" {
		return nil, refuse("Too many elements in numeric expression")
	}
	operator = m.Items[2]
	if operator.Kind != tree.Text {
		return nil, refuse("Bad value in numeric range: %s", clip(operator.Value))
	}
	if operator.Value != "<" && operator.Value != "<=" {
		return nil, refuse("Bad numeric range operator: %s", clip(operator.Value))
	}
	second, err := operand(m.Items, 2)
	if err != nil {
		return nil, err
	}
	if second <= first {
		return nil, refuse("Bottom must be less than top")
	}
	if len(m.Items) > 4 {
		return nil, refuse("Too many terms in numeric range expression")
	}
	b.apply(operator.Value, second)
	return b, nil
}

// operand reads the number that follows the operator at i.
func operand(items []*tree.Node, i int) (decimal, *Error) {
	if i+1 == len(items) || items[i+1].Kind != tree.Number {
		name := items[i].Value
		if name == "=" {
			name = "equals"
		}
		return 0, refuse("Value of %s must be numeric", name)
	}
	d, ok := parseDecimal(items[i+1].Value)
	if !ok {
		return 0, outOfRange()
	}
	return d, nil
}

// apply narrows the bounds. The neighbour of a number is a part away.
func (t *bounds) apply(operator string, d decimal) {
	switch operator {
	case "=":
		t.low, t.high = d, d
	case "<":
		t.high = d - 1
	case "<=":
		t.high = d
	case ">":
		t.low = d + 1
	case ">=":
		t.low = d
	}
}
