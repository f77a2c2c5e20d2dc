package query

import "testing"

// TestGuide has the examples of the guide's SQL reference for Amazon S3 Select and
// S3 Glacier Select, page by page.
func TestGuide(t *testing.T) {
	for _, tt := range []struct{ page, expr, want string }{
		{"conditional, COALESCE", "COALESCE(1)", "1"},
		{"conditional, COALESCE", "COALESCE(null)", "NULL"},
		{"conditional, COALESCE", "COALESCE(null, null)", "NULL"},
		{"conditional, COALESCE", "COALESCE(missing)", "NULL"},
		{"conditional, COALESCE", "COALESCE(missing, missing)", "NULL"},
		{"conditional, COALESCE", "COALESCE(1, null)", "1"},
		{"conditional, COALESCE", "COALESCE(null, null, 1)", "1"},
		{"conditional, COALESCE", "COALESCE(null, 'string')", "string"},
		{"conditional, COALESCE", "COALESCE(missing, 1)", "1"},
		{"conditional, NULLIF", "NULLIF(1, 1)", "NULL"},
		{"conditional, NULLIF", "NULLIF(1, 2)", "1"},
		{"conditional, NULLIF", "NULLIF(1.0, 1)", "NULL"},
		{"conditional, NULLIF", "NULLIF(1, '1')", "1"},
		{"conditional, NULLIF", "NULLIF(1, NULL)", "1"},
		{"conditional, NULLIF", "NULLIF(NULL, 1)", "NULL"},
		{"conditional, NULLIF", "NULLIF(null, null)", "NULL"},
		{"conditional, NULLIF", "NULLIF(missing, null)", "NULL"},
		{"conditional, NULLIF", "NULLIF(missing, missing)", "NULL"},
		{"conditional, CASE", "CASE 'Boston' WHEN 'New York City' THEN 'Big Apple' ELSE 'other' END", "other"},
		{"conditional, CASE", "CASE 'New York City' WHEN 'New York City' THEN 'Big Apple' ELSE 'other' END", "Big Apple"},
		{"conditional, CASE", "CASE WHEN CAST('9988.00' AS FLOAT) < 10000 THEN 'group 1' WHEN CAST('9988.00' AS FLOAT) > 10000 THEN 'group 2' ELSE 'group 3' END", "group 1"},
		{"conditional, CASE", "CASE WHEN CAST('10000.00' AS FLOAT) < 10000 THEN 'group 1' WHEN CAST('10000.00' AS FLOAT) > 10000 THEN 'group 2' ELSE 'group 3' END", "group 3"},
		{"conversion, CAST", "CAST('2007-04-05T14:30Z' AS TIMESTAMP)", "2007-04-05T14:30Z"},
		{"conversion, CAST", "CAST(0.456 AS FLOAT)", "0.456"},
		{"date, DATE_ADD", "DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"},
		{"date, DATE_ADD", "DATE_ADD(month, 1, `2010T`)", "2010-02T"},
		{"date, DATE_ADD", "DATE_ADD(month, 13, `2010T`)", "2011-02T"},
		{"date, DATE_ADD", "DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09"},
		{"date, DATE_ADD", "DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00-00:00"},
		{"date, DATE_ADD", "DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"},
		{"date, DATE_ADD", "DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"},
		{"date, DATE_ADD", "DATE_ADD(second, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:04:06.006Z"},
		{"date, DATE_DIFF", "DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"},
		{"date, DATE_DIFF", "DATE_DIFF(month, `2010T`, `2010-05T`)", "4"}, // the guide has year, a mistake
		{"date, DATE_DIFF", "DATE_DIFF(month, `2010T`, `2011T`)", "12"},
		{"date, DATE_DIFF", "DATE_DIFF(month, `2011T`, `2010T`)", "-12"},
		{"date, DATE_DIFF", "DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"},
		{"date, EXTRACT", "EXTRACT(YEAR FROM `2010-01-01T`)", "2010"},
		{"date, EXTRACT", "EXTRACT(MONTH FROM `2010T`)", "1"},
		{"date, EXTRACT", "EXTRACT(MONTH FROM `2010-10T`)", "10"},
		{"date, EXTRACT", "EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"},
		{"date, EXTRACT", "EXTRACT(MINUTE FROM `2017-01-02T03:04:05+07:08`)", "4"},
		{"date, EXTRACT", "EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"},
		{"date, EXTRACT", "EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", "July 20, 1969"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", "Jul 20, 1969"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", "7-20-69"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18Z`, 'MM-d-y')", "07-20-1969"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", "July 20, 1969 8:18 PM"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00Z"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18+08:00Z`, 'y-MM-dd''T''H:m:ssX')", ""}, // as printed, no timestamp at all
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')", "1969-07-20T20:18:00+0800"},
		{"date, TO_STRING", "TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')", "1969-07-20T20:18:00+08:00"},
		{"date, TO_TIMESTAMP", "TO_TIMESTAMP('2007T')", "2007T"},
		{"date, TO_TIMESTAMP", "TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"},
		{"string, CHAR_LENGTH", "CHAR_LENGTH('')", "0"},
		{"string, CHAR_LENGTH", "CHAR_LENGTH('abcdefg')", "7"},
		{"string, LOWER", "LOWER('AbCdEfG!@#$')", "abcdefg!@#$"},
		{"string, SUBSTRING", "SUBSTRING(\"_1\", 0)", "123456789"},
		{"string, SUBSTRING", "SUBSTRING(\"_1\", 1)", "123456789"},
		{"string, SUBSTRING", "SUBSTRING('123456789', 2)", "23456789"},
		{"string, SUBSTRING", "SUBSTRING('123456789', -4)", "123456789"},
		{"string, SUBSTRING", "SUBSTRING('123456789', 0, 999)", "123456789"},
		{"string, SUBSTRING", "SUBSTRING('123456789', 1, 5)", "12345"},
		{"string, TRIM", "TRIM('       foobar         ')", "foobar"},
		{"string, TRIM", "TRIM('      \tfoobar\t         ')", "\tfoobar\t"},
		{"string, TRIM", "TRIM(LEADING FROM '       foobar         ')", "foobar         "},
		{"string, TRIM", "TRIM(TRAILING FROM '       foobar         ')", "       foobar"},
		{"string, TRIM", "TRIM(BOTH FROM '       foobar         ')", "foobar"},
		{"string, TRIM", "TRIM(BOTH '12' FROM '1112211foobar22211122')", "foobar"},
		{"string, UPPER", "UPPER('AbCdEfG!@#$')", "ABCDEFG!@#$"},
		{"Glacier's, SELECT", "_3 > 100", "true"},
	} {
		t.Run(tt.page+", "+tt.expr, func(t *testing.T) {
			got, err := evaluate(t, tt.expr, "123456789", "x", "101")
			if tt.want == "" {
				if err == nil {
					t.Errorf("%s = %q", tt.expr, got)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("%s = %q, %v; want %q", tt.expr, got, err, tt.want)
			}
		})
	}
}

// TestFunctions has what the guide leaves open.
func TestFunctions(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		// NULL is passed on, and MISSING before it
		{"LOWER(NULL)", "NULL"}, {"LOWER(MISSING)", "MISSING"}, {"SUBSTRING(NULL, MISSING)", "MISSING"}, {"SUBSTRING('a', NULL)", "NULL"}, {"TRIM(NULL FROM 'a')", "NULL"},
		{"DATE_ADD(day, NULL, `2017T`)", "NULL"}, {"EXTRACT(day FROM MISSING)", "MISSING"}, {"TO_STRING(NULL, 'y')", "NULL"}, {"TO_STRING(`2017T`, NULL)", "NULL"}, {"TO_TIMESTAMP(_9)", "MISSING"},
		{"-NULL", "NULL"}, {"-_9", "MISSING"}, {"COALESCE(_9, _1)", "äöü"}, {"NULLIF(_1, _9)", "äöü"}, {"NULLIF(_9, 1)", "MISSING"},
		// characters, not bytes
		{"CHAR_LENGTH(_1)", "3"}, {"CHARACTER_LENGTH('😀')", "1"}, {"UPPER(_1)", "ÄÖÜ"}, {"LOWER('ÄÖÜ')", "äöü"}, {"SUBSTRING(_1, 2, 1)", "ö"}, {"SUBSTRING(_1, 9)", ""}, {"SUBSTRING(_1, 2, 0)", ""},
		{"SUBSTRING(_1, _2)", "öü"}, {"SUBSTRING(_1, -9223372036854775808)", "äöü"}, {"SUBSTRING(_1, 9223372036854775807, 9223372036854775807)", ""},
		{"TRIM('äü' FROM _1)", "ö"}, {"TRIM('' FROM ' a ')", " a "}, {"TRIM(LEADING 'a' FROM 'aaa')", ""}, {"TRIM(TRAILING 'ab' FROM 'cab')", "c"}, {"TRIM('')", ""},
		{"DATE_ADD(month, 1, `2017-01-31T`)", "2017-02-28"}, {"DATE_ADD(year, -1, `2016-02-29T`)", "2015-02-28"}, {"DATE_ADD(second, _2, `2017-01-01T00:00Z`)", "2017-01-01T00:00:02Z"},
		{"DATE_DIFF(second, `2017-01-01T00:00:00.5Z`, `2017-01-01T00:00:02.4Z`)", "1"}, {"DATE_DIFF(day, _3, `2017-01-03T`)", "1"}, {"DATE_DIFF(year, `2010T`, `2010-05T`)", "0"},
		{"TO_STRING(_3, 'dd.MM.y')", "02.01.2017"}, {"EXTRACT(second FROM `2017-01-01T00:00:59.9Z`)", "59"}, {"EXTRACT(timezone_minute FROM `2017-01-01T00:00-07:30`)", "-30"},
		{"UTCNOW() = UTCNOW()", "true"}, {"EXTRACT(year FROM UTCNOW())", "2026"},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			got, err := evaluate(t, tt.expr, "äöü", "2", "2017-01-02T")
			if err != nil || got != tt.want {
				t.Errorf("%s = %q, %v; want %q", tt.expr, got, err, tt.want)
			}
		})
	}
}

