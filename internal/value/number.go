package value

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"
)

// ParseNumber reads [+-]digits[.digits][e[+-]digits], and nothing else: an INT if
// it has neither point nor exponent and fits, else a DECIMAL of 38 digits. It is
// how JSON and SQL write numbers, and more than that.
func ParseNumber(b []byte) (Value, bool) {
	if v, ok := parseShort(b); ok {
		return v, true
	}
	if n, ok := ParseInt(b); ok {
		return Int(n), true
	}
	if !isNumeric(b) {
		return Value{}, false
	}
	return parseDecimal(b)
}

// ParseInt reads [+-]digits, and nothing else, if it fits 64 bits.
func ParseInt(b []byte) (int64, bool) {
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

// isNumeric reports whether b is a number as ParseNumber has it.
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

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// digitBytes is how many digits b begins with.
func digitBytes(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

// ParseFloat reads what [ParseNumber] reads as the nearest FLOAT. What is beyond the
// largest is none, and neither is a text of more than maxLiteral bytes.
func ParseFloat(b []byte) (float64, bool) {
	if !isNumeric(b) || len(b) > maxLiteral {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil
}

// toFloat is a number as a FLOAT, the nearest one.
func toFloat(v Value) float64 {
	switch v.kind {
	case KindInt:
		return float64(v.num)
	case KindFloat:
		return v.float()
	}
	f, _ := strconv.ParseFloat(toDecimal(v).Text('E'), 64) // beyond the largest it is infinite
	return f
}

// toInt cuts a number to an integer towards zero, if it fits.
func toInt(v Value) (int64, bool) {
	switch v.kind {
	case KindInt:
		return v.num, true
	case KindFloat:
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
