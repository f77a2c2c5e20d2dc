package query

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseError is the text of the error of parsing a statement, or of binding it to
// columns without names.
func parseError(statement string) string {
	s, err := Parse(statement)
	if err == nil {
		_, err = s.Bind(Positions())
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, statement, want string }{
		// characters and literals
		{"nothing", "", "ParseUnexpectedToken: expected SELECT, found the end of the expression at line 1, column 1."},
		{"white space alone", " \n\t ", "ParseUnexpectedToken: expected SELECT, found the end of the expression at line 2, column 3."},
		{"not UTF-8", "SELECT '\xff' FROM archive", "LexerInvalidChar: the expression is not valid UTF-8 at line 1, column 1."},
		{"character that means nothing", "SELECT #a FROM archive", "LexerInvalidChar: unexpected character '#' at line 1, column 8."},
		{"zero byte", "SELECT \x00", "LexerInvalidChar: unexpected character '\\x00' at line 1, column 8."},
		{"character beyond ASCII that means nothing", "SELECT →", "LexerInvalidChar: unexpected character '→' at line 1, column 8."},
		{"exclamation mark alone", "SELECT !_1 FROM archive", "LexerInvalidChar: unexpected character '!' at line 1, column 8."},
		{"string not closed", "SELECT 'a FROM archive", "LexerInvalidLiteral: a string is not closed at line 1, column 8."},
		{"string that ends with a doubled quote", "SELECT 'a'' FROM archive", "LexerInvalidLiteral: a string is not closed at line 1, column 8."},
		{"quoted name not closed", "SELECT \"a FROM archive", "LexerInvalidLiteral: a quoted name is not closed at line 1, column 8."},
		{"back-quote not closed", "SELECT `2017T FROM archive", "LexerInvalidLiteral: a literal in back-quotes is not closed at line 1, column 8."},
		{"comment not closed", "SELECT /* _1 FROM archive", "LexerInvalidChar: a comment is not closed at line 1, column 8."},
		{"comment that its own slash does not close", "SELECT /*/ _1 FROM archive", "LexerInvalidChar: a comment is not closed at line 1, column 8."},
		{"number that runs into a name", "SELECT 12ab FROM archive", "LexerInvalidLiteral: \"12ab\" is not a number at line 1, column 8."},
		{"exponent without digits", "SELECT 1e FROM archive", "LexerInvalidLiteral: \"1e\" is not a number at line 1, column 8."},
		{"exponent with nothing but a sign", "SELECT 1e+ FROM archive", "LexerInvalidLiteral: \"1e\" is not a number at line 1, column 8."},
		{"two points", "SELECT 1.2.3 FROM archive", "ParseUnexpectedToken: expected FROM, found .3 at line 1, column 11."},
		{"float too large", "SELECT 1e309 FROM archive", "ValueParseFailure: 1e309 is too large for a FLOAT at line 1, column 8."},
		{"back-quotes around no timestamp", "SELECT `2017` FROM archive", "ValueParseFailure: `2017` is not a timestamp at line 1, column 8."},
		{"back-quotes around a number", "SELECT `5` FROM archive", "ValueParseFailure: `5` is not a timestamp at line 1, column 8."},
		// the statement
		{"SELECT alone", "SELECT", "ParseUnexpectedToken: expected an expression, found the end of the expression at line 1, column 7."},
		{"nothing selected", "SELECT FROM archive", "ParseUnexpectedToken: expected an expression, found FROM at line 1, column 8."},
		{"no FROM", "SELECT _1", "ParseUnexpectedToken: expected FROM, found the end of the expression at line 1, column 10."},
		{"no table", "SELECT _1 FROM", "UnsupportedSqlStructure: expected ARCHIVE or OBJECT after FROM, found the end of the expression at line 1, column 15."},
		{"comma behind the last column", "SELECT _1, FROM archive", "ParseUnexpectedToken: expected an expression, found FROM at line 1, column 12."},
		{"AS without a name", "SELECT _1 AS FROM archive", "ParseUnexpectedToken: expected a name, found FROM at line 1, column 14."},
		{"alias that is a string", "SELECT _1 AS 'a' FROM archive", "ParseUnexpectedToken: expected a name, found 'a' at line 1, column 14."},
		{"two aliases", "SELECT _1 a b FROM archive", "ParseUnexpectedToken: expected FROM, found b at line 1, column 13."},
		{"table alias that is reserved", "SELECT _1 FROM archive AS value", "ParseUnexpectedKeyword: expected a name, found the reserved word VALUE, which is a name only in double quotes at line 1, column 27."},
		{"two table aliases", "SELECT _1 FROM archive a b", "ParseUnexpectedToken: expected the end of the expression, found b at line 1, column 26."},
		{"WHERE without a condition", "SELECT _1 FROM archive WHERE", "ParseUnexpectedToken: expected an expression, found the end of the expression at line 1, column 29."},
		{"two WHEREs", "SELECT _1 FROM archive WHERE TRUE WHERE TRUE", "ParseUnexpectedToken: expected the end of the expression, found WHERE at line 1, column 35."},
		{"WHERE behind LIMIT", "SELECT _1 FROM archive LIMIT 1 WHERE TRUE", "ParseUnexpectedToken: expected the end of the expression, found WHERE at line 1, column 32."},
		{"LIMIT without a number", "SELECT _1 FROM archive LIMIT", "ParseUnexpectedToken: expected a whole number after LIMIT, found the end of the expression at line 1, column 29."},
		{"LIMIT below none", "SELECT _1 FROM archive LIMIT -1", "ParseUnexpectedToken: expected a whole number after LIMIT, found - at line 1, column 30."},
		{"LIMIT of a fraction", "SELECT _1 FROM archive LIMIT 1.5", "ParseUnexpectedToken: expected a whole number after LIMIT, found 1.5 at line 1, column 30."},
		{"LIMIT beyond 64 bits", "SELECT _1 FROM archive LIMIT 9223372036854775808", "ParseUnexpectedToken: expected a whole number after LIMIT, found 9223372036854775808 at line 1, column 30."},
		{"LIMIT of a string", "SELECT _1 FROM archive LIMIT '1'", "ParseUnexpectedToken: expected a whole number after LIMIT, found '1' at line 1, column 30."},
		{"second statement", "SELECT _1 FROM archive; SELECT _1 FROM archive", "ParseUnexpectedToken: expected the end of the expression, found SELECT at line 1, column 25."},
		{"two semicolons", "SELECT _1 FROM archive;;", "ParseUnexpectedToken: expected the end of the expression, found ; at line 1, column 24."},
		// what the language has not
		{"other statement", "DELETE FROM archive", "UnsupportedSqlOperation: expected SELECT, found DELETE: a statement is one SELECT at line 1, column 1."},
		{"statement of no reserved word", "explain SELECT 1", "UnsupportedSqlOperation: expected SELECT, found explain: a statement is one SELECT at line 1, column 1."},
		{"statement in parentheses", "(SELECT _1 FROM archive)", "ParseUnexpectedToken: expected SELECT, found ( at line 1, column 1."},
		{"common table expression", "WITH a AS (SELECT 1) SELECT _1 FROM archive", "UnsupportedSqlOperation: expected SELECT, found WITH: a statement is one SELECT at line 1, column 1."},
		{"DISTINCT", "SELECT DISTINCT _1 FROM archive", "UnsupportedSqlStructure: DISTINCT is not supported at line 1, column 8."},
		{"DISTINCT in an aggregate", "SELECT COUNT(DISTINCT _1) FROM archive", "UnsupportedSqlStructure: DISTINCT is not supported at line 1, column 14."},
		{"* and a column", "SELECT *, _1 FROM archive", "UnsupportedSqlStructure: * stands alone: other columns beside it are not supported at line 1, column 9."},
		{"a column and *", "SELECT _1, * FROM archive", "ParseUnexpectedToken: expected an expression, found * at line 1, column 12."},
		{"* of a table", "SELECT s.* FROM archive s", "UnsupportedSyntax: * stands alone, without the name of a table at line 1, column 10."},
		{"* with an alias", "SELECT * AS a FROM archive", "ParseUnexpectedToken: expected FROM, found AS at line 1, column 10."},
		{"table of S3 Select", "SELECT _1 FROM S3Object", "UnsupportedSqlStructure: expected ARCHIVE or OBJECT after FROM, found S3Object at line 1, column 16."},
		{"table in quotes", "SELECT _1 FROM \"archive\"", "UnsupportedSqlStructure: expected ARCHIVE or OBJECT after FROM, found \"archive\" at line 1, column 16."},
		{"table that is like ARCHIVE beyond ASCII", "SELECT _1 FROM archıve", "UnsupportedSqlStructure: expected ARCHIVE or OBJECT after FROM, found archıve at line 1, column 16."},
		{"path behind FROM", "SELECT _1 FROM archive.a", "UnsupportedSqlStructure: a path behind FROM is not supported at line 1, column 23."},
		{"index behind FROM", "SELECT _1 FROM archive[*].a", "UnsupportedSqlStructure: a path behind FROM is not supported at line 1, column 23."},
		{"several tables", "SELECT _1 FROM archive, object", "UnsupportedSqlStructure: several tables are not supported at line 1, column 23."},
		{"several tables with aliases", "SELECT _1 FROM archive a, archive b", "UnsupportedSqlStructure: several tables are not supported at line 1, column 25."},
		{"JOIN", "SELECT _1 FROM archive JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"INNER JOIN", "SELECT _1 FROM archive a INNER JOIN archive b ON TRUE", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 26."},
		{"LEFT JOIN", "SELECT _1 FROM archive LEFT JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"RIGHT JOIN", "SELECT _1 FROM archive RIGHT JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"FULL JOIN", "SELECT _1 FROM archive FULL JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"OUTER JOIN", "SELECT _1 FROM archive OUTER JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"CROSS JOIN", "SELECT _1 FROM archive CROSS JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"NATURAL JOIN", "SELECT _1 FROM archive NATURAL JOIN object", "UnsupportedSqlStructure: JOIN is not supported at line 1, column 24."},
		{"query in FROM", "SELECT _1 FROM (SELECT _1 FROM archive)", "UnsupportedSqlStructure: a query inside a query is not supported at line 1, column 16."},
		{"query as a value", "SELECT (SELECT _1 FROM archive) FROM archive", "UnsupportedSqlStructure: a query inside a query is not supported at line 1, column 9."},
		{"query in IN", "SELECT _1 FROM archive WHERE _1 IN (SELECT _1 FROM archive)", "UnsupportedSqlStructure: a query inside a query is not supported at line 1, column 37."},
		{"EXISTS", "SELECT _1 FROM archive WHERE EXISTS (SELECT _1 FROM archive)", "UnsupportedFunction: there is no function EXISTS at line 1, column 30."},
		{"GROUP BY", "SELECT COUNT(*) FROM archive GROUP BY _1", "UnsupportedSqlStructure: GROUP BY is not supported at line 1, column 30."},
		{"GROUP BY behind WHERE", "SELECT COUNT(*) FROM archive WHERE TRUE GROUP BY _1", "UnsupportedSqlStructure: GROUP BY is not supported at line 1, column 41."},
		{"HAVING", "SELECT COUNT(*) FROM archive HAVING TRUE", "UnsupportedSqlStructure: HAVING is not supported at line 1, column 30."},
		{"ORDER BY", "SELECT _1 FROM archive ORDER BY _1", "UnsupportedSqlStructure: ORDER BY is not supported at line 1, column 24."},
		{"ORDER BY behind LIMIT", "SELECT _1 FROM archive LIMIT 1 ORDER BY _1", "UnsupportedSqlStructure: ORDER BY is not supported at line 1, column 32."},
		{"UNION", "SELECT _1 FROM archive UNION SELECT _1 FROM archive", "UnsupportedSqlStructure: UNION is not supported at line 1, column 24."},
		{"INTERSECT", "SELECT _1 FROM archive INTERSECT SELECT _1 FROM archive", "UnsupportedSqlStructure: INTERSECT is not supported at line 1, column 24."},
		{"EXCEPT", "SELECT _1 FROM archive EXCEPT SELECT _1 FROM archive", "UnsupportedSqlStructure: EXCEPT is not supported at line 1, column 24."},
		{"||", "SELECT _1 || _2 FROM archive", "UnsupportedSyntax: the operator || is not supported at line 1, column 11."},
		{"|| in a condition", "SELECT _1 FROM archive WHERE 'a' LIKE 'b' || 'c'", "UnsupportedSyntax: the operator || is not supported at line 1, column 43."},
		{"index in a path", "SELECT s._1[0] FROM archive s", "UnsupportedSyntax: an index in a path is not supported at line 1, column 12."},
		{"path", "SELECT s.a.b FROM archive s", "UnsupportedSyntax: a path is not supported for CSV at line 1, column 8."},
		{"comma where a column is wanted", "SELECT , _1 FROM archive", "ParseUnexpectedToken: expected an expression, found , at line 1, column 8."},
		{"comma behind LIMIT", "SELECT _1 FROM archive LIMIT 1, 2", "ParseUnexpectedToken: expected the end of the expression, found , at line 1, column 31."},
		{"comma behind WHERE", "SELECT _1 FROM archive WHERE TRUE, TRUE", "ParseUnexpectedToken: expected the end of the expression, found , at line 1, column 34."},
		// expressions
		{"parenthesis not closed", "SELECT (_1 FROM archive", "ParseUnexpectedToken: expected ), found FROM at line 1, column 12."},
		{"parentheses around nothing", "SELECT () FROM archive", "ParseUnexpectedToken: expected an expression, found ) at line 1, column 9."},
		{"operator without an operand", "SELECT 1 + FROM archive", "ParseUnexpectedToken: expected an expression, found FROM at line 1, column 12."},
		{"NOT that nothing follows", "SELECT 1 NOT FROM archive", "ParseUnexpectedToken: expected FROM, found NOT at line 1, column 10."},
		{"NOT as an operand", "SELECT 1 = NOT TRUE FROM archive", "ParseUnexpectedToken: expected an expression, found NOT at line 1, column 12."},
		{"IS with a value", "SELECT _1 IS 5 FROM archive", "ParseUnexpectedToken: expected NULL or MISSING, found 5 at line 1, column 14."},
		{"IS NOT with a value", "SELECT _1 IS NOT TRUE FROM archive", "ParseUnexpectedKeyword: expected NULL or MISSING, found the reserved word TRUE, which is a name only in double quotes at line 1, column 18."},
		{"BETWEEN without AND", "SELECT _1 BETWEEN 1 FROM archive", "ParseUnexpectedToken: expected AND, found FROM at line 1, column 21."},
		{"IN without parentheses", "SELECT _1 IN 1 FROM archive", "ParseUnexpectedToken: expected (, found 1 at line 1, column 14."},
		{"IN of nothing", "SELECT _1 IN () FROM archive", "ParseUnexpectedToken: expected an expression, found ) at line 1, column 15."},
		{"list not closed", "SELECT _1 IN (1 2) FROM archive", "ParseUnexpectedToken: expected , or ), found 2 at line 1, column 17."},
		{"LIKE without a pattern", "SELECT _1 LIKE FROM archive", "ParseUnexpectedToken: expected an expression, found FROM at line 1, column 16."},
		{"escape of two characters", "SELECT _1 LIKE 'a' ESCAPE '!!' FROM archive", "EvaluatorInvalidArguments: the escape of LIKE is one character, not '!!' at line 1, column 11."},
		{"escape of none", "SELECT _1 LIKE 'a' ESCAPE '' FROM archive", "EvaluatorInvalidArguments: the escape of LIKE is one character, not '' at line 1, column 11."},
		{"escape before an ordinary character", "SELECT _1 LIKE '!a' ESCAPE '!' FROM archive", "EvaluatorInvalidArguments: in a pattern of LIKE the escape character stands before %, _ or itself at line 1, column 11."},
		{"escape at the end of a pattern", "SELECT _1 LIKE 'a!' ESCAPE '!' FROM archive", "EvaluatorInvalidArguments: in a pattern of LIKE the escape character stands before %, _ or itself at line 1, column 11."},
		{"escape that stands for bad bytes, at the end of a pattern", "SELECT _1 LIKE 'a\ufffd' ESCAPE '\ufffd' FROM archive", "EvaluatorInvalidArguments: in a pattern of LIKE the escape character stands before %, _ or itself at line 1, column 11."},
		{"CASE without WHEN", "SELECT CASE _1 END FROM archive", "ParseUnexpectedToken: expected WHEN, found END at line 1, column 16."},
		{"CASE without THEN", "SELECT CASE WHEN TRUE END FROM archive", "ParseUnexpectedToken: expected THEN, found END at line 1, column 23."},
		{"CASE without END", "SELECT CASE WHEN TRUE THEN 1 FROM archive", "ParseUnexpectedToken: expected END, found FROM at line 1, column 30."},
		// functions
		{"function that is not", "SELECT FOO(1) FROM archive", "UnsupportedFunction: there is no function FOO at line 1, column 8."},
		{"reserved word that is no function", "SELECT TRANSLATE(1) FROM archive", "UnsupportedFunction: there is no function TRANSLATE at line 1, column 8."},
		{"function in quotes", "SELECT \"lower\"('A') FROM archive", "ParseUnexpectedToken: expected FROM, found ( at line 1, column 15."},
		{"too few arguments", "SELECT NULLIF(1) FROM archive", "EvaluatorInvalidArguments: NULLIF has 1 arguments at line 1, column 8."},
		{"too many arguments", "SELECT LOWER('a', 'b') FROM archive", "EvaluatorInvalidArguments: LOWER has 2 arguments at line 1, column 8."},
		{"no argument", "SELECT COALESCE() FROM archive", "EvaluatorInvalidArguments: COALESCE has 0 arguments at line 1, column 8."},
		{"argument where there is none", "SELECT UTCNOW(1) FROM archive", "EvaluatorInvalidArguments: UTCNOW has 1 arguments at line 1, column 8."},
		{"TO_STRING without its comma", "SELECT TO_STRING(`2017T` 'y') FROM archive", "ParseUnexpectedToken: expected , or ), found 'y' at line 1, column 26."},
		{"bad pattern of TO_STRING", "SELECT TO_STRING(`2017T`, 'y q') FROM archive", "InvalidTimestampFormatPattern: parse timestamp pattern: \"q\" at 3 stands for nothing at line 1, column 8."},
		{"CAST to no type", "SELECT CAST(_1 AS BLOB) FROM archive", "ParseExpectedTypeName: expected BOOL, INT, INTEGER, STRING, FLOAT, DECIMAL, NUMERIC or TIMESTAMP, found BLOB at line 1, column 19."},
		{"CAST to a type in quotes", "SELECT CAST(_1 AS \"INT\") FROM archive", "ParseExpectedTypeName: expected BOOL, INT, INTEGER, STRING, FLOAT, DECIMAL, NUMERIC or TIMESTAMP, found \"INT\" at line 1, column 19."},
		{"CAST to a type with a length", "SELECT CAST(_1 AS DECIMAL(3)) FROM archive", "ParseUnexpectedToken: expected ), found ( at line 1, column 26."},
		{"CAST with a comma", "SELECT CAST(_1, INT) FROM archive", "ParseUnexpectedToken: expected AS, found , at line 1, column 15."},
		{"SUBSTRING of one argument", "SELECT SUBSTRING('abc') FROM archive", "ParseUnexpectedToken: expected FROM, found ) at line 1, column 23."},
		{"SUBSTRING of FROM and a comma", "SELECT SUBSTRING('abc' FROM 2, 1) FROM archive", "ParseUnexpectedToken: expected ), found , at line 1, column 30."},
		{"SUBSTRING of a comma and FOR", "SELECT SUBSTRING('abc', 2 FOR 1) FROM archive", "ParseUnexpectedKeyword: expected ), found the reserved word FOR, which is a name only in double quotes at line 1, column 27."},
		{"TRIM of one side without FROM", "SELECT TRIM(LEADING 'x') FROM archive", "ParseUnexpectedToken: expected FROM, found ) at line 1, column 24."},
		{"TRIM of two sides", "SELECT TRIM(LEADING TRAILING FROM 'x') FROM archive", "ParseUnexpectedKeyword: expected an expression, found the reserved word TRAILING, which is a name only in double quotes at line 1, column 21."},
		{"part of a timestamp that is not", "SELECT EXTRACT(week FROM `2017T`) FROM archive", "ParseExpectedDatePart: expected a part of a timestamp such as YEAR, found week at line 1, column 16."},
		{"part of a timestamp in quotes", "SELECT EXTRACT('year' FROM `2017T`) FROM archive", "ParseExpectedDatePart: expected a part of a timestamp such as YEAR, found 'year' at line 1, column 16."},
		{"part that cannot be added to", "SELECT DATE_ADD(timezone_hour, 1, `2017T`) FROM archive", "ParseExpectedDatePart: expected a part of a timestamp such as YEAR, found TIMEZONE_HOUR at line 1, column 17."},
		{"DATE_DIFF of one timestamp", "SELECT DATE_DIFF(day, `2017T`) FROM archive", "EvaluatorInvalidArguments: DATE_DIFF has 1 arguments at line 1, column 8."},
		// aggregates
		{"aggregate in WHERE", "SELECT _1 FROM archive WHERE COUNT(*) > 1", "UnsupportedSqlStructure: an aggregate stands in the list behind SELECT, and not inside another at line 1, column 30."},
		{"aggregate in an aggregate", "SELECT SUM(1 + MAX(_1)) FROM archive", "UnsupportedSqlStructure: an aggregate stands in the list behind SELECT, and not inside another at line 1, column 16."},
		{"column beside an aggregate", "SELECT COUNT(*), _1 FROM archive", "UnsupportedSqlStructure: a column beside an aggregate is not supported at line 1, column 18."},
		{"column and aggregate in one expression", "SELECT 1 + SUM(_1) * _2 FROM archive", "UnsupportedSqlStructure: a column beside an aggregate is not supported at line 1, column 22."},
		{"aggregate of *", "SELECT SUM(*) FROM archive", "ParseUnexpectedToken: expected an expression, found * at line 1, column 12."},
		{"aggregate of nothing", "SELECT COUNT() FROM archive", "ParseUnexpectedToken: expected an expression, found ) at line 1, column 14."},
		{"aggregate of two", "SELECT MIN(_1, _2) FROM archive", "ParseUnexpectedToken: expected ), found , at line 1, column 14."},
		// values that are no conditions
		{"number as a condition", "SELECT _1 FROM archive WHERE 1", "InvalidDataType: 1 is not a condition at line 1, column 30."},
		{"string as a condition", "SELECT _1 FROM archive WHERE NOT 'true'", "InvalidDataType: 'true' is not a condition at line 1, column 30."},
		{"number in AND", "SELECT _1 AND 1 FROM archive", "InvalidDataType: 1 is not a condition at line 1, column 15."},
		// places
		{"line and column", "SELECT\n  _1,\n\t_2 +\r\n FROM archive", "ParseUnexpectedToken: expected an expression, found FROM at line 4, column 2."},
		{"column counts characters", "SELECT 'äöü€😀' + # FROM archive", "LexerInvalidChar: unexpected character '#' at line 1, column 18."},
		{"line in a string", "SELECT 'a\nb' FROM archive WHERE", "ParseUnexpectedToken: expected an expression, found the end of the expression at line 2, column 22."},
		{"line in a comment", "SELECT /* a\n b */ # -- c\nFROM archive", "LexerInvalidChar: unexpected character '#' at line 2, column 7."},
		{"line behind a comment", "SELECT -- a\n#", "LexerInvalidChar: unexpected character '#' at line 2, column 1."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseError(tt.statement); got != tt.want {
				t.Errorf("%s:\n got %s\nwant %s", tt.statement, got, tt.want)
			}
		})
	}
}

