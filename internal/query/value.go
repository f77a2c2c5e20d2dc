package query

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"firn/internal/timestamp"
)

// A kind is the type of a value.
type kind uint8

const (
	kindMissing kind = iota // there is no such column
	kindNull
	kindBool
	kindInt
	kindFloat
	kindDecimal
	kindTimestamp
	kindString
	// kindText is a string of the archive's, or made of one: it becomes what it
	// is compared and calculated with. A string literal does not.
	kindText
)

// String is the name of the type as the language has it.
func (k kind) String() string {
	return [...]string{"MISSING", "NULL", "BOOL", "INT", "FLOAT", "DECIMAL", "TIMESTAMP", "STRING", "STRING"}[k]
}

// A Value is what an expression is for one record. The bytes of a string belong
// to the record, and are good until the next one.
type Value struct {
	kind  kind
	scale uint8 // of a short decimal: how many digits of num are behind the point
	num   int64 // of a bool 0 or 1, of a float its bits
	text  []byte
	dec   *apd.Decimal // of a decimal that is not short
	time  *timestamp.Timestamp
}

// Missing is the value of a column that a record does not have.
func Missing() Value { return Value{} }

// Null is the value of what is not known.
func Null() Value { return Value{kind: kindNull} }

// Text is a value of the archive's, which may stand for a number, a timestamp or
// a truth where one is wanted. It keeps b.
func Text(b []byte) Value { return Value{kind: kindText, text: b} }

// String is a value that is a string and nothing else. It keeps b.
func String(b []byte) Value { return Value{kind: kindString, text: b} }

// Bool is a truth value.
func Bool(b bool) Value {
	if b {
		return Value{kind: kindBool, num: 1}
	}
	return Value{kind: kindBool}
}

// Number is the value of a number as JSON and SQL write it: an INT if it is whole
// and fits, else a DECIMAL. If b is no number, ok is false.
func Number(b []byte) (v Value, ok bool) { return parseNumber(b) }

func integer(n int64) Value { return Value{kind: kindInt, num: n} }

func float(f float64) Value { return Value{kind: kindFloat, num: int64(math.Float64bits(f))} }

func instant(t timestamp.Timestamp) Value { return Value{kind: kindTimestamp, time: &t} }

func (v Value) float() float64 { return math.Float64frombits(uint64(v.num)) }

// absent reports whether the value is NULL or MISSING.
func (v Value) absent() bool { return v.kind <= kindNull }

// isText reports whether the value is a string.
func (v Value) isText() bool { return v.kind >= kindString }

// isNumber reports whether the value is a number.
func (v Value) isNumber() bool { return kindInt <= v.kind && v.kind <= kindDecimal }

// kept is the value with bytes of its own.
func (v Value) kept() Value {
	if v.text != nil {
		v.text = append([]byte{}, v.text...)
	}
	return v
}

// Append appends the value as a CSV field has it; NULL and MISSING are nothing.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case kindBool:
		return strconv.AppendBool(dst, v.num != 0)
	case kindInt:
		return strconv.AppendInt(dst, v.num, 10)
	case kindFloat:
		return appendFloat(dst, v.float())
	case kindDecimal:
		return appendDecimal(dst, v)
	case kindTimestamp:
		return v.time.Append(dst)
	case kindString, kindText:
		return append(dst, v.text...)
	default:
		return dst
	}
}

// Bytes returns the bytes of a string, and of nothing else.
func (v Value) Bytes() (b []byte, ok bool) { return v.text, v.isText() }

// show is the value as an error has it.
func (v Value) show() string {
	switch {
	case v.absent():
		return v.kind.String()
	case v.isText():
		return "'" + clip(string(v.text)) + "'"
	}
	return clip(string(v.Append(nil)))
}

// A truth is what a condition is: yes, no, or unknown.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case no:
		return yes
	case yes:
		return no
	}
	return unknown
}

func (t truth) value() Value {
	if t == unknown {
		return Null()
	}
	return Bool(t == yes)
}
