package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver

	"firn/internal/csv"
	"firn/internal/scan"
)

var seedFlag = flag.Uint64("seed", 0, "repeat the random test with this seed")

// TestRandomQueries runs random statements over random tables. FIRN_LONG=1 runs many more.
func TestRandomQueries(t *testing.T) {
	tables, statements := 30, 100
	if os.Getenv("FIRN_LONG") != "" {
		tables, statements = 600, 200
	}
	first := *seedFlag
	if first == 0 {
		first = rand.Uint64()
	} else {
		tables = 1
	}
	duck := open(t)
	found := 0
	for i := range tables {
		seed := first + uint64(i)
		rows, statements := 200, statements
		if seed%16 == 0 { // of more than one block
			rows, statements = 12000, statements/10
		}
		found += compareTable(t, duck, seed, rows, statements)
		if found > 10 {
			t.Fatal("too many differences to go on")
		}
	}
	t.Logf("some %d statements over %d tables, seeds from %d on", tables*statements, tables, first)
}

// compareTable compares statements over the table of a seed, and returns how many differed.
func compareTable(t *testing.T, duck *sql.DB, seed uint64, rows, statements int) (found int) {
	rng := rand.New(rand.NewPCG(seed, 0))
	table := newTable(rng, rows)
	load(t, duck, table)
	g := &generator{rng: rng, header: table.header && !table.ignored}
	for range statements {
		s := g.statement()
		if difference := compare(duck, table, s); difference != "" {
			found++
			t.Errorf("%s\nFirn:   %s\nDuckDB: %s\nrepeat with: CGO_ENABLED=1 go test -run 'TestRandomQueries$' -seed %d .", difference, s.firn, s.duck, seed)
		}
	}
	return found
}

// macros are what DuckDB is taught. A time without seconds that has an offset it does not read, and an offset it ignores unless the
// type has one. What it calls a month, from the 31st of January to the last of February, Firn does not.
const macros = `
	CREATE MACRO instant(s) AS
		make_timestamp(epoch_us(CAST(regexp_replace(s, '(T\d\d:\d\d)(Z|[+-])', '\1:00\2') AS TIMESTAMPTZ)));
	CREATE MACRO in_month(t) AS epoch_us(t) - epoch_us(date_trunc('month', t));
	CREATE MACRO months_up(a, b) AS date_diff('month', a, b) - CAST(in_month(b) < in_month(a) AS BIGINT);
	CREATE MACRO whole_months(a, b) AS CASE WHEN a <= b THEN months_up(a, b) ELSE -months_up(b, a) END;
	CREATE MACRO whole_years(a, b) AS whole_months(a, b) // 12`

// open opens a DuckDB in memory, on one thread.
func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "SET threads = 1; "+macros); err != nil {
		t.Fatal(err)
	}
	return db
}

// load lets DuckDB read a table.
func load(t *testing.T, duck *sql.DB, table *table) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.csv")
	if err := os.WriteFile(path, table.data, 0o600); err != nil {
		t.Fatal(err)
	}
	names := make([]string, columns)
	for i := range names {
		names[i] = fmt.Sprintf("'_%d': 'VARCHAR'", i+1)
	}
	d := table.dialect
	read := fmt.Sprintf("CREATE OR REPLACE TABLE archive AS SELECT * FROM read_csv(%s, auto_detect = false, header = %t, columns = {%s}, "+
		"delim = %s, quote = %s, escape = %s, nullstr = '<NULL>', strict_mode = true)",
		quote(path), table.header, strings.Join(names, ", "), quote(string(d.Field)), quote(string(d.Quote)), quote(string(d.Escape)))
	if _, err := duck.ExecContext(t.Context(), read); err != nil {
		t.Fatalf("%s: %v", read, err)
	}
	if difference := compare(duck, table, statement{pair: same("SELECT * FROM archive s")}); difference != "" {
		t.Fatalf("the same table is another: %s", difference)
	}
}

// compare says in what a statement's results differ.
func compare(duck *sql.DB, table *table, s statement) string {
	want, wrong := runDuck(duck, s.duck)
	got, err := runFirn(table, s.firn)
	if difference := asLines(table, s, got, err); difference != "" {
		return difference
	}
	switch {
	case err != nil && wrong != nil:
		return ""
	case err != nil || wrong != nil:
		return fmt.Sprintf("Firn: %v\nDuckDB: %v", err, wrong)
	}
	return s.differ(got, want)
}

