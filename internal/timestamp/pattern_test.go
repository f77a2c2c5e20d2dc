package timestamp

import (
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	const moon, east = "1969-07-20T20:18Z", "1969-07-20T20:18+08:00"
	const padded, odd = "0007-02-03T04:05:06.060007089123456789-07:30", "2007-12-31T00:00:00+00:30"
	for _, tt := range []struct{ name, of, pattern, want string }{
		{"guide, month in full", moon, "MMMM d, y", "July 20, 1969"},
		{"guide, month in short", moon, "MMM d, yyyy", "Jul 20, 1969"},
		{"guide, numbers", moon, "M-d-yy", "7-20-69"},
		{"guide, padded month", moon, "MM-d-y", "07-20-1969"},
		{"guide, meridian", moon, "MMMM d, y h:m a", "July 20, 1969 8:18 PM"},
		{"guide, X of UTC", moon, "y-MM-dd'T'H:m:ssX", "1969-07-20T20:18:00Z"},
		{"guide, X", east, "y-MM-dd'T'H:m:ssX", "1969-07-20T20:18:00+08"},
		{"guide, XXXX", east, "y-MM-dd'T'H:m:ssXXXX", "1969-07-20T20:18:00+0800"},
		{"guide, XXXXX", east, "y-MM-dd'T'H:m:ssXXXXX", "1969-07-20T20:18:00+08:00"},
		{"years", padded, "y yy yyyy", "7 07 0007"},
		{"months", padded, "M MM MMM MMMM MMMMM", "2 02 Feb February F"},
		{"days", padded, "d dd", "3 03"},
		{"hours", padded, "h hh H HH a", "4 04 4 04 AM"},
		{"minutes and seconds", padded, "m mm s ss", "5 05 6 06"},
		{"fractions, cut", padded, "S SS SSS SSSSSS SSSSSSS SSSSSSSS SSSSSSSSS", "0 06 060 060007 0600070 06000708 060007089"},
		{"nanosecond, not padded", padded, "n", "60007089"},
		{"offsets X with minutes", padded, "X XX XXX XXXX XXXXX", "-0730 -0730 -07:30 -0730 -07:30"},
		{"offsets x with minutes", padded, "x xx xxx xxxx xxxxx", "-0730 -0730 -07:30 -0730 -07:30"},
		{"offsets X of UTC", moon, "X XX XXX XXXX XXXXX", "Z Z Z Z Z"},
		{"offsets x of UTC", moon, "x xx xxx xxxx xxxxx", "+00 +0000 +00:00 +0000 +00:00"},
		{"offsets unknown", "1969T", "X x xxx", "Z +00 +00:00"},
		{"offsets of minutes only", odd, "X x XXX", "+0030 +0030 +00:30"},
		{"midnight of 12 hours", odd, "h hh a", "12 12 AM"},
		{"noon of 12 hours", "2007-12-31T12:00Z", "h hh H a", "12 12 12 PM"},
		{"11 at night", "2007-12-31T23:00Z", "h hh H HH a", "11 11 23 23 PM"},
		{"parts that are missing", "2007T", "yyyy-MM-dd HH:mm:ss.SSS n", "2007-01-01 00:00:00.000 0"},
		{"letters without space", moon, "yyyyMMdd", "19690720"},
		{"nothing", moon, "", ""},
		{"quoted text", moon, "'year 'y", "year 1969"},
		{"quoted text with a quote", moon, "'o''clock'", "o'clock"},
		{"two quotes", moon, "''yy", "'69"},
		{"four quotes", moon, "''''", "'"},
		{"quote at the begin of quoted text", moon, "'''y'", "'y"},
		{"quote at the end of quoted text", moon, "'y'''", "y'"},
		{"punctuation, digits and other scripts", moon, "[12] é年#{y}", "[12] é年#{1969}"},
		{"bytes that are no text", moon, "\xff\x80y", "\xff\x801969"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePattern(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(p.Append([]byte("> "), mustParse(t, tt.of))); got != "> "+tt.want {
				t.Errorf("%q of %s is %q, want %q", tt.pattern, tt.of, got, tt.want)
			}
		})
	}
}

func TestPatternRefuses(t *testing.T) {
	for _, tt := range []struct{ name, pattern, want string }{
		{"years of three", "yyy", `"yyy" at 1 `},
		{"years of five", "M yyyyy", `"yyyyy" at 3 `},
		{"months of six", "MMMMMM", `"MMMMMM" at 1 `},
		{"days of three", "d-ddd", `"ddd" at 3 `},
		{"meridian of two", "aa", `"aa" at 1 `},
		{"hours of three", "HHH", `"HHH" at 1 `},
		{"minutes of three", "mmm", `"mmm" at 1 `},
		{"fraction of ten", "SSSSSSSSSS", `"SSSSSSSSSS" at 1 `},
		{"nanoseconds of two", "nn", `"nn" at 1 `},
		{"offset of six", "XXXXXX", `"XXXXXX" at 1 `},
		{"offset in small letters of six", "xxxxxx", `"xxxxxx" at 1 `},
		{"other letter", "y-b", `"b" at 3 `},
		{"capital of a letter", "yY", `"Y" at 2 `},
		{"T without quotes", "ddTHH", `"T" at 3 `},
		{"guide's pattern with SQL's quotes", "y-MM-dd''T''H", `"T" at 10 `},
		{"characters are counted, not bytes", "年年b", `"b" at 3 `},
		{"long run", strings.Repeat("y", 1000), `"yyyyyyyyyyyyyyyy" at 1 `},
		{"quote that is not closed", "y 'abc", "quote at 3 is not closed"},
		{"quote alone", "'", "quote at 1 is not closed"},
		{"three quotes", "'''", "quote at 1 is not closed"},
		{"quote closed by none but doubled ones", "'a''", "quote at 1 is not closed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePattern(tt.pattern)
			if err == nil || p != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, %v; want an error with %s", p, err, tt.want)
			}
		})
	}
}
