package query

import (
	"strings"
	"testing"
)

// TestGuideStatements has the statements of the page SELECT Command, and what that page
// and the one about operators say besides, over an archive with a header.
func TestGuideStatements(t *testing.T) {
	people := []fields{{"Ann", "31", "Oslo"}, {"Bob", "45", ""}, {"Kim", "x", "Rome"}}
	header := []string{"NAME", "age", "City"}
	for _, tt := range []struct{ says, statement, want string }{
		{"* returns every row that passed, as is", "SELECT * FROM archive", "Ann|31|Oslo Bob|45| Kim|x|Rome"},
		{"* returns every row that passed, as is", "SELECT * FROM archive WHERE City <> ''", "Ann|31|Oslo Kim|x|Rome"},
		{"a projection for each column", "SELECT name, age FROM archive", "Ann|31 Bob|45 Kim|x"},
		{"[ AS column_alias | column_alias ]", "SELECT name AS who, age years FROM archive WHERE name = 'Ann'", "Ann|31"},
		{"FROM table_name", "SELECT name FROM ARCHIVE", "Ann Bob Kim"},
		{"FROM table_name", "SELECT name FROM OBJECT", "Ann Bob Kim"},
		{"FROM table_name alias", "SELECT s.name FROM archive s", "Ann Bob Kim"},
		{"FROM table_name AS alias", "SELECT s.name FROM archive AS s", "Ann Bob Kim"},
		{"S3Object is Amazon S3 Select's", "SELECT name FROM S3Object", "UnsupportedSqlStructure"},
		{"no subqueries", "SELECT name FROM archive WHERE age > (SELECT age FROM archive)", "UnsupportedSqlStructure"},
		{"no joins", "SELECT name FROM archive JOIN archive", "UnsupportedSqlStructure"},
		{"only the SELECT command", "INSERT INTO archive VALUES (1)", "UnsupportedSqlOperation"},
		{"only rows for which it is TRUE", "SELECT name FROM archive WHERE age > 40", "Bob"},
		{"only rows for which it is TRUE", "SELECT name FROM archive WHERE NOT age > 40", "Ann"}, // of x it is not known
		{"only rows for which it is TRUE", "SELECT name FROM archive WHERE NULL", ""},
		{"only rows for which it is TRUE", "SELECT name FROM archive WHERE MISSING", ""},
		{"only rows for which it is TRUE", "SELECT name FROM archive WHERE NULL = NULL", ""},
		{"only rows for which it is TRUE", "SELECT name FROM archive WHERE NOT (name = NULL)", ""},
		{"a condition has a Boolean result", "SELECT name FROM archive WHERE age", "InvalidDataType"},
		{"a condition has a Boolean result", "SELECT name FROM archive WHERE CHAR_LENGTH(name)", "InvalidDataType"},
		{"_N", "SELECT _2 FROM archive WHERE _1 = 'Ann'", "31"},
		{"alias._N", "SELECT myAlias._2 FROM archive myAlias WHERE myAlias._1 = 'Ann'", "31"},
		{"counted from 1", "SELECT _0 FROM archive", "InvalidColumnIndex"},
		{"column_name", "SELECT City FROM archive WHERE name = 'Kim'", "Rome"},
		{"alias.column_name", "SELECT s.City FROM archive s WHERE s.name = 'Kim'", "Rome"},
		{"example 1, without quotation marks", "SELECT s.name from archive s", "Ann Bob Kim"},
		{"example 1, with quotation marks", `SELECT s."name" from archive s`, "MissingHeaderName"},
		{"case does not count without quotation marks", "SELECT s.cITY, AGE from archive s WHERE NAME = 'Ann'", "Oslo|31"},
		{"IN ('a', 'b', 'c')", "SELECT name FROM archive WHERE name IN ('Ann', 'b', 'Kim')", "Ann Kim"},
		{"NOT BETWEEN", "SELECT name FROM archive WHERE age NOT BETWEEN 30 AND 40", "Bob"},
		{"BETWEEN has its ends", "SELECT name FROM archive WHERE age BETWEEN 31 AND 45", "Ann Bob"},
		{"LIKE", "SELECT name FROM archive WHERE City LIKE '_o%'", "Kim"},
		{"LIKE ESCAPE", "SELECT name FROM archive WHERE City LIKE 'R!%' ESCAPE '!'", ""},
		{"unary operator", "SELECT -age FROM archive WHERE name = 'Ann'", "-31"},
		{"binary operators", "SELECT age + 1, age - 1, age * 2, age / 2, age % 2 FROM archive WHERE name = 'Ann'", "32|30|62|15|1"},
		{"all comparisons", "SELECT name FROM archive WHERE age < 45 AND age <= 31 AND age >= 31 AND age > 30 AND age <> 45 AND age != 45 AND age = 31", "Ann"},
	} {
		t.Run(tt.says+", "+tt.statement, func(t *testing.T) {
			if got := overHeader(t, tt.statement, header, people); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// overHeader is what a statement selects from an archive with a header, or the code of
// its error.
func overHeader(t *testing.T, statement string, header []string, rows []fields) string {
	t.Helper()
	s, err := Parse(statement)
	if err != nil {
		return codeOf(t, err)
	}
	p, err := s.Bind(Header(header))
	if err != nil {
		return codeOf(t, err)
	}
	out, err := rowsOf(p, rows)
	if err != nil {
		return codeOf(t, err)
	}
	return strings.Join(out, " ")
}

// TestGuideNames has what the page SELECT Command says about names that differ in case,
// and about those that are reserved.
func TestGuideNames(t *testing.T) {
	for _, tt := range []struct{ says, header, statement, want string }{
		{"example 2, without quotation marks", "NAME,name", "SELECT s.name from archive s", "AmbiguousFieldName"},
		{"example 2, with quotation marks", "NAME,name", `SELECT s."NAME" from archive s`, "1"},
		{"example 2, the other one", "NAME,name", `SELECT s."name" from archive s`, "2"},
		{"neither of them", "NAME,name", `SELECT s."Name" from archive s`, "MissingHeaderName"},
		{"an error is thrown in cases of ambiguity", "x,x", `SELECT s."x" from archive s`, "AmbiguousFieldName"},
		{"reserved, with quotation marks", "CAST,x", `SELECT s."CAST" from archive s`, "1"},
		{"reserved, without quotation marks", "CAST,x", "SELECT s.CAST from archive s", "ParseUnexpectedKeyword"},
		{"reserved, without quotation marks and alias", "CAST,x", "SELECT CAST from archive s", "ParseUnexpectedKeyword"},
		{"reserved, and with another case", "CAST,x", `SELECT s."cast" from archive s`, "MissingHeaderName"},
		{"END-EXEC, with quotation marks", "END-EXEC,x", `SELECT s."END-EXEC" from archive s`, "1"},
		{"END-EXEC, without quotation marks", "END-EXEC,x", "SELECT s.END-EXEC from archive s", "ParseUnexpectedToken"},
	} {
		t.Run(tt.says, func(t *testing.T) {
			if got := overHeader(t, tt.statement, strings.Split(tt.header, ","), []fields{{"1", "2"}}); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestGuideTypes has what the page Data Types says, in its own words.
func TestGuideTypes(t *testing.T) {
	for _, tt := range []struct{ says, expr, want string }{
		{"example of bool", "FALSE", "false"},
		{"example of int", "100000", "100000"},
		{"example of string", "'xyz'", "xyz"},
		{"example of float", "CAST(0.456 AS FLOAT)", "0.456"},
		{"example of decimal", "123.456", "123.456"},
		{"example of timestamp", "CAST('2007-04-05T14:30Z' AS TIMESTAMP)", "2007-04-05T14:30Z"},
		{"all input data is a string", "_1 = '007'", "true"},
		{"all input data is a string", "_1 < '1'", "true"},
		{"it must be cast when necessary", "CAST(_1 AS INT)", "7"},
		{"it must be cast when necessary", "CAST(_1 AS INTEGER) = 7", "true"},
		{"8-byte signed integer", "CAST('9223372036854775807' AS INT)", "9223372036854775807"},
		{"8-byte signed integer", "CAST('-9223372036854775808' AS INT)", "-9223372036854775808"},
		{"8-byte signed integer", "CAST('9223372036854775808' AS INT)", "CastFailed"},
		{"8-byte signed integer", "CAST('-9223372036854775809' AS INT)", "CastFailed"},
		{"8-byte floating point number", "CAST('0.1' AS FLOAT) + CAST('0.2' AS FLOAT)", "0.30000000000000004"},
		{"precision of 38", "CAST('0.12345678901234567890123456789012345678' AS DECIMAL)", "0.12345678901234567890123456789012345678"},
		{"precision of 38", "CAST('12345678901234567890123456789012345678' AS NUMERIC) - 1", "12345678901234567890123456789012345677"},
		{"the scale is the exponent", "CAST('1e-99999' AS DECIMAL) < CAST('2e-99999' AS DECIMAL)", "true"},
		{"a specific moment", "`2007-04-05T14:30Z` = `2007-04-05T07:30-07:00`", "true"},
		{"a local offset", "`2007-04-05T14:30+05:45`", "2007-04-05T14:30+05:45"},
		{"arbitrary precision: year", "`2007T`", "2007T"},
		{"arbitrary precision: month", "`2007-04T`", "2007-04T"},
		{"arbitrary precision: day", "`2007-04-05T`", "2007-04-05"},
		{"T only if it is not of whole-day precision", "`2007-04-05`", "2007-04-05"},
		{"must end with T", "TO_TIMESTAMP('2007')", "CastFailed"},
		{"must end with T", "TO_TIMESTAMP('2007-04')", "CastFailed"},
		{"fraction of one digit", "`2007-04-05T14:30:15.0Z`", "2007-04-05T14:30:15.0Z"},
		{"fraction of 18 digits", "`2007-04-05T14:30:15.123456789012345678Z`", "2007-04-05T14:30:15.123456789012345678Z"},
		{"fraction of no digit", "TO_TIMESTAMP('2007-04-05T14:30:15.Z')", "CastFailed"},
		{"Z is UTC", "`2007-04-05T14:30Z` = `2007-04-05T14:30+00:00`", "true"},
		{"offset required with time", "TO_TIMESTAMP('2007-04-05T14:30')", "CastFailed"},
		{"offset not allowed on dates", "TO_TIMESTAMP('2007-04-05Z')", "CastFailed"},
		{"offset not allowed on dates", "TO_TIMESTAMP('2007-04-05T+01:00')", "CastFailed"},
	} {
		t.Run(tt.says+", "+tt.expr, func(t *testing.T) {
			got, err := evaluate(t, tt.expr, "007")
			if err != nil {
				got = codeOf(t, err)
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestGuideMistakes has the examples that contradict the guide's own text, as they are
// printed there, and what is made of them.
func TestGuideMistakes(t *testing.T) {
	for _, tt := range []struct{ why, expr, want string }{
		{"five months are no four years", "DATE_DIFF(year, `2010T`, `2010-05T`)", "0"},
		{"a time has an offset, and no T behind it", "DATE_DIFF(day, `2010-01-01T23:00T`, `2010-01-02T01:00T`)", "ValueParseFailure"},
		{"an offset is enough without Z", "TO_STRING(`1969-07-20T20:18+08:00Z`, 'y-MM-dd''T''H:m:ssX')", "ValueParseFailure"},
		{"there are no lists", "NULLIF([1], [1])", "ParseUnexpectedToken"},
		{"a text in double quotes is a name", `SUBSTRING("123456789", 0)`, "EvaluatorBindingDoesNotExist"},
		{"arguments have a comma between them", "TO_STRING(`2017T` 'y')", "ParseUnexpectedToken"},
		{"the list of operators has no /, its introduction has", "7 / 2", "3"},
		{"the brackets of TRIM's syntax leave FROM alone", "TRIM(FROM '  a ')", "a"},
		{"its BOTH is not needed by the characters", "TRIM('12' FROM '1112211foobar22211122')", "foobar"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			got, err := evaluate(t, tt.expr, "x")
			if err != nil {
				got = codeOf(t, err)
			}
			if got != tt.want {
				t.Errorf("%s = %q, %v; want %q", tt.expr, got, err, tt.want)
			}
		})
	}
}
