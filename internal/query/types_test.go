package query

import (
	"fmt"
	"strings"
	"testing"
)

func TestNumbers(t *testing.T) {
	const digits38 = "99999999999999999999999999999999999999"
	for _, tt := range []struct{ expr, want string }{
		// integers at their ends
		{"9223372036854775806 + 1", "9223372036854775807"}, {"-9223372036854775807 - 1", "-9223372036854775808"}, {"-9223372036854775808 + 0", "-9223372036854775808"},
		{"3037000499 * 3037000499", "9223372030926249001"}, {"-4611686018427387904 * 2", "-9223372036854775808"}, {"-9223372036854775808 * 1", "-9223372036854775808"}, {"-9223372036854775808 * 0", "0"},
		{"-9223372036854775808 / 1", "-9223372036854775808"}, {"-9223372036854775808 % -1", "0"}, {"9223372036854775807 / -1", "-9223372036854775807"}, {"7 / -2", "-3"}, {"7 % -3", "1"}, {"-7 % -3", "-1"},
		{"9223372036854775808 - 1", "9223372036854775807"}, {"00000000000000000000000000000012 + 1", "13"},
		// decimals have 38 digits, rounded half to even
		{digits38, digits38}, {digits38 + " + 1", "1" + strings.Repeat("0", 38)}, {digits38 + " + 0.4", digits38}, {digits38 + " + 0.5", "1" + strings.Repeat("0", 38)},
		{"12345678901234567890123456789012345678.5", "12345678901234567890123456789012345678"}, {"12345678901234567890123456789012345679.5", "12345678901234567890123456789012345680"},
		{"12345678901234567890123456789012345678.51", "12345678901234567890123456789012345679"}, {"0.1 + 0.2 = 0.3", "true"}, {"1.10 + 2.2", "3.30"}, {"1.10 * 2.20", "2.4200"}, {"1.0 / 3", "0." + strings.Repeat("3", 38)},
		{"2.0 / 3", "0." + strings.Repeat("6", 37) + "7"}, {"1.0 / 4", "0.25"}, {"100.0 / 1", "100"}, {"-7.5 % 2", "-1.5"}, {"7.5 % -2", "1.5"}, {"5.00 - 5", "0.00"}, {"- 1.50", "-1.50"},
		{"CAST('1e60' AS DECIMAL)", "1" + strings.Repeat("0", 60)}, {"CAST('1e61' AS DECIMAL)", "1E+61"}, {"CAST('1e-100000' AS DECIMAL)", "1E-100000"}, {"CAST('1e100000' AS DECIMAL)", "1E+100000"},
		{"CAST('1e99999' AS DECIMAL) + 1", "1E+99999"}, {"CAST('1e99999' AS DECIMAL) > 1", "true"}, {"CAST('1e-99999' AS DECIMAL) > 0", "true"}, {"-1 < CAST('-1e-99999' AS DECIMAL)", "true"},
		{"CAST('1e30' AS DECIMAL) % 7", "1"}, {"CAST('1e40' AS DECIMAL) % 7", "4"}, {"CAST('1e-20' AS DECIMAL) / 3", "0." + strings.Repeat("0", 20) + strings.Repeat("3", 38)},
		{"CAST('0e99999' AS DECIMAL) = 0", "true"}, {"1.5 IN (1, 1.50)", "true"},
		// floats
		{"1e0", "1"}, {"1.5e300", "1.5e+300"}, {"1e20", "100000000000000000000"}, {"1e21", "1e+21"}, {"1e-6", "0.000001"}, {"1e-7", "1e-07"}, {"-0e0", "-0"}, {"1e0 / 3", "0.3333333333333333"},
		{"1e-1 + 2e-1", "0.30000000000000004"}, {"5e-324", "5e-324"}, {"1e-400", "0"}, {"1.7976931348623157e308", "1.7976931348623157e+308"}, {"7.5e0 % 2", "1.5"}, {"2e0 * 3", "6"}, {"2e0 * 1.5", "3"},
		{"CAST(9223372036854775807 AS FLOAT)", "9223372036854776000"}, {"CAST(1e300 AS DECIMAL)", "1E+300"}, {"CAST(0.1e0 AS DECIMAL)", "0.1"}, {"0.1e0 = 0.1", "true"}, {"9007199254740993 = 9007199254740993e0", "true"}, {"0.0 = -0e0", "true"},
		// of the archive's text
		{"_1 + _2", "3.5"}, {"_1 * _1", "1"}, {"-_2", "-2.5"}, {"_3 + 0", "100"}, {"_4 + 1", "8"}, {"_1 / 2", "0"}, {"_2 / 2", "1.25"},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			got, err := evaluate(t, tt.expr, "1", "2.5", "1e2", "  +7 ")
			if err != nil || got != tt.want {
				t.Errorf("%s = %q, %v; want %q", tt.expr, got, err, tt.want)
			}
		})
	}
}

