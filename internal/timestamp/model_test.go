package timestamp

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var seedFlag = flag.Uint64("seed", 0, "repeat the random test with this seed")

// TestModel compares random timestamps with those of package time, which knows no precision, but the same calendar.
func TestModel(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with: go test ./internal/timestamp -run 'TestModel$' -seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	previous := randomTime(rng)
	for range 20000 {
		at := randomTime(rng)
		compareWith(t, at, previous)
		addAs(t, rng, at)
		if t.Failed() {
			return
		}
		previous = at
	}
}

const wordsOfTime = "2006-01-02T15:04:05.000000000Z07:00"

// randomTime returns a time of the years 1 to 9999, often near the end of a month.
func randomTime(rng *rand.Rand) time.Time {
	zone := time.FixedZone("", (rng.IntN(2*1440-1)-1439)*60)
	day := 1 + rng.IntN(28)
	if rng.IntN(3) == 0 {
		day = 28 + rng.IntN(4)
	}
	year, month := 1+rng.IntN(9999), time.Month(1+rng.IntN(12))
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month, min(day, last), rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(1e9), zone)
}

// compareWith holds that reading, writing, TO_STRING, Extract, Compare and Diff agree.
func compareWith(t *testing.T, at, other time.Time) {
	text := at.Format(wordsOfTime)
	got := mustParse(t, text)
	u := mustParse(t, other.Format(wordsOfTime))
	if got.String() != text {
		t.Errorf("%s is written %s", text, got)
	}
	p, err := ParsePattern("MMMM MMM d, yyyy h:mm:ss a HH.SSSSSSSSS XXX XX xxx")
	if err != nil {
		t.Fatal(err)
	}
	want := at.Format("January Jan 2, 2006 3:04:05 PM 15.000000000 Z07:00 Z0700 -07:00")
	if as := string(p.Append(nil, got)); as != want {
		t.Errorf("TO_STRING of %s is %q, want %q", text, as, want)
	}
	_, offset := at.Zone()
	for p, want := range []int{at.Year(), int(at.Month()), at.Day(), at.Hour(), at.Minute(), at.Second(), offset / 3600, offset / 60 % 60} {
		if part := got.Extract(Part(p)); part != int64(want) {
			t.Errorf("%s of %s is %d", Part(p), text, part)
		}
	}
	if c := got.Compare(u); c != at.Compare(other) {
		t.Errorf("%s to %s is %d", got, u, c)
	}
	if ms, want := At(at), got.Extract(Second); ms.Extract(Second) != want || ms.Compare(got) > 0 || Diff(Second, ms, got) != 0 {
		t.Errorf("At(%s) is %s", text, ms)
	}
	months := monthsAs(other, at)
	if m, y := Diff(Month, u, got), Diff(Year, u, got); m != months || y != months/12 {
		t.Errorf("from %s to %s are %d years, %d months, want %d months", u, got, y, m, months)
	}
	seconds := at.Unix() - other.Unix()
	if at.After(other) && at.Nanosecond() < other.Nanosecond() {
		seconds--
	}
	if at.Before(other) && at.Nanosecond() > other.Nanosecond() {
		seconds++
	}
	for p, length := range map[Part]int64{Second: 1, Minute: 60, Hour: 3600, Day: 86400} {
		if d := Diff(p, u, got); d != seconds/length {
			t.Errorf("%s from %s to %s is %d, want %d", p, u, got, d, seconds/length)
		}
	}
}

// monthsAs counts whole months as Diff does.
func monthsAs(from, to time.Time) int64 {
	if to.Before(from) {
		return -monthsAs(to, from)
	}
	from, to = from.UTC(), to.UTC()
	months := (to.Year()-from.Year())*12 + int(to.Month()-from.Month())
	const rest = "02 15:04:05.000000000"
	if to.Format(rest) < from.Format(rest) {
		months--
	}
	return int64(months)
}

// addAs holds that Add agrees. Package time does not stop at the last day of a month, and is told the day.
func addAs(t *testing.T, rng *rand.Rand, at time.Time) {
	got := mustParse(t, at.Format(wordsOfTime))
	n := rng.IntN(20000) - 10000
	first := time.Date(at.Year(), at.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	day := min(at.Day(), first.AddDate(0, 1, -1).Day())
	for p, want := range map[Part]time.Time{
		Month:  time.Date(first.Year(), first.Month(), day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), at.Location()),
		Day:    at.AddDate(0, 0, n),
		Hour:   at.Add(time.Duration(n) * time.Hour),
		Minute: at.Add(time.Duration(n) * time.Minute),
		Second: at.Add(time.Duration(n) * time.Second),
	} {
		sum, err := got.Add(p, int64(n))
		if outside := want.Year() < 1 || want.Year() > 9999; outside != (err != nil) {
			t.Errorf("%s %+d of %s is %s, %v; want %s", p, n, got, sum, err, want)
		} else if err == nil && sum.String() != want.Format(wordsOfTime) {
			t.Errorf("%s %+d of %s is %s, want %s", p, n, got, sum, want)
		}
	}
}

func TestCalendarOfAllDays(t *testing.T) {
	days := 0
	for at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() <= maxYear; at = at.AddDate(0, 0, 1) {
		y, m, d := at.Date()
		c := clockAt(int64(days)*secondsPerDay + secondsPerDay - 1)
		if c != (clock{y, int(m), d, 23, 59, 59}) || daysUntil(y, int(m), d) != days || d > daysIn(y, int(m)) {
			t.Fatalf("day %d is %v, want %s", days, c, at)
		}
		days++
	}
	if days*secondsPerDay != allSeconds {
		t.Errorf("%d days", days)
	}
}
