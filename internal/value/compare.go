package value

import (
	"bytes"
	"cmp"

	"firn/internal/timestamp"
)

// Order compares two values that are neither NULL nor MISSING. ok is false if
// they are of types that do not compare.
//
// Numbers of different types compare by value, through FLOAT if one of them is
// such. A text stands for what it is compared with, if it can.
func Order(a, b Value) (c int, ok bool) {
	switch {
	case a.IsText() && b.IsText():
		return bytes.Compare(a.text, b.text), true
	case a.kind == KindText:
		if a, ok = textAs(a, b.kind); !ok {
			return 0, false
		}
	case b.kind == KindText:
		if b, ok = textAs(b, a.kind); !ok {
			return 0, false
		}
	}
	switch {
	case a.isNumber() && b.isNumber():
		return orderNumbers(a, b), true
	case a.kind != b.kind:
		return 0, false
	case a.kind == KindBool:
		return cmp.Compare(a.num, b.num), true
	case a.kind == KindTimestamp:
		return a.time.Compare(*b.time), true
	}
	return 0, false
}

// textAs reads a text as what is compared with a value of a kind.
func textAs(v Value, k Kind) (Value, bool) {
	text := trimSpace(v.text)
	switch k {
	case KindInt, KindFloat, KindDecimal:
		return ParseNumber(text)
	case KindBool:
		return parseBool(text)
	case KindTimestamp:
		t, err := timestamp.Parse(text)
		return Timestamp(t), err == nil
	}
	return Value{}, false
}

func orderNumbers(a, b Value) int {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return cmp.Compare(a.num, b.num)
	case a.kind == KindFloat || b.kind == KindFloat:
		return cmp.Compare(toFloat(a), toFloat(b))
	}
	return orderDecimals(a, b)
}

// A Comparison is one of = <> < <= > >=.
type Comparison uint8

// The comparisons.
const (
	Equal Comparison = iota
	Unequal
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
)

// Holds reports whether the comparison is true of an order: less than, equal to or
// greater than 0.
func (op Comparison) Holds(c int) bool {
	switch op {
	case Equal:
		return c == 0
	case Unequal:
		return c != 0
	case Less:
		return c < 0
	case LessOrEqual:
		return c <= 0
	case Greater:
		return c > 0
	default:
		return c >= 0
	}
}

// Swapped is the comparison of b with a that says the same.
func (op Comparison) Swapped() Comparison {
	switch op {
	case Less:
		return Greater
	case LessOrEqual:
		return GreaterOrEqual
	case Greater:
		return Less
	case GreaterOrEqual:
		return LessOrEqual
	}
	return op
}

// Compare decides a comparison. With NULL or MISSING it is unknown. Values of
// types that do not compare are not equal, and neither less nor greater.
func Compare(op Comparison, a, b Value) Truth {
	if a.IsAbsent() || b.IsAbsent() {
		return Unknown
	}
	c, ok := Order(a, b)
	switch {
	case ok:
		return TruthOf(op.Holds(c))
	case op == Equal:
		return No
	case op == Unequal:
		return Yes
	}
	return Unknown
}
