package duckdb

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"firn/internal/csv"
)

// The columns of every table, counted from 1. What is beyond the last is MISSING in Firn, and NULL for DuckDB.
const (
	columnInt     = 1 + iota // with leading zeros, some negative
	columnDecimal            // at most four digits behind the point
	columnDouble             // some with an exponent
	columnCity               // ASCII
	columnText               // anything that CSV must quote, and some that it need not
	columnUTC                // a timestamp in UTC
	columnBool               // true or false
	columnMixed              // a number, or empty, or none
	columnSparse             // an integer, or empty
	columnInstant            // a timestamp with an offset
	columnPattern            // for LIKE
	columns       = columnPattern
)

// A table is a CSV file of random rows.
type table struct {
	dialect csv.Dialect
	header  bool // its first record names the columns c1, c2 and so on
	ignored bool // but they are called by their positions
	data    []byte
	archive []byte // the same, with a mark before it, or packed, or neither
	lines   []byte // the same as lines of JSON, whose members are strings, if the columns are called by names
}

func newTable(rng *rand.Rand, rows int) *table {
	t := &table{dialect: csv.Default(), header: rng.IntN(2) == 0}
	switch rng.IntN(4) {
	case 0:
		t.dialect.Field = ';'
	case 1:
		t.dialect.Field, t.dialect.Quote, t.dialect.Escape = '|', '\'', '\''
	case 2:
		t.dialect.Field, t.dialect.Escape = '\t', '\\'
	}
	if rng.IntN(3) == 0 {
		t.dialect.Record = "\r\n"
	}
	t.ignored = t.header && rng.IntN(3) == 0
	var b bytes.Buffer
	if t.header {
		t.write(rng, &b, func(column int) string { return fmt.Sprintf("c%d", column) })
	}
	for i := range rows {
		var row [columns]string
		for column := range row {
			row[column] = field(rng, column+1)
			if i == 0 { // DuckDB takes the first line break that it sees for the record delimiter, even in quotes
				row[column] = strings.NewReplacer("\r", "", "\n", "").Replace(row[column])
			}
		}
		t.write(rng, &b, func(column int) string { return row[column-1] })
		if t.header && !t.ignored {
			t.writeLine(row[:])
		}
	}
	t.data = b.Bytes()
	t.pack(rng)
	return t
}

// writeLine writes a record as an object.
func (t *table) writeLine(row []string) {
	mark := "{"
	for i, value := range row {
		t.lines = fmt.Appendf(t.lines, "%s\"c%d\":", mark, i+1)
		mark = ","
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // strings have no errors
		}
		t.lines = append(t.lines, text...)
	}
	t.lines = append(t.lines, "}\n"...)
}

// pack makes the archive that Firn reads.
func (t *table) pack(rng *rand.Rand) {
	t.archive = t.data
	if rng.IntN(3) == 0 {
		t.archive = bytes.TrimSuffix(t.archive, []byte(t.dialect.Record))
	}
	if rng.IntN(3) == 0 {
		t.archive = append([]byte("\ufeff"), t.archive...)
	}
	if rng.IntN(3) == 0 { // in two members
		cut := rng.IntN(len(t.archive) + 1)
		var b bytes.Buffer
		for _, part := range [][]byte{t.archive[:cut], t.archive[cut:]} {
			w := gzip.NewWriter(&b)
			w.Write(part)
			w.Close()
		}
		t.archive = b.Bytes()
	}
}

// write writes a record; of the fields that need no quotes some have them.
func (t *table) write(rng *rand.Rand, b *bytes.Buffer, value func(column int) string) {
	d := t.dialect
	for i := range columns {
		if i > 0 {
			b.WriteByte(d.Field)
		}
		text := value(i + 1)
		if rng.IntN(5) > 0 && !strings.ContainsAny(text, string([]byte{d.Field, d.Quote, d.Escape, '\r', '\n'})) {
			b.WriteString(text)
			continue
		}
		b.WriteByte(d.Quote)
		for _, c := range []byte(text) {
			if c == d.Quote || c == d.Escape {
				b.WriteByte(d.Escape)
			}
			b.WriteByte(c)
		}
		b.WriteByte(d.Quote)
	}
	b.WriteString(d.Record)
}

