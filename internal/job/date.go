package job

import (
	"strings"
	"time"
)

// dateLayouts are the dates of ISO 8601 that are understood, extended and
// basic; timeLayouts the times that may follow a T, and zoneLayouts the
// offsets that may follow those. A fraction may follow the seconds: the time
// package takes one wherever it parses seconds.
var (
	dateLayouts = [...]string{"2006-01-02", "20060102"}
	timeLayouts = [...]string{"15:04:05", "150405", "15:04", "1504"}
	zoneLayouts = [...]string{"Z07:00", "Z0700", "Z07", ""}
)

// parseInstant reads an instant in one of the many forms of ISO 8601: a date
// alone is its midnight, a time without an offset is UTC.
func parseInstant(s string) (time.Time, bool) {
	s = strings.ToUpper(s)
	for _, date := range dateLayouts {
		if t, err := time.Parse(date, s); err == nil {
			return t, true
		}
		for _, clock := range timeLayouts {
			for _, zone := range zoneLayouts {
				t, err := time.Parse(date+"T"+clock+zone, s)
				if err != nil {
					continue
				}
				t = t.UTC()
				return t, 0 <= t.Year() && t.Year() <= 9999
			}
		}
	}
	return time.Time{}, false
}