func TestStatements(t *testing.T) {
	for _, tt := range []struct {
		name, statement string
		want            []string
	}{
		{"keywords in any case", "select _1 From Archive Where true Limit 1", []string{"a", "b"}}, // LIMIT is the caller's to obey,
		{"functions in any case", "SELECT uPPer(_1), Date_Diff(Day, `2017-01-01`, `2017-01-03`) FROM archive", []string{"A|2", "B|2"}},
		{"types in any case", "SELECT cast(_2 as Integer) FROM archive", []string{"1", "2"}},
		{"other table", "SELECT _1 FROM object", []string{"a", "b"}},
		{"table in any case", "SELECT OBJECT._1 FROM Object", []string{"a", "b"}},
		{"table as an alias of itself", "SELECT archive._1 FROM ARCHIVE", []string{"a", "b"}},
		{"alias", "SELECT s._1 FROM archive s", []string{"a", "b"}},
		{"alias with AS", "SELECT s._1 FROM archive AS s", []string{"a", "b"}},
		{"alias in another case", "SELECT S._1 FROM archive s", []string{"a", "b"}},
		{"alias in quotes", "SELECT \"from\"._1 FROM archive \"from\"", []string{"a", "b"}},
		{"aliases of columns", "SELECT _1 a, _2 AS b, _1 \"select\", _2 AS \"as\" FROM archive", []string{"a|1|a|1", "b|2|b|2"}},
		{"names like keywords of other languages", "SELECT _1 type, _2 id FROM archive name", []string{"a|1", "b|2"}},
		{"semicolon", "SELECT _1 FROM archive;", []string{"a", "b"}},
		{"semicolon and comments behind it", "SELECT _1 FROM archive ; -- done\n/* really */", []string{"a", "b"}},
		{"no white space", "SELECT/**/_1,_2FROM\"x\"", nil},
		{"comment between all words", "SELECT--\n_1/*a*/,/**/_2--x\nFROM/***/archive", []string{"a|1", "b|2"}},
		{"two dashes are a comment, not two signs", "SELECT 1--1\n FROM archive", []string{"1", "1"}},
		{"LIMIT 0", "SELECT _1 FROM archive LIMIT 00", []string{"a", "b"}},
		{"name beyond ASCII as an alias", "SELECT größe._1 FROM archive größe", []string{"a", "b"}},
		{"string with a line break", "SELECT 'x\ny' FROM archive WHERE _1 = 'a'", []string{"x\ny"}},
		{"no-break space between words", "SELECT\u00a0_1 FROM archive", []string{"a", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := run(t, tt.statement, fields{"a", "1"}, fields{"b", "2"})
			if (err != nil) != (tt.want == nil) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// reservedInGuide are the words of "Reserved Keywords" in the guide's SQL reference.
func reservedInGuide(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/reserved.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

func TestReservedWords(t *testing.T) {
	words := reservedInGuide(t)
	if len(words) < 200 {
		t.Fatalf("only %d words", len(words))
	}
	if n := len(reservedWords()); n != len(words)-1 { // END-EXEC is written as END, minus and EXEC
		t.Errorf("%d words are reserved, and %d in the guide", n, len(words))
	}
	for _, word := range words {
		for _, statement := range []string{
			"SELECT s.%s FROM archive s", "SELECT _1 AS %s FROM archive", "SELECT _1 FROM archive AS %s", "SELECT _1 FROM archive WHERE s.%s = 1",
		} {
			for _, written := range []string{word, strings.ToUpper(word)} {
				if _, err := Parse(fmt.Sprintf(statement, written)); err == nil {
					t.Errorf("%s is a name: %s", written, statement)
				}
			}
			if _, err := Parse(fmt.Sprintf(statement, `"`+word+`"`)); err != nil {
				t.Errorf("%s in quotes is no name: %v", word, err)
			}
		}
		s, err := Parse(`SELECT "` + word + `" FROM archive`)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Bind(Header([]string{"x", word})); err != nil {
			t.Errorf("%s in quotes is no column: %v", word, err)
		}
	}
}

func TestWordsThatAreNotReserved(t *testing.T) {
	for _, word := range []string{"archive", "object", "id", "name", "type", "s3object", "date_add", "date_diff", "to_string", "to_timestamp", "utcnow", "a$b", "_", "_a", "x1",
		"größe", "ſize", "lıke", "ﬀ", "gro\u0308ße", "हिन्दी", "ราคา", "ชื่อ"} {
		t.Run(word, func(t *testing.T) {
			s, err := Parse("SELECT " + word + " FROM archive s")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Bind(Header([]string{word})); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		name                    string
		before, operand, behind string
		most                    int // how many are accepted
	}{
		{"parentheses", "(", "TRUE", ")", maxDepth - 1},
		{"NOT", "NOT ", "TRUE", "", maxDepth - 1},
		{"minus", "- ", "_1", "", maxDepth - 1},
		{"plus", "+ ", "_1", "", maxDepth - 1},
		{"CASE", "CASE WHEN TRUE THEN ", "1", " END", maxDepth - 1},
		{"CASE in its condition", "CASE WHEN ", "TRUE", " THEN TRUE END", maxDepth - 1},
		{"equals", "1 = ", "1", "", maxDepth - 1},
		{"function", "LOWER(", "'a'", ")", maxDepth - 1},
		{"CAST", "CAST(", "'a'", " AS STRING)", maxDepth - 1},
		{"list of IN", "1 IN (", "1", ")", maxDepth - 1},
		{"TRIM", "TRIM(BOTH FROM ", "'a'", ")", maxDepth - 1},
		{"SUBSTRING", "SUBSTRING('a', ", "1", ")", maxDepth - 1},
		{"minus and parentheses", "-(", "_1", ")", maxDepth/2 - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parse := func(n int) error {
				_, err := Parse("SELECT " + strings.Repeat(tt.before, n) + tt.operand + strings.Repeat(tt.behind, n) + " FROM archive")
				return err
			}
			if err := parse(tt.most); err != nil {
				t.Errorf("%d: %v", tt.most, err)
			}
			for _, n := range []int{tt.most + 1, tt.most + 2, 5000} {
				if err := parse(n); err == nil || codeOf(t, err) != "UnsupportedSyntax" || !strings.Contains(err.Error(), "nests more than 256 deep") {
					t.Errorf("%d: %v", n, err)
				}
			}
		})
	}
}

// TestDepthOfLeft shows that what nests to the left has no limit but the length.
func TestDepthOfLeft(t *testing.T) {
	for name, more := range map[string]string{"sum": "+0", "comparison": "<0", "IS": " IS NULL", "IN": " IN (0)", "BETWEEN": " BETWEEN 0 AND 0", "LIKE": " LIKE ''", "AND": " AND TRUE", "path": ".a"} {
		t.Run(name, func(t *testing.T) {
			text := "SELECT a" + strings.Repeat(more, (MaxExpression-40)/len(more)) + " FROM archive"
			if _, err := Parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHeight shows that what is evaluated has one.
func TestHeight(t *testing.T) {
	for name, more := range map[string]string{"sum": "+0", "comparison": "<0", "IS": " IS NULL", "IN": " IN (0)", "BETWEEN": " BETWEEN 0 AND 0", "LIKE": " LIKE ''"} {
		t.Run(name, func(t *testing.T) {
			statement := func(n int) string { return "SELECT _1" + strings.Repeat(more, n) + " FROM archive" }
			if err := parseError(statement(maxHeight - 1)); err != "" {
				t.Error(err)
			}
			const want = "UnsupportedSyntax: more than 4096 operators work on each other's results at line 1, column "
			for _, n := range []int{maxHeight, maxHeight + 1, 6000} {
				if err := parseError(statement(n)); !strings.HasPrefix(err, want) {
					t.Errorf("%d: %s", n, err)
				}
			}
		})
	}
}

func TestLength(t *testing.T) {
	const statement = "SELECT _1 FROM archive"
	fits := statement + strings.Repeat(" ", MaxExpression-len(statement))
	if _, err := Parse(fits); err != nil {
		t.Errorf("%d bytes: %v", len(fits), err)
	}
	want := "ExpressionTooLong: the expression has 131073 bytes, and may have 131072."
	if _, err := Parse(fits + " "); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// tree writes an expression with all its parentheses.
func tree(e expr) string {
	join := func(list []expr, by string) string {
		var all []string
		for _, e := range list {
			all = append(all, tree(e))
		}
		return strings.Join(all, by)
	}
	not := func(not bool) string { return map[bool]string{true: "NOT "}[not] }
	switch e := e.(type) {
	case *literal:
		return e.value.Show()
	case *column:
		return e.path[len(e.path)-1].text
	case *negation:
		return "(" + map[bool]string{true: "NOT ", false: "-"}[e.logical] + tree(e.operand) + ")"
	case *arithmetic:
		return "(" + tree(e.a) + string(rune(e.op)) + tree(e.b) + ")"
	case *compared:
		return "(" + tree(e.a) + [...]string{"=", "<>", "<", "<=", ">", ">="}[e.op] + tree(e.b) + ")"
	case *junction:
		return "(" + join(e.terms, map[bool]string{true: " OR ", false: " AND "}[e.or]) + ")"
	case *between:
		return "(" + tree(e.operand) + " " + not(e.not) + "BETWEEN " + tree(e.low) + " AND " + tree(e.high) + ")"
	case *in:
		return "(" + tree(e.operand) + " " + not(e.not) + "IN [" + join(e.list, ", ") + "])"
	case *like:
		s := "(" + tree(e.operand) + " " + not(e.not) + "LIKE " + tree(e.pattern)
		if e.escape != nil {
			s += " ESCAPE " + tree(e.escape)
		}
		return s + ")"
	case *is:
		return "(" + tree(e.operand) + " IS " + not(e.not) + map[bool]string{true: "MISSING", false: "NULL"}[e.missing] + ")"
	default:
		return fmt.Sprintf("%T", e)
	}
}

// TestPrecedence goes through the guide's table of operators, highest first.
func TestPrecedence(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		// unary minus, then * / %
		{"-a * b", "((-a)*b)"}, {"a * -b", "(a*(-b))"}, {"- - a", "(-(-a))"}, {"-a % b", "((-a)%b)"},
		// * / % from left to right
		{"a * b / c", "((a*b)/c)"}, {"a / b * c", "((a/b)*c)"}, {"a % b * c", "((a%b)*c)"}, {"a / b % c", "((a/b)%c)"},
		// then + -, from left to right
		{"a + b * c", "(a+(b*c))"}, {"a * b + c", "((a*b)+c)"}, {"a - b - c", "((a-b)-c)"}, {"a - b + c", "((a-b)+c)"}, {"a + b % c - d", "((a+(b%c))-d)"}, {"a - -b", "(a-(-b))"},
		// then IN
		{"a + b IN (c, d)", "((a+b) IN [c, d])"}, {"a NOT IN (b)", "(a NOT IN [b])"}, {"a IN (b) IN (c)", "((a IN [b]) IN [c])"}, {"a IN (b OR c)", "(a IN [(b OR c)])"},
		// then BETWEEN
		{"a BETWEEN b + c AND d * e", "(a BETWEEN (b+c) AND (d*e))"}, {"a IN (b) BETWEEN c AND d", "((a IN [b]) BETWEEN c AND d)"}, {"a BETWEEN b AND c IN (d)", "(a BETWEEN b AND (c IN [d]))"},
		{"a BETWEEN b AND c AND d", "((a BETWEEN b AND c) AND d)"}, {"a NOT BETWEEN b AND c OR d", "((a NOT BETWEEN b AND c) OR d)"},
		// then LIKE
		{"a LIKE b + c", "(a LIKE (b+c))"}, {"a BETWEEN b AND c LIKE d", "((a BETWEEN b AND c) LIKE d)"}, {"a LIKE b BETWEEN c AND d", "(a LIKE (b BETWEEN c AND d))"},
		{"a LIKE b ESCAPE c", "(a LIKE b ESCAPE c)"}, {"a NOT LIKE b AND c", "((a NOT LIKE b) AND c)"},
		// then < >
		{"a < b LIKE c", "(a<(b LIKE c))"}, {"a LIKE b < c", "((a LIKE b)<c)"}, {"a < b < c", "((a<b)<c)"}, {"a + b >= c * d", "((a+b)>=(c*d))"}, {"a <= b > c", "((a<=b)>c)"},
		// then =, from right to left
		{"a = b < c", "(a=(b<c))"}, {"a < b = c", "((a<b)=c)"}, {"a = b = c", "(a=(b=c))"}, {"a <> b = c", "(a<>(b=c))"}, {"a != b", "(a<>b)"},
		// then IS, which the table lacks
		{"a = b IS NULL", "((a=b) IS NULL)"}, {"a IS NULL IS NOT MISSING", "((a IS NULL) IS NOT MISSING)"}, {"NOT a IS NULL", "(NOT (a IS NULL))"},
		// then NOT
		{"NOT a = b", "(NOT (a=b))"}, {"NOT NOT a", "(NOT (NOT a))"}, {"NOT a AND b", "((NOT a) AND b)"}, {"NOT a OR b", "((NOT a) OR b)"}, {"NOT a IN (b)", "(NOT (a IN [b]))"},
		// then AND, then OR
		{"a OR b AND c", "(a OR (b AND c))"}, {"a AND b OR c", "((a AND b) OR c)"}, {"a AND b AND c", "(a AND b AND c)"}, {"a OR b OR c", "(a OR b OR c)"},
		{"a OR b AND NOT c OR d", "(a OR (b AND (NOT c)) OR d)"}, {"a AND (b OR c)", "(a AND (b OR c))"},
		// all of it
		{"a OR b AND NOT c = d < e LIKE f BETWEEN g AND h IN (i + j * -k)", "(a OR (b AND (NOT (c=(d<(e LIKE (f BETWEEN g AND (h IN [(i+(j*(-k)))]))))))))"},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			s, err := Parse("SELECT " + tt.expr + " FROM archive")
			if err != nil {
				t.Fatal(err)
			}
			if got := tree(s.projections[0].value); got != tt.want {
				t.Errorf("%s is %s, want %s", tt.expr, got, tt.want)
			}
		})
	}
}