// differ says in what Firn's rows differ from others.
func (s statement) differ(got [][]string, want [][]sql.NullString) string {
	if len(got) != len(want) {
		return fmt.Sprintf("Firn has %d rows, DuckDB %d", len(got), len(want))
	}
	for i := range got {
		if len(got[i]) != len(want[i]) {
			return fmt.Sprintf("in row %d Firn has %d columns, DuckDB %d", i+1, len(got[i]), len(want[i]))
		}
		for j := range got[i] {
			c := exactly
			if s.checks != nil {
				c = s.checks[j]
			}
			if !c.equal(got[i][j], want[i][j]) {
				return fmt.Sprintf("in row %d, column %d Firn has %q, DuckDB %q (NULL: %t)", i+1, j+1, got[i][j], want[i][j].String, !want[i][j].Valid)
			}
		}
	}
	return ""
}

// asLines says in what the result over lines of JSON differs from that over CSV. Sums of doubles may, as blocks end elsewhere.
func asLines(table *table, s statement, overCSV [][]string, failed error) string {
	if table.lines == nil {
		return ""
	}
	got, err := run(s.firn, scan.Input{Form: scan.JSONLines}, table.lines)
	switch {
	case (err == nil) != (failed == nil):
		return fmt.Sprintf("over lines of JSON: %v, over CSV: %v", err, failed)
	case err != nil:
		return ""
	}
	want := make([][]sql.NullString, len(overCSV))
	for i, row := range overCSV {
		for _, text := range row {
			want[i] = append(want[i], sql.NullString{String: text, Valid: true})
		}
	}
	if difference := s.differ(got, want); difference != "" {
		return "over lines of JSON, where CSV is what DuckDB is said to be, " + difference
	}
	return ""
}

func runFirn(table *table, text string) ([][]string, error) {
	in := scan.Input{Form: scan.CSV, CSV: table.dialect}
	switch {
	case table.ignored:
		in.Header = scan.HeaderIgnore
	case table.header:
		in.Header = scan.HeaderUse
	}
	return run(text, in, table.archive)
}

func run(text string, in scan.Input, archive []byte) ([][]string, error) {
	out := csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
	q, err := scan.Compile(text, in, out)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := q.Run(context.Background(), bytes.NewReader(archive), &b, scan.Options{Workers: 3}); err != nil {
		return nil, err
	}
	return read(b.String()), nil
}

// read reads CSV without interpreting more of it than there is; package encoding/csv changes line breaks.
func read(s string) (rows [][]string) {
	var row []string
	for s != "" {
		var field strings.Builder
		if strings.HasPrefix(s, `"`) {
			s = s[1:]
			for {
				i := strings.IndexByte(s, '"')
				field.WriteString(s[:i])
				s = s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				field.WriteByte('"')
				s = s[1:]
			}
		} else {
			i := strings.IndexAny(s, ",\n")
			field.WriteString(s[:i])
			s = s[i:]
		}
		row = append(row, field.String())
		if s[0] == '\n' {
			rows, row = append(rows, row), nil
		}
		s = s[1:]
	}
	return rows
}

func runDuck(duck *sql.DB, text string) (table [][]sql.NullString, err error) {
	rows, err := duck.QueryContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		table = append(table, row)
	}
	return table, rows.Err()
}

// tolerance is how far apart sums of some hundred doubles may be, in parts of them; and so is what DuckDB divides as doubles.
const tolerance = 1e-9

// equal compares a field of Firn's, in which NULL is empty, with DuckDB's.
func (c check) equal(firn string, duck sql.NullString) bool {
	if !duck.Valid || firn == "" || c == exactly || firn == duck.String {
		return firn == duck.String
	}
	switch c {
	case asNumber:
		a, okA := new(big.Rat).SetString(firn)
		b, okB := new(big.Rat).SetString(duck.String)
		return okA && okB && a.Cmp(b) == 0
	case asInstant:
		a, errA := parseInstant(firn)
		b, errB := time.Parse("2006-01-02 15:04:05.999999", duck.String)
		return errA == nil && errB == nil && a.Equal(b)
	}
	a, errA := strconv.ParseFloat(firn, 64)
	b, errB := strconv.ParseFloat(duck.String, 64)
	if errA != nil || errB != nil {
		return false
	}
	return a == b || c == nearly && math.Abs(a-b) <= tolerance*max(1, math.Abs(a), math.Abs(b))
}

func parseInstant(s string) (t time.Time, err error) {
	for _, layout := range []string{"2006-01-02T15:04Z07:00", time.RFC3339Nano} {
		if t, err = time.Parse(layout, s); err == nil {
			break
		}
	}
	return t, err
}