// TestErrors has what fails when it is evaluated.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		// integers
		{"9223372036854775807 + 1", "NumericOverflow: the result of 9223372036854775807 + 1 is too large at line 1, column 28."},
		{"-9223372036854775808 - 1", "NumericOverflow: the result of -9223372036854775808 - 1 is too large at line 1, column 29."},
		{"-9223372036854775808 + -1", "NumericOverflow: the result of -9223372036854775808 + -1 is too large at line 1, column 29."},
		{"9223372036854775807 - -1", "NumericOverflow: the result of 9223372036854775807 - -1 is too large at line 1, column 28."},
		{"0 - -9223372036854775808", "NumericOverflow: the result of 0 - -9223372036854775808 is too large at line 1, column 10."},
		{"4611686018427387904 * 2", "NumericOverflow: the result of 4611686018427387904 * 2 is too large at line 1, column 28."},
		{"-9223372036854775808 * -1", "NumericOverflow: the result of -9223372036854775808 * -1 is too large at line 1, column 29."},
		{"-9223372036854775808 / -1", "NumericOverflow: the result of -9223372036854775808 / -1 is too large at line 1, column 29."},
		{"-(-9223372036854775808)", "NumericOverflow: the result of 0 - -9223372036854775808 is too large at line 1, column 8."},
		{"1 / 0", "DivideByZero: division by zero at line 1, column 10."},
		{"1 % 0", "DivideByZero: division by zero at line 1, column 10."},
		{"1.0 / 0", "DivideByZero: division by zero at line 1, column 12."},
		{"1.0 % 0.0", "DivideByZero: division by zero at line 1, column 12."},
		{"1e0 / 0", "DivideByZero: division by zero at line 1, column 12."},
		{"1e0 % 0e0", "DivideByZero: division by zero at line 1, column 12."},
		{"_2 / 0", "DivideByZero: division by zero at line 1, column 11."},
		// floats and decimals
		{"1e308 * 10", "NumericOverflow: the result of 1e+308 * 10 is too large at line 1, column 14."},
		{"-1e308 - 1e308", "NumericOverflow: the result of -1e+308 - 1e+308 is too large at line 1, column 15."},
		{"1e308 / 1e-308", "NumericOverflow: the result of 1e+308 / 1e-308 is too large at line 1, column 14."},
		{"CAST('1e99999' AS DECIMAL) * 100", "NumericOverflow: the result of 1E+99999 * 100 is too large at line 1, column 35."},
		// other types
		{"_1 + 1", "InvalidDataType: 'x' is not a number at line 1, column 11."},
		{"1 - TRUE", "InvalidDataType: true is not a number at line 1, column 10."},
		{"'1' + 1", "InvalidDataType: '1' is not a number at line 1, column 12."},
		{"-`2017T`", "InvalidDataType: 2017T is not a number at line 1, column 8."},
		{"+'a'", "InvalidDataType: 'a' is not a number at line 1, column 8."},
		{"+TRUE", "InvalidDataType: true is not a number at line 1, column 8."},
		{"NOT _2", "InvalidDataType: '7' is not a condition at line 1, column 8."},
		{"_2 AND TRUE", "InvalidDataType: '7' is not a condition at line 1, column 8."},
		{"_2 + 1 LIKE '8'", "InvalidDataType: LIKE compares strings, and 8 is none at line 1, column 15."},
		{"_1 LIKE 5", "InvalidDataType: the pattern and the escape of LIKE are strings at line 1, column 11."},
		{"_1 LIKE _3 ESCAPE _3", "EvaluatorInvalidArguments: the escape of LIKE is one character, not '' at line 1, column 11."},
		{"CASE WHEN _1 THEN 1 END", "InvalidDataType: 'x' is not a condition at line 1, column 18."},
		{"LOWER(5)", "EvaluatorInvalidArguments: LOWER takes a string, and 5 is none at line 1, column 8."},
		{"CHAR_LENGTH(TRUE)", "EvaluatorInvalidArguments: CHAR_LENGTH takes a string, and true is none at line 1, column 8."},
		{"TRIM(5 FROM 'a')", "EvaluatorInvalidArguments: TRIM takes a string, and 5 is none at line 1, column 8."},
		{"SUBSTRING('a', 1, -1)", "EvaluatorInvalidArguments: SUBSTRING takes a length of 0 or more, and -1 is none at line 1, column 8."},
		{"SUBSTRING('a', 1.5)", "EvaluatorInvalidArguments: SUBSTRING takes an integer where to start, and 1.5 is none at line 1, column 8."},
		{"SUBSTRING('a', '1')", "EvaluatorInvalidArguments: SUBSTRING takes an integer where to start, and '1' is none at line 1, column 8."},
		{"DATE_ADD(day, 1.5, `2017T`)", "EvaluatorInvalidArguments: DATE_ADD takes an integer to add, and 1.5 is none at line 1, column 8."},
		{"DATE_ADD(day, 1, _1)", "EvaluatorInvalidArguments: DATE_ADD takes a timestamp, and 'x' is none at line 1, column 8."},
		{"DATE_ADD(day, 1, '2017T')", "EvaluatorInvalidArguments: DATE_ADD takes a timestamp, and '2017T' is none at line 1, column 8."},
		{"DATE_ADD(year, 9999, `2017T`)", "EvaluatorInvalidArguments: DATE_ADD: add to timestamp 2017T: year+9999 is not in the years 1 to 9999 at line 1, column 8."},
		{"DATE_DIFF(day, 1, `2017T`)", "EvaluatorInvalidArguments: DATE_DIFF takes timestamps, and 1 is none at line 1, column 8."},
		{"EXTRACT(day FROM 5)", "EvaluatorInvalidArguments: EXTRACT takes a timestamp, and 5 is none at line 1, column 8."},
		{"TO_STRING(5, 'y')", "EvaluatorInvalidArguments: TO_STRING takes a timestamp, and 5 is none at line 1, column 8."},
		{"TO_STRING(`2017T`, 5)", "EvaluatorInvalidArguments: TO_STRING takes a string, and 5 is none at line 1, column 8."},
		{"TO_STRING(`2017T`, _4)", "InvalidTimestampFormatPattern: parse timestamp pattern: \"q\" at 1 stands for nothing at line 1, column 8."},
		{"TO_TIMESTAMP(5)", "EvaluatorInvalidArguments: TO_TIMESTAMP takes a string, and 5 is none at line 1, column 8."},
		{"TO_TIMESTAMP('2017')", "CastFailed: '2017' is not a timestamp at line 1, column 8."},
		{"CAST(_1 AS INT)", "CastFailed: 'x' cannot be cast to INT at line 1, column 8."},
		{"CAST('a very long text, of which an error shows no more than its first sixty' AS INT)", "CastFailed: 'a very long text, of which an error shows no more than its f...' cannot be cast to INT at line 1, column 8."},
		// places
		{"COALESCE(NULL,\n  '漢\U0001F600', 1) = CAST(_1\n AS INT)", "CastFailed: 'x' cannot be cast to INT at line 2, column 14."},
		{"'a\nb' = 'c' OR\r\n\te\u0301.x = 1", "EvaluatorBindingDoesNotExist: there is no table e\u0301: it is called s at line 3, column 2."},
		{"1 -- 'é\n + _1", "InvalidDataType: 'x' is not a number at line 2, column 2."},
		{"1 /* é\n\n */ / 0", "DivideByZero: division by zero at line 3, column 5."},
		{"SUM('x')", "InvalidDataType: SUM takes numbers, and 'x' is none at line 1, column 8."},
		{"AVG(_1)", "InvalidDataType: AVG takes numbers, and 'x' is none at line 1, column 8."},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			got, err := evaluate(t, tt.expr, "x", "7", "", "q")
			if message := errText(err); message != tt.want {
				t.Errorf("%s = %q:\n got %s\nwant %s", tt.expr, got, message, tt.want)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