// TestUnderflow is about results that are too near to 0: they are not called large.
func TestUnderflow(t *testing.T) {
	got, err := evaluate(t, "CAST('1e-99999' AS DECIMAL) * CAST('1e-99999' AS DECIMAL)")
	if err == nil && strings.Trim(got, "0.") != "" && !strings.HasPrefix(got, "0E-") {
		t.Errorf("it is %s", got)
	}
	if err != nil && strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}

// TestCasts casts each type, NULL and MISSING to each type; "-" is a failure.
func TestCasts(t *testing.T) {
	to := []string{"BOOL", "INT", "FLOAT", "DECIMAL", "STRING", "TIMESTAMP"}
	for _, tt := range []struct {
		from string
		want [6]string
	}{
		{"TRUE", [6]string{"true", "1", "1", "1", "true", "-"}},
		{"FALSE", [6]string{"false", "0", "0", "0", "false", "-"}},
		{"5", [6]string{"true", "5", "5", "5", "5", "-"}},
		{"0", [6]string{"false", "0", "0", "0", "0", "-"}},
		{"-9223372036854775808", [6]string{"true", "-9223372036854775808", "-9223372036854776000", "-9223372036854775808", "-9223372036854775808", "-"}},
		{"1.9e0", [6]string{"true", "1", "1.9", "1.9", "1.9", "-"}},
		{"-0e0", [6]string{"false", "0", "-0", "0", "-0", "-"}},
		{"9.3e18", [6]string{"true", "-", "9300000000000000000", "9300000000000000000", "9300000000000000000", "-"}},
		{"1e300", [6]string{"true", "-", "1e+300", "1E+300", "1e+300", "-"}},
		{"-1.9", [6]string{"true", "-1", "-1.9", "-1.9", "-1.9", "-"}},
		{"0.00", [6]string{"false", "0", "0", "0.00", "0.00", "-"}},
		{"9223372036854775807.9", [6]string{"true", "9223372036854775807", "9223372036854776000", "9223372036854775807.9", "9223372036854775807.9", "-"}},
		{"9223372036854775808", [6]string{"true", "-", "9223372036854776000", "9223372036854775808", "9223372036854775808", "-"}},
		{"CAST('1e400' AS DECIMAL)", [6]string{"true", "-", "-", "1E+400", "1E+400", "-"}},
		{"CAST('1e-400' AS DECIMAL)", [6]string{"true", "0", "0", "1E-400", "1E-400", "-"}},
		{"'true'", [6]string{"true", "-", "-", "-", "true", "-"}},
		{"'FALSE'", [6]string{"false", "-", "-", "-", "FALSE", "-"}},
		{"' 5 '", [6]string{"-", "5", "5", "5", " 5 ", "-"}},
		{"'+5'", [6]string{"-", "5", "5", "5", "+5", "-"}},
		{"'5.5'", [6]string{"-", "-", "5.5", "5.5", "5.5", "-"}},
		{"'1e2'", [6]string{"-", "-", "100", "100", "1e2", "-"}},
		{"'1e400'", [6]string{"-", "-", "-", "1E+400", "1e400", "-"}},
		{"''", [6]string{"-", "-", "-", "-", "", "-"}},
		{"'x'", [6]string{"-", "-", "-", "-", "x", "-"}},
		{"'0x10'", [6]string{"-", "-", "-", "-", "0x10", "-"}},
		{"'1_000'", [6]string{"-", "-", "-", "-", "1_000", "-"}},
		{"'inf'", [6]string{"-", "-", "-", "-", "inf", "-"}},
		{"'NaN'", [6]string{"-", "-", "-", "-", "NaN", "-"}},
		{"'5 5'", [6]string{"-", "-", "-", "-", "5 5", "-"}},
		{"'2017T'", [6]string{"-", "-", "-", "-", "2017T", "2017T"}},
		{"'2017-01-02'", [6]string{"-", "-", "-", "-", "2017-01-02", "2017-01-02"}},
		{"`2017-01-02T03:04+05:00`", [6]string{"-", "-", "-", "-", "2017-01-02T03:04+05:00", "2017-01-02T03:04+05:00"}},
		{"NULL", [6]string{"NULL", "NULL", "NULL", "NULL", "NULL", "NULL"}},
		{"MISSING", [6]string{"MISSING", "MISSING", "MISSING", "MISSING", "MISSING", "MISSING"}},
	} {
		for i, want := range tt.want {
			got, err := evaluate(t, "CAST("+tt.from+" AS "+to[i]+")")
			if err != nil {
				if code := codeOf(t, err); code != "CastFailed" {
					t.Errorf("%s: %v", tt.from, err)
				}
				got = "-"
			}
			if got != want {
				t.Errorf("CAST(%s AS %s) = %q, want %q", tt.from, to[i], got, want)
			}
			for _, more := range []string{"INTEGER", "NUMERIC"} { // the second names
				if strings.HasPrefix(more, to[i][:2]) && to[i] != more {
					again, _ := evaluate(t, "CAST("+tt.from+" AS "+more+")")
					if again != strings.Trim(got, "-") && again != got {
						t.Errorf("CAST(%s AS %s) = %q, want %q", tt.from, more, again, got)
					}
				}
			}
		}
	}
}

