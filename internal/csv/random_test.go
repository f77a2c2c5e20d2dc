package csv_test

import (
	stdcsv "encoding/csv"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/csv"
)

// eachSeed runs a test with a few sources of randomness. The name of the subtest repeats it.
func eachSeed(t *testing.T, test func(t *testing.T, random *rand.Rand)) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { test(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

// text puts pieces together at random.
func text(random *rand.Rand, pieces []string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

// dialect is a random one that is valid.
func dialect(random *rand.Rand) csv.Dialect {
	const chars = ",;\t\"'\\#\n\r|a"
	for {
		pick := func() byte { return chars[random.IntN(len(chars))] }
		d := csv.Dialect{Field: pick(), Quote: pick(), Escape: pick(), Comment: pick(), Record: string(pick())}
		if random.IntN(2) == 0 {
			d.Escape = d.Quote
		}
		if random.IntN(2) == 0 {
			d.Record = []string{"\n", "\r\n"}[random.IntN(2)]
		}
		if random.IntN(2) == 0 {
			d.Comment = 0
		}
		if d.Validate() == nil {
			return d
		}
	}
}

func TestScannerLikeReference(t *testing.T) { eachSeed(t, scannerLikeReference) }

func scannerLikeReference(t *testing.T, random *rand.Rand) {
	codes := map[string]int{}
	for range 5000 {
		d := dialect(random)
		field, quote := string(d.Field), string(d.Quote)
		pieces := []string{field, field, quote, field + quote, quote + field, quote + d.Record, string(d.Escape), string(d.Escape) + quote, d.Record, d.Record + quote,
			string(max(d.Comment, 'b')), "b", "a longer piece", "é", "\r", "\n"}
		if random.IntN(8) == 0 {
			pieces = append(pieces, "\xff")
		}
		in := text(random, pieces, random.IntN(30))
		want := reference(d, in)
		codes[want.Code]++
		if diff := cmp.Diff(want, scan(t, d, in)); diff != "" {
			t.Fatalf("%+v, %q: %s", d, in, diff)
		}
		if cut := random.IntN(len(in) + 1); !cmp.Equal(want, scan(t, d, in, cut)) {
			t.Fatalf("%+v, %q, cut at %d: %s", d, in, cut, cmp.Diff(want, scan(t, d, in, cut)))
		}
	}
	for _, code := range []string{"", csv.UnescapedQuote, csv.InvalidTextEncoding} {
		if codes[code] < 100 {
			t.Errorf("only %d inputs of 5000 gave %q", codes[code], code)
		}
	}
}

func TestScannerLikeEncodingCSV(t *testing.T) { eachSeed(t, scannerLikeEncodingCSV) }

func scannerLikeEncodingCSV(t *testing.T, random *rand.Rand) {
	compared := 0
	for range 5000 {
		in := text(random, []string{"a", "bc", "é", ",", ",", "\"\"", "\",\"", ",\"", "\",", "\n", "\r\n", "\"\n", "\n\"", " "}, random.IntN(20)) + []string{"", "\r"}[random.IntN(2)]
		r := stdcsv.NewReader(strings.NewReader(in))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		got := scan(t, csv.Default(), in)
		if err != nil || got.Code != "" {
			continue
		}
		compared++
		for _, record := range got.Records {
			for i := range record {
				record[i] = strings.ReplaceAll(record[i], "\r\n", "\n") // encoding/csv does so within quotes
			}
		}
		if diff := cmp.Diff(want, got.Records); diff != "" {
			t.Fatalf("%q: %s", in, diff)
		}
	}
	if compared < 500 {
		t.Errorf("only %d inputs were compared", compared)
	}
}
