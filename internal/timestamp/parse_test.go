package timestamp

import (
	"strings"
	"testing"
	"time"
	"unsafe"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"year", "2007T", "2007T"},
		{"month", "2007-02T", "2007-02T"},
		{"day", "2007-02-23", "2007-02-23"},
		{"day with its T", "2007-02-23T", "2007-02-23"},
		{"minute", "2007-02-23T12:14Z", "2007-02-23T12:14Z"},
		{"minute with an offset", "2007-02-23T12:14-08:00", "2007-02-23T12:14-08:00"},
		{"second", "2007-02-23T12:14:33Z", "2007-02-23T12:14:33Z"},
		{"milliseconds with an offset", "2007-02-23T12:14:33.079-08:00", "2007-02-23T12:14:33.079-08:00"},
		{"zeros at the end of a fraction", "2007-02-23T12:14:33.070Z", "2007-02-23T12:14:33.070Z"},
		{"fraction of one zero", "2007-02-23T12:14:33.0Z", "2007-02-23T12:14:33.0Z"},
		{"fraction of 18 digits", "2007-02-23T12:14:33.123456789012345678Z", "2007-02-23T12:14:33.123456789012345678Z"},
		{"greatest fraction", "2007-02-23T12:14:33.999999999999999999Z", "2007-02-23T12:14:33.999999999999999999Z"},
		{"zero offset is Z", "2007-02-23T12:14+00:00", "2007-02-23T12:14Z"},
		{"unknown offset", "2007-02-23T12:14-00:00", "2007-02-23T12:14-00:00"},
		{"offset of minutes only, west", "2007-02-23T12:14-00:30", "2007-02-23T12:14-00:30"},
		{"greatest offset", "2007-02-23T12:14+23:59", "2007-02-23T12:14+23:59"},
		{"least offset", "2007-02-23T12:14-23:59", "2007-02-23T12:14-23:59"},
		{"leap day", "2000-02-29", "2000-02-29"},
		{"first instant, before the year 1 in UTC", "0001-01-01T00:00+23:59", "0001-01-01T00:00+23:59"},
		{"last instant, after the year 9999 in UTC", "9999-12-31T23:59:59.9-23:59", "9999-12-31T23:59:59.9-23:59"},
		{"first year", "0001T", "0001T"},
		{"last year", "9999T", "9999T"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text)
			if err != nil || got.String() != tt.want {
				t.Errorf("Parse(%q) is %s, %v; want %s", tt.text, got, err, tt.want)
			}
			if bytes, err := Parse([]byte(tt.text)); err != nil || bytes != got {
				t.Errorf("of bytes it is %s, %v", bytes, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "year"},
		{"T alone", "T", "year"},
		{"year without T", "2007", "T after the date"},
		{"month without T", "2007-02", "T after the date"},
		{"year 0", "0000T", "year"},
		{"year of three digits", "207T", "year"},
		{"year of five digits", "20070T", "T after the date"},
		{"negative year", "-207T", "year"},
		{"letter in the second half of the year", "200xT", "year"},
		{"month 0", "2007-00T", "month"},
		{"month 13", "2007-13T", "month"},
		{"month of one digit", "2007-2T", "month"},
		{"dash alone after the year", "2007-", "month"},
		{"dash alone after the month", "2007-02-", "no such day"},
		{"day 0", "2007-02-00", "no such day"},
		{"day 32", "2007-01-32", "no such day"},
		{"31st of a month of 30 days", "2007-04-31", "no such day"},
		{"29 February of no leap year", "2007-02-29", "no such day"},
		{"29 February of a century", "1900-02-29", "no such day"},
		{"day of one digit", "2007-02-2T", "no such day"},
		{"time after a year", "2007T12:14Z", "after the T of a year"},
		{"time after a month", "2007-02T12:14Z", "after the T of a year"},
		{"offset after a year", "2007TZ", "after the T of a year"},
		{"offset after a day", "2007-02-23Z", "T after the date"},
		{"offset after the T of a day", "2007-02-23TZ", "hour"},
		{"hour alone", "2007-02-23T12Z", "minute"},
		{"hour 24", "2007-02-23T24:00Z", "hour"},
		{"minute 60", "2007-02-23T12:60Z", "minute"},
		{"no colon before the minute", "2007-02-23T12-14Z", "minute"},
		{"second 60", "2007-02-23T12:14:60Z", "second"},
		{"second of one digit", "2007-02-23T12:14:3Z", "second"},
		{"time without an offset", "2007-02-23T12:14", "does not end in Z"},
		{"seconds without an offset", "2007-02-23T12:14:33", "does not end in Z"},
		{"fraction without an offset", "2007-02-23T12:14:33.079", "does not end in Z"},
		{"fraction without digits", "2007-02-23T12:14:33.Z", "fraction"},
		{"fraction of 19 digits", "2007-02-23T12:14:33.1234567890123456789Z", "fraction"},
		{"fraction of a million digits", "2007-02-23T12:14:33." + strings.Repeat("7", 1e6) + "Z", "fraction"},
		{"fraction of a minute", "2007-02-23T12:14.5Z", "does not end in Z"},
		{"comma for the point", "2007-02-23T12:14:33,079Z", "does not end in Z"},
		{"offset of 24 hours", "2007-02-23T12:14+24:00", "does not end in Z"},
		{"offset of 60 minutes", "2007-02-23T12:14+01:60", "does not end in Z"},
		{"offset without a colon", "2007-02-23T12:14+0100", "does not end in Z"},
		{"offset with another separator", "2007-02-23T12:14+01.00", "does not end in Z"},
		{"offset of hours only", "2007-02-23T12:14+01", "does not end in Z"},
		{"offset without a sign", "2007-02-23T12:14 01:00", "does not end in Z"},
		{"lower-case t", "2007t", "T after the date"},
		{"lower-case t before a time", "2007-02-23t12:14Z", "T after the date"},
		{"lower-case z", "2007-02-23T12:14z", "does not end in Z"},
		{"space for the T", "2007-02-23 12:14Z", "T after the date"},
		{"space before it", " 2007T", "year"},
		{"space after it", "2007T ", "after the T of a year"},
		{"something after Z", "2007-02-23T12:14Zx", "does not end in Z"},
		{"something after the offset", "2007-02-23T12:14+01:000", "does not end in Z"},
		{"something after the day", "2007-02-23x", "T after the date"},
		{"slash in the date", "2007/02/23", "T after the date"},
		{"digits of another script", "٢٠٠٧T", "year"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text)
			if err == nil || got != (Timestamp{}) || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 400 {
				t.Errorf("Parse(%.64q) is %s, %v; want an error with %q", tt.text, got, err, tt.want)
			}
		})
	}
}