// field is a random value of a column.
func field(rng *rand.Rand, column int) string {
	switch column {
	case columnInt:
		return fmt.Sprintf([]string{"%d", "%07d", "%d"}[rng.IntN(3)], integer(rng))
	case columnDecimal:
		return decimal(rng)
	case columnDouble:
		return double(rng)
	case columnCity:
		return oneOf(rng, cities())
	case columnText:
		return text(rng, 8)
	case columnUTC:
		return instant(rng, "Z")
	case columnBool:
		return oneOf(rng, []string{"true", "false", "TRUE", "False"})
	case columnMixed:
		return oneOf(rng, []string{"", "x", "12a", "0", "007", "-3", "2.5", "1e2", " 4 ", "100", "NULL", "99.999", "-", ".", "5.", ".5"})
	case columnSparse:
		return oneOf(rng, []string{"", "", "1", "-1", "15", "0"})
	case columnInstant:
		return instant(rng, oneOf(rng, []string{"Z", "+07:30", "-11:00", "+00:00"}))
	default:
		return likePattern(rng)
	}
}

func cities() []string { return []string{"Oslo", "Bergen", "Paris", "Rome", "Bern", "oslo", "Zug", ""} }

func integer(rng *rand.Rand) int {
	if rng.IntN(3) == 0 {
		return rng.IntN(7) - 3
	}
	return rng.IntN(2_000_001) - 1_000_000
}

func decimal(rng *rand.Rand) string {
	sign := oneOf(rng, []string{"", "", "-"})
	if rng.IntN(3) == 0 {
		return sign + oneOf(rng, []string{"0.5", "1.50", "2", "0", "00.25", "10.0000"})
	}
	digits := rng.IntN(5)
	if digits == 0 {
		return fmt.Sprintf("%s%d", sign, rng.IntN(10000))
	}
	return fmt.Sprintf("%s%d.%0*d", sign, rng.IntN(10000), digits, rng.IntN(pow10(digits)))
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

func double(rng *rand.Rand) string {
	return oneOf(rng, []string{
		oneOf(rng, []string{"0", "1.5", "-2.25", "1e3", "2.5E-2", "-0.0", "1e-7", "3E+5"}),
		fmt.Sprintf("%.3f", rng.NormFloat64()*1000),
		fmt.Sprintf("%.17g", rng.NormFloat64()),
	})
}

// text is up to n characters, of one, two, three and four bytes, and of those that CSV and LIKE are about.
func text(rng *rand.Rand, n int) string {
	var b strings.Builder
	for range rng.IntN(n + 1) {
		b.WriteString(oneOf(rng, []string{
			"a", "b", "A", "B", "z", "Z", " ", ",", ";", "|", `"`, "'", "\n", "\t", "\r\n", "é", "É", "ñ", "漢", "\U0001F600", "e\u0301", "%", "_", `\`, "!", "0", "Ä", "я", "Я", "İ", "ı", "ǅ", "Σ", "ς", "ﬁ", "\u00a0", "\u200d",
		}))
	}
	return b.String()
}

func instant(rng *rand.Rand, offset string) string {
	day := time.Date(1999+rng.IntN(27), time.Month(1+rng.IntN(12)), 1+rng.IntN(31), 0, 0, 0, 0, time.UTC)
	s := fmt.Sprintf("%sT%02d:%02d", day.Format(time.DateOnly), rng.IntN(24), rng.IntN(60))
	if rng.IntN(3) > 0 {
		s += fmt.Sprintf(":%02d", rng.IntN(60))
		if rng.IntN(3) == 0 {
			s += fmt.Sprintf(".%03d", rng.IntN(1000))
		}
	}
	return s + offset
}

// likePattern is a pattern without an escape character.
func likePattern(rng *rand.Rand) string {
	var b strings.Builder
	for range rng.IntN(6) {
		b.WriteString(oneOf(rng, []string{"%", "%", "_", "_", "a", "b", "e", "o", "s", "B", "é", "漢", "n", "\n"}))
	}
	return b.String()
}

func oneOf[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }
