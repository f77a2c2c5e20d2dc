package value

import (
	"cmp"
	"errors"
	"strconv"

	"github.com/cockroachdb/apd/v3"
)

// A DECIMAL is short or long. A short one is an integer of 64 bits, num, and a
// number of digits behind the point, scale, as nearly all are that are read and
// most that are made of those; it takes no memory. A long one is dec.

const (
	// decimalDigits is how many significant digits a DECIMAL has.
	decimalDigits = 38
	// plainExponent bounds the decimals that are written without an exponent.
	plainExponent = 60
	// maxScale is how many digits a short decimal has behind the point at most.
	maxScale = 18
)

// decimals calculates with 38 digits, rounded half to even. Its exponents end at
// ±100,000, where Glacier's went to 2^31.
func decimals() *apd.Context {
	return &apd.Context{
		Precision: decimalDigits, Rounding: apd.RoundHalfEven,
		MaxExponent: apd.MaxExponent, MinExponent: apd.MinExponent,
		Traps: apd.Overflow | apd.DivisionByZero | apd.DivisionUndefined | apd.DivisionImpossible | apd.InvalidOperation | apd.SystemOverflow,
	}
}

// decimalOf is a long decimal, made short if it can be. There is no negative zero.
func decimalOf(d *apd.Decimal) Value {
	if d.Exponent <= 0 && d.Exponent >= -maxScale && d.Coeff.IsInt64() {
		n := d.Coeff.Int64()
		if d.Negative {
			n = -n
		}
		return short(n, uint8(-d.Exponent))
	}
	d.Negative = d.Negative && !d.IsZero()
	return Value{kind: KindDecimal, dec: d}
}

// short is n with a point before the last scale digits, which are maxScale at most.
func short(n int64, scale uint8) Value { return Value{kind: KindDecimal, num: n, scale: scale} }

// maxLiteral bounds the digits of a number in an expression.
const maxLiteral = 2000

// parseDecimal reads a number that isNumeric.
func parseDecimal(b []byte) (Value, bool) {
	if len(b) > maxLiteral {
		return Value{}, false
	}
	if v, ok := parseShort(b); ok {
		return short(v.num, v.scale), true
	}
	d := new(apd.Decimal)
	if _, _, err := decimals().SetString(d, string(b)); err != nil {
		return Value{}, false
	}
	return decimalOf(d), true
}

// parseShort reads a number of 18 characters at most, and without an exponent, as
// most are: an INT if it has no point. It does not say that something is no number.
func parseShort(b []byte) (Value, bool) {
	n, scale, point, ok := readShort(b)
	if !point {
		return Int(n), ok
	}
	return short(n, scale), ok
}

// readShort reads such a number as an integer and how many of its digits are behind
// the point.
func readShort(b []byte) (n int64, scale uint8, point, ok bool) {
	if len(b) == 0 || len(b) > maxScale {
		return 0, 0, false, false
	}
	digits := b
	if b[0] == '-' || b[0] == '+' {
		digits = b[1:]
	}
	for i, c := range digits {
		switch {
		case isDigit(c):
			n = n*10 + int64(c-'0')
		case c == '.' && !point:
			point, scale = true, uint8(len(digits)-1-i)
		default:
			return 0, 0, false, false
		}
	}
	if b[0] == '-' {
		n = -n
	}
	return n, scale, point, len(digits) > 1 || len(digits) == 1 && !point
}

// AddText adds the number that a text is to a DECIMAL, in place: what [Value.AsNumber]
// and [Calculate] would do, without the detour. It does so if both are of few digits,
// as most are, and the text has no more of them behind the point than the DECIMAL; and
// if it has no point at all where it must be whole. If ok is false nothing was done.
func (v *Value) AddText(text []byte, whole bool) (point, ok bool) {
	if v.kind != KindDecimal || v.dec != nil {
		return false, false
	}
	n, scale, point, ok := readShort(text)
	if !ok || point && whole || scale > v.scale {
		return false, false
	}
	if n, ok = multiply(n, powers[v.scale-scale]); !ok {
		return false, false
	}
	sum := v.num + n
	if (sum > v.num) != (n > 0) {
		return false, false
	}
	v.num = sum
	return point, true
}

// toDecimal is a number as a DECIMAL. A float becomes what it is written as.
func toDecimal(v Value) *apd.Decimal {
	switch v.kind {
	case KindInt:
		return apd.New(v.num, 0)
	case KindFloat:
		d := new(apd.Decimal)
		if _, _, err := decimals().SetString(d, string(appendFloat(nil, v.float()))); err != nil {
			return new(apd.Decimal) // no float is beyond a decimal
		}
		return d
	}
	if v.dec != nil {
		return v.dec
	}
	return apd.New(v.num, -int32(v.scale))
}

// appendDecimal writes a decimal with all its digits.
func appendDecimal(dst []byte, v Value) []byte {
	if v.dec == nil {
		return appendShort(dst, v.num, int(v.scale))
	}
	if e := v.dec.Exponent; e > plainExponent || e < -plainExponent-decimalDigits {
		return v.dec.Append(dst, 'E')
	}
	return v.dec.Append(dst, 'f')
}