func TestTimestampsCompare(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"2017T", "2017-01T", "="}, {"2017T", "2017-01-01", "="}, {"2017T", "2017-01-01T00:00Z", "="}, {"2017T", "2017-01-01T00:00:00.000-00:00", "="}, {"2017T", "2017-02T", "<"},
		{"2017-01-02T03:04Z", "2017-01-02T03:04:00Z", "="}, {"2017-01-02T03:04:05Z", "2017-01-02T03:04:05.0Z", "="}, {"2017-01-02T03:04:05.1Z", "2017-01-02T03:04:05.10Z", "="},
		{"2017-01-02T03:04:05.1Z", "2017-01-02T03:04:05.11Z", "<"}, {"2017-01-02T03:04+01:00", "2017-01-02T02:04Z", "="}, {"2017-01-02T00:00+01:00", "2017-01-02", "<"},
		{"2017-01-02T03:04:05.000000000000000001Z", "2017-01-02T03:04:05Z", ">"}, {"0001T", "9999-12-31T23:59:59.999Z", "<"},
	} {
		for _, form := range []string{"`%s`", "CAST('%s' AS TIMESTAMP)", "TO_TIMESTAMP('%s')"} {
			a, b := fmt.Sprintf(form, tt.a), "`"+tt.b+"`"
			for _, op := range []string{"=", "<", ">"} {
				got, err := evaluate(t, a+" "+op+" "+b)
				if want := fmt.Sprint(op == tt.want); err != nil || got != want {
					t.Errorf("%s %s %s is %s, %v", a, op, b, got, err)
				}
			}
		}
	}
}

