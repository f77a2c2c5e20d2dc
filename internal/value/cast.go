package value

import (
	"math"

	"firn/internal/timestamp"
)

// Cast makes a value one of another type, which is neither NULL nor MISSING; these
// two stay what they are. The error is an *[Error], CastFailed.
func Cast(v Value, to Kind) (Value, error) {
	if v.IsAbsent() {
		return v, nil
	}
	out, ok := convert(v, to)
	if !ok {
		return Value{}, &Error{Code: "CastFailed", Message: v.Show() + " cannot be cast to " + to.String()}
	}
	return out, nil
}

func convert(v Value, to Kind) (Value, bool) {
	switch {
	case to == KindString:
		if v.IsText() {
			return String(v.text), true
		}
		return String(v.Append(nil)), true
	case v.IsText():
		return castText(trimSpace(v.text), to)
	case v.kind == to:
		return v, true
	case v.kind == KindBool && to != KindTimestamp:
		return castNumber(Int(v.num), to)
	case v.isNumber() && to == KindBool:
		return Bool(!isZero(v)), true
	case v.isNumber():
		return castNumber(v, to)
	}
	return Value{}, false
}

// castText reads a text: all of it, or not at all.
func castText(b []byte, to Kind) (Value, bool) {
	switch to {
	case KindBool:
		return parseBool(b)
	case KindInt:
		n, ok := ParseInt(b)
		return Int(n), ok
	case KindFloat:
		f, ok := ParseFloat(b)
		return Float(f), ok
	case KindDecimal:
		if !isNumeric(b) {
			return Value{}, false
		}
		return parseDecimal(b)
	default:
		t, err := timestamp.Parse(b)
		return Timestamp(t), err == nil
	}
}

// castNumber makes a number one of another type; an integer loses the fraction.
func castNumber(v Value, to Kind) (Value, bool) {
	switch to {
	case KindInt:
		n, ok := toInt(v)
		return Int(n), ok
	case KindFloat:
		f := toFloat(v)
		return Float(f), !math.IsInf(f, 0)
	case KindDecimal:
		return decimalOf(toDecimal(v)), true
	}
	return Value{}, false
}

func isZero(v Value) bool {
	switch v.kind {
	case KindInt:
		return v.num == 0
	case KindFloat:
		return v.float() == 0
	}
	return toDecimal(v).IsZero()
}
