// Package value is the values of select's SQL: their types, how they are read
// and written, and what they come to when they are compared, calculated with and
// cast. Expressions and records are not its business.
//
// A value of the archive's is a text, and stands for a number, a timestamp or a
// truth where one is wanted: [Text]. A string that the statement has stands for
// nothing else: [String]. NULL is what is not known, MISSING a column that a record
// does not have, and logic has three values: [Truth].
//
// An INT has 64 bits, a FLOAT is IEEE 754's with 64 bits and never infinite, a
// DECIMAL has 38 digits, and a TIMESTAMP has its precision. Whatever does not fit
// is an error, and never wraps around or turns infinite. What fails is an [*Error]
// without a place, which the caller knows.
//
// Every operation ends soon, whatever it is given: what stands for a number is
// bounded in its length, and decimals that are far apart are not written out. Only
// what goes through strings takes as long as these are. A value is never changed,
// so that any number of goroutines may have it.
package value

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"firn/internal/timestamp"
)

// A Kind is the type of a value.
type Kind uint8

// The types.
const (
	KindMissing Kind = iota // there is no such column
	KindNull
	KindBool
	KindInt
	KindFloat
	KindDecimal
	KindTimestamp
	KindString
	// KindText is a string of the archive's, or made of one: it becomes what it
	// is compared and calculated with. A string literal does not.
	KindText
)

// String is the name of the type as the language has it.
func (k Kind) String() string {
	return [...]string{"MISSING", "NULL", "BOOL", "INT", "FLOAT", "DECIMAL", "TIMESTAMP", "STRING", "STRING"}[k]
}

// KindNamed returns the type that CAST calls by a name, in upper case.
func KindNamed(name string) (Kind, bool) {
	switch name {
	case "BOOL":
		return KindBool, true
	case "INT", "INTEGER":
		return KindInt, true
	case "FLOAT":
		return KindFloat, true
	case "DECIMAL", "NUMERIC":
		return KindDecimal, true
	case "STRING":
		return KindString, true
	case "TIMESTAMP":
		return KindTimestamp, true
	}
	return 0, false
}

// A Value is what an expression is for one record; the zero Value is MISSING. The
// bytes of a string are whose they were when it was made, and good for as long. The
// methods change nothing: they take a pointer so that seven words are not copied.
type Value struct {
	kind  Kind
	scale uint8 // of a short decimal: how many digits of num are behind the point
	num   int64 // of a bool 0 or 1, of a float its bits
	text  []byte
	dec   *apd.Decimal // of a decimal that is not short
	time  *timestamp.Timestamp
}

// Missing is the value of a column that a record does not have.
func Missing() Value { return Value{} }

// Null is the value of what is not known.
func Null() Value { return Value{kind: KindNull} }

// Text is a value of the archive's, which may stand for a number, a timestamp or
// a truth where one is wanted. It keeps b.
func Text(b []byte) Value { return Value{kind: KindText, text: b} }

// String is a value that is a string and nothing else. It keeps b.
func String(b []byte) Value { return Value{kind: KindString, text: b} }

// Bool is a truth value.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// Int is an INT.
func Int(n int64) Value { return Value{kind: KindInt, num: n} }

// Float is a FLOAT. It is not infinite, and it is a number.
func Float(f float64) Value { return Value{kind: KindFloat, num: int64(math.Float64bits(f))} }

// Decimal is an integer as a DECIMAL.
func Decimal(n int64) Value { return short(n, 0) }

// Timestamp is a TIMESTAMP.
func Timestamp(t timestamp.Timestamp) Value { return Value{kind: KindTimestamp, time: &t} }

// Kind returns the type.
func (v *Value) Kind() Kind { return v.kind }

// IsAbsent reports whether the value is NULL or MISSING.
func (v *Value) IsAbsent() bool { return v.kind <= KindNull }

// IsText reports whether the value is a string, whatever it stands for.
func (v *Value) IsText() bool { return v.kind >= KindString }

func (v *Value) isNumber() bool { return KindInt <= v.kind && v.kind <= KindDecimal }

// Bytes returns the bytes of a string, which are not the caller's to change; of
// anything else there are none.
func (v *Value) Bytes() []byte { return v.text }

// Int returns the integer that an INT is; ok is false of any other value.
func (v *Value) Int() (n int64, ok bool) { return v.num, v.kind == KindInt }

func (v *Value) float() float64 { return math.Float64frombits(uint64(v.num)) }

// With is a string of the same kind with other bytes. It keeps b.
func (v *Value) With(b []byte) Value { return Value{kind: v.kind, text: b} }

// Kept is the value with bytes of its own.
func (v *Value) Kept() Value {
	kept := *v
	if v.text != nil {
		kept.text = append([]byte{}, v.text...)
	}
	return kept
}

// Append appends the value as a CSV field has it; NULL and MISSING are nothing.
func (v *Value) Append(dst []byte) []byte {
	switch v.kind {
	case KindBool:
		return strconv.AppendBool(dst, v.num != 0)
	case KindInt:
		return strconv.AppendInt(dst, v.num, 10)
	case KindFloat:
		return appendFloat(dst, v.float())
	case KindDecimal:
		return appendDecimal(dst, *v)
	case KindTimestamp:
		return v.time.Append(dst)
	case KindString, KindText:
		return append(dst, v.text...)
	default:
		return dst
	}
}

// Show is the value as the message of an [Error] has it: in one line, and not long.
func (v *Value) Show() string {
	switch {
	case v.IsAbsent():
		return v.kind.String()
	case v.IsText():
		return "'" + Clip(string(v.text)) + "'"
	}
	return Clip(string(v.Append(nil)))
}
