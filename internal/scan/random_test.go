package scan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

// outcomeOf runs a query with blocks of a size and so many workers.
func outcomeOf(t *testing.T, statement string, in Input, out csv.Format, data string, size, workers int) outcome {
	t.Helper()
	q, err := Compile(statement, in, out)
	if err != nil {
		return outcome{Err: err.Error()}
	}
	q.blockSize = size
	var b strings.Builder
	r, err := q.Run(context.Background(), strings.NewReader(data), &b, Options{Workers: workers, Now: time.Unix(0, 0)})
	o := outcome{Out: b.String(), Rows: r.Rows, Records: r.Records, Err: errText(err)}
	if q.statement != nil && strings.Contains(statement, "LIMIT") {
		o.Records = 0
	}
	return o
}

// dialect is a random one that is valid.
func dialect(random *rand.Rand) csv.Dialect {
	const chars = ",;\t\"'\\#\n\r|a"
	for {
		pick := func() byte { return chars[random.IntN(len(chars))] }
		d := csv.Dialect{Field: pick(), Quote: pick(), Escape: pick(), Comment: pick(), Record: string(pick())}
		switch random.IntN(4) {
		case 0:
			d.Field, d.Quote, d.Escape, d.Record = ',', '"', '"', "\n"
		case 1:
			d.Escape = d.Quote
		case 2:
			d.Record = "\r\n"
		}
		if random.IntN(2) == 0 {
			d.Comment = 0
		}
		if d.Validate() == nil {
			return d
		}
	}
}

// archive is random records in a dialect, most of them good.
func archive(random *rand.Rand, d csv.Dialect) string {
	field, quote, record := string(d.Field), string(d.Quote), d.Record
	good := []string{"1", "22", "-3", "b", "é", "", " ", "x y", quote + "q" + record + "r" + quote, quote + field + quote, quote + string(d.Escape) + quote + quote, quote + quote, quote + record + record + quote}
	bad := []string{quote, quote + "a" + quote + "b", "\xff", "a" + quote + "b", "\r", "\n", string(max(d.Comment, 'c')) + "comment" + quote + record, record, record + record, string(d.Escape)}
	var b strings.Builder
	wrong := random.IntN(3) * random.IntN(4)
	for range random.IntN(25) {
		for i := range 1 + random.IntN(4) {
			if i > 0 {
				b.WriteString(field)
			}
			if random.IntN(100) < wrong {
				b.WriteString(bad[random.IntN(len(bad))])
			} else {
				b.WriteString(good[random.IntN(len(good))])
			}
		}
		b.WriteString([]string{record, record, record, record + record, "\r" + record}[random.IntN(5)])
	}
	text := b.String()
	if random.IntN(2) == 0 {
		text = strings.TrimSuffix(text, record)
	}
	return text
}

func statement(random *rand.Rand) string {
	what := []string{"*", "*", "_1", "_1, _2", "_3, _1, _9", "CAST(_1 AS INT)", "UPPER(_2), CHAR_LENGTH(_1)", "_1 + 1", "COUNT(*)", "COUNT(_2), MIN(_1), MAX(_1)", "SUM(_1)", "SUM(CAST(_2 AS INT)), COUNT(*)", "b", "MISSING"}
	where := []string{"", "", " WHERE _1 > 1", " WHERE _2 = 'b'", " WHERE _1 LIKE '%b%'", " WHERE CAST(_1 AS INT) > 0", " WHERE _3 IS NOT MISSING", " WHERE FALSE", " WHERE 1 / CHAR_LENGTH(_1) >= 0"}
	limit := []string{"", "", "", " LIMIT 0", " LIMIT 1", " LIMIT 3", " LIMIT 10"}
	return "SELECT " + what[random.IntN(len(what))] + " FROM archive" + where[random.IntN(len(where))] + limit[random.IntN(len(limit))]
}

// TestLikeReference runs random queries over random archives, in blocks of any
// size, and compares with what one record after the other comes to.
func TestLikeReference(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			errs, rows := map[string]int{}, int64(0)
			for range 120 {
				in := Input{Compression: Uncompressed, Form: CSV, CSV: dialect(random), Header: Header(random.IntN(3))}
				out := csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n", Always: random.IntN(4) == 0}
				if d := dialect(random); random.IntN(2) == 0 {
					out.Field, out.Quote, out.Escape, out.Record = d.Field, d.Quote, d.Escape, d.Record
				}
				s, data := statement(random), archive(random, in.CSV)
				want := reference(s, in, out, data)
				code, _, _ := strings.Cut(want.Err, ":")
				errs[code]++
				rows += want.Rows
				for _, size := range []int{1, 2, 3, 1 + random.IntN(64), 1 + random.IntN(64), 0} {
					workers := 1 + random.IntN(4)
					if diff := cmp.Diff(want, outcomeOf(t, s, in, out, data, size, workers)); diff != "" {
						t.Fatalf("%s\n%+v %+v\n%q\nblocks of %d, %d workers: %s", s, in, out, data, size, workers, diff)
					}
				}
			}
			for _, code := range []string{"", "CSVUnescapedQuote", "InvalidTextEncoding", "CastFailed", "InvalidDataType"} {
				if errs[code] == 0 {
					t.Errorf("%d archives came to %q", errs[code], code)
				}
			}
			if rows < 50 {
				t.Errorf("only %d rows were selected", rows)
			}
		})
	}
}

// TestEveryLimit stops at each row, in blocks of each size.
func TestEveryLimit(t *testing.T) {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "%d,\"a\n%d\"\n", i, i)
	}
	data := b.String() + "x,y\n\"bad\"x\n"
	in := Input{Form: CSV, CSV: csv.Default()}
	step := 1
	if testing.Short() {
		step = 11
	}
	for limit := range 24 {
		s := fmt.Sprintf("SELECT CAST(_1 AS INT) FROM archive WHERE _1 <> '7' LIMIT %d", limit)
		want := reference(s, in, defaultFormat(), data)
		if limit < 20 && want.Err != "" || limit > 19 && want.Err == "" {
			t.Fatalf("limit %d: %s", limit, want.Err)
		}
		for size := 0; size < 65; size += step {
			if diff := cmp.Diff(want, outcomeOf(t, s, in, defaultFormat(), data, size, 2)); diff != "" {
				t.Fatalf("limit %d, blocks of %d: %s", limit, size, diff)
			}
		}
	}
}

// TestRecordsOfLimit shows that how many records were read is that up to the last
// row, whatever the blocks.
func TestRecordsOfLimit(t *testing.T) {
	data := "y\n" + strings.Repeat("n\n", 10) + "y\n" + strings.Repeat("n\n", 10)
	for _, size := range []int{1, 7, 20, 0} {
		q := compile(t, "SELECT _1 FROM archive WHERE _1 = 'y' LIMIT 2", Input{})
		q.blockSize = size
		if _, r, err := run(q, data); err != nil || r != (Result{Records: 12, Rows: 2}) {
			t.Errorf("blocks of %d: %+v, %v", size, r, err)
		}
	}
}
