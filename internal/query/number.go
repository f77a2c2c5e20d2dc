package query

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"

	"github.com/cockroachdb/apd/v3"
)

// parseNumber reads [+-]digits[.digits][e[+-]digits], and nothing else: an INT if
// it has neither point nor exponent and fits, else a DECIMAL of 38 digits.
func parseNumber(b []byte) (Value, bool) {
	if v, ok := parseShort(b); ok {
		return v, true
	}
	if n, ok := parseInt(b); ok {
		return integer(n), true
	}
	if !isNumeric(b) {
		return Value{}, false
	}
	return parseDecimal(b)
}

// parseInt reads an integer of 64 bits.
func parseInt(b []byte) (int64, bool) {
	s, negative := b, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if len(s) == 0 || len(s) > 19 {
		return parseLongInt(b)
	}
	var n uint64
	for _, c := range s {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + uint64(c-'0') // 19 digits fit
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n), true
	case !negative && n < 1<<63:
		return int64(n), true
	}
	return 0, false
}

// parseLongInt reads an integer of more than 19 digits, most of them leading
// zeros, or nothing.
func parseLongInt(b []byte) (int64, bool) {
	if !isNumeric(b) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// isNumeric reports whether b is a number as parseNumber has it.
func isNumeric(b []byte) bool {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	whole := digitBytes(b)
	b = b[whole:]
	fraction := 0
	if len(b) > 0 && b[0] == '.' {
		fraction = digitBytes(b[1:])
		b = b[1+fraction:]
	}
	if whole+fraction == 0 {
		return false
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
			b = b[1:]
		}
		n := digitBytes(b)
		return n > 0 && n == len(b)
	}
	return len(b) == 0
}

func digitBytes(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

// parseFloat reads a number, or what overflows one to infinity not.
func parseFloat(b []byte) (float64, bool) {
	if !isNumeric(b) || len(b) > maxLiteral {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

// toFloat is a number as a FLOAT, the nearest one.
func toFloat(v Value) float64 {
	switch v.kind {
	case kindInt:
		return float64(v.num)
	case kindFloat:
		return v.float()
	}
	f, _ := strconv.ParseFloat(toDecimal(v).Text('E'), 64) // beyond the largest it is infinite
	return f
}

// toInt cuts a number to an integer towards zero, if it fits.
func toInt(v Value) (int64, bool) {
	switch v.kind {
	case kindInt:
		return v.num, true
	case kindFloat:
		f := math.Trunc(v.float())
		return int64(f), f >= -(1<<63) && f < 1<<63
	}
	d := toDecimal(v)
	if e := int64(d.Exponent) + d.NumDigits(); e > 19 {
		return 0, d.IsZero()
	} else if e <= 0 {
		return 0, true
	}
	var whole, fraction apd.Decimal
	d.Modf(&whole, &fraction)
	n, err := whole.Int64()
	return n, err == nil
}

// appendFloat writes a float so that reading it gives the same one.
func appendFloat(dst []byte, f float64) []byte {
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, f, form, -1, 64)
}

// An operator is one of + - * / %.
type operator byte

// calculate is a op b of two numbers. Integers stay integers, and divide as
// such; a FLOAT makes the result one, otherwise a DECIMAL does.
func calculate(op operator, a, b Value) (Value, error) {
	switch {
	case a.kind == kindInt && b.kind == kindInt:
		return calculateInt(op, a.num, b.num)
	case a.kind == kindFloat || b.kind == kindFloat:
		return calculateFloat(op, toFloat(a), toFloat(b))
	}
	if v, ok := calculateShort(op, a, b); ok {
		return v, nil
	}
	return calculateDecimal(op, a, b)
}

func calculateInt(op operator, a, b int64) (Value, error) {
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
				return integer(0), nil
			}
			n, ok = -a, a != math.MinInt64
		case op == '/':
			n = a / b
		default:
			n = a % b
		}
	}
	if !ok {
		return Value{}, overflow(op, integer(a), integer(b))
	}
	return integer(n), nil
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

func calculateFloat(op operator, a, b float64) (Value, error) {
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
		return Value{}, overflow(op, float(a), float(b))
	}
	return float(f), nil
}

// negate is -v.
func negate(v Value) (Value, error) {
	switch v.kind {
	case kindInt:
		if v.num == math.MinInt64 {
			return Value{}, overflow('-', integer(0), v)
		}
		return integer(-v.num), nil
	case kindFloat:
		return float(-v.float()), nil
	}
	return decimal(new(apd.Decimal).Neg(toDecimal(v))), nil
}

func divisionByZero() error {
	return &Error{Code: "DivideByZero", Message: "division by zero"}
}

func overflow(op operator, a, b Value) error {
	return &Error{Code: "NumericOverflow", Message: "the result of " + a.show() + " " + string(rune(op)) + " " + b.show() + " is too large"}
}

// asNumber is a value as a number, if it is or stands for one. White space around
// it does not count.
func asNumber(v Value) (Value, bool) {
	switch {
	case v.isNumber():
		return v, true
	case v.kind == kindText:
		return parseNumber(trimSpace(v.text))
	}
	return Value{}, false
}

// maxScalar is how many bytes of text stand for a number, a timestamp or a truth,
// white space around it included. A longer text is none, and not looked at.
const maxScalar = 1000

// trimSpace cuts spaces and tabs at both ends of what may be a scalar; what may not
// becomes nothing.
func trimSpace(b []byte) []byte {
	if len(b) > maxScalar {
		return nil
	}
	if len(b) > 0 && (b[0] <= ' ' || b[len(b)-1] <= ' ') {
		return bytes.Trim(b, " \t\r\n")
	}
	return b
}
