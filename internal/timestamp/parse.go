package timestamp

import "fmt"

type text interface{ ~string | ~[]byte }

// Parse reads one timestamp, and nothing around it:
//
//	2007T
//	2007-02T
//	2007-02-23, 2007-02-23T
//	2007-02-23T12:14Z
//	2007-02-23T12:14:33-08:00
//	2007-02-23T12:14:33.079-00:00
//
// Letters are upper case. A time has an offset, and only a time has one. All digits of a fraction count, zeros at its end too.
// Parse does not keep s, and allocates only for an error.
func Parse[T text](s T) (Timestamp, error) {
	t, wrong := parseDate(s)
	if wrong != "" {
		return Timestamp{}, fmt.Errorf("parse timestamp %.64q: %s", string(s), wrong)
	}
	return t, nil
}

// parseDate returns the timestamp, or what is wrong.
func parseDate[T text](s T) (t Timestamp, wrong string) {
	century, years := pair(s, 0), pair(s, 2)
	y, m, d := century*100+years, 1, 1
	switch {
	case century < 0 || years < 0 || y == 0:
		return t, "its year is not 0001 to 9999"
	case len(s) > 4 && s[4] == '-':
		t.precision = month
		if m = pair(s, 5); m < 1 || m > 12 {
			return t, "its month is not 01 to 12"
		}
	}
	if len(s) > 7 && t.precision == month && s[7] == '-' {
		t.precision = day
		if d = pair(s, 8); d < 1 || d > daysIn(y, m) {
			return t, "there is no such day"
		}
	}
	t.seconds = int64(daysUntil(y, m, d)) * secondsPerDay
	end := 4 + 3*int(t.precision)
	switch {
	case len(s) == end && t.precision == day:
	case len(s) == end || s[end] != 'T':
		return t, "it does not go on with T after the date"
	case len(s) == end+1:
	case t.precision < day:
		return t, "it goes on after the T of a year or a month"
	default:
		return parseTime(s, t)
	}
	return t, ""
}

// parseTime reads on after the T of the day t.
func parseTime[T text](s T, t Timestamp) (_ Timestamp, wrong string) {
	h, m, sec, i := pair(s, 11), pair(s, 14), 0, 16
	switch {
	case h < 0 || h > 23:
		return t, "its hour is not 00 to 23"
	case m < 0 || m > 59 || s[13] != ':':
		return t, "its minute is not :00 to :59"
	}
	t.precision = minute
	if len(s) > i && s[i] == ':' {
		t.precision = second
		if sec = pair(s, 17); sec < 0 || sec > 59 {
			return t, "its second is not 00 to 59"
		}
		i = 19
	}
	if len(s) > i && s[i] == '.' && t.precision == second {
		start := i + 1
		unit := int64(fractionUnit)
		for i = start; i < len(s) && s[i]-'0' <= 9; i++ {
			unit /= 10
			t.fraction += int64(s[i]-'0') * unit
		}
		if i == start || i > start+fractionDigits {
			return t, "its fraction has not 1 to 18 digits"
		}
		t.precision += precision(i - start)
	}
	offset, known, ok := parseOffset(s, i)
	if !ok {
		return t, "it does not end in Z or an offset like +01:00, within 23:59"
	}
	t.seconds += int64(h*3600 + m*60 + sec - offset*60)
	t.offset, t.known = int16(offset), known
	return t, ""
}

// parseOffset reads the offset in minutes that begins at i and goes to the end; it is known unless it is -00:00.
func parseOffset[T text](s T, i int) (minutes int, known, ok bool) {
	switch {
	case len(s) == i+1 && s[i] == 'Z':
		return 0, true, true
	case len(s) != i+6 || s[i+3] != ':' || s[i] != '+' && s[i] != '-':
		return 0, false, false
	}
	h, m := pair(s, i+1), pair(s, i+4)
	if h < 0 || h > 23 || m < 0 || m > 59 {
		return 0, false, false
	}
	minutes = h*60 + m
	if s[i] == '-' {
		return -minutes, minutes != 0, true
	}
	return minutes, true, true
}

// pair returns the number of the two digits at i, or -1 if they are none.
func pair[T text](s T, i int) int {
	if len(s) < i+2 {
		return -1
	}
	tens, ones := s[i]-'0', s[i+1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}
