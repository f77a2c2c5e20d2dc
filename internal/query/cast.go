package query

import (
	"math"

	"firn/internal/timestamp"
)

// typeNamed returns the type that CAST calls by a name.
func typeNamed(name string) (kind, bool) {
	switch name {
	case "BOOL":
		return kindBool, true
	case "INT", "INTEGER":
		return kindInt, true
	case "FLOAT":
		return kindFloat, true
	case "DECIMAL", "NUMERIC":
		return kindDecimal, true
	case "STRING":
		return kindString, true
	case "TIMESTAMP":
		return kindTimestamp, true
	}
	return 0, false
}

// cast makes a value one of another type. NULL and MISSING stay what they are.
func cast(v Value, to kind) (Value, error) {
	if v.absent() {
		return v, nil
	}
	out, ok := convert(v, to)
	if !ok {
		return Value{}, &Error{Code: "CastFailed", Message: v.show() + " cannot be cast to " + to.String()}
	}
	return out, nil
}

func convert(v Value, to kind) (Value, bool) {
	switch {
	case to == kindString:
		if v.isText() {
			return String(v.text), true
		}
		return String(v.Append(nil)), true
	case v.isText():
		return castText(trimSpace(v.text), to)
	case v.kind == to:
		return v, true
	case v.kind == kindBool && to != kindTimestamp:
		return castNumber(integer(v.num), to)
	case v.isNumber() && to == kindBool:
		return Bool(!isZero(v)), true
	case v.isNumber():
		return castNumber(v, to)
	}
	return Value{}, false
}

// castText reads a text: all of it, or not at all.
func castText(b []byte, to kind) (Value, bool) {
	switch to {
	case kindBool:
		return parseBool(b)
	case kindInt:
		n, ok := parseInt(b)
		return integer(n), ok
	case kindFloat:
		f, ok := parseFloat(b)
		return float(f), ok
	case kindDecimal:
		if !isNumeric(b) {
			return Value{}, false
		}
		return parseDecimal(b)
	default:
		t, err := timestamp.Parse(b)
		return instant(t), err == nil
	}
}

// castNumber makes a number one of another type; an integer loses the fraction.
func castNumber(v Value, to kind) (Value, bool) {
	switch to {
	case kindInt:
		n, ok := toInt(v)
		return integer(n), ok
	case kindFloat:
		f := toFloat(v)
		return float(f), !math.IsInf(f, 0)
	case kindDecimal:
		return decimal(toDecimal(v)), true
	}
	return Value{}, false
}

func isZero(v Value) bool {
	switch v.kind {
	case kindInt:
		return v.num == 0
	case kindFloat:
		return v.float() == 0
	}
	return toDecimal(v).IsZero()
}
