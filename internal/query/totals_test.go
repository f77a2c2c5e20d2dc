package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"firn/internal/value"
)

// totalsOf is the result of a statement of aggregates, whose rows are counted in
// stretches that end at the cuts, and merged from left to right; or the error.
func totalsOf(t *testing.T, statement string, rows []fields, cuts ...int) string {
	t.Helper()
	s, err := Parse(statement)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Bind(Positions())
	if err != nil {
		t.Fatal(err)
	}
	env := NewEnv(context.Background(), testNow())
	all, from := p.NewTotals(), 0
	for _, to := range append(cuts, len(rows)) {
		part := p.NewTotals()
		for _, r := range rows[from:to] {
			env.Row = r
			if err := p.Count(env, part); err != nil {
				return err.Error()
			}
		}
		if err := all.Merge(part); err != nil {
			return err.Error()
		}
		from = to
	}
	env.Use(all)
	out, err := appendRow(nil, p, env, nil)
	return strings.Join(out, "") + errText(err)
}

func column1(values ...string) []fields {
	var rows []fields
	for _, v := range values {
		rows = append(rows, fields{v})
	}
	return rows
}

func TestAggregates(t *testing.T) {
	const maxInt = "9223372036854775807"
	for _, tt := range []struct {
		name, expr string
		values     []string
		want       string
	}{
		{"nothing", "COUNT(*), COUNT(_1), SUM(_1), AVG(_1), MIN(_1), MAX(_1)", nil, "0|0|NULL|NULL|NULL|NULL"},
		{"one", "COUNT(*), COUNT(_1), SUM(_1), AVG(_1), MIN(_1), MAX(_1)", []string{"5"}, "1|1|5|5|5|5"},
		{"columns that are not there", "COUNT(*), COUNT(_2), SUM(_2), MIN(_2)", []string{"5", "6"}, "2|0|NULL|NULL"},
		{"NULL does not count", "COUNT(NULLIF(_1, 5)), SUM(NULLIF(_1, 5)), AVG(NULLIF(_1, 5))", []string{"5", "6", "8"}, "2|14|7"},
		{"COUNT of a constant", "COUNT(1), COUNT(NULL), COUNT('')", []string{"a", "b"}, "2|0|2"},
		{"SUM of integers", "SUM(CAST(_1 AS INT))", []string{"1", "-2", "30"}, "29"},
		{"SUM of decimals", "SUM(_1)", []string{"0.1", "0.20", "1"}, "1.30"},
		{"SUM of floats", "SUM(CAST(_1 AS FLOAT))", []string{"0.5", "0.25"}, "0.75"},
		{"SUM beyond 64 bits", "SUM(_1)", []string{maxInt, maxInt}, "18446744073709551614"},
		{"SUM below 64 bits", "SUM(_1)", []string{"-9223372036854775808", "-1"}, "-9223372036854775809"},
		{"SUM of what is no number", "SUM(_1)", []string{"1", "x"}, "InvalidDataType: SUM takes numbers, and 'x' is none at line 1, column 8."},
		{"AVG of integers", "AVG(_1)", []string{"1", "2"}, "1.5"},
		{"AVG that does not end", "AVG(_1)", []string{"1", "0", "0"}, "0." + strings.Repeat("3", 38)},
		{"AVG of floats", "AVG(CAST(_1 AS FLOAT))", []string{"1", "2"}, "1.5"},
		{"MIN and MAX of texts", "MIN(_1), MAX(_1)", []string{"9", "10", "b"}, "10|b"},
		{"MIN and MAX of numbers", "MIN(CAST(_1 AS INT)), MAX(CAST(_1 AS INT))", []string{"9", "10"}, "9|10"},
		{"MIN and MAX of timestamps", "MIN(CAST(_1 AS TIMESTAMP)), MAX(CAST(_1 AS TIMESTAMP))", []string{"2017T", "2016-05T"}, "2016-05T|2017T"},
		{"MIN and MAX of truths", "MIN(CAST(_1 AS BOOL)), MAX(CAST(_1 AS BOOL))", []string{"true", "false"}, "false|true"},
		{"the first of equals", "MIN(CAST(_1 AS DECIMAL)), MAX(CAST(_1 AS DECIMAL))", []string{"1.0", "1.00"}, "1.0|1.0"},
		{"in an expression", "SUM(_1) * 2 + COUNT(*), CAST(MAX(_1) AS INT) - 1", []string{"3", "4"}, "16|3"},
		{"expression within", "SUM(_1 * _1), MAX(CHAR_LENGTH(_1))", []string{"3", "40"}, "1609|2"},
		{"beside a constant", "COUNT(*), 'x', UTCNOW() > `2017T`", []string{"3"}, "1|x|true"},
		{"in CASE and COALESCE", "CASE WHEN COUNT(*) > 1 THEN 'many' ELSE 'few' END, COALESCE(SUM(_2), 0)", []string{"3", "4"}, "many|0"},
		{"decimals too large", "SUM(CAST(_1 AS FLOAT))", []string{"1e308", "1e308"}, "NumericOverflow: the result of 1e+308 + 1e+308 is too large at line 1, column 8."},
		{"types that do not compare", "MIN(CASE _1 WHEN 'x' THEN TRUE ELSE 1 END)", []string{"x", "1"}, "InvalidDataType: MIN cannot compare 1 with true at line 1, column 8."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for cut := range len(tt.values) + 1 {
				if got := totalsOf(t, "SELECT "+tt.expr+" FROM archive", column1(tt.values...), cut); got != tt.want {
					t.Errorf("cut at %d: %s, want %s", cut, got, tt.want)
				}
			}
		})
	}
}

