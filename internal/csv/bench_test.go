package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"firn/internal/csv"
)

const benchBlock = 1 << 20

// rows makes about 16 MB of records of 8 columns and about 72 bytes. In one of ten a field is quoted. The same every time.
func rows() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for n := 0; b.Len() < 16<<20; n++ {
		name := "sensor-east"
		if n%10 == 9 {
			name = `"sensor, ""e"""`
		}
		fmt.Fprintf(&b, "%08d,2012-05-15,%s,%d,%.2f,active,eu-west-1,%06x\n", n, name, random.IntN(1e6), random.Float64()*1000, random.IntN(1<<24))
	}
	return b.Bytes()
}

func BenchmarkOneColumn(b *testing.B) {
	data := rows()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	s := csv.NewScanner(csv.Default())
	for b.Loop() {
		sum := 0
		for rest := data; len(rest) > 0; rest = rest[s.Consumed():] {
			n := min(len(rest), benchBlock)
			s.Reset(rest[:n], n == len(rest))
			for s.Next() {
				value, _ := s.Field(4)
				sum += len(value)
			}
			if s.Err() != nil {
				b.Fatal(s.Err())
			}
		}
		if sum == 0 {
			b.Fatal("nothing read")
		}
	}
}

func BenchmarkAllColumns(b *testing.B) {
	data := rows()
	b.SetBytes(int64(len(data)))
	s := csv.NewScanner(csv.Default())
	for b.Loop() {
		s.Reset(data, true)
		for s.Next() {
			if s.Columns() != 8 {
				b.Fatal(s.Columns())
			}
		}
	}
}

func BenchmarkEncodingCSV(b *testing.B) {
	data := rows()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := stdcsv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		sum := 0
		for {
			record, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			sum += len(record[4])
		}
		if sum == 0 {
			b.Fatal("nothing read")
		}
	}
}

func BenchmarkAppendField(b *testing.B) {
	f := csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
	value := []byte("2012-05-15")
	b.SetBytes(int64(len(value)))
	var dst []byte
	for b.Loop() {
		dst = f.AppendField(dst[:0], value)
	}
}