// appendShort writes n with a point before the last digits.
func appendShort(dst []byte, n int64, scale int) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, n, 10)
	}
	if n < 0 {
		dst = append(dst, '-')
	}
	var buf [20]byte
	digits := strconv.AppendUint(buf[:0], magnitude(n), 10)
	whole := len(digits) - scale
	if whole <= 0 {
		dst = append(dst, '0', '.')
		for ; whole < 0; whole++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:whole]...)
	dst = append(dst, '.')
	return append(dst, digits[whole:]...)
}

// isShort reports whether a number is an INT or a short DECIMAL, which are the
// same but for the type.
func isShort(v Value) bool { return v.kind == KindInt || v.kind == KindDecimal && v.dec == nil }

// powers are those of ten that fit.
var powers = func() (p [maxScale + 1]int64) {
	p[0] = 1
	for i := 1; i <= maxScale; i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// align brings two short numbers to the same scale, if they fit.
func align(a, b Value) (x, y int64, scale uint8, ok bool) {
	switch {
	case a.scale == b.scale:
		return a.num, b.num, a.scale, true
	case a.scale < b.scale:
		x, ok = multiply(a.num, powers[b.scale-a.scale])
		return x, b.num, b.scale, ok
	}
	y, ok = multiply(b.num, powers[a.scale-b.scale])
	return a.num, y, a.scale, ok
}

// calculateShort adds, subtracts and multiplies short numbers, if the result is
// one.
func calculateShort(op Operator, a, b Value) (Value, bool) {
	if !isShort(a) || !isShort(b) {
		return Value{}, false
	}
	if op == '*' {
		n, ok := multiply(a.num, b.num)
		scale := a.scale + b.scale
		return short(n, scale), ok && scale <= maxScale
	}
	if op != '+' && op != '-' {
		return Value{}, false
	}
	x, y, scale, ok := align(a, b)
	if !ok {
		return Value{}, false
	}
	v, err := calculateInt(op, x, y)
	return short(v.num, scale), err == nil
}

// calculateDecimal calculates with 38 digits. What is too small is 0.
func calculateDecimal(op Operator, a, b Value) (Value, error) {
	x, y := toDecimal(a), toDecimal(b)
	if y.IsZero() && (op == '/' || op == '%') {
		return Value{}, divisionByZero()
	}
	d := new(apd.Decimal)
	var err error
	switch c := decimals(); op {
	case '+':
		err = add(c, d, x, y)
	case '-':
		err = add(c, d, x, new(apd.Decimal).Neg(y))
	case '*':
		if magnitudeOf(x)+magnitudeOf(y) > apd.MinExponent {
			_, err = c.Mul(d, x, y)
		}
	case '/':
		if magnitudeOf(x)-magnitudeOf(y) <= apd.MinExponent {
			break
		}
		if _, err = c.Quo(d, x, y); err == nil {
			d.Reduce(d) // of the zeros that fill up the digits
		}
	default:
		err = remainder(c, d, x, y)
	}
	if err != nil {
		return Value{}, overflow(op, a, b)
	}
	return decimalOf(d), nil
}

// magnitudeOf is the exponent of a decimal's first digit.
func magnitudeOf(d *apd.Decimal) int64 { return int64(d.Exponent) + d.NumDigits() - 1 }

// add adds. Of two numbers that are far apart the sum is the greater: it is not
// found by writing out the zeros between them.
func add(c *apd.Context, d, x, y *apd.Decimal) error {
	var err error
	switch gap := magnitudeOf(x) - magnitudeOf(y); {
	case y.IsZero() || !x.IsZero() && gap > 2*decimalDigits:
		_, err = c.Round(d, x)
	case x.IsZero() || gap < -2*decimalDigits:
		_, err = c.Round(d, y)
	default:
		_, err = c.Add(d, x, y)
	}
	return err
}

// maxQuotient is how many digits the quotient has at most whose remainder is
// looked for.
const maxQuotient = 1000

func remainder(c *apd.Context, d, x, y *apd.Decimal) error {
	gap := magnitudeOf(x) - magnitudeOf(y)
	if gap < 0 {
		_, err := c.Round(d, x)
		return err
	}
	if gap > maxQuotient {
		return errors.New("too far apart")
	}
	exact := *c
	exact.Precision += maxQuotient
	if _, err := exact.Rem(d, x, y); err != nil {
		return err
	}
	_, err := c.Round(d, d)
	return err
}

// orderDecimals compares an INT or DECIMAL with another.
func orderDecimals(a, b Value) int {
	if isShort(a) && isShort(b) {
		if x, y, _, ok := align(a, b); ok {
			return cmp.Compare(x, y)
		}
	}
	x, y := toDecimal(a), toDecimal(b)
	if s := x.Sign(); s == y.Sign() && s != 0 && magnitudeOf(x) != magnitudeOf(y) {
		return s * cmp.Compare(magnitudeOf(x), magnitudeOf(y))
	}
	return x.Cmp(y)
}
