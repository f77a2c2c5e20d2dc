package scan

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// table makes rows of eight columns, about 70 bytes each, a tenth of them with a
// column in quotes.
func table(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	cities := []string{"Oslo", "Bergen", "Trondheim", "Stavanger", "Paris", "Berlin", "Rome", "Bern"}
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		note := "nothing to say"
		if r.IntN(10) == 0 {
			note = `"said ""yes"", then no"`
		}
		fmt.Fprintf(&b, "%d,user%06d,%s,%d.%02d,2024-%02d-%02dT%02d:%02dZ,%s,%d,%d\n", i, r.IntN(1e6), cities[r.IntN(len(cities))],
			r.IntN(1000), r.IntN(100), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), note, r.IntN(10), r.IntN(100))
	}
	return b.Bytes()
}

const tableSize = 32 << 20

func BenchmarkQuery(b *testing.B) {
	data := table(tableSize)
	for _, statement := range []string{
		"SELECT COUNT(*) FROM archive s WHERE s._3 = 'Oslo'",
		"SELECT s._1, s._2 FROM archive s WHERE s._3 = 'Oslo' AND CAST(s._8 AS INT) > 50",
		"SELECT * FROM archive s WHERE s._8 > 90",
		"SELECT * FROM archive s",
		"SELECT SUM(CAST(s._4 AS DECIMAL)) FROM archive s",
		"SELECT COUNT(*) FROM archive s WHERE s._6 LIKE '%yes%'",
		"SELECT COUNT(*) FROM archive s WHERE EXTRACT(HOUR FROM s._5) = 7",
	} {
		b.Run(statement, func(b *testing.B) {
			in := Input{Form: CSV}
			in.CSV.Field, in.CSV.Quote, in.CSV.Escape, in.CSV.Record = ',', '"', '"', "\n"
			q, err := Compile(statement, in, defaultFormat())
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := q.Run(context.Background(), bytes.NewReader(data), io.Discard, Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncodingCSV(b *testing.B) {
	data := table(tableSize)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		n := 0
		for {
			record, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if record[2] == "Oslo" {
				n++
			}
		}
		if n == 0 {
			b.Fatal("nothing found")
		}
	}
}
