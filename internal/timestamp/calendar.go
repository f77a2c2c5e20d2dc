package timestamp

const (
	secondsPerDay = 24 * 60 * 60
	daysPerEra    = 146097 // 400 years, after which the calendar repeats
	maxYear       = 9999
	allMonths     = maxYear * 12
	allSeconds    = (25*daysPerEra - 366) * secondsPerDay // of the years 1 to 9999: 10,000 years are 25 eras, less the leap year 10,000
)

// A clock is what a calendar and a clock on the wall show.
type clock struct {
	year, month, day     int
	hour, minute, second int
}

// clock returns the local time.
func (t Timestamp) clock() clock {
	return clockAt(t.local())
}

// local returns the seconds since 0001-01-01T00:00:00 of local time.
func (t Timestamp) local() int64 {
	return t.seconds + int64(t.offset)*60
}

// clockAt returns what is shown so many seconds after 0001-01-01T00:00:00. They may be negative by up to 300 days.
func clockAt(seconds int64) clock {
	const shift = 306 // days from 0000-03-01, so that nothing below is negative, and the leap day is the last of its year
	days := int((seconds + shift*secondsPerDay) / secondsPerDay)
	rest := int((seconds + shift*secondsPerDay) % secondsPerDay)
	era, ofEra := days/daysPerEra, days%daysPerEra
	y := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*y + y/4 - y/100)
	m := (5*ofYear + 2) / 153 // months since March
	c := clock{
		year:   era*400 + y,
		month:  m + 3,
		day:    ofYear - (153*m+2)/5 + 1,
		hour:   rest / 3600,
		minute: rest / 60 % 60,
		second: rest % 60,
	}
	if c.month > 12 {
		c.month -= 12
		c.year++
	}
	return c
}

// daysUntil returns the days from 0001-01-01 to a date from then on.
func daysUntil(year, month, day int) int {
	if month < 3 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 307
}

// daysIn returns the days of a month.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
