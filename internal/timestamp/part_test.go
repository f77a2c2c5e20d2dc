package timestamp

import (
	"math"
	"strings"
	"testing"
)

func TestParsePart(t *testing.T) {
	for _, tt := range []struct {
		name string
		want Part
	}{
		{"year", Year}, {"MONTH", Month}, {"Day", Day}, {"hOUR", Hour}, {"minute", Minute}, {"SECOND", Second},
		{"timezone_hour", TimezoneHour}, {"TIMEZONE_MINUTE", TimezoneMinute},
	} {
		if got, ok := ParsePart(tt.name); !ok || got != tt.want || got.String() != strings.ToLower(tt.name) {
			t.Errorf("%s is %s, %v", tt.name, got, ok)
		}
	}
	for _, name := range []string{"", "years", "yea", "timezone", "timezonehour", "millisecond", " year", "ſecond", "mİnute"} {
		if got, ok := ParsePart(name); ok {
			t.Errorf("%q is %s", name, got)
		}
	}
}

func TestTimezoneParts(t *testing.T) {
	for p := Year; p <= TimezoneMinute; p++ {
		if got, want := p.Timezone(), strings.HasPrefix(p.String(), "timezone"); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
}

func TestAdd(t *testing.T) {
	for _, tt := range []struct {
		name string
		part Part
		n    int64
		to   string
		want string
	}{
		{"years to a day", Year, 5, "2010-01-01T", "2015-01-01"},
		{"month to a year tells the month", Month, 1, "2010T", "2010-02T"},
		{"13 months to a year", Month, 13, "2010T", "2011-02T"},
		{"day back", Day, -1, "2017-01-10T", "2017-01-09"},
		{"hour to a year tells the minute", Hour, 1, "2017T", "2017-01-01T01:00-00:00"},
		{"hour", Hour, 1, "2017-01-02T03:04Z", "2017-01-02T04:04Z"},
		{"minute keeps the fraction", Minute, 1, "2017-01-02T03:04:05.006Z", "2017-01-02T03:05:05.006Z"},
		{"second keeps the fraction", Second, 1, "2017-01-02T03:04:05.006Z", "2017-01-02T03:04:06.006Z"},
		{"year to a year", Year, 1, "2017T", "2018T"},
		{"day to a year tells the day", Day, 1, "2017T", "2017-01-02"},
		{"day to a month tells the day", Day, 31, "2017-01T", "2017-02-01"},
		{"minute to a day", Minute, 1, "2017-01-02", "2017-01-02T00:01-00:00"},
		{"second to a year tells the second", Second, 1, "2017T", "2017-01-01T00:00:01-00:00"},
		{"second to a minute tells the second", Second, 1, "2017-01-02T03:04+01:00", "2017-01-02T03:04:01+01:00"},
		{"nothing still widens", Month, 0, "2017T", "2017-01T"},
		{"year to a finer one keeps it", Year, -1, "2017-01-02T03:04:05.60Z", "2016-01-02T03:04:05.60Z"},
		{"month to the end of a shorter one", Month, 1, "2017-01-31", "2017-02-28"},
		{"month to the end of a leap February", Month, 1, "2016-01-31", "2016-02-29"},
		{"month back to a shorter one", Month, -1, "2017-12-31T23:59:59Z", "2017-11-30T23:59:59Z"},
		{"month to a longer one stays on the day", Month, 1, "2017-02-28", "2017-03-28"},
		{"year from a leap day", Year, 1, "2016-02-29", "2017-02-28"},
		{"four years from a leap day", Year, 4, "2016-02-29", "2020-02-29"},
		{"months back over the year", Month, -14, "2017-01-15", "2015-11-15"},
		{"month by the local calendar, not by UTC's", Month, 1, "2017-01-31T23:00-08:00", "2017-02-28T23:00-08:00"},
		{"hour over midnight keeps the offset", Hour, 1, "2016-12-31T23:30+05:30", "2017-01-01T00:30+05:30"},
		{"second back over the year", Second, -1, "2017-01-01T00:00:00.5Z", "2016-12-31T23:59:59.5Z"},
		{"to the last second", Second, 59, "9999-12-31T23:59Z", "9999-12-31T23:59:59Z"},
		{"to the first month", Month, -119987, "9999-12T", "0001-01T"},
		{"all seconds", Second, 315537897599, "0001T", "9999-12-31T23:59:59-00:00"},
		{"to the last year", Year, 9998, "0001T", "9999T"},
		{"out of the years in UTC only", Hour, 1, "0001-01-01T00:00+12:00", "0001-01-01T01:00+12:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mustParse(t, tt.to).Add(tt.part, tt.n)
			if err != nil || got.String() != tt.want || got != mustParse(t, tt.want) {
				t.Errorf("%s %+d to %s is %s, %v; want %s", tt.part, tt.n, tt.to, got, err, tt.want)
			}
		})
	}
}

func TestAddRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		part Part
		n    int64
		to   string
	}{
		{"after the last year", Year, 1, "9999T"},
		{"before the first year", Year, -1, "0001T"},
		{"after the last month", Month, 1, "9999-12T"},
		{"before the first month", Month, -1, "0001-01T"},
		{"after the last day", Day, 1, "9999-12-31"},
		{"before the first day", Day, -1, "0001T"},
		{"before the first hour, by local time", Hour, -1, "0001-01-01T00:00-08:00"},
		{"after the last minute, by local time", Minute, 1, "9999-12-31T23:59+08:00"},
		{"one more than all seconds", Second, 315537897600, "0001T"},
		{"hour of the timezone", TimezoneHour, 1, "2017-01-01T00:00Z"},
		{"minute of the timezone, by none", TimezoneMinute, 0, "2017-01-01T00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := mustParse(t, tt.to).Add(tt.part, tt.n); err == nil || got != (Timestamp{}) {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
	for p := Year; p <= Second; p++ {
		for _, n := range []int64{math.MinInt64, math.MinInt64 + 1, -1 << 40, 1 << 40, 1 << 58, 1 << 60, math.MaxInt64} {
			if got, err := mustParse(t, "2017T").Add(p, n); err == nil {
				t.Errorf("%s %+d is %s", p, n, got)
			}
		}
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name     string
		part     Part
		from, to string
		want     int64
	}{
		{"year", Year, "2010-01-01T", "2011-01-01T", 1},
		{"four months are no year", Year, "2010T", "2010-05T", 0},
		{"four months", Month, "2010T", "2010-05T", 4},
		{"months of a year", Month, "2010T", "2011T", 12},
		{"months back", Month, "2011T", "2010T", -12},
		{"four months back", Month, "2010-05T", "2010T", -4},
		{"two hours over midnight are no day", Day, "2010-01-01T23:00Z", "2010-01-02T01:00Z", 0},
		{"24 hours are a day", Day, "2010-01-01T23:00Z", "2010-01-02T23:00Z", 1},
		{"24 hours back", Day, "2010-01-02T23:00Z", "2010-01-01T23:00Z", -1},
		{"less than 24 hours back", Day, "2010-01-02T22:59Z", "2010-01-01T23:00Z", 0},
		{"an instant less than a day", Day, "2010-01-01T00:00:00.000000000000000001Z", "2010-01-02", 0},
		{"an instant less than a day, back", Day, "2010-01-02", "2010-01-01T00:00:00.000000000000000001Z", 0},
		{"day less than a month", Month, "2010-01-15", "2010-02-14", 0},
		{"month to the day", Month, "2010-01-15", "2010-02-15", 1},
		{"second less than a month", Month, "2010-01-15T12:00:01Z", "2010-02-15T12:00:00Z", 0},
		{"fraction less than a month", Month, "2010-01-15T12:00:00.1Z", "2010-02-15T12:00:00.09Z", 0},
		{"fraction less than a month, back", Month, "2010-02-15T12:00:00.09Z", "2010-01-15T12:00:00.1Z", 0},
		{"31 January to the end of February", Month, "2010-01-31", "2010-02-28", 0},
		{"day less than a year", Year, "2010-06-15", "2011-06-14", 0},
		{"leap day to the day before", Year, "2016-02-29", "2017-02-28", 0},
		{"year and a half back", Year, "2012-01T", "2010-07T", -1},
		{"same instant of two offsets", Month, "2010-02-01T00:00+08:00", "2010-01-31T16:00Z", 0},
		{"month seen in UTC", Month, "2010-01-01T00:00Z", "2010-02-01T00:00+08:00", 0},
		{"from year 0 in UTC", Month, "0001-01-01T00:00+01:00", "0001-02-01T00:00+01:00", 1},
		{"hours by instant", Hour, "2010-01-01T00:00+01:00", "2010-01-01T00:00Z", 1},
		{"hours cut", Hour, "2010-01-01T00:00Z", "2010-01-01T01:59:59.999Z", 1},
		{"minutes back", Minute, "2010-01-01T01:00Z", "2010-01-01T00:00Z", -60},
		{"seconds with fractions that carry", Second, "2010-01-01T00:00:00.9Z", "2010-01-01T00:00:02.1Z", 1},
		{"seconds with fractions that carry, back", Second, "2010-01-01T00:00:02.1Z", "2010-01-01T00:00:00.9Z", -1},
		{"all seconds", Second, "0001T", "9999-12-31T23:59:59Z", 315537897599},
		{"all years", Year, "0001T", "9999T", 9998},
		{"hours of the timezone", TimezoneHour, "2010T", "2011T", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Diff(tt.part, mustParse(t, tt.from), mustParse(t, tt.to)); got != tt.want {
				t.Errorf("%s from %s to %s is %d, want %d", tt.part, tt.from, tt.to, got, tt.want)
			}
		})
	}
}

func TestExtract(t *testing.T) {
	for _, tt := range []struct {
		name, from string
		want       [8]int64
	}{
		{"year", "2010T", [...]int64{2010, 1, 1, 0, 0, 0, 0, 0}},
		{"month", "2010-10T", [...]int64{2010, 10, 1, 0, 0, 0, 0, 0}},
		{"day", "2010-10-31", [...]int64{2010, 10, 31, 0, 0, 0, 0, 0}},
		{"offset east", "2010-01-01T15:20:30+10:20", [...]int64{2010, 1, 1, 15, 20, 30, 10, 20}},
		{"offset west, of which all is negative", "2010-01-01T15:20:30-10:20", [...]int64{2010, 1, 1, 15, 20, 30, -10, -20}},
		{"local day, not UTC's", "2010-01-01T00:30+01:00", [...]int64{2010, 1, 1, 0, 30, 0, 1, 0}},
		{"offset unknown", "2010-01-01T15:20-00:00", [...]int64{2010, 1, 1, 15, 20, 0, 0, 0}},
		{"second without its fraction", "2010-01-01T15:20:59.999Z", [...]int64{2010, 1, 1, 15, 20, 59, 0, 0}},
		{"leap day", "2016-02-29", [...]int64{2016, 2, 29, 0, 0, 0, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for p := Year; p <= TimezoneMinute; p++ {
				if got := mustParse(t, tt.from).Extract(p); got != tt.want[p] {
					t.Errorf("%s of %s is %d, want %d", p, tt.from, got, tt.want[p])
				}
			}
		})
	}
}
