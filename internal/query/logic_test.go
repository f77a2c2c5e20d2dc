package query

import (
	"strings"
	"testing"
)

// TestTruth has the tables of three-valued logic. The rows and columns are TRUE,
// FALSE and unknown, in this order, and so are the letters in a row.
func TestTruth(t *testing.T) {
	values := []string{"TRUE", "FALSE", "NULL"}
	for _, tt := range []struct {
		name, expr string // a and b stand for the values
		want       string
	}{
		{"AND", "a AND b", "tfu fff ufu"},
		{"OR", "a OR b", "ttt tfu tuu"},
		{"NOT", "NOT a", "fff ttt uuu"},
		{"AND and NOT", "NOT (a AND b)", "ftu ttt utu"},
		{"OR and NOT", "NOT (a OR b)", "fff ftu fuu"},
		{"three of AND", "TRUE AND a AND b", "tfu fff ufu"},
		{"three of OR", "a OR b OR FALSE", "ttt tfu tuu"},
		{"=", "a = b", "tfu ftu uuu"},
		{"<>", "a <> b", "ftu tfu uuu"},
		{"<", "a < b", "ffu tfu uuu"},
		{">=", "a >= b", "ttu ftu uuu"},
		{"IN", "a IN (b)", "tfu ftu uuu"},
		{"IN of two", "a IN (b, TRUE)", "ttt ftu uuu"},
		{"NOT IN", "a NOT IN (b)", "ftu tfu uuu"},
		{"NOT IN of two", "a NOT IN (b, TRUE)", "fff tfu uuu"},
		{"BETWEEN from a", "TRUE BETWEEN a AND b", "tfu tfu ufu"},
		{"NOT BETWEEN from a", "TRUE NOT BETWEEN a AND b", "ftu ftu utu"},
		{"BETWEEN of a", "a BETWEEN b AND TRUE", "ttu ftu uuu"},
		{"IS NULL", "a IS NULL", "fff fff ttt"},
		{"IS NOT NULL", "a IS NOT NULL", "ttt ttt fff"},
		{"IS MISSING", "a IS MISSING", "fff fff fff"},
		{"CASE", "CASE WHEN a THEN b ELSE FALSE END", "tfu fff fff"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, unknown := range []string{"NULL", "MISSING", "_9"} {
				if strings.Contains(tt.expr, "IS ") && unknown != "NULL" {
					continue
				}
				values[2] = unknown
				got, columns := "", ""
				for i, a := range values {
					for j, b := range values {
						got += outcome(t, strings.NewReplacer("a", a, "b", b).Replace(tt.expr), "true", "false")
						text := func(i int) string { return []string{"_1", "_2", unknown}[i] }
						columns += outcome(t, strings.NewReplacer("a", text(i), "b", text(j)).Replace(tt.expr), "true", "false")
					}
					got, columns = got+" ", columns+" "
				}
				if got != tt.want+" " {
					t.Errorf("%s with %s: %s, want %s", tt.expr, unknown, got, tt.want)
				}
				if columns != tt.want+" " {
					t.Errorf("%s of columns with %s: %s, want %s", tt.expr, unknown, columns, tt.want)
				}
			}
		})
	}
}

