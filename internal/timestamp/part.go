package timestamp

import (
	"cmp"
	"fmt"
	"strings"
)

// A Part is one number of a timestamp.
type Part uint8

// The parts.
const (
	Year Part = iota
	Month
	Day
	Hour
	Minute
	Second
	TimezoneHour
	TimezoneMinute
)

// ParsePart returns the part of that name, in any case: year, month, day, hour, minute, second, timezone_hour or timezone_minute.
func ParsePart(name string) (Part, bool) {
	for p := Year; p <= TimezoneMinute; p++ {
		// Of the same length is of the same bytes but for case: the letters beyond ASCII that fold to ASCII are longer.
		if own := p.String(); len(own) == len(name) && strings.EqualFold(own, name) {
			return p, true
		}
	}
	return 0, false
}

// String returns the name that ParsePart knows.
func (p Part) String() string {
	return [...]string{"year", "month", "day", "hour", "minute", "second", "timezone_hour", "timezone_minute"}[p]
}

// Timezone tells whether p is of the offset, and so can be extracted only.
func (p Part) Timezone() bool {
	return p >= TimezoneHour
}

// seconds returns the length of a day or less.
func (p Part) seconds() int64 {
	return [...]int64{Day: secondsPerDay, Hour: 3600, Minute: 60, Second: 1}[p]
}

// precision returns the least that tells the part.
func (p Part) precision() precision {
	return [...]precision{year, month, day, minute, minute, second}[p]
}

// Add is DATE_ADD: it returns t n parts later, or earlier where n is negative. Years and months go by the local calendar, to the
// last day of the month where that is shorter. The offset stays, and the precision too if it tells the part; otherwise it becomes
// that of the part. It is an error to leave the years 1 to 9999, or to add to a part of the timezone.
func (t Timestamp) Add(p Part, n int64) (Timestamp, error) {
	if p.Timezone() {
		return Timestamp{}, fmt.Errorf("add to timestamp %s: %s is no part that can be added to", t, p)
	}
	sum, ok := t, false
	switch p {
	case Year:
		sum, ok = t.addMonths(n, 12)
	case Month:
		sum, ok = t.addMonths(n, 1)
	default:
		sum.seconds, ok = t.addSeconds(n, p.seconds())
	}
	if !ok {
		return Timestamp{}, fmt.Errorf("add to timestamp %s: %s%+d is not in the years 1 to 9999", t, p, n)
	}
	sum.precision = max(t.precision, p.precision())
	return sum, nil
}

// addMonths adds n times so many months.
func (t Timestamp) addMonths(n, months int64) (Timestamp, bool) {
	c := t.clock()
	total, ok := advance(int64(c.year-1)*12+int64(c.month-1), n, months, allMonths)
	if !ok {
		return t, false
	}
	y, m := int(total/12)+1, int(total%12)+1
	days := daysUntil(y, m, min(c.day, daysIn(y, m))) - daysUntil(c.year, c.month, c.day)
	t.seconds += int64(days) * secondsPerDay
	return t, true
}

// addSeconds returns the seconds of t after n times so many.
func (t Timestamp) addSeconds(n, seconds int64) (int64, bool) {
	local, ok := advance(t.local(), n, seconds, allSeconds)
	return local - int64(t.offset)*60, ok
}

// advance returns from+n*step, and whether it is from 0 to below the limit, as from is.
func advance(from, n, step, limit int64) (int64, bool) {
	if n > limit/step || n < -limit/step {
		return 0, false
	}
	to := from + n*step
	return to, to >= 0 && to < limit
}

// Diff is DATE_DIFF: it returns how many whole parts go into the time from one instant to the other, which is negative where the
// second is the earlier. A day is 24 hours. Years and months go by the calendar of UTC, so that the offsets make no difference:
// one is whole when its day and time have come round again. The parts of the timezone are no spans of time, and give 0.
func Diff(p Part, from, to Timestamp) int64 {
	switch {
	case p.Timezone():
		return 0
	case to.Compare(from) < 0:
		return -Diff(p, to, from)
	case p == Year:
		return monthsBetween(from, to) / 12
	case p == Month:
		return monthsBetween(from, to)
	}
	seconds := to.seconds - from.seconds
	if to.fraction < from.fraction {
		seconds--
	}
	return seconds / p.seconds()
}

// monthsBetween returns the whole months to a timestamp that is not before from.
func monthsBetween(from, to Timestamp) int64 {
	a, b := clockAt(from.seconds), clockAt(to.seconds)
	months := int64(b.year-a.year)*12 + int64(b.month-a.month)
	if cmp.Or(cmp.Compare(b.day, a.day),
		cmp.Compare(b.secondOfDay(), a.secondOfDay()),
		cmp.Compare(to.fraction, from.fraction)) < 0 {
		months--
	}
	return months
}

func (c clock) secondOfDay() int {
	return c.hour*3600 + c.minute*60 + c.second
}

// Extract is EXTRACT: it returns a part of the local time, where the second is without its fraction, or of the offset, which is 0
// where it is unknown, and has both hours and minutes negative west of UTC.
func (t Timestamp) Extract(p Part) int64 {
	c := t.clock()
	return int64([...]int{c.year, c.month, c.day, c.hour, c.minute, c.second, int(t.offset) / 60, int(t.offset) % 60}[p])
}
