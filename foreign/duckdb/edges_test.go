package duckdb

import (
	"database/sql"
	"fmt"
	"testing"

	"firn/internal/csv"
)

// oneRow is a table of one row, for expressions that need none, which DuckDB then has too.
func oneRow(t *testing.T) (*table, *sql.DB) {
	t.Helper()
	duck := open(t)
	if _, err := duck.ExecContext(t.Context(), "CREATE TABLE archive AS SELECT 'x' AS _1"); err != nil {
		t.Fatal(err)
	}
	return &table{dialect: csv.Default(), archive: []byte("x\n")}, duck
}

// alone makes a statement of one expression.
func alone(e pair, c check) statement {
	return statement{differ("SELECT %s FROM archive s", "SELECT CAST(%s AS VARCHAR) FROM archive s", e), []check{c}}
}

// TestArithmeticAtTheLimits: what overflows fails, and nothing else.
func TestArithmeticAtTheLimits(t *testing.T) {
	table, duck := oneRow(t)
	numbers := []string{
		"9223372036854775807", "-9223372036854775808", "-1", "0", "1", "2", "3037000500", "4611686018427387904", "-4611686018427387904", "9007199254740993",
	}
	bigint := func(n string) pair { return pair{n, "CAST(" + n + " AS BIGINT)"} }
	var list []pair
	for _, a := range numbers {
		list = append(list, both("(- %s)", bigint(a)))
		for _, b := range numbers {
			x, y := bigint(a), bigint(b)
			for _, op := range []string{"+", "-", "*", "<", "=", ">="} {
				list = append(list, both("(%s "+op+" %s)", x, y), differ("(%s "+op+" CAST(%s AS FLOAT))", "(%s "+op+" CAST(%s AS DOUBLE))", x, y))
			}
			if b != "0" {
				list = append(list, differ("(%s / %s)", "(%s // %s)", x, y))
			}
			if b != "0" && b != "-1" {
				list = append(list, both("(%s %% %s)", x, y))
			}
		}
	}
	for _, e := range list {
		c := exactly
		if value, err := runDuck(duck, "SELECT CAST("+e.duck+" AS VARCHAR)"); err == nil && value[0][0].String[0] < 'a' {
			c = asDouble
		}
		if difference := compare(duck, table, alone(e, c)); difference != "" {
			t.Errorf("%s: %s", e.firn, difference)
		}
	}
}

// TestCastsOfText: the same texts are numbers for both, and are the same ones.
func TestCastsOfText(t *testing.T) {
	table, duck := oneRow(t)
	whole := []string{
		"", "1", "-1", "+1", "007", " 7 ", "\t7\n", "-", ".", "--1", "1 2", "1,5", "x", "1x", "\u0661", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "-9223372036854775809", "00000000000000000000001", "-0",
	}
	rational := []string{"1.5", "-1.5", "1e2", "1E-2", ".5", "5.", "1.0", "0.1", "1e", "e1", "1.5.5", "12345678901234567.125", "-0.0", "0x1", "1e+3"}
	for _, k := range []kind{kindInt, kindDecimal, kindDouble} {
		texts, to := whole, k.duck()
		if k != kindInt { // see TestKnownDifferences
			texts = append(rational, whole...)
		}
		if k == kindDecimal {
			to = "DECIMAL(38,10)"
		}
		for _, s := range texts {
			e := pair{fmt.Sprintf("CAST(%s AS %s)", quote(s), k.firn()), fmt.Sprintf("CAST(%s AS %s)", quote(s), to)}
			if difference := compare(duck, table, alone(e, k.check())); difference != "" {
				t.Errorf("%s: %s", e.firn, difference)
			}
		}
	}
}

// TestSame: expressions that need no translation, and of which one might wonder.
func TestSame(t *testing.T) {
	table, duck := oneRow(t)
	for _, e := range []string{
		"'a!' LIKE 'a!!' ESCAPE '!'", "'a!' LIKE 'a!' ESCAPE '!'", "'a%' LIKE 'a%%' ESCAPE '%'", "'a_b' LIKE 'a__b' ESCAPE '_'", `'a\' LIKE 'a\'`, "'e\u0301' LIKE '_'",
		"'a' LIKE 'a' ESCAPE NULL", "'a' LIKE 'a' ESCAPE '!!'", "SUBSTRING('abc', 0)", "SUBSTRING('abc', 2, 0)", "SUBSTRING('abc', 9)", "TRIM(BOTH '' FROM 'aa')", "TRIM('\t a ')",
		"LOWER('\u0130')", "LOWER('\u0391\u03a3')", "UPPER('\u0149')", "CHAR_LENGTH('e\u0301')", "NULLIF('a', 'A')", "NULLIF(NULL, 1)", "NULLIF(1, NULL)", "NULLIF(1.0, 1)",
		"1 IN (NULL)", "NULL IN (1)", "NULL NOT IN (1)", "1 NOT IN (2, NULL)", "2 NOT IN (2, NULL)", "5 BETWEEN 8 AND NULL", "5 NOT BETWEEN 8 AND NULL", "5 BETWEEN 3 AND 1",
		"'a' < 'B'", "'a' < '\u00e9'", "'\uffff' < '\U0001F600'", "'a' < 'a '", "'a' = 'a '", "1.10 = 1.1", "0.1 + 0.2 = 0.3", "0.1e0 + 0.2e0 = 0.3e0", "7 % -3", "-7 % 3", "-7.5 % 2",
		"7.5 % -2", "-5.5e0 % 3e0 = -2.5e0", "CASE NULL WHEN NULL THEN 1 ELSE 2 END", "CASE 1 WHEN NULL THEN 1 ELSE 2 END", "2 - -2", "2 - 3 - 4", "2 * 3 + 4 * 5", "NOT 1 = 2",
		"NOT TRUE IS NULL", "TRUE OR TRUE AND FALSE", "1 + 2 BETWEEN 2 AND 4", "NOT 1 IN (2)", "1 = 2 IS NULL", "NULL = 1 IS NULL", "NULL AND FALSE", "NULL OR TRUE", "NOT NULL",
	} {
		if difference := compare(duck, table, alone(same(e), exactly)); difference != "" {
			t.Errorf("%s: %s", e, difference)
		}
	}
}

