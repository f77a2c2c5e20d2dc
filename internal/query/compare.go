package query

import (
	"bytes"
	"cmp"

	"firn/internal/timestamp"
)

// order compares two values that are neither NULL nor MISSING. ok is false if
// they are of types that do not compare.
//
// Numbers of different types compare by value, through FLOAT if one of them is
// such. A text stands for what it is compared with, if it can.
func order(a, b Value) (c int, ok bool) {
	switch {
	case a.isText() && b.isText():
		return bytes.Compare(a.text, b.text), true
	case a.kind == kindText:
		if a, ok = textAs(a, b.kind); !ok {
			return 0, false
		}
	case b.kind == kindText:
		if b, ok = textAs(b, a.kind); !ok {
			return 0, false
		}
	}
	switch {
	case a.isNumber() && b.isNumber():
		return orderNumbers(a, b), true
	case a.kind != b.kind:
		return 0, false
	case a.kind == kindBool:
		return cmp.Compare(a.num, b.num), true
	case a.kind == kindTimestamp:
		return a.time.Compare(*b.time), true
	}
	return 0, false
}

// textAs reads a text as what is compared with a value of a kind.
func textAs(v Value, k kind) (Value, bool) {
	text := trimSpace(v.text)
	switch k {
	case kindInt, kindFloat, kindDecimal:
		return parseNumber(text)
	case kindBool:
		return parseBool(text)
	case kindTimestamp:
		t, err := timestamp.Parse(text)
		return instant(t), err == nil
	}
	return Value{}, false
}

func parseBool(b []byte) (Value, bool) {
	switch {
	case bytes.EqualFold(b, []byte("true")):
		return Bool(true), true
	case bytes.EqualFold(b, []byte("false")):
		return Bool(false), true
	}
	return Value{}, false
}

func orderNumbers(a, b Value) int {
	switch {
	case a.kind == kindInt && b.kind == kindInt:
		return cmp.Compare(a.num, b.num)
	case a.kind == kindFloat || b.kind == kindFloat:
		return cmp.Compare(toFloat(a), toFloat(b))
	}
	return orderDecimals(a, b)
}

// A comparison is one of = <> < <= > >=.
type comparison uint8

const (
	equal comparison = iota
	unequal
	less
	lessOrEqual
	greater
	greaterOrEqual
)

// holds reports whether the comparison is true of an order.
func (op comparison) holds(c int) bool {
	switch op {
	case equal:
		return c == 0
	case unequal:
		return c != 0
	case less:
		return c < 0
	case lessOrEqual:
		return c <= 0
	case greater:
		return c > 0
	default:
		return c >= 0
	}
}

// swapped is the comparison of b with a that says the same.
func (op comparison) swapped() comparison {
	switch op {
	case less:
		return greater
	case lessOrEqual:
		return greaterOrEqual
	case greater:
		return less
	case greaterOrEqual:
		return lessOrEqual
	}
	return op
}

// compare decides a comparison. With NULL or MISSING it is unknown. Values of
// types that do not compare are not equal, and neither less nor greater.
func compare(op comparison, a, b Value) truth {
	if a.absent() || b.absent() {
		return unknown
	}
	c, ok := order(a, b)
	switch {
	case ok:
		return truthOf(op.holds(c))
	case op == equal:
		return no
	case op == unequal:
		return yes
	}
	return unknown
}

// compare decides a comparison, and counts the work if both are long texts.
func (env *Env) compare(op comparison, a, b Value) (truth, error) {
	if n := min(len(a.text), len(b.text)); n > maxScalar {
		if err := env.work.spend(n / 64); err != nil {
			return unknown, err
		}
	}
	return compare(op, a, b), nil
}