// TestCoercion compares a column that holds a text, and the same text as a literal,
// with each type: a column stands for what it is compared with, a literal does not.
func TestCoercion(t *testing.T) {
	for _, tt := range []struct{ text, with, column, literal string }{ // what = < and > say of each: t, f or u
		{"5", "5", "tff", "fuu"}, {"5", "5.0", "tff", "fuu"}, {"5", "5e0", "tff", "fuu"}, {"5", "'5'", "tff", "tff"}, {"5", "TRUE", "fuu", "fuu"}, {"5", "`2017T`", "fuu", "fuu"},
		{" 5\t", "5", "tff", "fuu"}, {" 5\t", "'5'", "ftf", "ftf"}, {"10", "9", "fft", "fuu"}, {"10", "'9'", "ftf", "ftf"}, {"-1", "1", "ftf", "fuu"}, {"1e2", "100", "tff", "fuu"}, {"5.", "5", "tff", "fuu"},
		{"x", "5", "fuu", "fuu"}, {"", "0", "fuu", "fuu"}, {"", "''", "tff", "tff"}, {"", "NULL", "uuu", "uuu"}, {"", "MISSING", "uuu", "uuu"}, {"1_0", "10", "fuu", "fuu"}, {"0x5", "5", "fuu", "fuu"}, {"NaN", "1e0", "fuu", "fuu"},
		{"true", "TRUE", "tff", "fuu"}, {"TRUE", "TRUE", "tff", "fuu"}, {" false ", "TRUE", "ftf", "fuu"}, {"1", "TRUE", "fuu", "fuu"}, {"t", "TRUE", "fuu", "fuu"},
		{"2017T", "`2017-01-01`", "tff", "fuu"}, {" 2018T ", "`2017T`", "fft", "fuu"}, {"2017", "`2017T`", "fuu", "fuu"}, {"2017", "2017", "tff", "fuu"},
		{"99999999999999999999", "99999999999999999999", "tff", "fuu"}, {"9223372036854775808", "9223372036854775807", "fft", "fuu"},
	} {
		for form, want := range map[string]string{"_1": tt.column, "'" + tt.text + "'": tt.literal} {
			for _, swapped := range []bool{false, true} {
				got := ""
				for _, op := range []string{"=", "<", ">"} {
					expr := form + " " + op + " " + tt.with
					if swapped {
						expr = tt.with + " " + map[string]string{"=": "=", "<": ">", ">": "<"}[op] + " " + form
					}
					got += outcome(t, expr, tt.text)
				}
				if got != want {
					t.Errorf("%q as %s with %s (swapped %v): %s, want %s", tt.text, form, tt.with, swapped, got, want)
				}
			}
			// what is not constant goes another way
			if got := outcome(t, "COALESCE(_9, "+form+") = "+tt.with, tt.text); got != want[:1] {
				t.Errorf("%q as a value of %s = %s: %s, want %s", tt.text, form, tt.with, got, want[:1])
			}
			if got := outcome(t, form+" = COALESCE(_9, "+tt.with+")", tt.text); got != want[:1] {
				t.Errorf("%q as %s = a value of %s: %s, want %s", tt.text, form, tt.with, got, want[:1])
			}
			if got := outcome(t, form+" IN ("+tt.with+")", tt.text); got != want[:1] {
				t.Errorf("%q as %s IN (%s): %s, want %s", tt.text, form, tt.with, got, want[:1])
			}
		}
	}
}

// outcome is t, f or u, as a condition is true, false or unknown.
func outcome(t *testing.T, expr string, row ...string) string {
	t.Helper()
	got, err := evaluate(t, expr, row...)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return "e"
	}
	return map[string]string{"true": "t", "false": "f", "NULL": "u", "MISSING": "u"}[got]
}

// TestTextsCompareAsTexts shows what becomes of two columns, and of what was made of
// one.
func TestTextsCompareAsTexts(t *testing.T) {
	for expr, want := range map[string]string{
		"_1 < _2": "t", "_1 = _3": "f", "_1 + 0 > _2": "t", "CAST(_1 AS STRING) = 10": "f", "LOWER(_1) = 10": "t", "TRIM(_3) = 10": "t", "SUBSTRING(_1, 1, 1) = 1": "t", "_1 = CAST(10 AS STRING)": "t",
		"_1 BETWEEN 9 AND 11": "t", "_1 BETWEEN '9' AND '91'": "f", "_1 IN (9, 10.0)": "t", "_1 IN ('9', 10)": "t", "_1 IN ('9', '10.0')": "f", "NULLIF(_1, 10) IS NULL": "t", "NULLIF(_1, 9) IS NULL": "f",
		"CASE _1 WHEN 10 THEN TRUE ELSE FALSE END": "t",
	} {
		if got := outcome(t, expr, "10", "9", " 10 "); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}
