package value

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"
)

// FuzzNumber holds the readers of numbers against the standard library's, and against
// each other.
func FuzzNumber(f *testing.F) {
	form := regexp.MustCompile(`\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z`)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxLiteral {
			t.Skip()
		}
		numeric := form.Match(b)
		n, isInt := ParseInt(b)
		if want, err := strconv.ParseInt(string(b), 10, 64); isInt != (err == nil) || isInt && n != want {
			t.Errorf("%q as an integer is %d, %v; want %d, %v", b, n, isInt, want, err)
		}
		x, isFloat := ParseFloat(b)
		want, err := strconv.ParseFloat(string(b), 64)
		if isFloat != (numeric && err == nil) || isFloat && x != want {
			t.Errorf("%q as a float is %v, %v; want %v, %v", b, x, isFloat, want, err)
		}
		v, ok := ParseNumber(b)
		switch {
		case ok && !numeric, numeric && !ok && !bytes.ContainsAny(b, "eE"): // a DECIMAL's exponent has its ends
			t.Fatalf("%q is a number: %v", b, ok)
		case !ok:
			return
		}
		if i, ok := v.Int(); ok != isInt || i != n && ok {
			t.Errorf("%q is the integer %d, %v; want %d, %v", b, i, ok, n, isInt)
		}
		written := v.Append(nil)
		again, ok := ParseNumber(written)
		if c, comparable := Order(v, again); !ok || !comparable || c != 0 {
			t.Errorf("%q is written %s, which is %s", b, written, again.Show())
		}
	})
}