// fails is an answer that is none.
const fails = "an error"

// TestKnownDifferences holds what the random expressions keep away from, and that it is so.
func TestKnownDifferences(t *testing.T) {
	table, duck := oneRow(t)
	for _, tt := range []struct {
		why              string
		expr             pair
		onFirn, onDuckDB string
	}{
		{"DuckDB rounds a text to an integer", same("CAST('1.5' AS INT)"), fails, "2"},
		{"DuckDB rounds a number to an integer", same("CAST(1.5 AS INT)"), "1", "2"},
		{"an integer in DuckDB may have an exponent", same("CAST('1e2' AS INT)"), fails, "100"},
		{"DuckDB knows other ways to write a number", same("CAST('0x10' AS INT)"), fails, "16"},
		{"DuckDB has infinity", same("CAST('inf' AS FLOAT)"), fails, "inf"},
		{"DuckDB knows other words for TRUE", same("CAST('1' AS BOOL)"), fails, "true"},
		{"a DECIMAL of Firn's has any exponent", same("CAST('1e40' AS DECIMAL)"), "10000000000000000000000000000000000000000", fails},
		{"a quotient by zero is NULL in DuckDB", differ("1 / 0", "1 // 0"), fails, ""},
		{"a quotient of doubles by zero is infinite in DuckDB", same("1e0 / 0e0"), fails, "inf"},
		{"too large a double is infinite in DuckDB", same("1e308 * 10e0"), fails, "inf"},
		{"a quotient of integers is a double in DuckDB", same("7 / 2"), "3", "3.5"},
		{"a quotient of decimals is a double in DuckDB", same("1.0 / 3"), "0.33333333333333333333333333333333333333", "0.3333333333333333"},
		{"DuckDB cannot compute what is left of the least integer", differ("-9223372036854775808 %% -1", "CAST(-9223372036854775808 AS BIGINT) %% CAST(-1 AS BIGINT)"), "0", fails},
		{"an escape stands before what needs it, or DuckDB does not mind", same("'ab' LIKE 'a!b' ESCAPE '!'"), fails, "true"},
		{"an escape of DuckDB's is one byte", same("'\u00e9' LIKE '\u00e9\u00e9' ESCAPE '\u00e9'"), "true", fails},
		{"DuckDB counts from the end", same("SUBSTRING('abc', -1)"), "abc", "c"},
		{"a start before the first does not shorten what Firn takes", same("SUBSTRING('abc', 0, 2)"), "ab", "a"},
		{"DuckDB trims all white space that Unicode has", same("TRIM('\u00a0a')"), "\u00a0a", "a"},
		{"a sharp s of Firn's has no upper case", same("UPPER('\u00df')"), "\u00df", "\u1e9e"},
		{"from the last of January to the last of February is a month in DuckDB", differ("DATE_DIFF(MONTH, `2024-01-31T`, `2024-02-29T`)",
			"date_sub('month', DATE '2024-01-31', DATE '2024-02-29')"), "0", "1"},
		{"a timestamp of DuckDB's may lack its offset", same("CAST('2024-01-02T03:04:05' AS TIMESTAMP)"), fails, "2024-01-02 03:04:05"},
	} {
		firn, duckdb := fails, fails
		s := alone(tt.expr, exactly)
		if rows, err := runFirn(table, s.firn); err == nil {
			firn = rows[0][0]
		}
		if rows, err := runDuck(duck, s.duck); err == nil {
			duckdb = rows[0][0].String
		}
		if firn != tt.onFirn || duckdb != tt.onDuckDB {
			t.Errorf("%s: %s is %q in Firn and %q in DuckDB, want %q and %q", tt.why, tt.expr.firn, firn, duckdb, tt.onFirn, tt.onDuckDB)
		}
	}
}