func TestMissing(t *testing.T) {
	for expr, want := range map[string]string{
		"_9 IS MISSING": "t", "_9 IS NOT MISSING": "f", "_9 IS NULL": "t", "_1 IS MISSING": "f", "NULL IS MISSING": "f", "MISSING IS MISSING": "t", "1 + MISSING IS MISSING": "t", "NULL + MISSING IS MISSING": "t",
		"NULL + 1 IS MISSING": "f", "(_9 = 1) IS MISSING": "f", "(_9 = 1) IS NULL": "t", "COALESCE(_9) IS MISSING": "f", "CAST(_9 AS INT) IS MISSING": "t", "_9 LIKE 'a'": "u", "'a' LIKE _9": "u",
		"'a' LIKE 'a' ESCAPE _9": "u", "'a' LIKE 'a' ESCAPE NULL": "u", "_1 LIKE 'a' ESCAPE NULL": "u", "_1 LIKE _1 ESCAPE NULL": "u", "NOT _9 LIKE 'a'": "u", "CASE WHEN NULL THEN TRUE END IS NULL": "t",
		"CASE NULL WHEN NULL THEN TRUE ELSE FALSE END": "f",
	} {
		if got := outcome(t, expr, "true"); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}

// TestShortCircuit has what would fail if it were asked for. The columns keep it
// from being computed beforehand; the constants show that this does no harm.
func TestShortCircuit(t *testing.T) {
	for _, fails := range []string{"1 / _1 = 1", "1 / 0 = 1", "CAST(_2 AS BOOL)", "CAST('x' AS BOOL)", "_2 + 1 > 0", "9223372036854775807 + 1 > 0"} {
		for expr, want := range map[string]string{
			"FALSE AND F": "f", "TRUE OR F": "t", "_1 = 1 AND F": "f", "_1 = 0 OR F": "t", "TRUE AND FALSE AND F": "f", "FALSE OR NULL OR TRUE OR F": "t", "(FALSE AND F) OR TRUE": "t",
			"CASE WHEN TRUE THEN TRUE ELSE F END": "t", "CASE WHEN FALSE THEN F END": "u", "CASE WHEN TRUE THEN TRUE WHEN F THEN FALSE END": "t", "CASE _1 WHEN 0 THEN TRUE WHEN F THEN FALSE END": "t",
			"COALESCE(TRUE, F)": "t", "COALESCE(NULL, _1 = 0, F)": "t", "_1 IN (0, F)": "t", "5 BETWEEN 6 AND CASE WHEN F THEN 1 END": "f",
		} {
			if got := outcome(t, asking(expr, fails), "0", "x"); got != want {
				t.Errorf("%s with %s: %s, want %s", expr, fails, got, want)
			}
		}
		for _, expr := range []string{"TRUE AND F", "FALSE OR F", "NULL AND F", "NULL OR F", "F AND FALSE", "F OR TRUE", "CASE WHEN F THEN 1 END", "COALESCE(NULL, F)", "_1 IN (1, F)", "NULLIF(1, F)", "NOT F", "F IS NULL", "5 BETWEEN 4 AND F"} {
			asked := asking(expr, fails)
			if got, err := evaluate(t, asked, "0", "x"); err == nil {
				t.Errorf("%s is %s", asked, got)
			}
		}
	}
}

func TestLike(t *testing.T) {
	for _, tt := range []struct{ text, pattern, escape, want string }{
		{"", "", "", "t"}, {"a", "", "", "f"}, {"", "%", "", "t"}, {"", "%%", "", "t"}, {"", "_", "", "f"}, {"", "%_", "", "f"}, {"a", "%_", "", "t"}, {"a", "_%", "", "t"}, {"a", "%_%", "", "t"}, {"a", "%_%_%", "", "f"},
		{"ab", "%_%_%", "", "t"}, {"abc", "abc", "", "t"}, {"abc", "ABC", "", "f"}, {"abc", "ab", "", "f"}, {"abc", "bc", "", "f"}, {"abc", "a_c", "", "t"}, {"aßc", "a_c", "", "t"}, {"a😀c", "a_c", "", "t"}, {"ac", "a_c", "", "f"},
		{"a\nb", "a_b", "", "t"}, {"a\nb", "a%b", "", "t"}, {"aab", "%ab", "", "t"}, {"aaab", "%aab", "", "t"}, {"abab", "%ab%ab", "", "t"}, {"ab", "%ab%ab", "", "f"}, {"abcab", "ab%ab", "", "t"}, {"aba", "ab%ba", "", "f"},
		{"mississippi", "%iss%ip%", "", "t"}, {"mississippi", "m%iss%iss%i", "", "t"}, {"mississippi", "m%iss%issi%issi%", "", "f"}, {"xayb", "%a_b", "", "t"}, {"xayyb", "%a_b", "", "f"}, {"aéb", "a__b", "", "f"},
		{"50%", "50!%", "!", "t"}, {"50x", "50!%", "!", "f"}, {"a_b", "a!_b", "!", "t"}, {"axb", "a!_b", "!", "f"}, {"a!b", "a!!b", "!", "t"}, {"%", "%%", "%", "t"}, {"ab", "%%", "%", "f"}, {"_", "__", "_", "t"}, {"a", "__", "_", "f"},
		{"a%", "aé%", "é", "t"}, {"ab", "aé%", "é", "f"}, {"a\\", "a\\", "", "t"}, {"\ufffd", "_", "", "t"},
	} {
		expr, quote := "", func(s string) string { return "'" + s + "'" }
		for _, form := range []struct{ text, pattern string }{{"_1", "_2"}, {"_1", quote(tt.pattern)}, {quote(tt.text), quote(tt.pattern)}, {quote(tt.text), "_2"}} {
			expr = form.text + " LIKE " + form.pattern
			if tt.escape != "" {
				expr += " ESCAPE " + quote(tt.escape)
			}
			if got := outcome(t, expr, tt.text, tt.pattern); got != tt.want {
				t.Errorf("%q: %s is %s, want %s", tt.text, expr, got, tt.want)
			}
		}
	}
}

// asking puts what fails where F stands.
func asking(expr, fails string) string {
	return strings.ReplaceAll(strings.ReplaceAll(expr, "FALSE", "(0 = 1)"), "F", "("+fails+")")
}
