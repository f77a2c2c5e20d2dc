package value

import (
	"bytes"

	"firn/internal/timestamp"
)

// MaxScalar is how many bytes of text stand for a number, a timestamp or a truth,
// white space around it included. A longer text is none, and not looked at.
const MaxScalar = 1000

// trimSpace cuts spaces and tabs at both ends of what may be a scalar; what may not
// becomes nothing.
func trimSpace(b []byte) []byte {
	if len(b) > MaxScalar {
		return nil
	}
	if len(b) > 0 && (b[0] <= ' ' || b[len(b)-1] <= ' ') {
		return bytes.Trim(b, " \t\r\n")
	}
	return b
}

// AsNumber returns the value as a number, if it is one or is a [Text] that stands
// for one. White space around it does not count.
func (v *Value) AsNumber() (Value, bool) {
	switch {
	case v.isNumber():
		return *v, true
	case v.kind == KindText:
		return ParseNumber(trimSpace(v.text))
	}
	return Value{}, false
}

// AsTimestamp returns the value as a timestamp, if it is one or is a [Text] that
// stands for one. White space around it does not count.
func (v *Value) AsTimestamp() (timestamp.Timestamp, bool) {
	switch v.kind {
	case KindTimestamp:
		return *v.time, true
	case KindText:
		t, err := timestamp.Parse(trimSpace(v.text))
		return t, err == nil
	}
	return timestamp.Timestamp{}, false
}

// AsBool returns the value as a truth, if it is one or is a [Text] that stands for
// one. White space around it does not count.
func (v *Value) AsBool() (b, ok bool) {
	switch v.kind {
	case KindBool:
		return v.num != 0, true
	case KindText:
		t, ok := parseBool(trimSpace(v.text))
		return t.num != 0, ok
	}
	return false, false
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