func TestZero(t *testing.T) {
	if got, err := Parse("0001T"); err != nil || got != (Timestamp{}) {
		t.Errorf("the year 1 is %#v, %v", got, err)
	}
}

func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(Timestamp{}); size > 24 {
		t.Errorf("a timestamp has %d bytes", size)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	text := []byte("2007-02-23T12:14:33.079-08:00")
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		got, err := Parse(text)
		if err != nil {
			t.Error(err)
		}
		buf = got.Append(buf[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAt(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"cut to milliseconds", "2017-10-13T16:02:11.123999999Z", "2017-10-13T16:02:11.123Z"},
		{"whole second", "2017-10-13T16:02:11Z", "2017-10-13T16:02:11.000Z"},
		{"other zone", "2017-10-13T16:02:11+02:00", "2017-10-13T14:02:11.000Z"},
		{"before 1970", "1969-07-20T20:18:00.5Z", "1969-07-20T20:18:00.500Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339Nano, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := At(at); got.String() != tt.want || got != mustParse(t, tt.want) {
				t.Errorf("At(%s) is %s, want %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		name, t, u string
		want       int
	}{
		{"same words", "2007-02-23T12:14Z", "2007-02-23T12:14Z", 0},
		{"year and its first day", "2007T", "2007-01-01", 0},
		{"year and its first instant", "2007T", "2007-01-01T00:00:00.000Z", 0},
		{"other offset", "2007-02-23T12:14Z", "2007-02-23T04:14-08:00", 0},
		{"unknown offset", "2007-02-23T12:14Z", "2007-02-23T12:14-00:00", 0},
		{"zeros at the end", "2007-02-23T12:14:33.1Z", "2007-02-23T12:14:33.100Z", 0},
		{"earlier by local time, later by instant", "2007-02-23T10:00-08:00", "2007-02-23T12:00Z", 1},
		{"earlier by the last digit", "2007-02-23T12:14:33.000000000000000001Z", "2007-02-23T12:14:33.000000000000000002Z", -1},
		{"fraction and none", "2007-02-23T12:14:33Z", "2007-02-23T12:14:33.000000000000000001Z", -1},
		{"second and the fraction before it", "2007-02-23T12:14:33Z", "2007-02-23T12:14:32.9Z", 1},
		{"first and last", "0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := mustParse(t, tt.t), mustParse(t, tt.u)
			if got, back := a.Compare(b), b.Compare(a); got != tt.want || back != -tt.want {
				t.Errorf("%s to %s is %d, back %d; want %d", a, b, got, back, tt.want)
			}
		})
	}
}

func mustParse(t testing.TB, text string) Timestamp {
	t.Helper()
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