// TestTotalsMerge cuts rows at random: it must make no difference.
func TestTotalsMerge(t *testing.T) {
	for _, tt := range []struct {
		name, expr string
		values     []string
	}{
		{"integers", "COUNT(*), SUM(_1), AVG(_1), MIN(CAST(_1 AS INT)), MAX(_1)", []string{"1", "-7", "100", "0", "9223372036854775807"}},
		{"integers that leave 64 bits and come back", "SUM(_1) / 2, AVG(_1), SUM(_1)", []string{"9223372036854775807", "-9223372036854775807", "1", "-1", "3"}},
		{"decimals", "SUM(_1), AVG(_1), MIN(CAST(_1 AS DECIMAL))", []string{"1.5", "-0.25", "3", "1e10", "0.001"}},
		{"what is no number", "COUNT(*), SUM(_1)", []string{"1", "2", "3", "4", "5", "6", "7", "8", "x"}},
		{"equals of different digits", "MIN(CAST(_1 AS DECIMAL)), MAX(CAST(_1 AS DECIMAL))", []string{"1", "1.0", "1.00", "01"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(200) {
				random := rand.New(rand.NewPCG(seed, 0))
				var values []string
				for range random.IntN(12) {
					values = append(values, tt.values[random.IntN(len(tt.values))])
				}
				var cuts []int
				for at := 0; at < len(values); at += 1 + random.IntN(4) {
					cuts = append(cuts, at)
				}
				statement := "SELECT " + tt.expr + " FROM archive"
				want, got := totalsOf(t, statement, column1(values...)), totalsOf(t, statement, column1(values...), cuts...)
				if got != want {
					t.Fatalf("seed %d: %v cut at %v: %s, want %s", seed, values, cuts, got, want)
				}
			}
		})
	}
}

// TestLongExtremes has many MIN and MAX of long strings: they keep a few MiB together.
func TestLongExtremes(t *testing.T) {
	long := strings.Repeat("a", mib)
	for _, tt := range []struct {
		name   string
		n      int
		values []string
		want   string
	}{
		{"four of the longest records", 4, []string{long, "b"}, ""},
		{"five of the longest records", 5, []string{"b", long, "c"}, "ColumnTooLong: so many MIN and MAX take strings of 838860 bytes at most, and here is one of 1048576 at line 1, column 20."},
		{"five of shorter records", 5, []string{"b", long[:maxKept/5]}, ""},
		{"thousands of long records", 8000, []string{long}, "ColumnTooLong: so many MIN and MAX take strings of 524 bytes at most, and here is one of 1048576 at line 1, column 20."},
		{"thousands of numbers", 8000, []string{"1"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			statement := "SELECT CHAR_LENGTH(MAX(_1))" + strings.Repeat(",MIN(_1)", tt.n-1) + " FROM archive"
			for cut := range len(tt.values) + 1 {
				got := ""
				n := allocated(func() { got = totalsOf(t, statement, column1(tt.values...), cut) })
				if tt.want != "" && got != tt.want || tt.want == "" && strings.Contains(got, "Too") {
					t.Errorf("cut at %d: %.200s, want %s", cut, got, tt.want)
				}
				if n > 64*mib {
					t.Errorf("cut at %d: %d bytes", cut, n)
				}
			}
		})
	}
}

// TestTotalsKeepTheirBytes overwrites a record behind the back of MIN and MAX.
func TestTotalsKeepTheirBytes(t *testing.T) {
	s, err := Parse("SELECT MIN(_1), MAX(_1) FROM archive")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Bind(Positions())
	if err != nil {
		t.Fatal(err)
	}
	env, totals, b := NewEnv(context.Background(), testNow()), p.NewTotals(), []byte("mm")
	env.Row = shared(b)
	for _, text := range []string{"mm", "aa", "zz", "bb"} {
		copy(b, text)
		if err := p.Count(env, totals); err != nil {
			t.Fatal(err)
		}
	}
	env.Use(totals)
	if out, err := appendRow(nil, p, env, nil); err != nil || fmt.Sprint(out) != "[aa|zz]" {
		t.Errorf("%v, %v", out, err)
	}
}

// shared is a Row of one column that is not copied.
type shared []byte

func (s shared) Column(int) value.Value  { return value.Text(s) }
func (s shared) Text(int) ([]byte, bool) { return s, true }
