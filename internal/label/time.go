package label

import (
	"strings"
	"time"
)

// timeFormat is how all forms write an instant.
const timeFormat = "20060102T150405Z"

// parseTime reads an instant as mt-aws-glacier does (iso8601_to_epoch): in UTC, from the year 1000, with or without the usual
// punctuation, and with a leap second.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	var n [6]int
	for i, digits := range [6]int{4, 2, 2, 2, 2, 2} {
		switch {
		case i == 3:
			s = strings.TrimLeft(s, space)
			if s == "" || s[0] != 'T' && s[0] != 't' {
				return time.Time{}, false
			}
			s = strings.TrimLeft(s[1:], space)
		case i > 3:
			s = strings.TrimLeft(s, ":"+space)
		case i > 0:
			s = strings.TrimLeft(s, "-"+space)
		}
		var ok bool
		if n[i], s, ok = number(s, digits); !ok {
			return time.Time{}, false
		}
	}
	fraction := len(s) - len(strings.TrimLeft(s, ",.0123456789"))
	if end := strings.TrimSpace(s[min(fraction, 10):]); end != "Z" && end != "z" {
		return time.Time{}, false
	}
	return instant(n)
}

const space = " \t\n\r\f\v"

// number reads a number of so many digits.
func number(s string, digits int) (n int, rest string, ok bool) {
	if len(s) < digits {
		return 0, s, false
	}
	for i := range digits {
		if s[i] < '0' || s[i] > '9' {
			return 0, s, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s[digits:], true
}

// instant makes an instant of year, month, day, hour, minute and second, if there is such a one.
func instant(n [6]int) (time.Time, bool) {
	leap := 0
	if n[5] == 60 || n[5] == 61 {
		leap, n[5] = n[5]-59, 59
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	same := t.Year() == n[0] && int(t.Month()) == n[1] && t.Day() == n[2] && t.Hour() == n[3] && t.Minute() == n[4] && t.Second() == n[5]
	return t.Add(time.Duration(leap) * time.Second), same && n[0] >= 1000
}
