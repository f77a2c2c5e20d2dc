// Package timestamp has the timestamps of Glacier Select's SQL: an instant, the local offset that it was told with, and how
// precisely it was told, in the manner of Ion and of the W3C's note on ISO 8601.
//
// The years are 1 to 9999 of the Gregorian calendar, carried back to the year 1, by local time; the instant of such a time may lie
// up to a day outside of them. A fraction of a second is exact and has at most 18 digits; Ion allows more, and they are refused.
// There are no leap seconds. Offsets are whole minutes, within ±23:59; -00:00 is Ion's unknown offset, which counts as zero, and
// a timestamp without a time of day has that one.
//
// What is missing from a timestamp for want of precision is the first month, the first day, and midnight.
package timestamp

import (
	"cmp"
	"strconv"
	"time"
)

// A Timestamp is a value: it may be copied and used concurrently, and == asks whether two were told in the same words, where
// Compare asks whether they mean the same instant. The zero Timestamp is the year 1.
type Timestamp struct {
	seconds   int64 // since 0001-01-01T00:00:00Z, rounded down
	fraction  int64 // of a second, in 1e-18
	offset    int16 // in minutes, east of UTC
	known     bool  // whether the offset is
	precision precision
}

// A precision is the smallest part that is told; second+n is n digits of a fraction.
type precision uint8

const (
	year precision = iota
	month
	day
	minute
	second
)

const (
	fractionDigits = 18
	fractionUnit   = 1e18 // the fraction units of a second
)

// At returns the instant of t, of which the year must be 1 to 9999, in UTC and in whole milliseconds, rounded down.
func At(t time.Time) Timestamp {
	const unix = 719162 * secondsPerDay
	return Timestamp{
		seconds:   t.Unix() + unix,
		fraction:  int64(t.Nanosecond()/1e6) * (fractionUnit / 1e3),
		known:     true,
		precision: second + 3,
	}
}

// Compare returns -1 where the instant of t is before that of u, 1 where it is after, and 0 where they are the same, whatever their
// offsets and precisions.
func (t Timestamp) Compare(u Timestamp) int {
	return cmp.Or(cmp.Compare(t.seconds, u.seconds), cmp.Compare(t.fraction, u.fraction))
}

// String returns the timestamp as Append writes it.
func (t Timestamp) String() string {
	return string(t.Append(make([]byte, 0, len("2007-02-23T12:14:33.123456789012345678-08:00"))))
}

// Append appends the canonical form, which Parse reads to an equal Timestamp: as told, but a day has no T, and the offset +00:00
// is Z.
func (t Timestamp) Append(dst []byte) []byte {
	c := t.clock()
	dst = appendPair(appendPair(dst, c.year/100), c.year%100)
	if t.precision == year {
		return append(dst, 'T')
	}
	dst = appendPair(append(dst, '-'), c.month)
	if t.precision == month {
		return append(dst, 'T')
	}
	dst = appendPair(append(dst, '-'), c.day)
	if t.precision == day {
		return dst
	}
	dst = appendPair(append(dst, 'T'), c.hour)
	dst = appendPair(append(dst, ':'), c.minute)
	if t.precision >= second {
		dst = appendPair(append(dst, ':'), c.second)
	}
	if t.precision > second {
		dst = appendFraction(append(dst, '.'), t.fraction, int(t.precision-second))
	}
	switch {
	case !t.known:
		return append(dst, "-00:00"...)
	case t.offset == 0:
		return append(dst, 'Z')
	}
	return appendOffset(dst, int(t.offset), ":")
}

// appendPair appends two digits.
func appendPair(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

// appendFraction appends the first digits of a fraction, of which there are up to 18.
func appendFraction(dst []byte, fraction int64, digits int) []byte {
	var all [fractionDigits]byte
	for i := range all {
		all[fractionDigits-1-i] = byte('0' + fraction%10)
		fraction /= 10
	}
	return append(dst, all[:digits]...)
}

// appendOffset appends a sign, the hours, the separator and the minutes; zero is positive.
func appendOffset(dst []byte, minutes int, separator string) []byte {
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	dst = appendPair(append(dst, sign), minutes/60)
	return appendPair(append(dst, separator...), minutes%60)
}

// appendPlain appends a number without padding.
func appendPlain(dst []byte, n int) []byte {
	return strconv.AppendInt(dst, int64(n), 10)
}
