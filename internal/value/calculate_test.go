package value

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/cockroachdb/apd/v3"
)

const operators = "+-*/%"

// calculated is the text of a op b, or the code of the error.
func calculated(t *testing.T, op Operator, a, b Value) string {
	t.Helper()
	v, err := Calculate(op, a, b)
	var e *Error
	switch {
	case err == nil:
		return string(v.Append(nil))
	case !errors.As(err, &e):
		t.Fatalf("error %v is not a *Error", err)
	}
	return e.Code
}

// integers have all sizes, and stand at the ends of some.
func integers() []int64 {
	all := []int64{0, 3037000499, 3037000500}
	for shift := range 64 {
		n := int64(1) << shift
		all = append(all, n-1, n, -n, -n-1, n+1)
	}
	return all
}

// exactly is a op b of integers as math/big has it.
func exactly(op Operator, a, b int64) string {
	x, y, z := big.NewInt(a), big.NewInt(b), new(big.Int)
	switch {
	case y.Sign() == 0 && (op == '/' || op == '%'):
		return "DivideByZero"
	case op == '+':
		z.Add(x, y)
	case op == '-':
		z.Sub(x, y)
	case op == '*':
		z.Mul(x, y)
	case op == '/':
		z.Quo(x, y)
	case op == '%':
		z.Rem(x, y)
	}
	if !z.IsInt64() {
		return "NumericOverflow"
	}
	return z.String()
}

func TestIntegers(t *testing.T) {
	all := integers()
	for _, a := range all {
		for _, b := range all {
			for _, op := range operators {
				if got, want := calculated(t, Operator(op), Int(a), Int(b)), exactly(Operator(op), a, b); got != want {
					t.Fatalf("%d %c %d is %s, want %s", a, op, b, got, want)
				}
			}
		}
	}
}

// FuzzCalculate calculates with decimals that are short and the same ones as long
// ones: it must make no difference.
func FuzzCalculate(f *testing.F) {
	f.Fuzz(func(t *testing.T, m int64, mScale uint8, n int64, nScale uint8) {
		mScale, nScale = mScale%(maxScale+1), nScale%(maxScale+1)
		long := func(n int64, scale uint8) Value {
			return Value{kind: KindDecimal, dec: apd.New(n, -int32(scale))}
		}
		a, b, longA, longB := short(m, mScale), short(n, nScale), long(m, mScale), long(n, nScale)
		for _, op := range operators {
			got, want := calculated(t, Operator(op), a, b), calculated(t, Operator(op), longA, longB)
			x, _ := ParseNumber([]byte(got))
			y, isNumber := ParseNumber([]byte(want))
			if got != want && (!isNumber || Compare(Equal, x, y) != Yes) { // they may differ in zeros at the end
				t.Errorf("%s %c %s is %s, want %s", a.Show(), op, b.Show(), got, want)
			}
		}
		got, _ := Order(a, b)
		if want, _ := Order(longA, longB); got != want {
			t.Errorf("%s with %s: %d, want %d", a.Show(), b.Show(), got, want)
		}
		if a.Show() != longA.Show() {
			t.Errorf("%s is written %s", longA.Show(), a.Show())
		}
	})
}

func TestNegate(t *testing.T) {
	long, _ := ParseNumber([]byte("99999999999999999999"))
	for _, tt := range []struct {
		name string
		v    Value
		want string
	}{
		{"integer", Int(5), "-5"},
		{"greatest integer", Int(math.MaxInt64), "-9223372036854775807"},
		{"least integer", Int(math.MinInt64), "NumericOverflow"},
		{"float", Float(1.5), "-1.5"},
		{"zero of a float", Float(0), "-0"},
		{"short decimal", short(-150, 2), "1.50"},
		{"short decimal of the least digits", short(math.MinInt64, 0), "9223372036854775808"},
		{"zero of a decimal", short(0, 2), "0.00"},
		{"long decimal", long, "-99999999999999999999"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.v.Show()
			v, err := Negate(tt.v)
			got := string(v.Append(nil))
			var e *Error
			if errors.As(err, &e) {
				got = e.Code
			}
			if got != tt.want || tt.v.Show() != before {
				t.Errorf("%s, want %s (and %s has become %s)", got, tt.want, before, tt.v.Show())
			}
		})
	}
}
