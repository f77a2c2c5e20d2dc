package value

import (
	"math"
	"math/bits"

	"github.com/cockroachdb/apd/v3"
)

// An Operator is one of + - * / %.
type Operator byte

// Calculate is a op b of two numbers. Integers stay integers, and divide as
// such; a FLOAT makes the result one, otherwise a DECIMAL does. The error is an
// *[Error]: DivideByZero, or NumericOverflow of what does not fit its type.
func Calculate(op Operator, a, b Value) (Value, error) {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return calculateInt(op, a.num, b.num)
	case a.kind == KindFloat || b.kind == KindFloat:
		return calculateFloat(op, toFloat(a), toFloat(b))
	}
	if v, ok := calculateShort(op, a, b); ok {
		return v, nil
	}
	return calculateDecimal(op, a, b)
}

func calculateInt(op Operator, a, b int64) (Value, error) {
	var n int64
	ok := true
	switch op {
	case '+':
		n = a + b
		ok = (n > a) == (b > 0)
	case '-':
		n = a - b
		ok = (n < a) == (b > 0)
	case '*':
		n, ok = multiply(a, b)
	default:
		switch {
		case b == 0:
			return Value{}, divisionByZero()
		case b == -1: // the one quotient that may not fit
			if op == '%' {
				return Int(0), nil
			}
			n, ok = -a, a != math.MinInt64
		case op == '/':
			n = a / b
		default:
			n = a % b
		}
	}
	if !ok {
		return Value{}, overflow(op, Int(a), Int(b))
	}
	return Int(n), nil
}

func multiply(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	switch {
	case hi != 0 || lo > 1<<63 || lo == 1<<63 && !negative:
		return 0, false
	case negative:
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func calculateFloat(op Operator, a, b float64) (Value, error) {
	var f float64
	switch op {
	case '+':
		f = a + b
	case '-':
		f = a - b
	case '*':
		f = a * b
	case '/':
		if b == 0 {
			return Value{}, divisionByZero()
		}
		f = a / b
	default:
		if b == 0 {
			return Value{}, divisionByZero()
		}
		f = math.Mod(a, b)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Value{}, overflow(op, Float(a), Float(b))
	}
	return Float(f), nil
}

// Negate is -v of a number. The error is an *[Error], NumericOverflow: the least INT
// has no opposite.
func Negate(v Value) (Value, error) {
	switch v.kind {
	case KindInt:
		if v.num == math.MinInt64 {
			return Value{}, overflow('-', Int(0), v)
		}
		return Int(-v.num), nil
	case KindFloat:
		return Float(-v.float()), nil
	}
	return decimalOf(new(apd.Decimal).Neg(toDecimal(v))), nil
}

func divisionByZero() error {
	return &Error{Code: "DivideByZero", Message: "division by zero"}
}

func overflow(op Operator, a, b Value) error {
	return &Error{Code: "NumericOverflow", Message: "the result of " + a.Show() + " " + string(rune(op)) + " " + b.Show() + " is too large"}
}
